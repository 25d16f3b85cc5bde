//! Hyper-parameters of both forms.

use agents::table::Form;
use settings::{Choice, Config, Refusal};

/// What learns about the future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Estimator {
    /// Temporal-difference InfoNCE.
    #[default]
    TdInfonce,
    /// InfoNCE with futures drawn from the episode.
    McInfonce,
    /// C-learning: a bootstrapped classifier. Tabular only.
    CLearning,
    /// The successor representation in one pass, the best of several step sizes. Tabular only.
    SrStream,
    /// The successor representation from replayed minibatches. Tabular only.
    SrReplay,
}

/// Hyper-parameters of temporal-difference InfoNCE and its comparators.
///
/// The deep form's values are those of the paper's appendix and program; the tabular form has
/// none that are published.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct TdInfoNceConfig {
    /// `auto`, `tabular` or `deep`; auto is tabular where the world's table is known.
    #[setting(Form::Auto)]
    pub variant: Form,
    /// What is learned: `td-infonce`, `mc-infonce`, and in the tabular form `c-learning`,
    /// `sr-stream` or `sr-replay`.
    #[setting(Estimator::TdInfonce)]
    pub estimator: Estimator,
    /// Whether td-infonce learns from its own estimate at the next state; without, it knows of next
    /// states only.
    #[setting(true)]
    pub bootstrap: bool,
    /// The tabular form.
    #[setting(group, paper = TabularConfig::default())]
    pub tabular: TabularConfig,
    /// The deep form.
    #[setting(group)]
    pub deep: DeepConfig,
}

impl TdInfoNceConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        match self.estimator == Estimator::McInfonce && !self.tabular.episodes {
            true => Err(Refusal::saying(
                "estimator",
                self.estimator.name(),
                "it draws futures from a transition's episode, and the data do not say which that is: set \
                 `.tabular.episodes` to true, or use `td-infonce`, which needs transitions only",
            )),
            false => Ok(()),
        }
    }
}

/// Hyper-parameters of the tabular form.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct TabularConfig {
    /// Discount of the future.
    #[setting(0.9, above = 0.0, below = 1.0)]
    pub gamma: f64,
    /// Numbers of transitions to estimate from, one after the other; the run's steps end the last.
    #[setting([300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000], min = 1)]
    pub sizes: Vec<u64>,
    /// Transitions of an update, and candidates of its contrast: the other members of a batch are the
    /// negatives.
    #[setting(256, min = 2)]
    pub batch: usize,
    /// Updates on each size; errors no longer fall with more.
    #[setting(6_000, min = 1)]
    pub updates: usize,
    /// Adam's step size of critics at first; it falls geometrically.
    #[setting(0.05, above = 0.0)]
    pub learning_rate: f64,
    /// Step size of the replayed successor representation at first; it falls geometrically.
    #[setting(0.5, above = 0.0, max = 1.0)]
    pub replay_rate: f64,
    /// The last step size as a share of the first.
    #[setting(0.01, above = 0.0, max = 1.0)]
    pub final_share: f64,
    /// Constant step sizes of the streaming successor representation, the best of which counts.
    #[setting([0.02, 0.05, 0.1, 0.2, 0.4], above = 0.0, max = 1.0)]
    pub stream_rates: Vec<f64>,
    /// Share of the critic that flows into its target copy per update.
    #[setting(0.02, above = 0.0, max = 1.0)]
    pub tau: f64,
    /// Whether the data say which episode a transition belongs to.
    #[setting(true)]
    pub episodes: bool,
}

impl TabularConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        if self.sizes.is_empty() || !self.sizes.is_sorted_by(|a, b| a < b) {
            return Err(Refusal::new("sizes", format!("{:?}", self.sizes), "a list of numbers that grow"));
        }
        match self.stream_rates.is_empty() {
            true => Err(Refusal::new("stream_rates", "[]", "a list of at least one step size")),
            false => Ok(()),
        }
    }
}

/// How transitions are collected once the first random ones are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Collect {
    /// Independent uniform actions.
    Random,
    /// Actions that change slowly: normal with deviation 0.6 and correlation 0.9, clipped.
    #[default]
    Smooth,
    /// The policy with the goals of the world.
    Policy,
}

/// Hyper-parameters of the deep form.
///
/// The values of the authors' program for its online experiments.
#[derive(Clone, Debug, Config)]
pub struct DeepConfig {
    /// Discount of the future.
    #[setting(0.99, above = 0.0, below = 1.0)]
    pub gamma: f64,
    /// World that transitions are collected in, with the observations, goals and actions of the
    /// run's; empty for the run's own.
    #[setting(String::new())]
    pub data_world: String,
    /// How transitions are collected: `random`, `smooth` or `policy`.
    #[setting(Collect::Smooth, paper = Collect::Policy)]
    pub collect: Collect,
    /// Copies of the world that act at once.
    #[setting(1, min = 1)]
    pub worlds: usize,
    /// Transitions before learning begins; until then a collecting policy acts smoothly.
    #[setting(1_000, paper = 10_000)]
    pub start_steps: u64,
    /// Gradient updates per transition.
    #[setting(1, min = 1)]
    pub updates: usize,
    /// Transitions of an update, and candidates of its contrasts: the other members of a batch are the
    /// negatives.
    #[setting(128, paper = 256, min = 2)]
    pub batch: usize,
    /// Transitions that the replay memory holds.
    #[setting(100_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Adam's step size of the critic.
    #[setting(1e-3, paper = 3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Adam's step size of the actor.
    #[setting(3e-4, paper = 5e-5, above = 0.0)]
    pub actor_learning_rate: f64,
    /// Share of the critic that flows into its target copy per update.
    #[setting(0.01, paper = 0.005, above = 0.0, max = 1.0)]
    pub tau: f64,
    /// Widths of the hidden layers of actor and critic.
    #[setting([128, 128], paper = vec![512; 4])]
    pub hidden: Vec<usize>,
    /// Width of the embeddings whose inner product is the critic.
    #[setting(16, min = 1)]
    pub embedding: usize,
    /// Whether embeddings are divided by their norms.
    #[setting(true)]
    pub normalise: bool,
    /// Divides the logits of normalised embeddings.
    #[setting(0.1, paper = 1.0, above = 0.0)]
    pub temperature: f64,
    /// Share of imitating the data's actions in the actor's loss; above 0 for data of actions that are
    /// worth it.
    #[setting(0.0, min = 0.0, max = 1.0)]
    pub imitation: f64,
    /// Which elements of an observation a goal speaks of; empty for what the world says.
    #[setting(Vec::new())]
    pub goal_map: Vec<usize>,
}
