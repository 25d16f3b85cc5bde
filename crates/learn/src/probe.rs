//! What can be read from features that no gradient reaches: linear heads, ridge regression, small
//! perceptrons and nearest neighbours, and all of them over a fixed split in one call, [`probe`].

use nets::argmax;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{contrastive::theory::Margin, error::LearnError};

mod halves;
mod perceptron;
mod report;
mod ridge;

pub use halves::{Halves, held_out};
pub use report::{ProbeSettings, Target, probe};
pub use ridge::{Ridge, explained};

/// Features with their classes.
#[derive(Clone, Debug)]
pub struct Labelled {
    features: Vec<f64>,
    width: usize,
    members: Vec<Vec<usize>>,
}

impl Labelled {
    /// `features` row-major `[labels.len(), width]`, of `classes` classes.
    ///
    /// # Errors
    /// There are no labels, another number of features than labels, or a label out of range.
    pub fn new(features: &[f32], width: usize, labels: &[usize], classes: usize) -> Result<Self, LearnError> {
        let refuse = |reason: String| Err(LearnError::Examples { reason });
        if labels.is_empty() || features.len() != labels.len() * width {
            return refuse(format!(
                "a probe has {} labels for {} features of width {width}: it needs one for each",
                labels.len(),
                features.len() / width.max(1)
            ));
        }
        let mut members = vec![Vec::new(); classes];
        for (index, &label) in labels.iter().enumerate() {
            match members.get_mut(label) {
                Some(of_class) => of_class.push(index),
                None => return refuse(format!("label {label} is not one of the {classes} classes from 0")),
            }
        }
        Ok(Self { features: features.iter().map(|&value| f64::from(value)).collect(), width, members })
    }

    /// The feature vectors of a class.
    pub fn class(&self, class: usize) -> Vec<&[f64]> {
        self.members[class].iter().map(|&index| self.row(index)).collect()
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.members.len()
    }

    /// The same with at most `count` examples of each class, drawn without replacement.
    pub fn few(&self, count: usize, random: &mut ChaCha8Rng) -> Self {
        let mut few = self.clone();
        for of_class in &mut few.members {
            for place in 0..count.min(of_class.len()) {
                let other = random.random_range(place..of_class.len());
                of_class.swap(place, other);
            }
            of_class.truncate(count);
        }
        few
    }

    fn row(&self, index: usize) -> &[f64] {
        &self.features[index * self.width..(index + 1) * self.width]
    }

    fn expect_examples(&self, classes: &[usize]) -> Result<(), LearnError> {
        match classes.iter().find(|&&class| self.members[class].is_empty()) {
            Some(class) => Err(LearnError::Examples {
                reason: format!("class {class} has no labelled example, and a probe needs one of each class"),
            }),
            None => Ok(()),
        }
    }
}

/// A linear classifier: class c scores w_cᵀ f + b_c.
#[derive(Clone, Debug)]
pub struct LinearHead {
    weights: Vec<Vec<f64>>,
    biases: Vec<f64>,
}

impl LinearHead {
    /// The mean classifier: w_c is the mean feature of class c, without bias (Arora et al., 2019,
    /// definition 2.1).
    ///
    /// # Errors
    /// A class has no example.
    pub fn means(data: &Labelled) -> Result<Self, LearnError> {
        let all: Vec<usize> = (0..data.classes()).collect();
        data.expect_examples(&all)?;
        let mean = |class: usize| {
            let mut mean = vec![0.0; data.width];
            let features = data.class(class);
            for feature in &features {
                mean.iter_mut().zip(*feature).for_each(|(sum, value)| *sum += value);
            }
            mean.iter_mut().for_each(|sum| *sum /= features.len() as f64);
            mean
        };
        Ok(Self { weights: all.iter().map(|&class| mean(class)).collect(), biases: vec![0.0; all.len()] })
    }

    /// Logistic regression over the classes of `task`, each counted equally, with a penalty of
    /// `ridge`/2 times the squared weights of standardised features, the constant among them. The other
    /// classes score minus infinity.
    ///
    /// # Errors
    /// A class of the task has no example.
    pub fn logistic(data: &Labelled, task: &[usize], ridge: f64) -> Result<Self, LearnError> {
        data.expect_examples(task)?;
        Ok(Regression::new(data, task, ridge).fit(data.classes()))
    }

    /// Score of `class` for a feature vector.
    pub fn score(&self, feature: &[f64], class: usize) -> f64 {
        self.biases[class] + dot(&self.weights[class], feature)
    }

    /// Share of right answers among the classes of `task`, each class counted equally.
    ///
    /// # Errors
    /// A class of the task has no example.
    pub fn accuracy(&self, data: &Labelled, task: &[usize]) -> Result<f64, LearnError> {
        self.average(data, task, |scores, right| f64::from(u8::from(argmax(scores) == right)))
    }

    /// Mean loss of the margins by which the right class leads the others of `task`, each class
    /// counted equally.
    ///
    /// # Errors
    /// A class of the task has no example.
    pub fn loss(&self, data: &Labelled, task: &[usize], margin: Margin) -> Result<f64, LearnError> {
        self.average(data, task, |scores, right| {
            let others = scores.iter().enumerate().filter(|(place, _)| *place != right);
            margin.value(others.map(|(_, score)| scores[right] - score))
        })
    }

    fn average(
        &self,
        data: &Labelled,
        task: &[usize],
        measure: impl Fn(&[f64], usize) -> f64,
    ) -> Result<f64, LearnError> {
        data.expect_examples(task)?;
        let mut total = 0.0;
        for (right, &class) in task.iter().enumerate() {
            let features = data.class(class);
            let one = |feature: &&[f64]| {
                let scores: Vec<f64> = task.iter().map(|&other| self.score(feature, other)).collect();
                measure(&scores, right)
            };
            total += features.iter().map(one).sum::<f64>() / features.len() as f64;
        }
        Ok(total / task.len() as f64)
    }
}

/// All pairs of classes with their probabilities when two are drawn from `prior` and found distinct.
pub fn pairs(prior: &[f64]) -> Vec<(Vec<usize>, f64)> {
    let all = (0..prior.len()).flat_map(|a| (a + 1..prior.len()).map(move |b| (a, b)));
    let mut tasks: Vec<(Vec<usize>, f64)> = all.map(|(a, b)| (vec![a, b], prior[a] * prior[b])).collect();
    let total: f64 = tasks.iter().map(|task| task.1).sum();
    tasks.iter_mut().for_each(|task| task.1 /= total);
    tasks
}

/// A set of `size` classes with the probabilities of `size` draws from `prior` given that all are
/// distinct: proportional to the product of the members' probabilities. `size` is at most the
/// number of classes.
pub fn distinct_classes(prior: &[f64], size: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    // sums[i][j]: sum over sets of j classes from i on of the products of their probabilities.
    let mut sums = vec![vec![0.0; size + 1]; prior.len() + 1];
    sums[prior.len()][0] = 1.0;
    for class in (0..prior.len()).rev() {
        sums[class][0] = 1.0;
        for count in 1..=size {
            sums[class][count] = sums[class + 1][count] + prior[class] * sums[class + 1][count - 1];
        }
    }
    let mut chosen = Vec::with_capacity(size);
    for (class, rho) in prior.iter().enumerate() {
        let missing = size - chosen.len();
        if missing == 0 {
            break;
        }
        let share = rho * sums[class + 1][missing - 1] / sums[class][missing];
        // Without rounding, the last classes would be certain to enter.
        if prior.len() - class == missing || random.random::<f64>() < share {
            chosen.push(class);
        }
    }
    chosen
}

/// Steps of accelerated gradient descent in a regression.
const ITERATIONS: usize = 300;

/// A logistic regression in the making: standardised features with a leading 1.
struct Regression {
    rows: Vec<Vec<f64>>,
    targets: Vec<usize>,
    /// Weight of each row, so that classes count equally.
    shares: Vec<f64>,
    mean: Vec<f64>,
    scale: Vec<f64>,
    task: Vec<usize>,
    ridge: f64,
}

impl Regression {
    fn new(data: &Labelled, task: &[usize], ridge: f64) -> Self {
        let (mut raw, mut targets, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for (target, &class) in task.iter().enumerate() {
            let features = data.class(class);
            targets.extend(std::iter::repeat_n(target, features.len()));
            shares.extend(std::iter::repeat_n(1.0 / (task.len() * features.len()) as f64, features.len()));
            raw.extend(features);
        }
        let moment = |of: &dyn Fn(&[f64], usize) -> f64| -> Vec<f64> {
            let at = |k| raw.iter().zip(&shares).map(|(row, share)| share * of(row, k)).sum();
            (0..data.width).map(at).collect()
        };
        let mean = moment(&|row, k| row[k]);
        let variance = moment(&|row, k| (row[k] - mean[k]).powi(2));
        // A feature that does not vary stays at zero.
        let scale: Vec<f64> = variance.iter().map(|v| if *v > 1e-12 { v.sqrt() } else { 1.0 }).collect();
        let standard = |row: &&[f64]| {
            let values = row.iter().zip(mean.iter().zip(&scale)).map(|(x, (m, s))| (x - m) / s);
            std::iter::once(1.0).chain(values).collect()
        };
        let rows = raw.iter().map(standard).collect();
        Self { rows, targets, shares, mean, scale, task: task.to_vec(), ridge }
    }

    /// Nesterov's accelerated gradient descent with the step 1/L of the strongly convex case.
    fn fit(&self, classes: usize) -> LinearHead {
        let (count, width) = (self.task.len(), self.mean.len() + 1);
        // The softmax's curvature is at most 1/2 that of the features.
        let smoothness = 0.5 * self.largest_curvature() + self.ridge;
        let condition = (smoothness / self.ridge.max(1e-9)).sqrt();
        let momentum = (condition - 1.0) / (condition + 1.0);
        let mut weights = vec![0.0; count * width];
        let mut ahead = weights.clone();
        for _ in 0..ITERATIONS {
            let gradient = self.gradient(&ahead);
            for ((weight, ahead), slope) in weights.iter_mut().zip(&mut ahead).zip(gradient) {
                let next = *ahead - slope / smoothness;
                *ahead = next + momentum * (next - *weight);
                *weight = next;
            }
        }
        let mut head = LinearHead {
            weights: vec![vec![0.0; width - 1]; classes],
            biases: vec![f64::NEG_INFINITY; classes],
        };
        for (row, &class) in weights.chunks_exact(width).zip(&self.task) {
            let unscaled: Vec<f64> = row[1..].iter().zip(&self.scale).map(|(w, s)| w / s).collect();
            head.biases[class] = row[0] - dot(&unscaled, &self.mean);
            head.weights[class] = unscaled;
        }
        head
    }

    fn gradient(&self, weights: &[f64]) -> Vec<f64> {
        let width = self.mean.len() + 1;
        let mut gradient: Vec<f64> = weights.iter().map(|weight| self.ridge * weight).collect();
        let mut scores = vec![0.0; self.task.len()];
        for ((row, &target), share) in self.rows.iter().zip(&self.targets).zip(&self.shares) {
            for (score, weights) in scores.iter_mut().zip(weights.chunks_exact(width)) {
                *score = dot(weights, row);
            }
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            scores.iter_mut().for_each(|score| *score = (*score - top).exp());
            let total: f64 = scores.iter().sum();
            for (place, gradient) in gradient.chunks_exact_mut(width).enumerate() {
                let error = share * (scores[place] / total - f64::from(u8::from(place == target)));
                gradient.iter_mut().zip(row).for_each(|(slope, value)| *slope += error * value);
            }
        }
        gradient
    }

    /// Largest eigenvalue of the weighted second moment, by power iteration, with 5 % to spare.
    fn largest_curvature(&self) -> f64 {
        let mut direction = vec![1.0; self.mean.len() + 1];
        let mut value = 1.0;
        for _ in 0..30 {
            let norm = dot(&direction, &direction).sqrt();
            direction.iter_mut().for_each(|v| *v /= norm);
            let mut image = vec![0.0; direction.len()];
            for (row, share) in self.rows.iter().zip(&self.shares) {
                let along = share * dot(row, &direction);
                image.iter_mut().zip(row).for_each(|(sum, v)| *sum += along * v);
            }
            value = dot(&image, &direction);
            direction = image;
        }
        1.05 * value
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests;
