//! Planning by sampling action sequences and refitting a Gaussian to the best of them.

use nets::noise::normal_values;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::error::{LearnError, expect_length, expect_setting};

/// How elite sequences are weighted when the Gaussian is refitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// All the same: the cross-entropy method (Rubinstein, 1999).
    Uniform,
    /// `exp(temperature * (v - v_max))`: model predictive path integral control (Williams et al.,
    /// 2015), with `temperature` the inverse of the paper's lambda.
    Exponential {
        /// Sharpness in units of 1 / value, above 0.
        temperature: f32,
    },
}

/// Settings of a planner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannerSettings {
    /// Length H of a sequence, at least 1.
    pub horizon: usize,
    /// Rounds of sampling and refitting, at least 1.
    pub iterations: usize,
    /// Sequences drawn in each round, at least 1.
    pub samples: usize,
    /// Sequences the Gaussian is refitted to, from 1 to `samples`.
    pub elites: usize,
    /// Weights of the elites.
    pub weighting: Weighting,
    /// Standard deviation in the first round, at least `min_sigma`.
    pub initial_sigma: f32,
    /// Smallest standard deviation, above 0.
    pub min_sigma: f32,
}

impl PlannerSettings {
    /// Model predictive path integral control.
    pub fn mppi(horizon: usize, samples: usize, elites: usize, temperature: f32) -> Self {
        Self {
            horizon,
            iterations: 6,
            samples,
            elites,
            weighting: Weighting::Exponential { temperature },
            initial_sigma: 2.0,
            min_sigma: 0.05,
        }
    }

    /// The cross-entropy method.
    pub fn cem(horizon: usize, samples: usize, elites: usize) -> Self {
        Self {
            weighting: Weighting::Uniform,
            initial_sigma: 1.0,
            ..Self::mppi(horizon, samples, elites, 1.0)
        }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`LearnError::Setting`] names the first setting outside its range.
    pub fn validate(&self) -> Result<(), LearnError> {
        let counts = [("horizon", self.horizon), ("iterations", self.iterations), ("samples", self.samples)];
        for (name, count) in counts {
            expect_setting(name, count as f64, count > 0, "at least 1")?;
        }
        let elites = (1..=self.samples).contains(&self.elites);
        expect_setting("elites", self.elites as f64, elites, "from 1 to samples")?;
        if let Weighting::Exponential { temperature } = self.weighting {
            let above = temperature.is_finite() && temperature > 0.0;
            expect_setting("temperature", f64::from(temperature), above, "above 0")?;
        }
        let min = self.min_sigma;
        let above = min.is_finite() && min > 0.0;
        expect_setting("min_sigma", f64::from(min), above, "above 0")?;
        let initial = self.initial_sigma;
        let above = initial.is_finite() && initial >= min;
        let range = "at least min_sigma";
        expect_setting("initial_sigma", f64::from(initial), above, range)
    }
}

/// A plan: the Gaussian over sequences after the last round.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Mean sequence `[H, A]`, in [-1, 1].
    pub mean: Vec<f32>,
    /// Standard deviation of each action `[H, A]`.
    pub sigma: Vec<f32>,
    /// Value of the best sequence of the last round.
    pub value: f32,
    /// The last round's elites `[E, H, A]`, best first.
    pub elites: Vec<f32>,
    /// The elites' weights `[E]`, which add up to 1.
    pub weights: Vec<f32>,
}

impl Plan {
    /// The first action of the mean sequence `[A]`.
    pub fn action(&self, width: usize) -> &[f32] {
        &self.mean[..width.min(self.mean.len())]
    }
}

/// A planner for actions in [-1, 1]^A that starts each plan from the last one shifted by a step.
#[derive(Clone, Debug)]
pub struct Planner {
    settings: PlannerSettings,
    width: usize,
    mean: Vec<f32>,
}

impl Planner {
    /// A planner for `width` = A action dimensions.
    ///
    /// # Errors
    /// [`LearnError::Setting`] if a setting is out of range.
    pub fn new(settings: PlannerSettings, width: usize) -> Result<Self, LearnError> {
        settings.validate()?;
        expect_setting("action width", width as f64, width > 0, "at least 1")?;
        let mean = vec![0.0; settings.horizon * width];
        Ok(Self { settings, width, mean })
    }

    /// Forgets the last plan, as at the start of an episode.
    pub fn reset(&mut self) {
        self.mean.fill(0.0);
    }

    /// The mean `[H, A]` that the next plan starts from, to be saved with a run.
    pub fn warm_start(&self) -> &[f32] {
        &self.mean
    }

    /// Restores a saved mean.
    ///
    /// # Errors
    /// [`LearnError::Length`] if it is not `[H, A]`.
    pub fn set_warm_start(&mut self, mean: &[f32]) -> Result<(), LearnError> {
        expect_length("warm start", mean, self.mean.len())?;
        self.mean.copy_from_slice(mean);
        Ok(())
    }

    /// Plans from the present state. `score` values sequences `[N, H, A]` as `[N]`, larger being
    /// better; a value that is not a number counts as the worst. `guides [P, H, A]`, for instance
    /// a policy's own sequences, compete in every round beside the N drawn ones.
    ///
    /// # Errors
    /// [`LearnError::Length`] if `guides` holds no whole sequences or `score` returns another
    /// number of values; [`LearnError::NotFinite`] if no sequence has a finite value. The warm
    /// start is unchanged then.
    pub fn plan(
        &mut self,
        guides: &[f32],
        mut score: impl FnMut(&[f32]) -> Result<Vec<f32>, LearnError>,
        random: &mut ChaCha8Rng,
    ) -> Result<Plan, LearnError> {
        let size = self.mean.len();
        expect_length("guides", guides, guides.len() / size * size)?;
        let mut plan = Plan {
            mean: self.mean.clone(),
            sigma: vec![self.settings.initial_sigma; size],
            value: f32::NEG_INFINITY,
            elites: Vec::new(),
            weights: Vec::new(),
        };
        for _ in 0..self.settings.iterations {
            let mut sequences = draw(&plan, self.settings.samples, random);
            sequences.extend(guides.iter().map(|action| action.clamp(-1.0, 1.0)));
            let values = score(&sequences)?;
            expect_length("scores", &values, sequences.len() / size)?;
            self.refit(&mut plan, &sequences, &values)?;
        }
        self.mean.copy_from_slice(&plan.mean);
        self.mean.rotate_left(self.width);
        self.mean[size - self.width..].fill(0.0);
        Ok(plan)
    }

    /// Moves the Gaussian to the elites among `sequences`.
    fn refit(&self, plan: &mut Plan, sequences: &[f32], values: &[f32]) -> Result<(), LearnError> {
        let size = plan.mean.len();
        let rank = |index: usize| match values[index] {
            value if value.is_nan() => f32::NEG_INFINITY,
            value => value,
        };
        let mut order: Vec<usize> = (0..values.len()).collect();
        // A stable sort: among equals the first drawn wins, whatever the number of samples.
        order.sort_by(|&a, &b| rank(b).total_cmp(&rank(a)));
        order.truncate(self.settings.elites);
        let best = rank(order[0]);
        if !best.is_finite() {
            return Err(LearnError::NotFinite {
                term: "planner".to_owned(),
                quantity: "best value",
                value: f64::from(best),
            });
        }
        let weights = order.iter().map(|&index| match self.settings.weighting {
            Weighting::Uniform => 1.0,
            Weighting::Exponential { temperature } => (temperature * (rank(index) - best)).exp(),
        });
        let weights: Vec<f32> = weights.collect();
        let total: f32 = weights.iter().sum();
        plan.weights = weights.iter().map(|weight| weight / total).collect();
        plan.elites.clear();
        for &index in &order {
            let sequence = &sequences[index * size..(index + 1) * size];
            plan.elites.extend_from_slice(sequence);
        }
        plan.value = best;
        for at in 0..size {
            let column = plan.elites.iter().skip(at).step_by(size);
            let pairs = column.zip(&plan.weights);
            let mean: f32 = pairs.clone().map(|(action, weight)| action * weight).sum();
            let squares = pairs.map(|(action, weight)| weight * (action - mean).powi(2));
            let sigma = squares.sum::<f32>().sqrt();
            plan.mean[at] = mean.clamp(-1.0, 1.0);
            let settings = &self.settings;
            plan.sigma[at] = sigma.clamp(settings.min_sigma, settings.initial_sigma);
        }
        Ok(())
    }
}

/// `count` sequences from the plan's Gaussian, clipped to [-1, 1].
fn draw(plan: &Plan, count: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let size = plan.mean.len();
    let noise = normal_values(count * size, random);
    let sequences = noise.iter().enumerate().map(|(index, noise)| {
        let at = index % size;
        (plan.mean[at] + plan.sigma[at] * *noise as f32).clamp(-1.0, 1.0)
    });
    sequences.collect()
}

#[cfg(test)]
mod tests;
