//! The decision transformer as a method.

use nets::trajectory::Rolling;
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, Snapshot, Task,
    data::Data,
};

use super::{DecisionTransformer, DecisionTransformerConfig, policy::ReturnPolicy};
use crate::state::{load_trained, save_trained};

run::register!(DecisionTransformer);

impl Method for DecisionTransformer {
    const CARD: Card = Card {
        id: "decision-transformer",
        title: "Decision Transformer: Reinforcement Learning via Sequence Modeling",
        paper: "Chen et al., 2021, arXiv 2106.01345",
        family: "baseline",
        summary: "imitates recorded actions given the return that followed; acting asks for a high one",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &["loss/action", "diag/gradient_norm"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 5_000,
        instead: "",
    };
    type Config = DecisionTransformerConfig;

    fn build(config: DecisionTransformerConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        Self::new(config, data, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.update(run).map(|()| Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let input = self.data.input();
        Some(Box::new(ReturnPolicy {
            network: self.network.inference().clone(),
            reading: self.data.recorded().reading().clone(),
            bounds: self.data.recorded().scale().clone(),
            device: self.device.clone(),
            discrete: self.data.discrete(),
            actions: self.data.actions(),
            target: self.target,
            scale: self.data.scale(),
            rolling: Rolling::new(vec![1, input, self.data.actions()], self.config.context),
            wanted: Vec::new(),
        }))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        self.data.recorded().save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.data.recorded().check(snapshot)?;
        load_trained(snapshot.arrays(), &mut [("network", &mut self.network)])
    }
}
