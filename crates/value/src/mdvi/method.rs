//! Mirror descent value iteration as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, task::World,
};

use super::{Mdvi, MdviConfig, deep::Deep, tabular::Tabular};

run::register!(Mdvi);

impl Method for Mdvi {
    const CARD: Card = Card {
        id: "mdvi",
        title: "Leverage the Average: an Analysis of KL Regularization in Reinforcement Learning",
        paper: "Vieillard et al., NeurIPS 2020, arXiv 2003.14089",
        family: "value",
        summary: "value iteration whose policies stay near the one before, so that errors average out",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "diag/loss",
            "diag/late_loss",
            "diag/max_loss",
            "diag/bound_violations",
            "diag/bound_slack",
            "diag/form_difference",
            "loss/td",
            "loss/policy",
            "diag/value",
            "diag/entropy",
            "diag/epsilon",
            "diag/gradient_norm_*",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/loss", higher_is_better: false },
        unit: "iterations on a table, environment steps",
        steps: 1_000,
        instead: "`sac` or `td3`: `md-direct` with a Gaussian policy is not supported here",
    };
    type Config = MdviConfig;

    fn build(config: MdviConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Ok(Self {
            form: match config.variant.form().table(world, &Self::CARD)? {
                Some(table) => Box::new(Tabular::new(&config, table)),
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

    /// Exact losses on a table, returns elsewhere.
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
