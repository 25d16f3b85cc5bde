//! What a data set holds, in numbers: ranges, returns, lengths, and what is wrong.

use serde::Serialize;
use worlds::{ActionSpace, Layout, Role};

use super::{
    ActionColumn, DataSpec, Dataset, FieldColumn, Surveyed,
    formats::{Finding, Format},
};

/// Up to here every dimension has statistics of its own.
const DIMENSIONS: usize = 16;

/// Bars of a histogram.
const BARS: usize = 20;

/// Everything that is said of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// Format of the file.
    pub format: Format,
    /// What it holds of every step.
    pub spec: DataSpec,
    /// Number of episodes.
    pub episodes: usize,
    /// How many of them really end; the others are cut.
    pub terminated: usize,
    /// Number of steps.
    pub steps: usize,
    /// What it lacks: `actions`, `rewards`.
    pub missing: Vec<&'static str>,
    /// Every column.
    pub columns: Vec<ColumnStatistics>,
    /// Steps of the episodes.
    pub lengths: Histogram,
    /// Sums of the first reward channel; none where rewards are missing.
    pub returns: Option<Histogram>,
    /// Values that cannot be learned from.
    pub findings: Vec<Finding>,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// Statistics of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnStatistics {
    /// Its name.
    pub name: String,
    /// What it is: `input`, `goal`, `truth`, `action`, `reward` or `extra`.
    pub part: &'static str,
    /// What a row is, such as `4 numbers` or `64x64x3 image`.
    pub row: String,
    /// One per dimension, or one for all where there are more than 16, and for images.
    pub dimensions: Vec<Statistics>,
    /// How often each index was chosen; empty for numbers.
    pub counts: Vec<u64>,
}

/// Range and moments of numbers, those that are not finite left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Numbers that are finite.
    pub count: u64,
    /// Numbers that are not.
    pub not_finite: u64,
    /// The smallest.
    pub min: f64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, divided by the count.
    pub deviation: f64,
    /// The largest.
    pub max: f64,
}

/// How often numbers fall into intervals of equal width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// Moments of the numbers themselves.
    pub statistics: Statistics,
    /// Whether all numbers are whole; an interval of width 1 then holds one of them.
    pub whole: bool,
    /// Where the first interval begins.
    pub from: f64,
    /// Width of an interval.
    pub width: f64,
    /// Numbers in each.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Of these numbers, in at most 20 intervals between the smallest and the largest; whole numbers
    /// get intervals of whole width.
    pub fn of(values: &[f64]) -> Self {
        let mut sums = Sums::default();
        values.iter().for_each(|&value| sums.take(value));
        let statistics = sums.statistics();
        let (low, high) = (statistics.min, statistics.max);
        let whole = values.iter().all(|value| value.fract() == 0.0);
        if statistics.count == 0 || low == high {
            return Self { statistics, whole, from: low, width: 0.0, counts: vec![statistics.count] };
        }
        let (width, bars) = if whole {
            let width = ((high - low + 1.0) / BARS as f64).ceil();
            (width, ((high - low + 1.0) / width).ceil() as usize)
        } else {
            ((high - low) / BARS as f64, BARS)
        };
        let mut counts = vec![0; bars];
        for value in values.iter().filter(|value| value.is_finite()) {
            let bar = ((value - low) / width) as usize;
            counts[bar.min(bars - 1)] += 1;
        }
        Self { statistics, whole, from: low, width, counts }
    }
}

/// Looks at everything that a data set holds.
pub fn inspect(surveyed: &Surveyed) -> Inspection {
    let Surveyed { format, set, findings, notes } = surveyed;
    let spec = set.spec();
    let mut missing = Vec::new();
    if set.actions().is_none() {
        missing.push("actions");
    }
    if spec.rewards.is_empty() {
        missing.push("rewards");
    }
    let returns = set.returns();
    let lengths: Vec<f64> = set.episodes().iter().map(|episode| episode.length as f64).collect();
    Inspection {
        format: *format,
        spec: spec.clone(),
        episodes: set.episodes().len(),
        terminated: set.episodes().iter().filter(|episode| episode.terminated).count(),
        steps: set.steps(),
        missing,
        columns: columns(set),
        lengths: Histogram::of(&lengths),
        returns: (!returns.is_empty()).then(|| Histogram::of(&returns)),
        findings: findings.0.clone(),
        notes: notes.clone(),
    }
}

fn columns(set: &Dataset) -> Vec<ColumnStatistics> {
    let spec = set.spec();
    let numbers = |name: &str, part, width: usize, values: &[f32]| ColumnStatistics {
        name: name.to_owned(),
        part,
        row: row(width),
        dimensions: dimensions(width, values),
        counts: Vec::new(),
    };
    let mut out = Vec::new();
    for (index, field) in spec.fields.iter().enumerate() {
        let part = match field.role {
            Role::Input => "input",
            Role::Goal => "goal",
            Role::Truth => "truth",
            Role::Legal => "legal actions",
        };
        out.push(match (set.field(index), &field.layout) {
            (FieldColumn::Bytes(values), &Layout::Image { height, width, channels, .. }) => {
                ColumnStatistics {
                    name: field.name.clone(),
                    part,
                    row: format!("{height}x{width}x{channels} image"),
                    dimensions: vec![bytes(values)],
                    counts: Vec::new(),
                }
            }
            (FieldColumn::Bytes(values), layout) => ColumnStatistics {
                name: field.name.clone(),
                part,
                row: row(layout.size()),
                dimensions: vec![bytes(values)],
                counts: Vec::new(),
            },
            (FieldColumn::Floats(values), layout) => numbers(&field.name, part, layout.size(), values),
        });
    }
    match (set.actions(), &spec.action) {
        (Some(ActionColumn::Discrete(indices)), Some(ActionSpace::Discrete { count })) => {
            let mut counts = vec![0; *count];
            let mut sums = Sums::default();
            for &index in indices.iter() {
                sums.take(f64::from(index));
                if let Some(count) = counts.get_mut(index as usize) {
                    *count += 1;
                }
            }
            let (name, row) = ("action".to_owned(), format!("one of {count}"));
            let dimensions = vec![sums.statistics()];
            out.push(ColumnStatistics { name, part: "action", row, dimensions, counts });
        }
        (Some(ActionColumn::Continuous(values)), _) => {
            out.push(numbers("action", "action", spec.action_width(), values));
        }
        _ => {}
    }
    for (channel, name) in spec.rewards.iter().enumerate() {
        let mut sums = Sums::default();
        let values = set.reward().iter().skip(channel).step_by(spec.rewards.len());
        values.for_each(|&value| sums.take(f64::from(value)));
        let dimensions = vec![sums.statistics()];
        out.push(ColumnStatistics {
            name: name.clone(),
            part: "reward",
            row: row(1),
            dimensions,
            counts: Vec::new(),
        });
    }
    for (index, column) in spec.extra.iter().enumerate() {
        out.push(numbers(&column.name, "extra", column.width, set.extra(index)));
    }
    out
}

fn row(width: usize) -> String {
    if width == 1 { "1 number".to_owned() } else { format!("{width} numbers") }
}

fn dimensions(width: usize, values: &[f32]) -> Vec<Statistics> {
    let each = if width > DIMENSIONS { 1 } else { width };
    let mut sums = vec![Sums::default(); each];
    if each == 0 {
        return Vec::new();
    }
    for row in values.chunks_exact(each) {
        for (sums, &value) in sums.iter_mut().zip(row) {
            sums.take(f64::from(value));
        }
    }
    sums.iter().map(Sums::statistics).collect()
}

/// Of bytes, by counting each of them.
fn bytes(values: &[u8]) -> Statistics {
    let mut counts = [0_u64; 256];
    values.iter().for_each(|&value| counts[usize::from(value)] += 1);
    let count = values.len() as u64;
    let over = |power: i32| {
        let numbered = counts.iter().enumerate();
        numbered.map(|(value, &count)| (value as f64).powi(power) * count as f64).sum::<f64>() / count as f64
    };
    let mean = over(1);
    let first = counts.iter().position(|&count| count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
    let deviation = (over(2) - mean * mean).max(0.0).sqrt();
    Statistics { count, not_finite: 0, min: first as f64, mean, deviation, max: last as f64 }
}

/// Sums around the first number, which keeps squares from cancelling.
#[derive(Clone, Debug, Default)]
struct Sums {
    count: u64,
    not_finite: u64,
    origin: f64,
    sum: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Sums {
    fn take(&mut self, value: f64) {
        if !value.is_finite() {
            self.not_finite += 1;
            return;
        }
        if self.count == 0 {
            (self.origin, self.min, self.max) = (value, value, value);
        }
        self.count += 1;
        let shifted = value - self.origin;
        self.sum += shifted;
        self.squares += shifted * shifted;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn statistics(&self) -> Statistics {
        let count = (self.count as f64).max(1.0);
        let shift = self.sum / count;
        Statistics {
            count: self.count,
            not_finite: self.not_finite,
            min: self.min,
            mean: self.origin + shift,
            deviation: (self.squares / count - shift * shift).max(0.0).sqrt(),
            max: self.max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_finite_numbers() {
        let statistics = dimensions(2, &[1.0, 5.0, 3.0, f32::NAN, 5.0, 7.0]);
        assert_eq!((statistics[0].min, statistics[0].mean, statistics[0].max), (1.0, 3.0, 5.0));
        assert!((statistics[0].deviation - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((statistics[1].count, statistics[1].not_finite, statistics[1].mean), (2, 1, 6.0));
        let statistics = bytes(&[0, 10, 20]);
        assert_eq!((statistics.min, statistics.mean, statistics.max), (0.0, 10.0, 20.0));
        assert!((statistics.deviation - (200.0_f64 / 3.0).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn histograms_count_everything_once() {
        let histogram = Histogram::of(&[1.0, 2.0, 2.0, 5.0]);
        assert_eq!((histogram.from, histogram.width, histogram.counts), (1.0, 1.0, vec![1, 2, 0, 0, 1]));
        let histogram = Histogram::of(&[0.0, 0.5, 1.0]);
        assert_eq!((histogram.counts.len(), histogram.counts.iter().sum::<u64>()), (20, 3));
        assert_eq!(Histogram::of(&[4.0, 4.0]).counts, [2]);
        let long: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(Histogram::of(&long).counts, [50; 20]);
    }
}
