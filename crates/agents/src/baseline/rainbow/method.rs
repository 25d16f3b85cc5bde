//! Rainbow as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, Snapshot, Task,
    task::World,
};

use super::{Rainbow, RainbowConfig};

run::register!(Rainbow);

impl Method for Rainbow {
    const CARD: Card = Card {
        id: "rainbow",
        title: "Rainbow: Combining Improvements in Deep Reinforcement Learning",
        paper: "Hessel et al., 2018, arXiv 1710.02298",
        family: "baseline",
        summary: "DQN with return distributions, noisy dueling streams, n-step returns and priorities",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &["loss/td", "diag/value", "diag/clipped", "diag/epsilon", "diag/gradient_norm"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 200_000,
        instead: "`sac` or `td3`",
    };
    type Config = RainbowConfig;

    fn build(config: RainbowConfig, task: &Task, run: &mut Run) -> Result<Self> {
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
