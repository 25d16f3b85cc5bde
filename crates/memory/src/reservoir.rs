//! A sample of everything that was ever offered, of a fixed size.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use settings::Choice;

use crate::replay::ring::zeroed;
use crate::saved::{Reader, begin, finish};
use crate::{Column, MemoryError};

const RESERVOIR: &[u8; 8] = b"reservoi";

/// How drawn rows are weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Weighting {
    /// All alike: 1.
    #[default]
    Uniform,
    /// In proportion to their iteration, the latest one offered having weight 1 (linear averaging; Brown et al.,
    /// 2019, "Deep Counterfactual Regret Minimization", section 5.1).
    Linear,
}

/// Rows of numbers, of which every one that was ever offered is kept with the same probability (Vitter,
/// 1985, "Random Sampling with a Reservoir", algorithm R).
#[derive(Clone, Debug, PartialEq)]
pub struct Reservoir {
    columns: Vec<Column>,
    capacity: usize,
    /// `[len, width]` each.
    values: Vec<Vec<f32>>,
    /// Iteration of every kept row, `[len]`.
    iterations: Vec<u64>,
    offered: u64,
    /// The latest iteration that was offered.
    newest: u64,
}

/// Rows drawn from a reservoir, in reused buffers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReservoirBatch {
    /// Which rows were drawn, `[B]`.
    pub rows: Vec<u32>,
    /// `[B, width]` each.
    pub columns: Vec<Vec<f32>>,
    /// `[B]`.
    pub weight: Vec<f32>,
}

impl Reservoir {
    /// An empty reservoir with all of its memory reserved.
    ///
    /// # Errors
    /// The capacity is 0 or beyond 2^32 - 1 rows, or the memory cannot be had.
    pub fn new(columns: Vec<Column>, capacity: usize) -> Result<Self, MemoryError> {
        if capacity == 0 || u32::try_from(capacity).is_err() {
            let reason = format!("a reservoir holds from 1 to {} rows, not {capacity}", u32::MAX);
            return Err(MemoryError::setting("capacity", reason));
        }
        let each =
            columns.iter().fold(8_usize, |sum, column| sum.saturating_add(column.width.saturating_mul(4)));
        let too_large =
            || MemoryError::TooLarge { entries: capacity, mebibytes: capacity.saturating_mul(each) >> 20 };
        let mut iterations = zeroed(capacity, 1).ok_or_else(too_large)?;
        let reserved = columns.iter().map(|column| zeroed(capacity, column.width).ok_or_else(too_large));
        let mut values: Vec<Vec<f32>> = reserved.collect::<Result<_, _>>()?;
        values.iter_mut().for_each(Vec::clear);
        iterations.clear();
        Ok(Self { columns, capacity, values, iterations, offered: 0, newest: 0 })
    }

    /// Offers a row, one slice per column; says where it is kept if it is. `iteration` is what
    /// [`Weighting::Linear`] weighs by, counted from 1.
    ///
    /// # Errors
    /// A slice has another length than declared. Nothing is drawn then.
    pub fn offer(
        &mut self,
        row: &[&[f32]],
        iteration: u64,
        random: &mut ChaCha8Rng,
    ) -> Result<Option<usize>, MemoryError> {
        if row.len() != self.columns.len() {
            return Err(MemoryError::length("the list of columns", self.columns.len(), row.len()));
        }
        for (column, values) in self.columns.iter().zip(row) {
            if values.len() != column.width {
                let what = format!("column `{}`", column.name);
                return Err(MemoryError::length(what, column.width, values.len()));
            }
        }
        self.offered += 1;
        self.newest = self.newest.max(iteration);
        if self.len() < self.capacity {
            self.values.iter_mut().zip(row).for_each(|(all, values)| all.extend_from_slice(values));
            self.iterations.push(iteration);
            return Ok(Some(self.len() - 1));
        }
        // The n-th row is kept with probability capacity / n, in place of any kept one.
        let place = random.random_range(0..self.offered);
        let Some(place) = usize::try_from(place).ok().filter(|&place| place < self.capacity) else {
            return Ok(None);
        };
        for (all, values) in self.values.iter_mut().zip(row) {
            all[place * values.len()..][..values.len()].copy_from_slice(values);
        }
        self.iterations[place] = iteration;
        Ok(Some(place))
    }

    /// Rows kept.
    pub fn len(&self) -> usize {
        self.iterations.len()
    }

    /// Whether nothing was offered yet.
    pub fn is_empty(&self) -> bool {
        self.iterations.is_empty()
    }

    /// Rows ever offered.
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// A column of all kept rows, `[len, width]`.
    pub fn column(&self, column: usize) -> &[f32] {
        &self.values[column]
    }

    /// Iterations of all kept rows, `[len]`.
    pub fn iterations(&self) -> &[u64] {
        &self.iterations
    }

    /// Draws `count` of the kept rows, uniformly and with replacement.
    ///
    /// # Errors
    /// None is kept.
    pub fn sample(
        &self,
        count: usize,
        weighting: Weighting,
        random: &mut ChaCha8Rng,
        out: &mut ReservoirBatch,
    ) -> Result<(), MemoryError> {
        if self.is_empty() {
            return Err(MemoryError::Empty);
        }
        out.rows.clear();
        out.rows.extend((0..count).map(|_| random.random_range(0..self.len() as u32)));
        out.columns.resize_with(self.columns.len(), Vec::new);
        for ((column, all), drawn) in self.columns.iter().zip(&self.values).zip(&mut out.columns) {
            drawn.clear();
            for &row in &out.rows {
                drawn.extend_from_slice(&all[row as usize * column.width..][..column.width]);
            }
        }
        let newest = self.newest.max(1) as f64;
        out.weight.clear();
        out.weight.extend(out.rows.iter().map(|&row| match weighting {
            Weighting::Uniform => 1.0,
            Weighting::Linear => (self.iterations[row as usize] as f64 / newest) as f32,
        }));
        Ok(())
    }

    /// Everything kept.
    pub fn save(&self) -> Vec<u8> {
        let numbers: usize = self.values.iter().map(Vec::len).sum();
        let mut out = Vec::with_capacity(64 + 8 * self.len() + 4 * numbers);
        begin(&mut out, RESERVOIR, self.fingerprint());
        out.extend_from_slice(&self.offered.to_le_bytes());
        out.extend_from_slice(&self.newest.to_le_bytes());
        self.iterations.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        for column in &self.values {
            column.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }
        finish(&mut out);
        out
    }

    /// A reservoir as it was saved; what it is offered and draws is the same.
    ///
    /// # Errors
    /// Those of [`Reservoir::new`]; the bytes are damaged or of other columns or capacity.
    pub fn restore(columns: Vec<Column>, capacity: usize, saved: &[u8]) -> Result<Self, MemoryError> {
        let mut restored = Self::new(columns, capacity)?;
        let mut reader = Reader::open("reservoir", saved, RESERVOIR)?;
        if reader.number()? != restored.fingerprint() {
            return Err(reader.error("it has other columns or another capacity"));
        }
        (restored.offered, restored.newest) = (reader.long()?, reader.long()?);
        let rows = restored.offered.min(capacity as u64) as usize;
        for _ in 0..rows {
            restored.iterations.push(reader.long()?);
        }
        for (column, values) in restored.columns.iter().zip(&mut restored.values) {
            for _ in 0..rows * column.width {
                values.push(f32::from_bits(reader.number()?));
            }
        }
        match reader.rest.is_empty() {
            true => Ok(restored),
            false => Err(reader.error("its length does not match the number of its rows")),
        }
    }

    fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&(self.capacity as u64).to_le_bytes());
        for column in &self.columns {
            hasher.update(column.name.as_bytes());
            hasher.update(&(column.width as u64).to_le_bytes());
        }
        hasher.finalize()
    }
}
