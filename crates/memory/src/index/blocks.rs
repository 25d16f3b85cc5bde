//! Blocks of columns: what rows and queries are made of.

use serde::{Deserialize, Serialize};

use super::IndexError;
use crate::Normaliser;

/// Largest magnitude of a weighted number: its square, times the number of columns, still fits into
/// a 32-bit float.
const LARGEST: f64 = 1e15;

/// Some columns of all rows, with a weight of their own.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// What the columns are, for messages.
    pub name: &'a str,
    /// The numbers, `[rows, width]`.
    pub values: &'a [f32],
    /// Columns.
    pub width: usize,
    /// What differences are multiplied by, above 0.
    pub weight: f32,
}

/// The statistics that rows were normalised with, in short: rows and queries must have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(Option<u32>);

impl Fingerprint {
    /// Numbers as they are.
    pub const NONE: Self = Self(None);

    /// The fingerprint of a normaliser's means, deviations and clip; `None` for raw numbers.
    pub fn of(normaliser: Option<&Normaliser>) -> Self {
        let digest = |normaliser: &Normaliser| {
            let mut hasher = crc32fast::Hasher::new();
            for value in normaliser.mean().iter().copied().chain(normaliser.deviation()) {
                hasher.update(&value.to_le_bytes());
            }
            hasher.update(&normaliser.clip().to_le_bytes());
            hasher.finalize()
        };
        Self(normaliser.map(digest))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(digest) => write!(formatter, "{digest:08x}"),
            None => formatter.write_str("none"),
        }
    }
}

/// What stays of the blocks without their numbers.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// Name and width of every block.
    blocks: Vec<(String, usize)>,
    /// The weight of every column.
    weights: Vec<f32>,
}

impl Columns {
    /// The columns of these blocks, and their numbers row by row.
    pub fn of(blocks: &[Block<'_>]) -> Result<(Self, Vec<f32>), IndexError> {
        for block in blocks {
            if !(block.weight.is_finite() && block.weight > 0.0) {
                return Err(IndexError::Weight { block: block.name.to_owned(), weight: block.weight });
            }
        }
        let weights = blocks.iter().flat_map(|block| std::iter::repeat_n(block.weight, block.width));
        let columns = Self {
            blocks: blocks.iter().map(|block| (block.name.to_owned(), block.width)).collect(),
            weights: weights.collect(),
        };
        let values: Vec<&[f32]> = blocks.iter().map(|block| block.values).collect();
        let rows = columns.gather(&values)?;
        Ok((columns, rows))
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.weights.len()
    }

    /// The numbers of all blocks row by row, `[rows, width]`, once they are known to be usable.
    pub fn gather(&self, values: &[&[f32]]) -> Result<Vec<f32>, IndexError> {
        if values.len() != self.blocks.len() {
            return Err(IndexError::Blocks { expected: self.blocks.len(), found: values.len() });
        }
        let pairs = || self.blocks.iter().zip(values);
        let rows = pairs().find(|((_, width), _)| *width > 0);
        let rows = rows.map_or(0, |((_, width), values)| values.len() / width);
        for ((name, width), values) in pairs() {
            let (expected, found) = (rows * width, values.len());
            if found != expected {
                let (block, width) = (name.clone(), *width);
                return Err(IndexError::Shape { block, expected, found, rows, width });
            }
        }
        let mut gathered = Vec::with_capacity(rows * self.width());
        for row in 0..rows {
            for ((_, width), values) in pairs() {
                gathered.extend_from_slice(&values[row * width..][..*width]);
            }
            self.check(&gathered[row * self.width()..], row)?;
        }
        Ok(gathered)
    }

    /// Refuses a row with a number that is no place.
    fn check(&self, values: &[f32], row: usize) -> Result<(), IndexError> {
        let usable =
            |(value, weight): (&f32, &f32)| (f64::from(*value) * f64::from(*weight)).abs() <= LARGEST;
        let Some(place) = values.iter().zip(&self.weights).position(|pair| !usable(pair)) else {
            return Ok(());
        };
        let mut column = place;
        let mut name = "";
        for (block, width) in &self.blocks {
            name = block;
            if column < *width {
                break;
            }
            column -= width;
        }
        Err(IndexError::Value { block: name.to_owned(), column, row, value: values[place] })
    }

    /// Squared distance between two rows. The products are exact in 64 bits, so that differences
    /// are the same wherever they are taken.
    pub fn squared_distance(&self, left: &[f32], right: &[f32]) -> f64 {
        let columns = left.iter().zip(right).zip(&self.weights);
        let squares = columns.map(|((left, right), weight)| {
            let weight = f64::from(*weight);
            let difference = f64::from(*left) * weight - f64::from(*right) * weight;
            difference * difference
        });
        squares.sum()
    }

    /// A row times its weights.
    pub fn weighted<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        row.iter().zip(&self.weights).map(|(value, weight)| f64::from(*value) * f64::from(*weight))
    }
}
