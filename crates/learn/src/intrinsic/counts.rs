//! Bonuses that fall with the number of visits.

use std::collections::{BTreeMap, HashMap};

use nets::{noise, parameters::NamedArray};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use settings::{Choice, Config, Refusal};
use worlds::Array;

use super::{BonusSettings, Intrinsic, NamedBonus, Place};
use crate::{LearnError, error::expect_length};

/// What counts as the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Cells {
    /// Observations whose elements, divided by `width`, round to the same whole numbers.
    Grid,
    /// Observations on the same side of `bits` random planes (SimHash; Charikar, 2002).
    SimHash,
}

/// Settings of the bonus `counts`.
///
/// The paper's are those of its Atari experiments (table 2 and section 3.1).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::bits_fit)]
pub struct CountsConfig {
    /// What every bonus is told.
    #[setting(
        flatten,
        laptop = BonusSettings { normalise: false, scale: 0.1, ..BonusSettings::default() },
        paper = BonusSettings { normalise: false, scale: 0.01, ..BonusSettings::paper() }
    )]
    pub bonus: BonusSettings,
    /// What counts as the same place: grid, or sim-hash.
    #[setting(Cells::Grid, paper = Cells::SimHash)]
    pub cells: Cells,
    /// Width of a cell of the grid, in the units of the observation; bytes of images are not scaled.
    #[setting(0.5, above = 0.0)]
    pub width: f32,
    /// Random planes of sim-hash.
    #[setting(32, paper = 256, min = 1)]
    pub bits: usize,
}

impl CountsConfig {
    fn bits_fit(&self) -> Result<(), Refusal> {
        match self.bits <= 1024 {
            true => Ok(()),
            false => Err(Refusal::new("bits", self.bits, "at most 1024")),
        }
    }
}

/// 1/sqrt(n) for the n-th visit of a cell (Tang et al., 2017, arXiv 1611.04717, equation 1).
pub struct Counts {
    config: CountsConfig,
    /// Elements of an observation.
    size: usize,
    /// Random planes, `[bits, size]`; empty for a grid.
    planes: Vec<f32>,
    visits: HashMap<u128, u64>,
}

crate::register_bonus!(Counts);

impl NamedBonus for Counts {
    const ID: &'static str = "counts";
    const SUMMARY: &'static str =
        "1/sqrt(n) for the n-th visit of a cell of observations (Tang et al., 2017)";
    type Config = CountsConfig;

    fn new(config: CountsConfig, place: &Place) -> Result<Self, Refusal> {
        let size = place.layout.size();
        let planes = match config.cells {
            Cells::Grid => Vec::new(),
            Cells::SimHash => {
                let mut random = ChaCha8Rng::seed_from_u64(place.seed);
                let plane = noise::normal_values(config.bits * size, &mut random);
                plane.into_iter().map(|weight| weight as f32).collect()
            }
        };
        Ok(Self { config, size, planes, visits: HashMap::new() })
    }
}

impl Counts {
    /// The cells of `rows` observations.
    fn cells(&self, observations: &Array, rows: usize) -> Result<Vec<u128>, LearnError> {
        match observations {
            Array::Float(values) => expect_length("observations to count", values, rows * self.size)?,
            Array::Byte(bytes) => expect_length("observations to count", bytes, rows * self.size)?,
        }
        let mut row = vec![0.0; self.size];
        let cell = |index: usize, row: &mut [f32]| {
            let range = index * self.size..(index + 1) * self.size;
            match observations {
                Array::Float(values) => row.copy_from_slice(&values[range]),
                Array::Byte(bytes) => {
                    row.iter_mut().zip(&bytes[range]).for_each(|(value, &byte)| *value = f32::from(byte));
                }
            }
            self.cell(row)
        };
        Ok((0..rows).map(|index| cell(index, &mut row)).collect())
    }

    /// A number that is the cell's own but for collisions, of which 10^9 cells have none to fear.
    fn cell(&self, row: &[f32]) -> u128 {
        let mut hash = Fnv::new();
        match self.config.cells {
            Cells::Grid => {
                row.iter().for_each(|value| hash.write((value / self.config.width).round() as i64 as u64));
            }
            Cells::SimHash => {
                for plane in self.planes.chunks_exact(self.size) {
                    let side: f32 = plane.iter().zip(row).map(|(weight, value)| weight * value).sum();
                    hash.write(u64::from(side >= 0.0));
                }
            }
        }
        hash.0
    }
}

impl Intrinsic for Counts {
    fn settings(&self) -> &BonusSettings {
        &self.config.bonus
    }

    fn visit(&mut self, observations: &Array, rows: usize) -> Result<(), LearnError> {
        for cell in self.cells(observations, rows)? {
            *self.visits.entry(cell).or_default() += 1;
        }
        Ok(())
    }

    /// A cell that was never visited counts as visited once.
    fn novelty(&self, observations: &Array, rows: usize) -> Result<Vec<f32>, LearnError> {
        let of = |cell: u128| 1.0 / (self.visits.get(&cell).copied().unwrap_or(1) as f32).sqrt();
        Ok(self.cells(observations, rows)?.into_iter().map(of).collect())
    }

    fn learn(&mut self, _: &Array, _: usize, _: &mut ChaCha8Rng) -> Result<Option<f32>, LearnError> {
        Ok(None)
    }

    fn save(&self, _: &str, _: &mut Vec<NamedArray>) {}

    fn state(&self) -> Vec<u8> {
        let mut visits: Vec<_> = self.visits.iter().collect();
        visits.sort_unstable();
        let bytes = |(cell, count): (&u128, &u64)| [&cell.to_le_bytes()[..], &count.to_le_bytes()].concat();
        visits.into_iter().flat_map(bytes).collect()
    }

    fn load(&mut self, _: &str, _: &BTreeMap<String, NamedArray>, state: &[u8]) -> Result<(), LearnError> {
        let (visits, rest) = state.as_chunks::<24>();
        if !rest.is_empty() {
            return Err(LearnError::Saved { what: "counted visits" });
        }
        let read = |bytes: &[u8; 24]| {
            let (cell, count) = bytes.split_at(16);
            let cell = cell.iter().rev().fold(0, |sum, &byte| sum << 8 | u128::from(byte));
            (cell, count.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
        };
        self.visits = visits.iter().map(read).collect();
        Ok(())
    }
}

/// The hash of Fowler, Noll and Vo in 128 bits (RFC 9923, variant 1a), over words instead of bytes.
struct Fnv(u128);

impl Fnv {
    fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn write(&mut self, word: u64) {
        self.0 = (self.0 ^ u128::from(word)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
}
