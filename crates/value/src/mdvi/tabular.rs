//! The exact scheme on a table, with errors added to every evaluation and exact measures of what
//! comes of it.

use agents::table::TablePolicy;
use rand_chacha::ChaCha8Rng;
use run::{AnyMethod, Policy, Progress, Protocol, Result, Run, Scores, Snapshot, scores};
use serde::{Deserialize, Serialize};
use worlds::{
    noise,
    tabular::{self, Solution, Table, tight_chain::adversarial_errors},
};

use super::{
    bound::Bound,
    config::{Errors, Kind, MdviConfig, PolicyForm},
    regulariser::Regulariser,
};

/// Where the scheme stands after iteration k. Tables are `[S, A]`, row-major.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iterate {
    /// k.
    pub iteration: u64,
    /// q_k; 0 at the start.
    pub values: Vec<f64>,
    /// Logarithm of pi_k, which is greedy on q_(k-1) and whose evaluation gave q_k; uniform at the
    /// start.
    pub log_policy: Vec<f64>,
    /// The average of q_0 to q_(k-1), from which the dual form takes pi_k.
    pub average: Vec<f64>,
}

/// What one iteration is made of.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// The weights.
    pub regulariser: Regulariser,
    /// Where the regularisers act.
    pub kind: Kind,
    /// Which form gives the policies.
    pub form: PolicyForm,
}

impl Iterate {
    /// Before the first iteration: values 0 and the uniform policy.
    pub fn start(table: &Table) -> Self {
        let (states, actions) = (table.model.states(), table.model.actions());
        let pairs = states * actions;
        Self {
            iteration: 0,
            values: vec![0.0; pairs],
            log_policy: vec![-(actions as f64).ln(); pairs],
            average: vec![0.0; pairs],
        }
    }

    /// One iteration, whose evaluation errs by `errors` `[S, A]`.
    pub fn advance(&mut self, scheme: &Scheme, table: &Table, errors: &[f64]) {
        let (model, actions) = (&table.model, table.model.actions());
        let Scheme { regulariser, kind, form } = scheme;
        self.iteration += 1;
        regulariser.average(&mut self.average, &self.values, self.iteration);
        let log_policy = match form {
            PolicyForm::Mirror => regulariser.greedy(&self.log_policy, &self.values, actions),
            PolicyForm::Dual => regulariser.greedy_on_average(&self.average, self.iteration, actions),
        };
        let evaluation = match kind {
            Kind::Both => *regulariser,
            Kind::Greedy => Regulariser { lambda: 0.0, tau: 0.0 },
        };
        let next = evaluation.state_values(&log_policy, &self.log_policy, &self.values, actions);
        self.values = model.action_values(table.discount, &next);
        self.values.iter_mut().zip(errors).for_each(|(value, error)| *value += error);
        self.log_policy = log_policy;
    }

    /// pi_k.
    pub fn policy(&self, actions: usize) -> tabular::Policy {
        tabular::Policy::softmax(&self.log_policy, actions, 1.0)
    }

    /// Largest difference between a probability of pi_k and the one that the other form gives.
    fn form_difference(&self, scheme: &Scheme, previous: &Self, actions: usize) -> f64 {
        let other = match scheme.form {
            PolicyForm::Mirror => {
                scheme.regulariser.greedy_on_average(&self.average, self.iteration, actions)
            }
            PolicyForm::Dual => scheme.regulariser.greedy(&previous.log_policy, &previous.values, actions),
        };
        let difference = |(one, other): (&f64, &f64)| (one.exp() - other.exp()).abs();
        self.log_policy.iter().zip(&other).map(difference).fold(0.0, f64::max)
    }
}

/// The rounding of the linear solves: smaller losses are reported as this, so that every loss has a
/// logarithm.
const RESOLUTION: f64 = 1e-12;

/// Losses of pi_k, the mean and the largest over states of v* - v_(pi_k).
#[derive(Clone, Copy, Debug)]
struct Loss {
    mean: f64,
    max: f64,
}

/// Sums of losses on their way to means.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sum {
    total: f64,
    count: u64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.total += value;
        self.count += 1;
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total / self.count as f64)
    }
}

/// What was measured so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Meter {
    /// Mean losses since the last evaluation.
    recent: Sum,
    /// Mean losses of the last fifth of the run.
    late: Sum,
    /// Largest difference between the forms.
    form_difference: f64,
}

/// Everything that changes from iteration to iteration.
#[derive(Serialize, Deserialize)]
struct Stored {
    iterate: Iterate,
    meter: Meter,
    bound: Option<Bound>,
}

/// The exact scheme.
pub struct Tabular {
    scheme: Scheme,
    errors: Errors,
    noise: f64,
    measure_every: u64,
    table: Table,
    optimum: Solution,
    iterate: Iterate,
    meter: Meter,
    bound: Option<Bound>,
}

impl Tabular {
    /// Solves the table and begins.
    pub fn new(config: &MdviConfig, table: Table) -> Self {
        let scheme = Scheme { regulariser: config.regulariser(), kind: config.kind, form: config.form };
        Self {
            scheme,
            errors: config.errors,
            noise: config.noise,
            measure_every: config.measure_every,
            optimum: table.model.optimal(table.discount),
            iterate: Iterate::start(&table),
            meter: Meter::default(),
            bound: config.check_bound.then(|| Bound::new(scheme.regulariser, &table)),
            table,
        }
    }

    /// The errors of the next evaluation, `[S, A]`.
    fn draw(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let (states, actions) = (self.table.model.states(), self.table.model.actions());
        match self.errors {
            Errors::Gaussian => (0..states * actions).map(|_| self.noise * noise::normal(random)).collect(),
            Errors::Adversarial => {
                let iteration = self.iterate.iteration as usize + 1;
                let errors = adversarial_errors(states, iteration, self.noise);
                errors.into_iter().flat_map(|error| std::iter::repeat_n(error, actions)).collect()
            }
        }
    }

    /// The exact loss of pi_k.
    fn loss(&self) -> Loss {
        let values = self
            .table
            .model
            .policy_values(self.table.discount, &self.iterate.policy(self.table.model.actions()));
        let losses = || self.optimum.values.iter().zip(&values).map(|(best, value)| best - value);
        Loss { mean: losses().sum::<f64>() / values.len() as f64, max: losses().fold(f64::MIN, f64::max) }
    }
}

impl AnyMethod for Tabular {
    /// One iteration, and its measures where they are due.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let errors = self.draw(run.random("evaluation-error"));
        let previous = self.bound.is_some().then(|| self.iterate.clone());
        self.iterate.advance(&self.scheme, &self.table, &errors);
        run.count_steps(1);
        let actions = self.table.model.actions();
        if let (Some(bound), Some(previous)) = (&mut self.bound, previous) {
            bound.check(&self.table, &self.iterate.log_policy, &errors);
            let difference = self.iterate.form_difference(&self.scheme, &previous, actions);
            self.meter.form_difference = self.meter.form_difference.max(difference);
        }
        if self.measure_every > 0 && self.iterate.iteration.is_multiple_of(self.measure_every) {
            let loss = self.loss().mean;
            self.meter.recent.add(loss);
            if 5 * run.steps() >= 4 * run.total_steps() {
                self.meter.late.add(loss);
            }
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(TablePolicy::new(self.iterate.policy(self.table.model.actions()))))
    }

    /// Losses, over the iterations measured since the last evaluation where there are any, and what
    /// the checks found so far.
    fn evaluate(&mut self, _protocol: &Protocol, _run: &mut Run) -> Result<Scores> {
        let loss = self.loss();
        let recent = std::mem::take(&mut self.meter.recent).mean().unwrap_or(loss.mean);
        let late = self.meter.late.mean().unwrap_or(loss.mean);
        let mut values = vec![
            ("diag/loss", recent.max(RESOLUTION)),
            ("diag/late_loss", late.max(RESOLUTION)),
            ("diag/max_loss", loss.max.max(RESOLUTION)),
        ];
        if let Some(bound) = &self.bound {
            values.push(("diag/bound_violations", bound.violations() as f64));
            values.extend(bound.slack().map(|slack| ("diag/bound_slack", slack)));
            values.push(("diag/form_difference", self.meter.form_difference));
        }
        Ok(scores::exact(values))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let (iterate, meter, bound) = (self.iterate.clone(), self.meter.clone(), self.bound.clone());
        snapshot.put("mdvi", &Stored { iterate, meter, bound })
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let stored: Stored = snapshot.get("mdvi")?;
        (self.iterate, self.meter, self.bound) = (stored.iterate, stored.meter, stored.bound);
        Ok(())
    }
}
