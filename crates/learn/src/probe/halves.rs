//! A fixed split of examples into a half to fit on and a half to test on.

use crate::error::{LearnError, expect_length};

/// Whether the example of this index is tested on rather than fitted on: a fair coin by a hash of index
/// and seed, so that an example stays on its side whatever is added behind it, and whoever asks.
pub fn held_out(index: usize, seed: u64) -> bool {
    mixed(mixed(seed) ^ index as u64) & 1 == 1
}

/// The mixing function of SplitMix64 (Steele et al., 2014).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Features in two halves, standardised by the statistics of the one that is fitted on.
#[derive(Clone, Debug)]
pub struct Halves {
    /// Number of features.
    pub width: usize,
    /// Which examples are fitted on, ascending.
    pub fitted: Vec<usize>,
    /// Which are tested on, ascending.
    pub tested: Vec<usize>,
    /// Features of the first, row-major.
    pub fitted_features: Vec<f32>,
    /// Features of the others, row-major.
    pub tested_features: Vec<f32>,
}

impl Halves {
    /// The halves of `features`, row-major `[N, width]`, under a seed. A feature that does not vary stays
    /// at zero.
    ///
    /// # Errors
    /// [`LearnError::Length`]: the features are no rows of this width; [`LearnError::Examples`]: one is
    /// not finite, or there are too few examples for two halves.
    pub fn new(features: &[f32], width: usize, seed: u64) -> Result<Self, LearnError> {
        let count = features.len() / width.max(1);
        expect_length("features", features, count * width.max(1))?;
        if let Some(place) = features.iter().position(|value| !value.is_finite()) {
            let (row, value) = (place / width, features[place]);
            let reason = format!("the features of example {row} hold {value}: a probe needs finite ones");
            return Err(LearnError::Examples { reason });
        }
        let (tested, fitted): (Vec<usize>, Vec<usize>) = (0..count).partition(|&index| held_out(index, seed));
        if fitted.is_empty() || tested.is_empty() {
            let reason = format!("{count} examples make no two halves: give a probe some dozens at least");
            return Err(LearnError::Examples { reason });
        }
        let (mean, scale) = statistics(features, width, &fitted);
        let standard = |half: &[usize]| {
            let rows = half.iter().map(|&index| &features[index * width..][..width]);
            let values = rows.flat_map(|row| row.iter().zip(mean.iter().zip(&scale)));
            values.map(|(x, (mean, scale))| ((f64::from(*x) - mean) / scale) as f32).collect()
        };
        Ok(Self {
            width,
            fitted_features: standard(&fitted),
            tested_features: standard(&tested),
            fitted,
            tested,
        })
    }

    /// Those rows of `values`, row-major `[N, width]`, that are fitted on, and those that are tested on.
    pub fn split<T: Copy>(&self, values: &[T], width: usize) -> [Vec<T>; 2] {
        [&self.fitted, &self.tested]
            .map(|half| half.iter().flat_map(|&index| &values[index * width..][..width]).copied().collect())
    }
}

/// Mean and standard deviation of every feature over some examples; 1 for one that does not vary.
fn statistics(features: &[f32], width: usize, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let moment = |of: &dyn Fn(f64, usize) -> f64| -> Vec<f64> {
        let sum = |column| rows.iter().map(|row| of(f64::from(features[row * width + column]), column)).sum();
        (0..width).map(sum).map(|sum: f64| sum / rows.len() as f64).collect()
    };
    let mean = moment(&|value, _| value);
    let variance = moment(&|value, column| (value - mean[column]).powi(2));
    let scale =
        variance.iter().map(|variance| if *variance > 1e-12 { variance.sqrt() } else { 1.0 }).collect();
    (mean, scale)
}
