//! Uniformly random actions: the reference that scores are normalised with.
//!
//! Nothing is learnt; the run measures what chance earns in a world under the same protocol as
//! every other method.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, ActionScale, Card, Collector, Exported, Method, Mode, Need, ObservationNeed, Policy, Primary,
    Progress, Result, Run, RunError, Snapshot, Task, task::World,
};
use settings::Config;
use worlds::{ActionSpace, Actions, Observations};

/// Settings of the random baseline.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct RandomConfig {
    /// Copies of the world that act at once.
    #[setting(8)]
    pub worlds: usize,
}

impl RandomConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if self.worlds == 0 {
            return Err("`worlds` is 0: at least one copy must act".to_owned());
        }
        Ok(())
    }
}

/// Uniformly random actions.
pub struct Random {
    collector: Collector,
    policy: RandomPolicy,
}

run::register!(Random);

impl Method for Random {
    const CARD: Card = Card {
        id: "random",
        title: "Uniformly random actions",
        paper: "baseline",
        family: "baseline",
        summary: "draws every action uniformly; the zero of normalised scores",
        needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Any }],
        metrics: &[],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 10_000,
        instead: "any other method",
    };
    type Config = RandomConfig;

    fn build(config: RandomConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let collector = Collector::new(world, config.worlds, run)?;
        Ok(Self { collector, policy: RandomPolicy { space: world.spec.action.clone() } })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let rows = self.collector.rows();
        let actions = self.policy.unit_actions(rows, run.random("policy"));
        self.collector.step(&actions, run)?;
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(self.policy.clone()))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.collector.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.collector.load(snapshot)
    }
}

/// Draws actions uniformly from a space.
#[derive(Clone)]
struct RandomPolicy {
    space: ActionSpace,
}

impl RandomPolicy {
    /// Uniform indices, or vectors uniform in [-1, 1].
    fn unit_actions(&self, rows: usize, random: &mut ChaCha8Rng) -> Actions {
        match &self.space {
            ActionSpace::Discrete { count } => {
                Actions::Discrete((0..rows).map(|_| random.random_range(0..*count as u32)).collect())
            }
            ActionSpace::Box { low, .. } => {
                let values = rows * low.len();
                Actions::Continuous((0..values).map(|_| random.random_range(-1.0..=1.0)).collect())
            }
        }
    }
}

impl Policy for RandomPolicy {
    fn act(&mut self, observations: &Observations, _mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let actions = self.unit_actions(observations.rows, random);
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task("`random` has no weights to export".to_owned()))
    }
}
