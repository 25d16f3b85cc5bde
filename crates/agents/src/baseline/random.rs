//! Uniformly random actions: the reference that scores are normalised with.
//!
//! Nothing is learnt; the run measures what chance earns in a world under the same protocol as
//! every other method.

use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, ActionScale, Card, Collector, Exported, Method, Mode, Need, ObservationNeed, Policy, Primary,
    Progress, Result, Run, RunError, Snapshot, Task, task::World,
};
use settings::Config;
use worlds::{ActionSpace, Actions, Observations};

use crate::experience::uniform_actions;

/// Settings of the random baseline.
#[derive(Clone, Debug, Config)]
pub struct RandomConfig {
    /// Copies of the world that act at once.
    #[setting(8, min = 1)]
    pub worlds: usize,
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
        let actions = uniform_actions(&self.policy.space, self.collector.rows(), run.random("policy"));
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

impl Policy for RandomPolicy {
    fn act(&mut self, observations: &Observations, _mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let actions = uniform_actions(&self.space, observations.rows, random);
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task("`random` has no weights to export".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    trials::small!("random", "cartpole", &[]);
}
