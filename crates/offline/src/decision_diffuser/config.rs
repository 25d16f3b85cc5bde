//! Hyper-parameters.

use memory::Scale;
use nets::{
    diffusion::{Noising, Prediction},
    dynamics::inverse::InverseHead,
};
use settings::{Choice, Config};

/// What is learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Together {
    /// A score for each, added up.
    #[default]
    Scores,
    /// One condition, the sum of their one-hot vectors, which no training path has.
    Sum,
}

/// The condition on returns.
#[derive(Clone, Debug, Config)]
pub struct ReturnsConfig {
    /// Discount of later rewards.
    #[setting(0.99)]
    pub discount: f64,
    /// What returns are divided by. 0 fits it to the data: rewards are raised until none is below 0,
    /// so that a long future is never worth less than a short one, and the largest return becomes 1.
    #[setting(0.0)]
    pub divisor: f64,
    /// Added to the last reward of an episode that terminated.
    #[setting(0.0)]
    pub terminal: f64,
    /// Largest return that the network is told.
    #[setting(1.0)]
    pub clip: f64,
    /// The return that is asked for when acting.
    #[setting(0.9)]
    pub target: f64,
}

/// The condition on labels.
#[derive(Clone, Debug, Config)]
pub struct LabelsConfig {
    /// Extra column of the data that holds the labels.
    #[setting("label")]
    pub column: String,
    /// Labels that are asked for when acting, all at once; `not 1` for the absence of label 1.
    #[setting(Vec::new())]
    pub ask: Vec<String>,
    /// How several are put together: `scores` or `sum`.
    #[setting(Together::Scores)]
    pub together: Together,
}

/// The diffusion process and its network.
#[derive(Clone, Debug, Config)]
pub struct DiffusionConfig {
    /// Steps K of the process.
    #[setting(32)]
    pub steps: usize,
    /// Course of the noise: `cosine` or `linear`.
    #[setting(Noising::Cosine)]
    pub noising: Noising,
    /// What the network predicts: `eps`, `x0` or `v`.
    #[setting(Prediction::Eps)]
    pub prediction: Prediction,
    /// Limit of each element of the estimate of the clean plan when sampling; 0 for none.
    #[setting(1.0)]
    pub clip: f64,
    /// Channels of the network's first level.
    #[setting(32)]
    pub base: usize,
    /// Channels of each level in units of `base`; each level has half the rows of the one before.
    #[setting([1, 2])]
    pub multipliers: Vec<usize>,
    /// Probability of training a plan under the null condition.
    #[setting(0.25)]
    pub dropped: f64,
}

/// How plans are sampled and followed.
#[derive(Clone, Debug, Config)]
pub struct SamplingConfig {
    /// Network evaluations per plan; as many as the process has steps, or fewer.
    #[setting(8)]
    pub steps: usize,
    /// Share of the process's noise that is added back at each step: 1 for DDPM, 0 for DDIM.
    #[setting(1.0)]
    pub eta: f64,
    /// Factor of all noise.
    #[setting(0.5)]
    pub temperature: f64,
    /// Weight w of the condition; 0 plans without it.
    #[setting(1.2)]
    pub guidance: f64,
    /// Actions taken from a plan before the next one is made.
    #[setting(4)]
    pub reuse: usize,
    /// Step from which the last plan, moved on, is denoised again instead of starting from noise; 0
    /// for always starting from noise.
    #[setting(0)]
    pub warm: usize,
}

/// The model of which action leads from a state to the next.
#[derive(Clone, Debug, Config)]
pub struct InverseSettings {
    /// How actions are predicted: `mse`, `classifier` (discrete actions) or `bins`.
    #[setting(InverseHead::Mse)]
    pub head: InverseHead,
    /// Bins per dimension of `bins`.
    #[setting(80)]
    pub bins: usize,
    /// Widths of the hidden layers.
    #[setting([128, 128])]
    pub hidden: Vec<usize>,
    /// Pairs of states of an update.
    #[setting(128)]
    pub batch: usize,
}

/// The slow copy of the network that plans.
#[derive(Clone, Debug, Config)]
pub struct EmaConfig {
    /// Share of the copy that is kept whenever it follows.
    #[setting(0.995)]
    pub decay: f64,
    /// Update up to which it is an exact copy.
    #[setting(2_000)]
    pub start: u64,
    /// Updates between two changes of it.
    #[setting(10)]
    pub every: u64,
}

/// Hyper-parameters of Decision Diffuser.
///
/// The values of the authors' program for locomotion. Its two accumulated batches of 32 are one
/// of 64.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DecisionDiffuserConfig {
    /// What is learnt: `diffuser`, `cond-diffuser` or `bc`.
    #[setting(Variant::Diffuser)]
    pub variant: Variant,
    /// What plans are conditioned on: `returns`, `label` or `nothing`.
    #[setting(ConditionOn::Returns)]
    pub condition: ConditionOn,
    /// The condition on returns.
    #[setting(group, paper = ReturnsConfig { divisor: 400.0, terminal: -100.0, ..ReturnsConfig::default() })]
    pub returns: ReturnsConfig,
    /// The condition on labels.
    #[setting(group, paper = LabelsConfig::default())]
    pub labels: LabelsConfig,
    /// Rows H of a plan.
    #[setting(16, paper = 100)]
    pub horizon: usize,
    /// Whether plans may begin so late in an episode that terminates that they repeat its last state.
    #[setting(true)]
    pub pad: bool,
    /// Observed states that a plan must contain, the present one included.
    #[setting(1)]
    pub history: usize,
    /// How states are brought to [-1, 1]: `cdf`, `min-max` or `standard`.
    #[setting(Scale::MinMax, paper = Scale::Cdf)]
    pub scale: Scale,
    /// The diffusion process and its network.
    #[setting(group, paper = DiffusionConfig { steps: 200, base: 128, multipliers: vec![1, 4, 8], ..DiffusionConfig::default() })]
    pub diffusion: DiffusionConfig,
    /// How plans are sampled and followed.
    #[setting(group, paper = SamplingConfig { steps: 200, reuse: 1, ..SamplingConfig::default() })]
    pub sampling: SamplingConfig,
    /// The model of which action leads from a state to the next.
    #[setting(group, paper = InverseSettings { hidden: vec![256, 256], batch: 64, ..InverseSettings::default() })]
    pub inverse: InverseSettings,
    /// The slow copy of the network that plans.
    #[setting(group, laptop = EmaConfig { decay: 0.95, start: 200, ..EmaConfig::default() }, paper = EmaConfig::default())]
    pub ema: EmaConfig,
    /// Plans of an update.
    #[setting(64)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, paper = 2e-4)]
    pub learning_rate: f64,
    /// Paths sampled in an evaluation without a world.
    #[setting(500)]
    pub paths: usize,
    /// Whether evaluations also score the same network without guidance or, where several labels are
    /// asked for, asked for their sum.
    #[setting(false)]
    pub contrast: bool,
}

impl DecisionDiffuserConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
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
