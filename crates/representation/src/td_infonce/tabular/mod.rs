//! The tabular form: the estimate of p(s_f | s, a) against the exact one, on a data set that grows.
//!
//! Every iteration adds transitions of the uniform policy up to the next size and trains the
//! estimator on all of them from scratch; only the streaming successor representation goes on from
//! where it was. The policy is known and finite, so the expectation over the next action is exact.

mod critic;
mod data;
mod successor;
#[cfg(test)]
mod tests;

use run::{Result, Run, RunError, Scores, Snapshot, scores};
use worlds::tabular::{Policy, Table};

use self::{
    critic::{Objective, Training},
    data::Data,
    successor::{Replayed, Stream},
};
use super::{Estimator, TabularConfig, TdInfoNceConfig};

/// Steps of an episode in worlds without a time limit.
const USUAL_HORIZON: usize = 50;

/// The table, the data collected in it and what was estimated from them.
pub(super) struct Tabular {
    config: TabularConfig,
    estimator: Estimator,
    bootstrap: bool,
    table: Table,
    policy: Policy,
    /// The exact p(s_f | s, a), `[S A, S]`.
    exact: Vec<f64>,
    data: Data,
    stream: Stream,
    /// Size, error and error of the certainty-equivalent estimate, for every size so far.
    errors: Vec<(u64, f64, f64)>,
}

impl Tabular {
    /// Nothing collected yet.
    ///
    /// # Errors
    /// Episodes of the table end, or it is too large for the data's indices.
    pub(super) fn new(config: &TdInfoNceConfig, table: Table, run: &mut Run) -> Result<Self> {
        let (states, actions) = (table.model.states(), table.model.actions());
        let all = (0..states * actions).map(|pair| (pair / actions, pair % actions));
        let outcomes = || all.clone().flat_map(|(state, action)| table.model.outcomes(state, action));
        if outcomes().any(|outcome| outcome.terminal) {
            return Err(RunError::Task(
                "`td-infonce` estimates a distribution over future states, which sums to 1 only where episodes \
                 never end: try gridwalk-5x5"
                    .to_owned(),
            ));
        }
        if states * actions > usize::from(u16::MAX) {
            return Err(RunError::Task(format!(
                "`td-infonce` is tabular up to {} pairs of states and actions, and this world has {}: set \
                 `variant=deep`",
                u16::MAX,
                states * actions
            )));
        }
        if outcomes().any(|outcome| outcome.reward != 0.0) {
            run.note("`td-infonce` learns without rewards: those of this world are ignored");
        }
        let policy = Policy::uniform(states, actions);
        let exact = distribution(&table, config.tabular.gamma, &policy);
        Ok(Self {
            config: config.tabular.clone(),
            estimator: config.estimator,
            bootstrap: config.bootstrap,
            stream: Stream::new(&config.tabular.stream_rates, states, actions),
            exact,
            policy,
            table,
            data: Data::default(),
            errors: Vec::new(),
        })
    }

    /// Collects up to the next size and estimates anew; says whether that was the last.
    ///
    /// # Errors
    /// All states seen are the same, so that there is nothing to contrast.
    pub(super) fn advance(&mut self, run: &mut Run) -> Result<bool> {
        let before = self.data.len() as u64;
        let next = self.config.sizes.iter().find(|size| **size > before);
        let size = next.map_or(run.total_steps(), |size| run.total_steps().min(*size)).max(before + 1);
        let horizon = self.table.horizon.unwrap_or(USUAL_HORIZON);
        self.data.extend(size as usize, &self.table.model, &self.policy, horizon, run.random("worlds"));
        let shares = self.data.next_shares(self.policy.states());
        if shares.iter().filter(|share| **share > 0.0).count() < 2 {
            return Err(RunError::Task(format!(
                "all {size} states seen are the same one, so that a batch has no negatives: collect more, or \
                 try another world"
            )));
        }
        let error = self.estimate(&shares, run);
        let empirical =
            Table { model: self.data.empirical(self.policy.actions(), &shares), ..self.table.clone() };
        let certain = self.error(&distribution(&empirical, self.config.gamma, &self.policy));
        self.errors.push((size, error, certain));
        run.count_steps(size - before);
        run.log("diag/occupancy_error", error)?;
        Ok(size >= run.total_steps())
    }

    /// Error of the estimate from all data, `shares` of which are the states among the next ones.
    fn estimate(&mut self, shares: &[f64], run: &mut Run) -> f64 {
        let (config, states) = (&self.config, self.policy.states());
        let objective = match self.estimator {
            Estimator::TdInfonce if self.bootstrap => Objective::Temporal,
            Estimator::TdInfonce => Objective::NextState,
            Estimator::McInfonce => Objective::MonteCarlo,
            Estimator::CLearning => Objective::Classifier,
            Estimator::SrStream => {
                self.stream.follow(&self.data, &self.policy, config.gamma, run.random("policy"));
                let errors = self.stream.tables().iter().map(|table| self.error(table));
                return errors.fold(f64::INFINITY, f64::min);
            }
            Estimator::SrReplay => {
                let settings = Replayed {
                    gamma: config.gamma,
                    batch: config.batch,
                    updates: config.updates,
                    rate: config.replay_rate,
                    final_share: config.final_share,
                };
                run.count_updates("table", config.updates as u64);
                let table = successor::replay(&self.data, &self.policy, &settings, run.random("replay"));
                return self.error(&table);
            }
        };
        let training = Training {
            objective,
            gamma: config.gamma,
            batch: config.batch,
            updates: config.updates,
            learning_rate: config.learning_rate,
            final_share: config.final_share,
            tau: config.tau,
        };
        run.count_updates("critic", config.updates as u64);
        let critic = critic::train(&self.data, &self.policy, states, &training, run.random("replay"));
        if objective == Objective::MonteCarlo {
            self.error(&critic.probabilities(&self.data.future_shares(states, config.gamma)))
        } else {
            self.error(&critic.probabilities(shares))
        }
    }

    /// Mean over pairs of the L1 distance to the exact distributions.
    fn error(&self, estimate: &[f64]) -> f64 {
        let distances = estimate.iter().zip(&self.exact).map(|(found, exact)| (found - exact).abs());
        let pairs = self.policy.states() * self.policy.actions();
        distances.sum::<f64>() / pairs as f64
    }

    /// The errors so far, the last one first.
    pub(super) fn scores(&self) -> Scores {
        let Some((_, error, certain)) = self.errors.last() else { return Scores::new() };
        let mut all =
            scores::exact([("diag/occupancy_error", *error), ("diag/certainty_equivalent_error", *certain)]);
        for (size, error, _) in &self.errors {
            all.extend(scores::exact([(format!("diag/occupancy_error_at_{size}").as_str(), *error)]));
        }
        all
    }

    pub(super) fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put_bytes("data", self.data.to_bytes());
        snapshot.put("stream", &self.stream)?;
        snapshot.put("errors", &self.errors)
    }

    pub(super) fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.data = Data::from_bytes(snapshot.bytes("data")?)?;
        self.stream = snapshot.get("stream")?;
        self.errors = snapshot.get("errors")?;
        Ok(())
    }
}

/// The exact distribution of the discounted future in a table, `[S A, S]` row-major.
fn distribution(table: &Table, gamma: f64, policy: &Policy) -> Vec<f64> {
    let matrix = table.model.discounted_future(gamma, policy);
    let (rows, columns) = (policy.states() * policy.actions(), policy.states());
    (0..rows * columns).map(|index| matrix[(index / columns, index % columns)]).collect()
}
