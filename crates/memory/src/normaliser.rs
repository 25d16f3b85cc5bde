//! Statistics that put observations, returns and actions on a common scale.

mod scaling;

use serde::{Deserialize, Serialize};

use crate::MemoryError;

pub use scaling::{Cdf, Scale, Scaling};

/// Running mean and variance of every element, in f64.
///
/// Batches are merged by the pairwise rule of Chan, Golub and LeVeque 1979, "Updating Formulae and
/// a Pairwise Algorithm for Computing Sample Variances", so that order and size of the batches
/// matter only to rounding. The variance is that of the population (divided by the count).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normaliser {
    count: u64,
    mean: Vec<f64>,
    /// Sums of squared differences from the mean.
    squares: Vec<f64>,
    frozen: bool,
    floor: f64,
    /// Added to every deviation.
    offset: f64,
    #[serde(with = "limit")]
    clip: f32,
}

/// A limit that may be infinite, which JSON has no number for: nothing stands for infinity.
mod limit {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(limit: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        limit.is_finite().then_some(*limit).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f32::INFINITY))
    }
}

impl Normaliser {
    /// Statistics of vectors of `size` elements.
    ///
    /// `floor` is the smallest standard deviation divided by, `clip` the largest magnitude of a
    /// normalised element; infinity for none.
    ///
    /// # Errors
    /// `floor` is not above 0 or `clip` not above 0.
    pub fn new(size: usize, floor: f64, clip: f32) -> Result<Self, MemoryError> {
        if !(floor.is_finite() && floor > 0.0) {
            let reason = format!("{floor} is not a finite number above 0");
            return Err(MemoryError::setting("floor", reason));
        }
        if clip.is_nan() || clip <= 0.0 {
            return Err(MemoryError::setting("clip", format!("{clip} is not above 0")));
        }
        let (mean, squares) = (vec![0.0; size], vec![0.0; size]);
        Ok(Self { count: 0, mean, squares, frozen: false, floor, offset: 0.0, clip })
    }

    /// Statistics of vectors of `size` elements, which are divided by their standard deviation plus
    /// `offset`, without limits.
    ///
    /// # Errors
    /// `offset` is not above 0.
    pub fn with_offset(size: usize, offset: f64) -> Result<Self, MemoryError> {
        if !(offset.is_finite() && offset > 0.0) {
            return Err(MemoryError::setting("offset", format!("{offset} is not a finite number above 0")));
        }
        Ok(Self { offset, ..Self::new(size, f64::MIN_POSITIVE, f32::INFINITY)? })
    }

    /// Takes a batch `[rows, size]` into the statistics, unless they are frozen.
    ///
    /// # Errors
    /// The batch is not a whole number of rows.
    pub fn update(&mut self, batch: &[f32]) -> Result<(), MemoryError> {
        self.check(batch)?;
        let size = self.mean.len();
        if self.frozen || batch.is_empty() {
            return Ok(());
        }
        let rows = (batch.len() / size) as f64;
        let (old, total) = (self.count as f64, self.count as f64 + rows);
        for element in 0..size {
            let column = || batch.iter().skip(element).step_by(size).map(|&value| f64::from(value));
            let mean = column().sum::<f64>() / rows;
            let squares: f64 = column().map(|value| (value - mean).powi(2)).sum();
            let difference = mean - self.mean[element];
            self.mean[element] += difference * rows / total;
            self.squares[element] += squares + difference * difference * old * rows / total;
        }
        self.count += batch.len() as u64 / size as u64;
        Ok(())
    }

    /// Stops (or starts again) taking in batches.
    pub fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// How many vectors were taken in.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean of every element.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What every element is divided by: its standard deviation, not below the floor, plus the offset;
    /// 1 before there are two vectors.
    pub fn deviation(&self) -> impl Iterator<Item = f64> + '_ {
        let count = self.count as f64;
        self.squares.iter().map(move |squares| {
            if count < 2.0 { 1.0 } else { (squares / count).sqrt().max(self.floor) + self.offset }
        })
    }

    /// Largest magnitude of a normalised element; infinity for none.
    pub fn clip(&self) -> f32 {
        self.clip
    }

    /// Subtracts the mean, divides by the deviation and clips, in place, `[rows, size]`.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn normalise(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        self.check(values)?;
        let size = self.mean.len();
        for (element, deviation) in self.deviation().enumerate() {
            let mean = self.mean[element];
            for value in values.iter_mut().skip(element).step_by(size) {
                let scaled = ((f64::from(*value) - mean) / deviation) as f32;
                *value = scaled.clamp(-self.clip, self.clip);
            }
        }
        Ok(())
    }

    /// Undoes [`Normaliser::normalise`] in place, where nothing was clipped.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn restore(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        self.check(values)?;
        let size = self.mean.len();
        for (element, deviation) in self.deviation().enumerate() {
            let mean = self.mean[element];
            for value in values.iter_mut().skip(element).step_by(size) {
                *value = (f64::from(*value) * deviation + mean) as f32;
            }
        }
        Ok(())
    }

    fn check(&self, values: &[f32]) -> Result<(), MemoryError> {
        check_rows("the batch to normalise", self.mean.len(), values.len())
    }
}

/// The range of every element, mapped to [-1, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinMax {
    low: Vec<f32>,
    high: Vec<f32>,
}

impl MinMax {
    /// The range of the rows of `data`, `[rows, size]`.
    ///
    /// # Errors
    /// There is no row, or not a whole number of them.
    pub fn of(size: usize, data: &[f32]) -> Result<Self, MemoryError> {
        check_rows("the data of a range", size, data.len())?;
        if data.is_empty() {
            return Err(MemoryError::length("the data of a range", size, 0));
        }
        let (mut low, mut high) = (data[..size].to_vec(), data[..size].to_vec());
        for row in data.chunks_exact(size) {
            for (element, &value) in row.iter().enumerate() {
                low[element] = low[element].min(value);
                high[element] = high[element].max(value);
            }
        }
        Ok(Self { low, high })
    }

    /// Maps to [-1, 1] in place, `[rows, size]`; elements of no range become 0, those outside the
    /// range lie outside [-1, 1].
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn normalise(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        self.map(
            values,
            |value, low, range| {
                if range > 0.0 { 2.0 * (value - low) / range - 1.0 } else { 0.0 }
            },
        )
    }

    /// Undoes [`MinMax::normalise`] in place.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn restore(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        self.map(values, |value, low, range| low + 0.5 * (value + 1.0) * range)
    }

    fn map(&self, values: &mut [f32], change: impl Fn(f32, f32, f32) -> f32) -> Result<(), MemoryError> {
        check_rows("the values of a range", self.low.len(), values.len())?;
        for row in values.chunks_exact_mut(self.low.len().max(1)) {
            for ((value, &low), &high) in row.iter_mut().zip(&self.low).zip(&self.high) {
                *value = change(*value, low, high - low);
            }
        }
        Ok(())
    }
}

/// Divides rewards by the running deviation of the discounted return, without shifting them.
///
/// The return of a row is `G <- gamma G + r`, begun anew with every episode, as in the reward
/// scaling of OpenAI Baselines (Engstrom et al. 2020, "Implementation Matters in Deep Policy
/// Gradients", appendix).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnScale {
    statistics: Normaliser,
    gamma: f64,
    returns: Vec<f64>,
}

impl ReturnScale {
    /// Scaling for `rows` rows; `floor` and `clip` as in [`Normaliser::new`].
    ///
    /// # Errors
    /// `gamma` is outside [0, 1], or `floor` or `clip` not above 0.
    pub fn new(rows: usize, gamma: f64, floor: f64, clip: f32) -> Result<Self, MemoryError> {
        if !(0.0..=1.0).contains(&gamma) {
            return Err(MemoryError::setting("gamma", format!("{gamma} is not in [0, 1]")));
        }
        let statistics = Normaliser::new(1, floor, clip)?;
        Ok(Self { statistics, gamma, returns: vec![0.0; rows] })
    }

    /// Takes the rewards of one step (`[rows]`) into the returns; `reset` marks rows that the step
    /// only began anew, which are left out.
    ///
    /// # Errors
    /// A slice does not have one element per row.
    pub fn update(&mut self, reward: &[f32], reset: &[bool]) -> Result<(), MemoryError> {
        let rows = self.returns.len();
        if reward.len() != rows || reset.len() != rows {
            let found = if reward.len() == rows { reset.len() } else { reward.len() };
            return Err(MemoryError::length("the rewards to scale", rows, found));
        }
        for ((sum, &reward), &reset) in self.returns.iter_mut().zip(reward).zip(reset) {
            *sum = if reset { 0.0 } else { self.gamma * *sum + f64::from(reward) };
            if !reset {
                self.statistics.update(&[*sum as f32])?;
            }
        }
        Ok(())
    }

    /// Divides rewards by the deviation of the returns and clips, in place.
    pub fn scale(&self, reward: &mut [f32]) {
        let deviation = self.statistics.deviation().next().unwrap_or(1.0);
        for value in reward {
            let scaled = (f64::from(*value) / deviation) as f32;
            *value = scaled.clamp(-self.statistics.clip, self.statistics.clip);
        }
    }

    /// Stops (or starts again) taking in returns.
    pub fn freeze(&mut self, frozen: bool) {
        self.statistics.freeze(frozen);
    }
}

fn check_rows(what: &str, size: usize, found: usize) -> Result<(), MemoryError> {
    if size > 0 && found.is_multiple_of(size) || found == 0 {
        return Ok(());
    }
    Err(MemoryError::Shape {
        what: what.into(),
        expected: format!("rows of {size} elements"),
        found: format!("{found} elements"),
    })
}
