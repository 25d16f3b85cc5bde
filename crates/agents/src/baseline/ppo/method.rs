//! PPO as a method.

use run::{
    ActionNeed, Card, Collector, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run,
    Snapshot, Task, task::World,
};

use super::{METRICS, Ppo, PpoConfig, network::ActorPolicy};
use crate::state::{load_trained, save_trained};

run::register!(Ppo);

impl Method for Ppo {
    const CARD: Card = Card {
        id: "ppo",
        title: "Proximal Policy Optimization Algorithms",
        paper: "Schulman et al., 2017, arXiv 1707.06347",
        family: "baseline",
        summary: "on-policy actor-critic with a clipped surrogate and several passes per batch",
        needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Any }],
        metrics: &METRICS,
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 100_000,
        instead: "any other method",
    };
    type Config = PpoConfig;

    fn build(config: PpoConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let collector = Collector::new(world, config.worlds, run)?;
        Self::learner(config, world, collector, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.advance_with(run, |_, _| Ok(()))
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let network = self.network.inference().clone();
        let normaliser = self.observation_normaliser.clone();
        let beside = self.beside.clone();
        Some(Box::new(ActorPolicy::new(network, normaliser, beside, &self.spec, &self.device)))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        snapshot.put("observation_normaliser", &self.observation_normaliser)?;
        snapshot.put("return_scales", &self.return_scales)?;
        if let Some(exploration) = &self.exploration {
            exploration.save(snapshot)?;
        }
        if let Some(recurrence) = &self.recurrence {
            snapshot.put("recurrence", recurrence.state())?;
        }
        self.collector.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        load_trained(snapshot.arrays(), &mut [("network", &mut self.network)])?;
        self.observation_normaliser = snapshot.get("observation_normaliser")?;
        self.return_scales = snapshot.get("return_scales")?;
        if let Some(exploration) = &mut self.exploration {
            exploration.load(snapshot)?;
        }
        if let Some(recurrence) = &mut self.recurrence {
            recurrence.set_state(snapshot.get("recurrence")?);
        }
        self.collector.load(snapshot)
    }
}
