//! Hyper-parameters of mirror descent value iteration.

use learn::{optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use run::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::regulariser::Regulariser;
use crate::baseline::value_agent::{Settings, checks, loss::Values};

/// Which form of the scheme is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// `tabular` where the world's table is known, else `md-direct`.
    Auto,
    /// Exact iterations on the world's table.
    Tabular,
    /// Networks; the policy network maximises the regularised value.
    MdDirect,
    /// Networks; the policy network follows the closed form of the regularised greedy policy.
    MdIndirect,
    /// Networks; the second one learns the moving average of the values (dual averaging).
    Da,
}

/// Where the regularisers act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// In the greedy step and in the evaluation.
    #[serde(rename = "type-1")]
    Both,
    /// In the greedy step alone.
    #[serde(rename = "type-2")]
    Greedy,
}

/// Which of two equivalent forms gives the policies of the tabular scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// From the previous policy and the present values.
    Mirror,
    /// From the average of all values so far.
    Dual,
}

/// Errors of the tabular scheme's evaluations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Errors {
    /// Independent normal errors on every entry.
    Gaussian,
    /// The errors that mislead plain value iteration most on `tight-chain`: one state a step.
    Adversarial,
}

/// How a deep form acts while it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Acting {
    /// `softmax` with a regulariser, else `epsilon`.
    Auto,
    /// Draws from the regularised policy.
    Softmax,
    /// The best action, but with probability `epsilon` any.
    Epsilon,
}

/// Hyper-parameters of mirror descent value iteration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MdviConfig {
    /// Form of the method: auto, tabular, md-direct, md-indirect or da.
    pub variant: Variant,
    /// Weight of the divergence from the previous policy, lambda.
    pub lambda: f64,
    /// Weight of the policy's entropy, tau.
    pub tau: f64,
    /// Whether the regularisers stand in the evaluation too (type-1) or in the greedy step alone
    /// (type-2).
    pub kind: Kind,
    /// How policies are computed on a table: mirror or dual (averaging).
    pub form: Form,
    /// Kind of the evaluation errors on a table: gaussian or adversarial.
    pub errors: Errors,
    /// Standard deviation, or size, of those errors.
    pub noise: f64,
    /// Iterations on a table between exact losses; 0 for none but at evaluations.
    pub measure_every: u64,
    /// Whether the paper's bound is checked in every iteration on a table, and the two forms
    /// against each other.
    pub check_bound: bool,
    /// How deep forms act while they train: auto, softmax or epsilon.
    pub acting: Acting,
    /// Probability of a random action where `acting` is `epsilon`: a number, or a line `from` `to`
    /// over `steps` environment steps.
    pub epsilon: Schedule,
    /// Discount per step of deep forms; a table has its own.
    pub gamma: f64,
    /// Copies of the world that act at once.
    pub worlds: usize,
    /// Environment steps before the first update.
    pub learning_starts: u64,
    /// Environment steps, all copies together, per round of updates.
    pub train_every: u64,
    /// Updates per round.
    pub updates: usize,
    /// Transitions per update.
    pub batch: usize,
    /// Transitions that the replay keeps.
    pub capacity: usize,
    /// Updates between copies of the networks: one iteration of the scheme.
    pub target_every: u64,
    /// Error at which the value loss turns from square to linear; 0 for the squared error.
    pub huber: f32,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Adam's epsilon.
    pub adam_epsilon: f64,
    /// Limit of the gradient norm of each network; 0 for none.
    pub gradient_clip: f32,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for a layer-normalised perceptron where it gives vectors.
    pub encoder: EncoderConfig,
}

impl Default for MdviConfig {
    fn default() -> Self {
        Self {
            variant: Variant::Auto,
            lambda: 1.0,
            tau: 0.0,
            kind: Kind::Both,
            form: Form::Mirror,
            errors: Errors::Gaussian,
            noise: 1.0,
            measure_every: 1,
            check_bound: false,
            acting: Acting::Auto,
            epsilon: Schedule::linear(1.0, 0.05, 10_000),
            gamma: 0.99,
            worlds: 8,
            learning_starts: 1_000,
            train_every: 8,
            updates: 4,
            batch: 128,
            capacity: 100_000,
            target_every: 100,
            huber: 1.0,
            learning_rate: 5e-4,
            adam_epsilon: 1e-8,
            gradient_clip: 10.0,
            hidden: 64,
            encoder: EncoderConfig::Identity,
        }
    }
}

impl Config for MdviConfig {
    /// The paper's values for control from vectors, as far as its appendix gives them.
    fn paper() -> Self {
        Self {
            worlds: 1,
            train_every: 4,
            updates: 1,
            learning_rate: 1e-3,
            epsilon: Schedule::Constant(0.01),
            gradient_clip: 0.0,
            hidden: 512,
            ..Self::default()
        }
    }

    fn validate(&self) -> Result<(), String> {
        for (name, value) in [("lambda", self.lambda), ("tau", self.tau), ("noise", self.noise)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("`{name}` is {value}: it must be at least 0"));
            }
        }
        let regulariser = self.regulariser();
        if !regulariser.none() && regulariser.temperature() < LEAST_TEMPERATURE {
            return Err(format!(
                "`lambda` + `tau` is {:e}: it must be 0 or at least {LEAST_TEMPERATURE:e}, so that exponents \
                 stay finite",
                regulariser.temperature()
            ));
        }
        if regulariser.none() && self.acting == Acting::Softmax {
            return Err(
                "no regulariser: the policy is greedy: set `lambda` or `tau` above 0, or `acting` to \
                        epsilon"
                    .to_owned(),
            );
        }
        if self.variant == Variant::Da && self.tau == 0.0 && !regulariser.none() {
            return Err(
                "`da` needs `tau` above 0: without entropy the average never forgets and its softmax \
                        has no fixed temperature; use md-direct or md-indirect"
                    .to_owned(),
            );
        }
        if self.check_bound && self.kind == Kind::Greedy {
            return Err(
                "`check_bound` goes with `kind` type-1 only: the bound of type-2 has other constants"
                    .to_owned(),
            );
        }
        if !(self.gamma >= 0.0 && self.gamma < 1.0) {
            return Err(format!("`gamma` is {}: it must be at least 0 and below 1", self.gamma));
        }
        if !(self.huber.is_finite() && self.huber >= 0.0) {
            return Err(format!("`huber` is {}: it must be at least 0", self.huber));
        }
        checks::validate(&self.agent())
    }
}

/// Smallest weight of the regularisers, if there are any.
const LEAST_TEMPERATURE: f64 = 1e-6;

impl MdviConfig {
    /// The two weights.
    pub(super) fn regulariser(&self) -> Regulariser {
        Regulariser { lambda: self.lambda, tau: self.tau }
    }

    /// Whether actions are drawn from the policy during training.
    pub(super) fn softmax(&self) -> bool {
        match self.acting {
            Acting::Auto => !self.regulariser().none(),
            Acting::Softmax => true,
            Acting::Epsilon => false,
        }
    }

    /// Deep forms have the parts of DQN, and the same checks.
    pub(super) fn agent(&self) -> Settings {
        Settings {
            worlds: self.worlds,
            learning_starts: self.learning_starts,
            train_every: self.train_every,
            updates: self.updates,
            batch: self.batch,
            capacity: self.capacity,
            n_step: 1,
            gamma: self.gamma,
            epsilon: self.epsilon,
            double: false,
            clip_rewards: false,
            values: Values::Scalar { delta: self.huber },
            dueling: false,
            noisy: None,
            hidden: self.hidden,
            encoder: self.encoder.clone(),
            target_every: self.target_every,
            target_rate: 1.0,
            gradient_clip: checks::limit(self.gradient_clip),
            adam: AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon),
            anneal: false,
            priority: None,
        }
    }
}
