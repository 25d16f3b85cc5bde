//! The ensemble as a method.

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, task::World,
};

use super::{EnsembleCdrl, EnsembleConfig, deep::Deep, tabular::Tabular};

run::register!(EnsembleCdrl);

impl Method for EnsembleCdrl {
    const CARD: Card = Card {
        id: "ensemble-cdrl",
        title: "Distributional Reinforcement Learning with Ensembles",
        paper: "Lindenberg, Nordqvist and Lindahl, 2020, Algorithms 13(5), arXiv 2003.10903",
        family: "value",
        summary: "return distributions of several agents, learned from the mean of the group",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "diag/individual_value",
            "diag/joint_value",
            "diag/early_value",
            "diag/spread",
            "diag/clipped",
            "loss/td",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/individual_value", higher_is_better: true },
        unit: "steps per agent",
        steps: 12_000,
        instead: "`sac` or `td3`",
    };
    type Config = EnsembleConfig;

    fn build(config: EnsembleConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Ok(Self {
            form: match config.variant.table(world, &Self::CARD)? {
                Some(table) => Box::new(Tabular::new(&config, table, run)),
                None => Box::new(Deep::new(&config, world, run)?),
            },
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.form.advance(run)
    }

    /// The greedy policy of the mean values.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        self.form.policy()
    }

    /// Values of the agents' own greedy policies and of the joint one: exact on a table, mean returns
    /// elsewhere.
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
