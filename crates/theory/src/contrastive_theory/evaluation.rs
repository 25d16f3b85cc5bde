//! What features are worth: linear heads on average tasks, and both sides of the paper's bounds.

use learn::{
    LearnError,
    contrastive::theory::{Margin, collision, collision_bound, intraclass_bound, intraclass_deviation},
    probe::{Labelled, LinearHead, distinct_classes, pairs},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Tasks drawn where there are too many to visit all.
const DRAWN_TASKS: usize = 45;
/// Classes of the larger tasks, or all where there are fewer.
const LARGE_TASK: usize = 10;

/// Both sides of the bounds on held-out data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// The mean classifier's loss, averaged over pairs of classes.
    pub supervised: f64,
    /// (L_un - tau)/(1 - tau).
    pub unsupervised: f64,
    /// Standard error of the latter; 0 where it was summed over all tuples.
    pub error: f64,
    /// L≠_un + c' tau/(1 - tau) s(f).
    pub intraclass: f64,
}

impl Bound {
    /// How far the bound of theorem 4.1 is from being violated by more than two standard errors:
    /// below 0 it is.
    pub fn margin(&self) -> f64 {
        self.unsupervised - self.supervised + 2.0 * self.error
    }
}

/// Checks the bounds for one negative on the features of held-out data, taken as each class's whole
/// distribution: the supervised side is then exact, and the unsupervised one is a sum over all
/// tuples where there are few enough, and else the mean over `samples` independent draws.
pub(super) fn bound(
    data: &Labelled,
    prior: &[f64],
    loss: Margin,
    samples: usize,
    random: &mut ChaCha8Rng,
) -> Result<Bound, LearnError> {
    let tau = collision(prior, 1)?;
    let means = LinearHead::means(data)?;
    let mut supervised = 0.0;
    for (task, weight) in pairs(prior) {
        supervised += weight * means.loss(data, &task, loss)?;
    }
    let classes: Vec<Vec<&[f64]>> = (0..data.classes()).map(|class| data.class(class)).collect();
    let found = if tuples(&classes) <= ENUMERATED {
        enumerated(&classes, prior, loss)
    } else {
        sampled(&classes, prior, loss, samples, random)
    };
    let deviation = intraclass_deviation(&classes, prior);
    Ok(Bound {
        supervised,
        unsupervised: collision_bound(found.all, tau),
        error: found.error / (1.0 - tau),
        intraclass: intraclass_bound(found.distinct, tau, deviation, loss),
    })
}

/// Tuples of anchor, positive and negative that are summed one by one at most.
const ENUMERATED: usize = 8_000_000;

/// The unsupervised loss with one negative.
pub(super) struct Unsupervised {
    /// L_un.
    pub all: f64,
    /// L≠_un, given that the negative is of another class.
    pub distinct: f64,
    /// Standard error of L_un.
    pub error: f64,
}

/// Number of tuples of two of one class and one of any class.
fn tuples(classes: &[Vec<&[f64]>]) -> usize {
    let total: usize = classes.iter().map(Vec::len).sum();
    classes.iter().map(|class| class.len() * class.len() * total).sum()
}

/// Sums over all tuples.
pub(super) fn enumerated(classes: &[Vec<&[f64]>], prior: &[f64], loss: Margin) -> Unsupervised {
    let (mut all, mut distinct, mut apart) = (0.0, 0.0, 0.0);
    for (class, rho) in classes.iter().zip(prior) {
        for (other, sigma) in classes.iter().zip(prior) {
            let mut sum = 0.0;
            for anchor in class {
                let similar: Vec<f64> = class.iter().map(|positive| dot(anchor, positive)).collect();
                for negative in other {
                    let dissimilar = dot(anchor, negative);
                    sum += similar.iter().map(|value| loss.single(value - dissimilar)).sum::<f64>();
                }
            }
            let mean = rho * sigma * sum / (class.len() * class.len() * other.len()) as f64;
            all += mean;
            if !std::ptr::eq(class, other) {
                distinct += mean;
                apart += rho * sigma;
            }
        }
    }
    Unsupervised { all, distinct: distinct / apart, error: 0.0 }
}

/// Means over independent draws.
pub(super) fn sampled(
    classes: &[Vec<&[f64]>],
    prior: &[f64],
    loss: Margin,
    samples: usize,
    random: &mut ChaCha8Rng,
) -> Unsupervised {
    let (mut sum, mut squares, mut distinct, mut apart) = (0.0, 0.0, 0.0, 0usize);
    for _ in 0..samples {
        let (class, other) = (draw(prior, random), draw(prior, random));
        let anchor = pick(&classes[class], random);
        let (positive, negative) = (pick(&classes[class], random), pick(&classes[other], random));
        let value = loss.single(dot(anchor, positive) - dot(anchor, negative));
        sum += value;
        squares += value * value;
        if class != other {
            distinct += value;
            apart += 1;
        }
    }
    let (count, mean) = (samples as f64, sum / samples as f64);
    let variance = (squares / count - mean * mean).max(0.0);
    Unsupervised { all: mean, distinct: distinct / apart.max(1) as f64, error: (variance / count).sqrt() }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn draw(prior: &[f64], random: &mut ChaCha8Rng) -> usize {
    let mut left = random.random::<f64>();
    for (class, rho) in prior.iter().enumerate() {
        left -= rho;
        if left < 0.0 {
            return class;
        }
    }
    prior.len() - 1
}

fn pick<'a>(features: &[&'a [f64]], random: &mut ChaCha8Rng) -> &'a [f64] {
    features[random.random_range(0..features.len())]
}

/// A set of tasks with their weights.
struct Tasks {
    all: Vec<(Vec<usize>, f64)>,
    /// The same or fewer, for heads that are trained anew on each.
    few: Vec<(Vec<usize>, f64)>,
}

impl Tasks {
    fn pairs(prior: &[f64], random: &mut ChaCha8Rng) -> Self {
        let all = pairs(prior);
        let few = if all.len() <= DRAWN_TASKS { all.clone() } else { Self::drawn(prior, 2, random) };
        Self { all, few }
    }

    fn large(prior: &[f64], random: &mut ChaCha8Rng) -> Self {
        let all = if prior.len() <= LARGE_TASK {
            vec![((0..prior.len()).collect(), 1.0)]
        } else {
            Self::drawn(prior, LARGE_TASK, random)
        };
        Self { few: all.iter().take(LARGE_TASK).map(|(task, _)| (task.clone(), 1.0)).collect(), all }
    }

    fn drawn(prior: &[f64], size: usize, random: &mut ChaCha8Rng) -> Vec<(Vec<usize>, f64)> {
        (0..DRAWN_TASKS).map(|_| (distinct_classes(prior, size, random), 1.0)).collect()
    }
}

/// Weighted mean of a measure over tasks.
fn average(
    tasks: &[(Vec<usize>, f64)],
    mut measure: impl FnMut(&[usize]) -> Result<f64, LearnError>,
) -> Result<f64, LearnError> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (task, weight) in tasks {
        sum += weight * measure(task)?;
        total += weight;
    }
    Ok(sum / total)
}

/// Settings of the probes.
pub(super) struct Probes<'a> {
    /// Probability of each class.
    pub prior: &'a [f64],
    /// Loss of the heads.
    pub loss: Margin,
    /// Labelled examples per class of the mean classifier that sees few.
    pub few: usize,
    /// Penalty of trained heads.
    pub ridge: f64,
}

impl Probes<'_> {
    /// Accuracy and loss of mean classifiers and trained heads, fitted on `train` and scored on
    /// `test`, by metric.
    pub fn scores(
        &self,
        train: &Labelled,
        test: &Labelled,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<(&'static str, f64)>, LearnError> {
        let means = LinearHead::means(train)?;
        let few = LinearHead::means(&train.few(self.few, random))?;
        let two = Tasks::pairs(self.prior, random);
        let ten = Tasks::large(self.prior, random);
        let trained = |task: &[usize]| LinearHead::logistic(train, task, self.ridge);
        let trained_two = average(&two.few, |task| trained(task)?.accuracy(test, task))?;
        let trained_loss = average(&two.few, |task| trained(task)?.loss(test, task, self.loss))?;
        Ok(vec![
            ("probe/mean_2", average(&two.all, |task| means.accuracy(test, task))?),
            ("probe/mean_10", average(&ten.all, |task| means.accuracy(test, task))?),
            ("probe/few_2", average(&two.all, |task| few.accuracy(test, task))?),
            ("probe/few_10", average(&ten.all, |task| few.accuracy(test, task))?),
            ("probe/trained_2", trained_two),
            ("probe/trained_10", average(&ten.few, |task| trained(task)?.accuracy(test, task))?),
            ("probe/mean_loss", average(&two.all, |task| means.loss(test, task, self.loss))?),
            ("probe/trained_loss", trained_loss),
        ])
    }
}
