//! SAC as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, RunError,
    Snapshot, Task, task::World,
};

use super::{Sac, SacConfig};
use crate::state::{load_module, load_trained, save_module, save_trained};

run::register!(Sac);

impl Method for Sac {
    const CARD: Card = Card {
        id: "sac",
        title: "Soft Actor-Critic Algorithms and Applications",
        paper: "Haarnoja et al., 2018, arXiv 1812.05905",
        family: "baseline",
        summary: "off-policy actor-critic that also maximises the policy's entropy",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Any }],
        metrics: &["loss/critic", "loss/actor", "diag/entropy", "diag/temperature", "diag/q"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 15_000,
        instead: "`ppo` or `dqn`",
    };
    type Config = SacConfig;

    fn build(config: SacConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Self::new(config, world, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iterate(run).map(|()| Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(self.agent.policy(self.actor.inference().clone()))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "critic-target", &self.target_critic);
        let mut out = Vec::new();
        self.temperature.save("temperature", &mut out);
        snapshot.put_arrays(out);
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.target_critic = load_module(arrays, "critic-target", self.target_critic.clone())?;
        self.temperature.load("temperature", arrays).map_err(RunError::part)?;
        self.agent.load(snapshot)
    }
}
