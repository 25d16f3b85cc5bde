//! TD3+BC as a method.

use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, data::Data,
};

use super::{Core, Td3BcConfig};
use crate::offline::measure;

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
        let rewards = config.rewards_of(&data.set)?;
        Ok(Self { gamma: config.gamma, core: Core::new(config, rewards, data, run)? })
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
        self.core.load(snapshot)
    }
}
