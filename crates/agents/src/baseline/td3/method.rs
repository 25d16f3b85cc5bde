//! TD3 as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, Snapshot, Task,
    task::World,
};

use super::{NoisyActor, Td3, Td3Config};

run::register!(Td3);

impl Method for Td3 {
    const CARD: Card = Card {
        id: "td3",
        title: "Addressing Function Approximation Error in Actor-Critic Methods",
        paper: "Fujimoto et al., 2018, arXiv 1802.09477",
        family: "baseline",
        summary: "deterministic actor-critic with twin critics, target smoothing and a delayed actor",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Any }],
        metrics: &["loss/critic", "loss/actor", "diag/q"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 20_000,
        instead: "`ppo` or `dqn`",
    };
    type Config = Td3Config;

    fn build(config: Td3Config, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Self::new(config, world, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iterate(run).map(|()| Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let actor = self.twins.actor.inference().clone();
        Some(self.agent.policy(NoisyActor { actor, deviation: self.exploration_noise }))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.twins.save(snapshot)?;
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.twins.load(snapshot)?;
        self.agent.load(snapshot)
    }
}
