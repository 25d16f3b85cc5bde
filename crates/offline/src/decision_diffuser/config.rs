//! Hyper-parameters.

use memory::Scale;
use nets::{
    diffusion::{Noising, Prediction},
    dynamics::inverse::InverseHead,
};
use settings::{Choice, Config, Refusal};

/// What is learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum PathModel {
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
#[setting(check = Self::target_fits)]
pub struct ReturnsConfig {
    /// Discount of later rewards.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub discount: f64,
    /// What returns are divided by. 0 fits it to the data: rewards are raised until none is below 0,
    /// so that a long future is never worth less than a short one, and the largest return becomes 1.
    #[setting(0.0, paper = 400.0, min = 0.0)]
    pub divisor: f64,
    /// Added to the last reward of an episode that terminated.
    #[setting(0.0, paper = -100.0)]
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
    /// Labels that are asked for when acting, all at once; `not 1` for the absence of label 1. Without
    /// any, plans are made under the null condition.
    #[setting(Vec::new())]
    pub ask: Vec<String>,
    /// How several are put together.
    #[setting(Together::Scores)]
    pub together: Together,
}

/// The diffusion process and its network.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::levels_fit)]
pub struct DiffusionConfig {
    /// Steps K of the process.
    #[setting(32, paper = 200, min = 1)]
    pub steps: usize,
    /// Course of the noise.
    #[setting(Noising::Cosine)]
    pub noising: Noising,
    /// What the network predicts.
    #[setting(Prediction::Eps)]
    pub prediction: Prediction,
    /// Limit of each element of the estimate of the clean plan when sampling; 0 for none.
    #[setting(1.0, min = 0.0)]
    pub clip: f64,
    /// Channels of the network's first level, a multiple of 8.
    #[setting(32, paper = 128, min = 8)]
    pub base: usize,
    /// Channels of each level in units of `base`; each level has half the rows of the one before.
    #[setting([1, 2], paper = [1, 4, 8], min = 1)]
    pub multipliers: Vec<usize>,
    /// Probability of training a plan under the null condition.
    #[setting(0.25, min = 0.0, max = 1.0)]
    pub dropped: f64,
}

/// How plans are sampled and followed.
#[derive(Clone, Debug, Config)]
pub struct SamplingConfig {
    /// Network evaluations per plan; as many as the process has steps, or fewer.
    #[setting(8, paper = 200, min = 1)]
    pub steps: usize,
    /// Share of the process's noise that is added back at each step: 1 for DDPM, 0 for DDIM.
    #[setting(1.0, min = 0.0, max = 1.0)]
    pub eta: f64,
    /// Factor of all noise.
    #[setting(0.5, min = 0.0)]
    pub temperature: f64,
    /// Weight w of the condition; 0 plans without it.
    #[setting(1.2)]
    pub guidance: f64,
    /// Actions taken from a plan before the next one is made.
    #[setting(4, paper = 1, min = 1)]
    pub reuse: usize,
    /// Step from which the last plan, moved on, is denoised again instead of starting from noise; 0
    /// for always starting from noise.
    #[setting(0)]
    pub warm: usize,
}

/// The model of which action leads from a state to the next.
#[derive(Clone, Debug, Config)]
pub struct InverseSettings {
    /// How actions are predicted; discrete ones by `classifier`.
    #[setting(InverseHead::Mse)]
    pub head: InverseHead,
    /// Bins per dimension of `bins`.
    #[setting(80, min = 1)]
    pub bins: usize,
    /// Widths of the hidden layers.
    #[setting([128, 128], paper = [256, 256])]
    pub hidden: Vec<usize>,
    /// Pairs of states of an update.
    #[setting(128, paper = 64, min = 1)]
    pub batch: usize,
}

/// The moving average of the network, which plans: the target network. A tenth of a run's updates
/// long, as far as so short a run as that of the laptop preset can have it.
#[derive(Clone, Debug, Config)]
pub struct EmaConfig {
    /// Share of the target that is kept whenever it follows.
    #[setting(0.95, paper = 0.995, min = 0.0, max = 1.0)]
    pub decay: f64,
    /// Update up to which it is an exact copy.
    #[setting(200, paper = 2_000)]
    pub start: u64,
    /// Updates between two changes of it.
    #[setting(10, min = 1)]
    pub every: u64,
}

/// Hyper-parameters of Decision Diffuser.
///
/// The values of the authors' program for locomotion. Its two accumulated batches of 32 are one
/// of 64.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DecisionDiffuserConfig {
    /// What is learnt.
    #[setting(PathModel::Diffuser)]
    pub variant: PathModel,
    /// What plans are conditioned on.
    #[setting(ConditionOn::Returns)]
    pub condition: ConditionOn,
    /// The condition on returns.
    #[setting(group)]
    pub returns: ReturnsConfig,
    /// The condition on labels.
    #[setting(group)]
    pub labels: LabelsConfig,
    /// Rows H of a plan.
    #[setting(16, paper = 100)]
    pub horizon: usize,
    /// Whether plans may begin so late in an episode that terminates that they repeat its last state.
    #[setting(true)]
    pub pad: bool,
    /// Observed states that a plan must contain, the present one included.
    #[setting(1, min = 1)]
    pub history: usize,
    /// How states are brought to [-1, 1].
    #[setting(Scale::MinMax, paper = Scale::Cdf)]
    pub scale: Scale,
    /// The diffusion process and its network.
    #[setting(group)]
    pub diffusion: DiffusionConfig,
    /// How plans are sampled and followed.
    #[setting(group)]
    pub sampling: SamplingConfig,
    /// The model of which action leads from a state to the next.
    #[setting(group)]
    pub inverse: InverseSettings,
    /// The moving average of the network, which plans.
    #[setting(group)]
    pub ema: EmaConfig,
    /// Plans of an update.
    #[setting(64, min = 1)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, paper = 2e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Paths sampled in an evaluation without a world.
    #[setting(500, min = 1)]
    pub paths: usize,
    /// Whether evaluations also score the same network without guidance or, where several labels are
    /// asked for, asked for their sum.
    #[setting(false)]
    pub contrast: bool,
}

impl ReturnsConfig {
    fn target_fits(&self) -> Result<(), Refusal> {
        match self.target <= self.clip {
            true => Ok(()),
            false => {
                let allowed = format!("what the network is told of, and `.clip` is {}", self.clip);
                Err(Refusal::new("target", self.target, allowed))
            }
        }
    }
}

impl DiffusionConfig {
    fn levels_fit(&self) -> Result<(), Refusal> {
        if self.multipliers.is_empty() {
            return Err(Refusal::new("multipliers", "empty", "one number for each level"));
        }
        match self.base.is_multiple_of(8) {
            true => Ok(()),
            false => Err(Refusal::new("base", self.base, "a multiple of 8, the groups of its normalisation")),
        }
    }
}

impl DecisionDiffuserConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let Self { horizon, history, sampling, diffusion, .. } = self;
        let most = horizon.saturating_sub(*history);
        if sampling.reuse > most {
            return Err(Refusal::saying(
                "sampling.reuse",
                sampling.reuse,
                format!(
                    "a plan of {horizon} rows that begins with {history} observed states holds {most} next \
                     states: raise `horizon`"
                ),
            ));
        }
        if sampling.warm > diffusion.steps {
            let most = format!("at most `diffusion.steps`, {}", diffusion.steps);
            return Err(Refusal::new("sampling.warm", sampling.warm, most));
        }
        if self.variant == PathModel::Bc && self.condition != ConditionOn::Label {
            let allowed = "label where `variant` is bc, which clones labelled paths";
            return Err(Refusal::new("condition", self.condition.name(), allowed));
        }
        if self.variant == PathModel::Bc && self.labels.ask.is_empty() {
            let allowed = "at least one label where `variant` is bc, which follows no path without one";
            return Err(Refusal::new("labels.ask", "empty", allowed));
        }
        Ok(())
    }
}
