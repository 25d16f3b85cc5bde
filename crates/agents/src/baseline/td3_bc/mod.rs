//! TD3+BC (Fujimoto and Gu, 2021, arXiv 2106.06860): TD3 on a fixed data set whose actor is also
//! pulled towards the recorded action, with the value divided by its own mean magnitude so that one
//! weight fits every scale of rewards, and states normalised by the data's mean and deviation.
//!
//! [`core`] is what TD3+BC shares with methods that pull the actor elsewhere.

pub mod core;
#[cfg(test)]
mod tests;

use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, data::Data,
};
use settings::Config;

use self::core::Core;
use crate::{
    offline::{measure, rewards::RewardConfig},
    state::arrays,
};

/// What is added to the deviation that states are divided by (section 5).
pub const OFFSET: f64 = 1e-3;

/// Hyper-parameters of TD3+BC.
///
/// The paper's values (table 3).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct Td3BcConfig {
    /// Weight of the normalised value against cloning; above 0.
    #[setting(2.5)]
    pub alpha: f64,
    /// Transitions of an update.
    #[setting(128, paper = 256)]
    pub batch: usize,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Share of actor and critics that flows into their slow copies per update of the actor.
    #[setting(0.005)]
    pub tau: f64,
    /// Adam's step size of actor and critics.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Standard deviation of the noise on the target's action, in units of [-1, 1].
    #[setting(0.2)]
    pub target_noise: f64,
    /// Limit of the noise on the target's action.
    #[setting(0.5)]
    pub target_clip: f64,
    /// Updates of the critics per update of the actor.
    #[setting(2)]
    pub delay: u64,
    /// Widths of the hidden layers of actor and critics.
    #[setting([64, 64], paper = [256, 256])]
    pub hidden: Vec<usize>,
    /// Whether states are normalised by the data's mean and deviation plus 0.001.
    #[setting(true)]
    pub normalise: bool,
    /// How rewards are changed.
    #[setting(group, paper = RewardConfig::default())]
    pub rewards: RewardConfig,
}

impl Td3BcConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(format!("`alpha` is {}: it must be a finite number above 0", self.alpha));
        }
        if self.batch == 0 || self.delay == 0 {
            return Err("`batch` and `delay` must be at least 1".to_owned());
        }
        if !((0.0..=1.0).contains(&self.gamma) && self.tau > 0.0 && self.tau <= 1.0) {
            return Err("`gamma` must be between 0 and 1, and `tau` above 0 and at most 1".to_owned());
        }
        if self.learning_rate <= 0.0 || self.target_noise < 0.0 || self.target_clip < 0.0 {
            return Err("`learning_rate` must be above 0, and the target's noises at least 0".to_owned());
        }
        self.rewards.validate()
    }
}

/// TD3 with behaviour cloning.
pub struct Td3Bc {
    gamma: f64,
    core: Core,
}

run::register!(Td3Bc);

impl Method for Td3Bc {
    const CARD: Card = Card {
        id: "td3-bc",
        title: "A Minimalist Approach to Offline Reinforcement Learning",
        paper: "Fujimoto and Gu, 2021, arXiv 2106.06860",
        family: "baseline",
        summary: "TD3 on recorded data, its actor pulled towards the recorded actions",
        needs: &[Need::Data {
            actions: DataActions::Continuous,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &["loss/critic", "loss/actor", "diag/q", "eval/discounted"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 10_000,
        instead: "`iql` or `bc`",
    };
    type Config = Td3BcConfig;

    fn build(config: Td3BcConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        Ok(Self { gamma: config.gamma, core: Core::new(config, data, run)? })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.core.improve(run, |proposal, _| Ok(Some(proposal.taken.clone())))?;
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        self.core.policy().ok()
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        measure::evaluate(self.policy(), self.gamma, protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.core.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.core.load(snapshot, &arrays(snapshot))
    }
}
