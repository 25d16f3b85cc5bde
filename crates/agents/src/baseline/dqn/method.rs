//! DQN as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, Snapshot, Task,
    task::World,
};

use super::{Dqn, DqnConfig};

run::register!(Dqn);

impl Method for Dqn {
    const CARD: Card = Card {
        id: "dqn",
        title: "Human-level control through deep reinforcement learning",
        paper: "Mnih et al., 2015, Nature 518",
        family: "baseline",
        summary: "values of discrete actions from replay, with a target network and epsilon-greedy acting",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &["loss/td", "diag/value", "diag/epsilon", "diag/gradient_norm"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 100_000,
        instead: "`sac` or `td3`",
    };
    type Config = DqnConfig;

    fn build(config: DqnConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Self::new(&config, world, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iterate(run).map(|()| Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(self.agent.policy())
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.agent.load(snapshot)
    }
}
