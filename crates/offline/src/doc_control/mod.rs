//! Dichotomy of control (Yang, Schuurmans, Abbeel, Nachum, 2023, "Dichotomy of Control: Separating
//! What You Can Control from What You Cannot").
//!
//! A policy conditioned on a high return copies lucky actions. Here it is conditioned on a code z of
//! the future whose posterior, by a penalty on the information I(z; r_t, s_(t+1) | history, a_t),
//! knows nothing of chance; of some codes from a prior the one of highest value is acted on. Then the
//! value promised is the return obtained.
//!
//! On a table ([`tabular`]) a code stands for one step, as in the released code, and returns, the gap
//! between promise and return, and the information are exact. The gap compares V(s_0, z) with the
//! return of acting by z for as long as z stands (one step) and as the data's behaviour afterwards:
//! that is what V is the mean of. Compared on a table are the decision transformer (action
//! frequencies given the highest return) and behaviour cloning. The deep form ([`deep`]) has codes
//! for several steps and transformers.
//!
//! The information is reduced by a game: an energy f ascends its bound, and codes descend it by
//! gradient reversal. (The released trainer minimises one sum in all of its parts, which taken
//! literally rewards informative codes.)

mod cells;
mod choice;
mod config;
pub mod deep;
mod measure;
mod parameters;
pub mod tabular;

use agents::table::TablePolicy;
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, data::Data, scores, task::World,
};
use worlds::tabular::Table;

pub use self::config::{Constraint, DeepConfig, DocControlConfig, TabularConfig, Variant};
use self::{cells::Cells, deep::Deep, tabular::Tabular};

/// One of the forms.
enum Learner {
    Tabular(Box<Tabular>),
    /// Action frequencies, and the return they were conditioned on, if any.
    Counts(worlds::tabular::Policy, Option<f64>),
    Deep(Box<Deep>),
}

/// Dichotomy of control.
pub struct DocControl {
    learner: Learner,
}

run::register!(DocControl);

impl Method for DocControl {
    const CARD: Card = Card {
        id: "doc-control",
        title: "Dichotomy of Control: Separating What You Can Control from What You Cannot",
        paper: "Yang et al., ICLR 2023, arXiv 2210.13435",
        family: "sequence",
        summary: "imitation conditioned on a code of the future that knows nothing of luck",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &[
            "diag/consistency_gap",
            "diag/mutual_information",
            "diag/energy_bound",
            "diag/promised",
            "loss/policy",
            "loss/value",
            "loss/energy",
            "loss/posterior",
            "loss/prior",
            "loss/total",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 4_000,
        instead: "",
    };
    type Config = DocControlConfig;

    fn build(config: DocControlConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        let table = match &data.set.spec().world {
            Some(name) => worlds::table(name)?,
            None => None,
        };
        let cells = || Cells::new(&data.set, table.as_ref(), &config.tabular);
        let variant = match config.variant {
            Variant::Auto if table.is_some() => Variant::Tabular,
            Variant::Auto => Variant::Deep,
            other => other,
        };
        let learner = match variant {
            Variant::Tabular => Learner::Tabular(Box::new(Tabular::new(&config, cells()?, run))),
            Variant::Dt => {
                let cells = cells()?;
                let top = cells.bin_values.len() - 1;
                let policy = cells.frequencies(|sample| sample.bin == top)?;
                Learner::Counts(policy, cells.bin_values.last().copied())
            }
            Variant::Bc => Learner::Counts(cells()?.frequencies(|_| true)?, None),
            Variant::Deep | Variant::Auto => Learner::Deep(Box::new(Deep::new(&config, data, run)?)),
        };
        Ok(Self { learner })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.advance(run)?,
            Learner::Counts(..) => run.count_steps(1),
            Learner::Deep(deep) => deep.advance(run)?,
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(match &self.learner {
            Learner::Tabular(tabular) => Box::new(TablePolicy::new(tabular.outcome().ok()?.policy)),
            Learner::Counts(policy, _) => Box::new(TablePolicy::new(policy.clone())),
            Learner::Deep(deep) => Box::new(deep.policy()),
        })
    }

    /// In a world whose table is known, the exact return of the policy with its own probabilities,
    /// whatever the protocol's mode; elsewhere complete episodes.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let random = &mut run.derived("eval", protocol.seed);
        let mut scores = match &self.learner {
            Learner::Tabular(tabular) => scores::exact([("diag/mutual_information", tabular.information())]),
            _ => Scores::new(),
        };
        let Some(world) = &protocol.world else { return Ok(scores) };
        let table = worlds::table(&world.spec.name)?;
        let more = match (&self.learner, table) {
            (Learner::Deep(deep), _) => deep.evaluate(world, protocol, random)?,
            (Learner::Tabular(tabular), Some(table)) => {
                let outcome = tabular.outcome()?;
                check(&outcome.policy, &table, world)?;
                let behaviour = tabular.cells.frequencies(|_| true)?;
                let after = measure::values(&table, &behaviour, 1);
                let real = measure::first_step(&table, &outcome.policy, &after);
                scores::exact([
                    ("eval/return", table.model.start_value(&measure::values(&table, &outcome.policy, 0))),
                    ("diag/promised", table.model.start_value(&outcome.promised)),
                    ("diag/consistency_gap", measure::gap(&table, &outcome.promised, &real)),
                ])
            }
            (Learner::Counts(policy, promised), Some(table)) => {
                check(policy, &table, world)?;
                let real = measure::values(&table, policy, 0);
                let mut values = vec![("eval/return", table.model.start_value(&real))];
                if let Some(promised) = promised {
                    let gap = measure::gap(&table, &vec![*promised; real.len()], &real);
                    values.extend([("diag/promised", *promised), ("diag/consistency_gap", gap)]);
                }
                scores::exact(values)
            }
            (_, None) => match self.policy() {
                Some(mut policy) => scores::evaluate(policy.as_mut(), world, protocol, random)?,
                None => Scores::new(),
            },
        };
        scores.extend(more);
        Ok(scores)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.learner {
            Learner::Tabular(tabular) => tabular.save(snapshot),
            Learner::Counts(..) => Ok(()),
            Learner::Deep(deep) => deep.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.load(snapshot),
            Learner::Counts(..) => Ok(()),
            Learner::Deep(deep) => deep.load(snapshot),
        }
    }
}

/// Refuses a world of another number of states or actions than the data's.
fn check(policy: &worlds::tabular::Policy, table: &Table, world: &World) -> Result<()> {
    let (states, actions) = (policy.states(), policy.actions());
    if (states, actions) == (table.model.states(), table.model.actions()) {
        return Ok(());
    }
    Err(RunError::Task(format!(
        "a policy over {states} states and {actions} actions cannot be scored in `{}`: evaluate in the world that \
         the data come from",
        world.spec.name
    )))
}

#[cfg(test)]
mod tests;
