//! What can be read from features, in one call.

use memory::index::{Block, Fingerprint, IndexError, Knn, Neighbour};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use settings::Config;

use super::{Halves, Labelled, LinearHead, Ridge, explained, perceptron};
use crate::error::{LearnError, expect_length};

/// How features are probed.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct ProbeSettings {
    /// Seed of the split into the half that probes are fitted on and the half they are tested on.
    #[setting(0)]
    pub seed: u64,
    /// Penalty on the squared weights of the linear probes, in units of standardised features.
    #[setting(1e-3, above = 0.0)]
    pub ridge: f64,
    /// Nearest examples of the fitted half that say what an example of the other is like; 0 for none.
    #[setting(0)]
    pub neighbours: usize,
    /// Width of the hidden layer of a perceptron that is fitted beside the linear probes; 0 for none.
    #[setting(0)]
    pub hidden: usize,
}

/// What is read from the features of N examples.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Numbers, row-major `[N, width]`.
    Numbers {
        /// The numbers.
        values: &'a [f32],
        /// How many an example has.
        width: usize,
    },
    /// One class of several.
    Classes {
        /// The class of every example, `[N]`.
        labels: &'a [usize],
        /// Number of classes.
        classes: usize,
    },
}

/// Fits probes on one half of the examples and tests them on the other, for every named target. The
/// features are row-major `[N, width]`; they are numbers by now, so that no gradient reaches what made
/// them. It gives
/// - `probe/<name>`: of a linear probe the share of variance explained (ridge regression), or the share
///   of right classes, each class counted equally (logistic regression);
/// - `probe/<name>_nearest`: the same of the mean, or the commonest class, of the nearest examples;
/// - `probe/<name>_perceptron`: the same of a perceptron with one hidden layer.
///
/// Classes that one half lacks are left out, and so is a target that does not vary: what a representation
/// knows of it cannot be told.
///
/// # Errors
/// [`LearnError::Length`]: not as many targets as features; [`LearnError::Examples`]: too few examples, a
/// number that is not finite, or a label out of range.
pub fn probe(
    features: &[f32],
    width: usize,
    targets: &[(&str, Target<'_>)],
    settings: &ProbeSettings,
) -> Result<Vec<(String, f64)>, LearnError> {
    let halves = Halves::new(features, width, settings.seed)?;
    let mut found = Vec::new();
    for &(name, target) in targets {
        let readings = match target {
            Target::Numbers { values, width } => of_numbers(&halves, name, (values, width), settings)?,
            Target::Classes { labels, classes } => of_classes(&halves, labels, classes, settings)?,
        };
        for (kind, value) in readings {
            found.push((format!("probe/{name}{kind}"), value));
        }
    }
    Ok(found)
}

const LINEAR: &str = "";
const NEAREST: &str = "_nearest";
const PERCEPTRON: &str = "_perceptron";

type Readings = Vec<(&'static str, f64)>;

fn of_numbers(
    halves: &Halves,
    name: &str,
    (values, width): (&[f32], usize),
    settings: &ProbeSettings,
) -> Result<Readings, LearnError> {
    expect_length("target", values, (halves.fitted.len() + halves.tested.len()) * width)?;
    if let Some(place) = values.iter().position(|value| !value.is_finite()) {
        let (row, value) = (place / width, values[place]);
        let reason = format!("the target `{name}` of example {row} is {value}: a probe needs finite numbers");
        return Err(LearnError::Examples { reason });
    }
    if width == 0 {
        return Ok(Vec::new());
    }
    let [fitted, tested] = halves.split(values, width);
    let linear = Ridge::fit(&halves.fitted_features, halves.width, &fitted, width, settings.ridge)?;
    let mut predictions = vec![(LINEAR, linear.predict(&halves.tested_features))];
    if settings.neighbours > 0 {
        let mean = |rows: &[Neighbour]| {
            let of = |output: usize| {
                let sum: f32 = rows.iter().map(|neighbour| fitted[neighbour.row * width + output]).sum();
                sum / rows.len() as f32
            };
            (0..width).map(of).collect::<Vec<f32>>()
        };
        predictions.push((NEAREST, by_nearest(halves, settings.neighbours, mean)?.concat()));
    }
    if settings.hidden > 0 {
        let random = &mut ChaCha8Rng::seed_from_u64(settings.seed);
        predictions.push((PERCEPTRON, perceptron::numbers(halves, &fitted, width, settings.hidden, random)?));
    }
    let share = |(kind, found): &(&'static str, Vec<f32>)| Some((*kind, explained(&tested, found, width)?));
    Ok(predictions.iter().filter_map(share).collect())
}

fn of_classes(
    halves: &Halves,
    labels: &[usize],
    classes: usize,
    settings: &ProbeSettings,
) -> Result<Readings, LearnError> {
    expect_length("target", labels, halves.fitted.len() + halves.tested.len())?;
    let [fitted, tested] = halves.split(labels, 1);
    let train = Labelled::new(&halves.fitted_features, halves.width, &fitted, classes)?;
    let test = Labelled::new(&halves.tested_features, halves.width, &tested, classes)?;
    let known = |class: &usize| !train.class(*class).is_empty() && !test.class(*class).is_empty();
    let task: Vec<usize> = (0..classes).filter(known).collect();
    if task.len() < 2 {
        return Ok(Vec::new());
    }
    let linear = LinearHead::logistic(&train, &task, settings.ridge)?;
    let mut readings = vec![(LINEAR, linear.accuracy(&test, &task)?)];
    if settings.neighbours > 0 {
        let vote = |rows: &[Neighbour]| commonest(rows.iter().map(|neighbour| fitted[neighbour.row]));
        let found = by_nearest(halves, settings.neighbours, vote)?;
        readings.push((NEAREST, accuracy(&tested, &found, &task)));
    }
    if settings.hidden > 0 {
        let random = &mut ChaCha8Rng::seed_from_u64(settings.seed);
        let found = perceptron::classes(halves, &fitted, classes, settings.hidden, random)?;
        readings.push((PERCEPTRON, accuracy(&tested, &found, &task)));
    }
    Ok(readings)
}

/// What `read` makes of the nearest fitted examples of every tested one, nearest first.
fn by_nearest<T>(
    halves: &Halves,
    neighbours: usize,
    read: impl Fn(&[Neighbour]) -> T,
) -> Result<Vec<T>, LearnError> {
    let width = halves.width;
    let block = Block { name: "features", values: &halves.fitted_features, width, weight: 1.0 };
    let refuse = |error: IndexError| LearnError::Examples { reason: error.to_string() };
    let index = Knn::new(&[block], Fingerprint::NONE).map_err(refuse)?;
    let neighbours = neighbours.min(halves.fitted.len());
    let mut found = Vec::new();
    let query = [halves.tested_features.as_slice()];
    index.nearest(&query, neighbours, Fingerprint::NONE, &mut found).map_err(refuse)?;
    Ok(found.chunks_exact(neighbours).map(read).collect())
}

/// The commonest item, of equally common ones that which comes first.
fn commonest(items: impl Iterator<Item = usize>) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|(known, _)| *known == item) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    counts.iter().find(|(_, count)| Some(*count) == most).map_or(0, |(item, _)| *item)
}

/// Share of right answers, the mean over the classes of `task`, each of which occurs.
fn accuracy(truth: &[usize], found: &[usize], task: &[usize]) -> f64 {
    let of = |class: &usize| {
        let own: Vec<bool> = truth
            .iter()
            .zip(found)
            .filter(|(truth, _)| *truth == class)
            .map(|(_, found)| found == class)
            .collect();
        own.iter().filter(|right| **right).count() as f64 / own.len() as f64
    };
    task.iter().map(of).sum::<f64>() / task.len() as f64
}
