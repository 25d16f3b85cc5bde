//! Implicit Q-learning as a method.

use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, data::Data,
};

use super::{Iql, IqlConfig};
use crate::{
    offline::{measure, policy::RecordedPolicy},
    state::{load_module, load_trained, save_module, save_trained},
};

run::register!(Iql);

impl Method for Iql {
    const CARD: Card = Card {
        id: "iql",
        title: "Offline Reinforcement Learning with Implicit Q-Learning",
        paper: "Kostrikov et al., 2022, arXiv 2110.06169",
        family: "baseline",
        summary: "expectile values of recorded actions, and a policy that clones by their advantage",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &[
            "loss/value",
            "loss/critic",
            "loss/actor",
            "diag/value",
            "diag/advantage",
            "diag/weight",
            "eval/discounted",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 10_000,
        instead: "`bc`",
    };
    type Config = IqlConfig;

    fn build(config: IqlConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        Self::new(config, data, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.update(run).map(|()| Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let actor = self.actor.inference().clone();
        Some(Box::new(RecordedPolicy::new(actor, self.recorded.reading(), &self.space, &self.device)))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        measure::evaluate(self.policy(), self.config.gamma, protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("value", &self.value), ("critic", &self.critic)]);
        save_module(snapshot, "critic-target", &self.target_critic);
        self.recorded.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.recorded.check(snapshot)?;
        let arrays = snapshot.arrays();
        load_trained(
            arrays,
            &mut [("actor", &mut self.actor), ("value", &mut self.value), ("critic", &mut self.critic)],
        )?;
        self.target_critic = load_module(arrays, "critic-target", self.target_critic.clone())?;
        Ok(())
    }
}
