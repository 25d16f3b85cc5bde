//! Orchestrated value mapping as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, task::World,
};

use super::{OrchestratedConfig, OrchestratedValueMapping, deep::Deep, tabular::Tabular};

run::register!(OrchestratedValueMapping);

impl Method for OrchestratedValueMapping {
    const CARD: Card = Card {
        id: "orchestrated-value-mapping",
        title: "Orchestrated Value Mapping for Reinforcement Learning",
        paper: "Fatemi and Tavakoli, 2022, ICLR, arXiv 2203.07171",
        family: "value",
        summary: "values by reward channel, each stored under a mapping of its own without bias",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "loss/td",
            "diag/value_error",
            "diag/mean_error",
            "diag/value",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/value_error", higher_is_better: false },
        unit: "environment steps",
        steps: 100_000,
        instead: "`sac` or `td3`",
    };
    type Config = OrchestratedConfig;

    fn build(config: OrchestratedConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Ok(Self {
            form: match config.variant.table(world, &Self::CARD)? {
                Some(table) => Box::new(Tabular::new(&config, table, run)?),
                None => Box::new(Deep::new(&config, world, run)?),
            },
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.form.advance(run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        self.form.policy()
    }

    /// Exact errors on a table, returns elsewhere.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        self.form.evaluate(protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.form.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.form.load(snapshot)
    }
}
