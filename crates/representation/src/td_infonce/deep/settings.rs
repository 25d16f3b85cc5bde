//! Hyper-parameters of the deep form.

use settings::{Choice, Config};

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
#[setting(check = Self::combinations)]
pub struct DeepConfig {
    /// Discount of the future.
    #[setting(0.99)]
    pub gamma: f64,
    /// World that transitions are collected in, with the observations, goals and actions of the
    /// run's; empty for the run's own.
    #[setting(String::new())]
    pub data_world: String,
    /// How transitions are collected: `random`, `smooth` or `policy`.
    #[setting(Collect::Smooth, paper = Collect::Policy)]
    pub collect: Collect,
    /// Copies of the world that act at once.
    #[setting(1)]
    pub worlds: usize,
    /// Transitions before learning begins; until then a collecting policy acts smoothly.
    #[setting(1_000, paper = 10_000)]
    pub start_steps: u64,
    /// Gradient updates per transition.
    #[setting(1)]
    pub updates: usize,
    /// Transitions of an update, and candidates of its contrasts.
    #[setting(128, paper = 256)]
    pub batch: usize,
    /// Transitions that the replay memory holds.
    #[setting(100_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Adam's step size of the critic.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Adam's step size of the actor.
    #[setting(3e-4, paper = 5e-5)]
    pub actor_learning_rate: f64,
    /// Share of the critic that flows into its target copy per update.
    #[setting(0.01, paper = 0.005)]
    pub tau: f64,
    /// Widths of the hidden layers of actor and critic.
    #[setting([128, 128], paper = vec![512; 4])]
    pub hidden: Vec<usize>,
    /// Width of the embeddings whose inner product is the critic.
    #[setting(16)]
    pub embedding: usize,
    /// Whether embeddings are divided by their norms.
    #[setting(true)]
    pub normalise: bool,
    /// Divides the logits of normalised embeddings.
    #[setting(0.1, paper = 1.0)]
    pub temperature: f64,
    /// Share of imitating the data's actions in the actor's loss, 0 to 1; above 0 for data of
    /// actions that are worth it.
    #[setting(0.0)]
    pub imitation: f64,
    /// Which elements of an observation a goal speaks of; empty for what the world says.
    #[setting(Vec::new())]
    pub goal_map: Vec<usize>,
}

impl DeepConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if self.worlds == 0 || self.updates == 0 || self.embedding == 0 {
            return Err("`deep.worlds`, `deep.updates` and `deep.embedding` must be at least 1".to_owned());
        }
        if [self.learning_rate, self.actor_learning_rate, self.temperature].iter().any(|rate| *rate <= 0.0) {
            return Err(
                "`deep.learning_rate`, `deep.actor_learning_rate` and `deep.temperature` must be above 0"
                    .to_owned(),
            );
        }
        if !(self.tau > 0.0 && self.tau <= 1.0 && (0.0..=1.0).contains(&self.imitation)) {
            return Err(
                "`deep.tau` must be above 0 and at most 1, and `deep.imitation` between 0 and 1".to_owned()
            );
        }
        Ok(())
    }
}
