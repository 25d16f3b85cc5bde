//! Hyper-parameters.

use memory::Scale;
use nets::{
    diffusion::{Noising, Prediction},
    dynamics::inverse::InverseHead,
};
use run::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Diffusion of states, actions by inverse dynamics.
    #[default]
    Diffuser,
    /// The paper's CondDiffuser: diffusion of states and actions together, no inverse dynamics.
    CondDiffuser,
    /// No diffusion: the next state cloned from the two before it, under the sum of the labels that
    /// are asked for. Serves action-free paths with labels alone.
    Bc,
}

/// What plans are conditioned on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionOn {
    /// The discounted return from the first row on.
    #[default]
    Returns,
    /// A label of each step, such as a constraint it keeps or a skill it shows.
    Label,
    /// Nothing.
    Nothing,
}

/// How several labels are asked for at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Together {
    /// A score for each, added up.
    #[default]
    Scores,
    /// One condition, the sum of their one-hot vectors, which no training path has.
    Sum,
}

/// The condition on returns.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReturnsConfig {
    /// Discount of later rewards.
    pub discount: f64,
    /// What returns are divided by. 0 fits it to the data: rewards are raised until none is below 0,
    /// so that a long future is never worth less than a short one, and the largest return becomes 1.
    pub divisor: f64,
    /// Added to the last reward of an episode that terminated.
    pub terminal: f64,
    /// Largest return that the network is told.
    pub clip: f64,
    /// The return that is asked for when acting.
    pub target: f64,
}

impl Default for ReturnsConfig {
    fn default() -> Self {
        Self { discount: 0.99, divisor: 0.0, terminal: 0.0, clip: 1.0, target: 0.9 }
    }
}

/// The condition on labels.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelsConfig {
    /// Extra column of the data that holds the labels.
    pub column: String,
    /// Labels that are asked for when acting, all at once; `not 1` for the absence of label 1.
    pub ask: Vec<String>,
    /// How several are put together: `scores` or `sum`.
    pub together: Together,
}

impl Default for LabelsConfig {
    fn default() -> Self {
        Self { column: "label".to_owned(), ask: Vec::new(), together: Together::Scores }
    }
}

/// The diffusion process and its network.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiffusionConfig {
    /// Steps K of the process.
    pub steps: usize,
    /// Course of the noise: `cosine` or `linear`.
    pub noising: Noising,
    /// What the network predicts: `eps`, `x0` or `v`.
    pub prediction: Prediction,
    /// Limit of each element of the estimate of the clean plan when sampling; 0 for none.
    pub clip: f64,
    /// Channels of the network's first level.
    pub base: usize,
    /// Channels of each level in units of `base`; each level has half the rows of the one before.
    pub multipliers: Vec<usize>,
    /// Probability of training a plan under the null condition.
    pub dropped: f64,
}

impl Default for DiffusionConfig {
    fn default() -> Self {
        Self {
            steps: 32,
            noising: Noising::Cosine,
            prediction: Prediction::Eps,
            clip: 1.0,
            base: 32,
            multipliers: vec![1, 2],
            dropped: 0.25,
        }
    }
}

/// How plans are sampled and followed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingConfig {
    /// Network evaluations per plan; as many as the process has steps, or fewer.
    pub steps: usize,
    /// Share of the process's noise that is added back at each step: 1 for DDPM, 0 for DDIM.
    pub eta: f64,
    /// Factor of all noise.
    pub temperature: f64,
    /// Weight w of the condition; 0 plans without it.
    pub guidance: f64,
    /// Actions taken from a plan before the next one is made.
    pub reuse: usize,
    /// Step from which the last plan, moved on, is denoised again instead of starting from noise; 0
    /// for always starting from noise.
    pub warm: usize,
}

impl Default for SamplingConfig {
    fn default() -> Self {
        Self { steps: 8, eta: 1.0, temperature: 0.5, guidance: 1.2, reuse: 4, warm: 0 }
    }
}

/// The model of which action leads from a state to the next.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InverseSettings {
    /// How actions are predicted: `mse`, `classifier` (discrete actions) or `bins`.
    pub head: InverseHead,
    /// Bins per dimension of `bins`.
    pub bins: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Pairs of states of an update.
    pub batch: usize,
}

impl Default for InverseSettings {
    fn default() -> Self {
        Self { head: InverseHead::Mse, bins: 80, hidden: vec![128, 128], batch: 128 }
    }
}

/// The slow copy of the network that plans.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmaConfig {
    /// Share of the copy that is kept whenever it follows.
    pub decay: f64,
    /// Update up to which it is an exact copy.
    pub start: u64,
    /// Updates between two changes of it.
    pub every: u64,
}

impl Default for EmaConfig {
    fn default() -> Self {
        Self { decay: 0.995, start: 2_000, every: 10 }
    }
}

/// Hyper-parameters of Decision Diffuser.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionDiffuserConfig {
    /// What is learnt: `diffuser`, `cond-diffuser` or `bc`.
    pub variant: Variant,
    /// What plans are conditioned on: `returns`, `label` or `nothing`.
    pub condition: ConditionOn,
    /// The condition on returns.
    pub returns: ReturnsConfig,
    /// The condition on labels.
    pub labels: LabelsConfig,
    /// Rows H of a plan.
    pub horizon: usize,
    /// Whether plans may begin so late in an episode that terminates that they repeat its last state.
    pub pad: bool,
    /// Observed states that a plan must contain, the present one included.
    pub history: usize,
    /// How states are brought to [-1, 1]: `cdf`, `min-max` or `standard`.
    pub scale: Scale,
    /// The diffusion process and its network.
    pub diffusion: DiffusionConfig,
    /// How plans are sampled and followed.
    pub sampling: SamplingConfig,
    /// The model of which action leads from a state to the next.
    pub inverse: InverseSettings,
    /// The slow copy of the network that plans.
    pub ema: EmaConfig,
    /// Plans of an update.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Paths sampled in an evaluation without a world.
    pub paths: usize,
    /// Whether evaluations also score the same network without guidance or, where several labels are
    /// asked for, asked for their sum.
    pub contrast: bool,
}

impl Default for DecisionDiffuserConfig {
    fn default() -> Self {
        Self {
            variant: Variant::Diffuser,
            condition: ConditionOn::Returns,
            returns: ReturnsConfig::default(),
            labels: LabelsConfig::default(),
            horizon: 16,
            pad: true,
            history: 1,
            scale: Scale::MinMax,
            diffusion: DiffusionConfig::default(),
            sampling: SamplingConfig::default(),
            inverse: InverseSettings::default(),
            // A tenth of a run's updates long, as far as so short a run can have it.
            ema: EmaConfig { decay: 0.95, start: 200, ..EmaConfig::default() },
            batch: 64,
            learning_rate: 1e-3,
            paths: 500,
            contrast: false,
        }
    }
}

impl Config for DecisionDiffuserConfig {
    /// The values of the authors' program for locomotion. Its two accumulated batches of 32 are one
    /// of 64.
    fn paper() -> Self {
        Self {
            returns: ReturnsConfig { divisor: 400.0, terminal: -100.0, ..ReturnsConfig::default() },
            horizon: 100,
            scale: Scale::Cdf,
            diffusion: DiffusionConfig {
                steps: 200,
                base: 128,
                multipliers: vec![1, 4, 8],
                ..DiffusionConfig::default()
            },
            sampling: SamplingConfig { steps: 200, reuse: 1, ..SamplingConfig::default() },
            inverse: InverseSettings { hidden: vec![256, 256], batch: 64, ..InverseSettings::default() },
            ema: EmaConfig::default(),
            learning_rate: 2e-4,
            ..Self::default()
        }
    }

    fn validate(&self) -> std::result::Result<(), String> {
        self.validate_sizes()?;
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let sampling = &self.sampling;
        if !share(self.diffusion.dropped) || !share(sampling.eta) || !share(self.ema.decay) {
            return Err("`diffusion.dropped`, `sampling.eta` and `ema.decay` must lie in [0, 1]".to_owned());
        }
        if !share(self.returns.discount)
            || self.returns.divisor < 0.0
            || self.returns.target > self.returns.clip
        {
            return Err(format!(
                "`returns.discount` must lie in [0, 1], `returns.divisor` be at least 0, and `returns.target` \
                 ({}) at most `returns.clip` ({})",
                self.returns.target, self.returns.clip
            ));
        }
        if !(sampling.temperature >= 0.0 && sampling.guidance.is_finite() && self.diffusion.clip >= 0.0) {
            return Err("`sampling.temperature` and `diffusion.clip` must be at least 0".to_owned());
        }
        if self.learning_rate <= 0.0 {
            return Err("`learning_rate` must be above 0".to_owned());
        }
        if self.variant == Variant::Bc && self.condition != ConditionOn::Label {
            return Err("`variant=bc` clones labelled paths: set `condition=label`".to_owned());
        }
        Ok(())
    }
}

impl DecisionDiffuserConfig {
    fn validate_sizes(&self) -> std::result::Result<(), String> {
        let counts = [
            ("diffusion.steps", self.diffusion.steps),
            ("sampling.steps", self.sampling.steps),
            ("sampling.reuse", self.sampling.reuse),
            ("history", self.history),
            ("inverse.bins", self.inverse.bins),
            ("inverse.batch", self.inverse.batch),
            ("batch", self.batch),
            ("ema.every", self.ema.every as usize),
            ("paths", self.paths),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Err(format!("`{name}` must be at least 1"));
        }
        let most = self.horizon.saturating_sub(self.history);
        if self.sampling.reuse > most {
            return Err(format!(
                "a plan of {} rows that begins with {} observed states holds {most} next states, fewer than \
                 `sampling.reuse` ({}): raise `horizon`",
                self.horizon, self.history, self.sampling.reuse
            ));
        }
        if self.sampling.warm > self.diffusion.steps {
            return Err(format!(
                "`sampling.warm` is {}, but the process has {} steps",
                self.sampling.warm, self.diffusion.steps
            ));
        }
        Ok(())
    }
}
