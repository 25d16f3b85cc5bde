//! Contrastive difference predictive coding (Zheng, Salakhutdinov and Eysenbach, 2023, arXiv
//! 2310.20141): which states are likely in the discounted future, learned by temporal differences.
//!
//! The future of (s, a) is the next state with weight 1 - gamma and the future of the next state
//! with weight gamma. The first part is learned by InfoNCE from the next state. The second needs no
//! sampled future: random states are weighed by the critic's own softmax at (s', a'). The critic is
//! log p(s_f | s, a) / p(s_f) up to a constant of (s, a), and a policy that picks its goal out of
//! the batch's goals climbs it.
//!
//! Two forms: [`tabular`] measures the estimate against the exact answer on a growing data set;
//! [`deep`] learns to reach goals without rewards. The comparators of the paper are estimators of
//! the same two forms.

mod deep;
mod tabular;
#[cfg(test)]
mod tests;

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, task::World,
};
use settings::{Choice, Config};

pub use deep::{Collect, DeepConfig};
pub use tabular::TabularConfig;

/// Which form of the method runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Form {
    /// Tabular where the world's table is known, deep otherwise.
    #[default]
    Auto,
    /// One number per state, action and future state.
    Tabular,
    /// Networks and a policy that reaches goals.
    Deep,
}

/// What learns about the future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Estimator {
    /// Temporal-difference InfoNCE.
    #[default]
    TdInfonce,
    /// InfoNCE with futures drawn from the episode.
    McInfonce,
    /// C-learning: a bootstrapped classifier. Tabular only.
    CLearning,
    /// The successor representation in one pass, the best of several step sizes. Tabular only.
    SrStream,
    /// The successor representation from replayed minibatches. Tabular only.
    SrReplay,
}

/// Hyper-parameters of temporal-difference InfoNCE and its comparators.
///
/// The deep form's values are those of the paper's appendix and program; the tabular form has
/// none that are published.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct TdInfoNceConfig {
    /// `auto`, `tabular` or `deep`; auto is tabular where the world's table is known.
    #[setting(Form::Auto)]
    pub variant: Form,
    /// What is learned: `td-infonce`, `mc-infonce`, and in the tabular form `c-learning`,
    /// `sr-stream` or `sr-replay`.
    #[setting(Estimator::TdInfonce)]
    pub estimator: Estimator,
    /// Whether td-infonce learns from its own estimate at the next state; without, it knows of next
    /// states only.
    #[setting(true)]
    pub bootstrap: bool,
    /// The tabular form.
    #[setting(group, paper = TabularConfig::default())]
    pub tabular: TabularConfig,
    /// The deep form.
    #[setting(group)]
    pub deep: DeepConfig,
}

impl TdInfoNceConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        for (key, gamma) in [("tabular.gamma", self.tabular.gamma), ("deep.gamma", self.deep.gamma)] {
            if !(gamma > 0.0 && gamma < 1.0) {
                return Err(format!("`{key}` is {gamma}, but must lie between 0 and 1, both excluded"));
            }
        }
        for (key, batch) in [("tabular.batch", self.tabular.batch), ("deep.batch", self.deep.batch)] {
            if batch < 2 {
                return Err(format!(
                    "`{key}` is {batch}, but must be at least 2: the other members of a batch are the negatives"
                ));
            }
        }
        self.tabular.validate(self.estimator)?;
        self.deep.validate()
    }
}

/// Temporal-difference InfoNCE in one of its forms.
pub struct TdInfoNce {
    form: Parts,
}

enum Parts {
    Tabular(Box<tabular::Tabular>),
    Deep(Box<deep::Deep>),
}

run::register!(TdInfoNce);

impl Method for TdInfoNce {
    const CARD: Card = Card {
        id: "td-infonce",
        title: "Contrastive Difference Predictive Coding",
        paper: "Zheng, Salakhutdinov and Eysenbach, 2023, arXiv 2310.20141",
        family: "representation",
        summary: "the discounted future by contrastive temporal differences, and goals reached with it",
        needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Vector }],
        metrics: &[
            "diag/occupancy_error",
            "diag/occupancy_error_at_*",
            "diag/certainty_equivalent_error",
            "loss/critic",
            "loss/actor",
            "diag/accuracy",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/occupancy_error", higher_is_better: false },
        unit: "transitions",
        steps: 30_000,
        instead: "gridwalk-5x5 or point-maze-umaze",
    };
    type Config = TdInfoNceConfig;

    fn build(config: TdInfoNceConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let known = worlds::table(&world.spec.name)?.is_some();
        let form = match config.variant {
            Form::Auto if known => Form::Tabular,
            Form::Auto => Form::Deep,
            form => form,
        };
        let form = match form {
            Form::Tabular => {
                Parts::Tabular(Box::new(tabular::Tabular::new(&config, world.table(&Self::CARD)?, run)?))
            }
            _ => Parts::Deep(Box::new(deep::Deep::new(&config, world, run)?)),
        };
        Ok(Self { form })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.form {
            Parts::Tabular(form) => Ok(Progress { finished: form.advance(run)?, ..Progress::MAIN }),
            Parts::Deep(form) => form.advance(run).map(|()| Progress::MAIN),
        }
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        match &self.form {
            Parts::Tabular(_) => None,
            Parts::Deep(form) => Some(form.policy()),
        }
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match (&self.form, &protocol.world) {
            (Parts::Tabular(form), _) => Ok(form.scores()),
            (Parts::Deep(form), Some(world)) => {
                let random = &mut run.derived("eval", protocol.seed);
                run::scores::evaluate(form.policy().as_mut(), world, protocol, random)
            }
            (Parts::Deep(_), None) => Ok(Scores::new()),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.form {
            Parts::Tabular(form) => form.save(snapshot),
            Parts::Deep(form) => form.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.form {
            Parts::Tabular(form) => form.load(snapshot),
            Parts::Deep(form) => form.load(snapshot),
        }
    }
}
