//! Reversible maps of every element to about [-1, 1], chosen by name.

use serde::{Deserialize, Serialize};
use settings::Choice;

use super::{MinMax, Normaliser, check_rows};
use crate::MemoryError;

/// Knots of an empirical distribution function that are kept per element.
const KNOTS: usize = 1_024;

/// The empirical distribution function F of every element, mapped to [-1, 1]: x becomes 2 F(x) - 1,
/// so that the data are spread evenly whatever their shape. Between data, F is linear; it is 0 at the
/// smallest value and 1 at the largest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cdf {
    elements: Vec<Knots>,
}

/// A rising, piecewise linear function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Knots {
    /// Distinct values, rising.
    values: Vec<f32>,
    /// F at each, rising from 0 to 1.
    shares: Vec<f32>,
}

impl Cdf {
    /// The distribution of the rows of `data`, `[rows, size]`. Where an element has more distinct
    /// values than 1024, every so-many-th of them is kept.
    ///
    /// # Errors
    /// There is no row, or not a whole number of them.
    pub fn of(size: usize, data: &[f32]) -> Result<Self, MemoryError> {
        check_rows("the data of a distribution", size, data.len())?;
        if data.is_empty() {
            return Err(MemoryError::length("the data of a distribution", size, 0));
        }
        let column = |element| data.iter().copied().skip(element).step_by(size).collect();
        Ok(Self { elements: (0..size).map(|element| Knots::of(column(element))).collect() })
    }

    /// Maps to [-1, 1] in place, `[rows, size]`; values beyond the data's go to the ends, elements
    /// that are constant in the data to 0.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn normalise(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        self.map(values, |knots, value| match knots.values.len() {
            1 => 0.0,
            _ => 2.0 * interpolate(&knots.values, &knots.shares, value) - 1.0,
        })
    }

    /// Undoes [`Cdf::normalise`] in place; values beyond [-1, 1] go to the ends.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn restore(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        self.map(values, |knots, value| interpolate(&knots.shares, &knots.values, 0.5 * (value + 1.0)))
    }

    fn map(&self, values: &mut [f32], change: impl Fn(&Knots, f32) -> f32) -> Result<(), MemoryError> {
        check_rows("the values of a distribution", self.elements.len(), values.len())?;
        for row in values.chunks_exact_mut(self.elements.len().max(1)) {
            for (value, knots) in row.iter_mut().zip(&self.elements) {
                *value = change(knots, *value);
            }
        }
        Ok(())
    }
}

impl Knots {
    fn of(mut column: Vec<f32>) -> Self {
        column.sort_by(f32::total_cmp);
        // Distinct values, with how many data lie at or below each.
        let mut distinct: Vec<(f32, usize)> = Vec::new();
        for (index, &value) in column.iter().enumerate() {
            match distinct.last_mut() {
                Some(last) if last.0 == value => last.1 = index + 1,
                _ => distinct.push((value, index + 1)),
            }
        }
        let last = distinct.len() - 1;
        let count = distinct.len().min(KNOTS);
        let kept: Vec<(f32, usize)> =
            (0..count).map(|knot| distinct[knot * last / (count - 1).max(1)]).collect();
        let (least, most) = (kept[0].1 as f64, column.len() as f64);
        let share = |below: usize| ((below as f64 - least) / (most - least).max(1.0)) as f32;
        Self {
            values: kept.iter().map(|knot| knot.0).collect(),
            shares: kept.iter().map(|knot| share(knot.1)).collect(),
        }
    }
}

/// The piecewise linear function through the points (from, to), constant beyond its ends.
fn interpolate(from: &[f32], to: &[f32], at: f32) -> f32 {
    let above = from.partition_point(|value| *value < at);
    if above == 0 {
        return to[0];
    }
    if above == from.len() {
        return to[above - 1];
    }
    let share = (at - from[above - 1]) / (from[above] - from[above - 1]);
    to[above - 1] + share * (to[above] - to[above - 1])
}

/// Which map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Scale {
    /// The empirical distribution function.
    #[default]
    Cdf,
    /// The range.
    MinMax,
    /// Mean 0 and standard deviation 1.
    Standard,
}

/// A reversible map that was fitted to data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// By the empirical distribution function.
    Cdf(Cdf),
    /// By the range.
    MinMax(MinMax),
    /// By mean and standard deviation.
    Standard(Normaliser),
}

impl Scaling {
    /// Fits a map to the rows of `data`, `[rows, size]`.
    ///
    /// # Errors
    /// There is no row, or not a whole number of them.
    pub fn of(scale: Scale, size: usize, data: &[f32]) -> Result<Self, MemoryError> {
        Ok(match scale {
            Scale::Cdf => Self::Cdf(Cdf::of(size, data)?),
            Scale::MinMax => Self::MinMax(MinMax::of(size, data)?),
            Scale::Standard => {
                let mut normaliser = Normaliser::new(size, 1e-6, f32::INFINITY)?;
                normaliser.update(data)?;
                normaliser.freeze(true);
                Self::Standard(normaliser)
            }
        })
    }

    /// Maps in place, `[rows, size]`.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn normalise(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        match self {
            Self::Cdf(map) => map.normalise(values),
            Self::MinMax(map) => map.normalise(values),
            Self::Standard(map) => map.normalise(values),
        }
    }

    /// Undoes [`Scaling::normalise`] in place.
    ///
    /// # Errors
    /// The values are not a whole number of rows.
    pub fn restore(&self, values: &mut [f32]) -> Result<(), MemoryError> {
        match self {
            Self::Cdf(map) => map.restore(values),
            Self::MinMax(map) => map.restore(values),
            Self::Standard(map) => map.restore(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a skewed, a discrete and a constant element.
    fn data() -> Vec<f32> {
        let row = |index: usize| [(index as f32 * 0.01).exp(), (index % 3) as f32, 7.0];
        (0..500).flat_map(row).collect()
    }

    #[test]
    fn every_map_can_be_undone() {
        for scale in [Scale::Cdf, Scale::MinMax, Scale::Standard] {
            let map = Scaling::of(scale, 3, &data()).unwrap();
            let mut values = data();
            map.normalise(&mut values).unwrap();
            assert!(scale == Scale::Standard || values.iter().all(|value| (-1.0..=1.0).contains(value)));
            map.restore(&mut values).unwrap();
            for (found, expected) in values.iter().zip(data()) {
                assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{found} {expected}");
            }
            let text = serde_json::to_string(&map).unwrap();
            assert_eq!(serde_json::from_str::<Scaling>(&text).unwrap(), map);
        }
    }

    #[test]
    fn the_distribution_function_spreads_data_evenly() {
        let map = Cdf::of(3, &data()).unwrap();
        let mut values = data();
        map.normalise(&mut values).unwrap();
        for (index, row) in values.chunks_exact(3).enumerate() {
            assert!((row[0] - (2.0 * index as f32 / 499.0 - 1.0)).abs() < 1e-5);
            // A third of the data lies at each of the three values.
            assert!((row[1] - [-1.0, 0.0, 1.0][index % 3]).abs() < 2e-2, "{}", row[1]);
            assert_eq!(row[2], 0.0);
        }
        let mut beyond = [-5.0, 9.0, 8.0];
        map.normalise(&mut beyond).unwrap();
        assert_eq!(beyond, [-1.0, 1.0, 0.0]);
        assert!(map.normalise(&mut [0.0; 4]).is_err() && Cdf::of(3, &[]).is_err());
    }

    #[test]
    fn many_values_are_thinned_and_still_undone() {
        let column: Vec<f32> = (0..20_000).map(|index| (index as f32 * 1e-3).sqrt()).collect();
        let map = Cdf::of(1, &column).unwrap();
        let mut values = column.clone();
        map.normalise(&mut values).unwrap();
        map.restore(&mut values).unwrap();
        for (found, expected) in values.iter().zip(column) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
    }
}
