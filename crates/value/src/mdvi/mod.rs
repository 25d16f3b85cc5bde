//! Mirror descent value iteration (Vieillard, Kozuno, Scherrer, Pietquin, Munos, Geist, 2020,
//! "Leverage the Average: an Analysis of KL Regularization in Reinforcement Learning").
//!
//! Every policy maximises the present values less lambda times its divergence from the policy before
//! it, plus tau times its entropy; its evaluation gives the next values. Such a policy is a softmax of
//! the sum of all values so far, so that errors of the evaluations average out instead of
//! accumulating, and the loss grows linearly with the horizon. With lambda = tau = 0 the scheme is
//! plain approximate value iteration.
//!
//! On a table ([`tabular`]) the iterations are exact but for errors that are added to every entry,
//! losses are exact, and the paper's bounds are checked along the way ([`bound`]). The deep forms
//! are the paper's three, with the replay and the networks of DQN; where observations are
//! vectors, a layer normalisation is added as there. Continuous actions are left out.

pub mod bound;
mod config;
pub mod deep;
pub mod regulariser;
pub mod tabular;

use agents::table::TablePolicy;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, scores, task::World,
};

pub use self::config::{Acting, Errors, Form, Kind, MdviConfig, Variant};
use self::{deep::Deep, tabular::Tabular};

/// One of the forms.
enum Learner {
    Tabular(Box<Tabular>),
    Deep(Box<Deep>),
}

/// Mirror descent value iteration.
pub struct Mdvi {
    learner: Learner,
}

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
        let tabular = match config.variant {
            Variant::Tabular => true,
            Variant::Auto => worlds::table(&world.spec.name)?.is_some(),
            Variant::MdDirect | Variant::MdIndirect | Variant::Da => false,
        };
        let learner = match tabular {
            true => Learner::Tabular(Box::new(Tabular::new(&config, world.table(&Self::CARD)?))),
            false => Learner::Deep(Box::new(Deep::new(&config, world, run)?)),
        };
        Ok(Self { learner })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.advance(run),
            Learner::Deep(deep) => deep.advance(run)?,
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(match &self.learner {
            Learner::Tabular(tabular) => Box::new(TablePolicy::new(tabular.policy())),
            Learner::Deep(deep) => deep.policy(),
        })
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match (&mut self.learner, &protocol.world) {
            (Learner::Tabular(tabular), _) => Ok(tabular.scores()),
            (Learner::Deep(deep), Some(world)) => {
                let random = &mut run.derived("eval", protocol.seed);
                scores::evaluate(deep.policy().as_mut(), world, protocol, random)
            }
            (Learner::Deep(_), None) => Ok(Scores::new()),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.learner {
            Learner::Tabular(tabular) => tabular.save(snapshot),
            Learner::Deep(deep) => deep.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.load(snapshot),
            Learner::Deep(deep) => deep.load(snapshot),
        }
    }
}

#[cfg(test)]
mod tests;
