//! Measures of results and of data, as numbers in f64.

use crate::error::{LearnError, expect_length};

/// Rank of each value from 1; equal ones share the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for same in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let mean = first as f64 + (same.len() as f64 + 1.0) / 2.0;
        same.iter().for_each(|&index| ranks[index] = mean);
        first += same.len();
    }
    ranks
}

/// Pearson's correlation of pairs; nothing where there are fewer than two or one side does not vary.
///
/// # Errors
/// [`LearnError::Length`]: the two are not equally many.
pub fn correlation(left: &[f64], right: &[f64]) -> Result<Option<f64>, LearnError> {
    expect_length("right", right, left.len())?;
    let (first, second) = (deviations(left), deviations(right));
    let scale = (sum_of_squares(&first) * sum_of_squares(&second)).sqrt();
    let product: f64 = first.iter().zip(&second).map(|(a, b)| a * b).sum();
    Ok((scale > 0.0).then(|| product / scale))
}

/// Spearman's rank correlation of pairs; nothing where there are fewer than two or one side does not
/// vary.
///
/// # Errors
/// [`LearnError::Length`]: the two are not equally many.
pub fn spearman(left: &[f64], right: &[f64]) -> Result<Option<f64>, LearnError> {
    correlation(&ranks(left), &ranks(right))
}

fn deviations(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| value - mean).collect()
}

fn sum_of_squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// Area under the receiver operating characteristic: the probability that a positive scores above a
/// negative, ties counting half; nothing without both.
///
/// # Errors
/// [`LearnError::Length`]: not as many labels as scores.
pub fn roc_auc(scores: &[f64], positive: &[bool]) -> Result<Option<f64>, LearnError> {
    expect_length("positive", positive, scores.len())?;
    let count = positive.iter().filter(|label| **label).count();
    let pairs = (count * (scores.len() - count)) as f64;
    let sum: f64 =
        ranks(scores).iter().zip(positive).filter(|(_, label)| **label).map(|(rank, _)| rank).sum();
    Ok((pairs > 0.0).then(|| (sum - (count * (count + 1)) as f64 / 2.0) / pairs))
}

/// The normal quantile of a two-sided interval of 95 %.
pub const NORMAL_95: f64 = 1.959_963_984_540_054;

/// Wilson's interval (1927) of a probability of which `successes` of `trials` were seen, for the normal
/// quantile `z`; the whole of [0, 1] without a trial.
pub fn wilson(successes: usize, trials: usize, z: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (count, share) = (trials as f64, successes as f64 / trials as f64);
    let spread = z * z / count;
    let centre = (share + spread / 2.0) / (1.0 + spread);
    let half = (share * (1.0 - share) * spread + spread * spread / 4.0).sqrt() / (1.0 + spread);
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// A straight line through pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Its slope.
    pub slope: f64,
    /// Its value at 0.
    pub intercept: f64,
    /// Standard error of the slope; 0 for two pairs.
    pub error: f64,
}

/// The line of least squares through ln y over ln x, whose slope is the exponent of a power law; nothing
/// where fewer than two x differ.
///
/// # Errors
/// [`LearnError::Length`]: not as many y as x; [`LearnError::Examples`]: one is not above 0 or infinite.
pub fn log_log_line(x: &[f64], y: &[f64]) -> Result<Option<Line>, LearnError> {
    expect_length("y", y, x.len())?;
    if let Some(value) = x.iter().chain(y).find(|value| !(**value > 0.0 && value.is_finite())) {
        let reason = format!("{value} has no place on logarithmic axes: give finite numbers above 0");
        return Err(LearnError::Examples { reason });
    }
    let logarithms = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let (x, y) = (logarithms(x), logarithms(y));
    let (dx, dy) = (deviations(&x), deviations(&y));
    let squares = sum_of_squares(&dx);
    if squares.is_nan() || squares <= 0.0 {
        return Ok(None);
    }
    let count = x.len() as f64;
    let slope = dx.iter().zip(&dy).map(|(a, b)| a * b).sum::<f64>() / squares;
    let intercept = (y.iter().sum::<f64>() - slope * x.iter().sum::<f64>()) / count;
    let residual: f64 = dx.iter().zip(&dy).map(|(a, b)| (b - slope * a).powi(2)).sum();
    let error = if x.len() > 2 { (residual / (count - 2.0) / squares).sqrt() } else { 0.0 };
    Ok(Some(Line { slope, intercept, error }))
}

/// A box cut into cells, of which visits are remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    low: Vec<f64>,
    high: Vec<f64>,
    cells: Vec<usize>,
    visited: Vec<bool>,
}

/// Cells that a grid has at most.
const MOST_CELLS: usize = 1 << 24;

impl Coverage {
    /// The box from `low` to `high` with `cells` cells along every dimension.
    ///
    /// # Errors
    /// [`LearnError::Length`]: the three differ in length; [`LearnError::Setting`]: a side that is empty
    /// or without cells, or more than 2²⁴ cells.
    pub fn new(low: &[f64], high: &[f64], cells: &[usize]) -> Result<Self, LearnError> {
        expect_length("high", high, low.len())?;
        expect_length("cells", cells, low.len())?;
        let setting = |name, value, range| LearnError::Setting { name, value, range };
        if let Some((_, high)) = low.iter().zip(high).find(|(low, high)| !(*low < *high && high.is_finite()))
        {
            return Err(setting("high", *high, "finite and above `low` in every dimension"));
        }
        let count = cells.iter().try_fold(1, |count: usize, &side| count.checked_mul(side));
        match count.filter(|count| (1..=MOST_CELLS).contains(count)) {
            Some(count) => Ok(Self {
                low: low.to_vec(),
                high: high.to_vec(),
                cells: cells.to_vec(),
                visited: vec![false; count],
            }),
            None => {
                Err(setting("cells", cells.iter().map(|&side| side as f64).product(), "1 to 2^24 in all"))
            }
        }
    }

    /// Remembers a visit. The upper faces belong to the last cells; what lies outside does not count.
    ///
    /// # Errors
    /// [`LearnError::Length`]: the point has another number of dimensions.
    pub fn visit(&mut self, point: &[f64]) -> Result<(), LearnError> {
        expect_length("point", point, self.low.len())?;
        let mut cell = 0;
        let sides = self.low.iter().zip(&self.high).zip(&self.cells);
        for (x, ((low, high), &count)) in point.iter().zip(sides) {
            if !(low..=high).contains(&x) {
                return Ok(());
            }
            let along = ((x - low) / (high - low) * count as f64) as usize;
            cell = cell * count + along.min(count - 1);
        }
        self.visited[cell] = true;
        Ok(())
    }

    /// Whether each cell was visited, the last dimension fastest: what a snapshot keeps.
    pub fn visited(&self) -> &[bool] {
        &self.visited
    }

    /// Takes back what [`visited`](Self::visited) gave.
    ///
    /// # Errors
    /// [`LearnError::Length`]: it belongs to another grid.
    pub fn restore(&mut self, visited: &[bool]) -> Result<(), LearnError> {
        expect_length("visited cells", visited, self.visited.len())?;
        self.visited.copy_from_slice(visited);
        Ok(())
    }

    /// Share of all cells that were visited.
    pub fn share(&self) -> f64 {
        let visited = self.visited.iter().filter(|visited| **visited).count();
        visited as f64 / self.visited.len() as f64
    }
}

#[cfg(test)]
mod tests;
