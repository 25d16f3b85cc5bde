//! Behaviour cloning as a method.

use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, data::Data,
};

use super::{Bc, BcConfig};
use crate::{
    offline::{measure, policy::RecordedPolicy},
    state::{load_trained, save_trained},
};

run::register!(Bc);

impl Method for Bc {
    const CARD: Card = Card {
        id: "bc",
        title: "ALVINN: An Autonomous Land Vehicle in a Neural Network",
        paper: "Pomerleau, 1989",
        family: "baseline",
        summary: "clones recorded actions, of all episodes or of the best",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: false,
            observations: ObservationNeed::Any,
        }],
        metrics: &["loss/actor", "eval/discounted"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 10_000,
        instead: "data with actions",
    };
    type Config = BcConfig;

    fn build(config: BcConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        Self::new(config, data, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.update(run).map(|()| Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let cloner = self.cloner.inference().clone();
        Some(Box::new(RecordedPolicy::new(cloner, self.recorded.reading(), &self.space, &self.device)))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        measure::evaluate(self.policy(), self.config.gamma, protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("cloner", &self.cloner)]);
        self.recorded.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.recorded.check(snapshot)?;
        load_trained(snapshot.arrays(), &mut [("cloner", &mut self.cloner)])
    }
}
