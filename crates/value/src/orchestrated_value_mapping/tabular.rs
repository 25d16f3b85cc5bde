//! The form on tables: the paper's update from sampled transitions, with exact errors.

use agents::table::{TablePolicy, Walker};
use rand::RngExt;
use run::{AnyMethod, Policy, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, scores};
use worlds::tabular::{self, Table};

use super::{Bootstrap, OrchestratedConfig, Rates, TabularSettings, channels::Channels};

/// Steps of one call of `advance`: enough that the loop around them does not count.
const CHUNK: u64 = 100;

/// One transition to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Where.
    pub state: usize,
    /// What was done.
    pub action: usize,
    /// What it earned.
    pub reward: f64,
    /// Where it led; nothing where it ended.
    pub next: Option<usize>,
}

/// The stored values and their update.
pub struct Learner {
    channels: Channels,
    settings: TabularSettings,
    rates: Rates,
    bootstrap: Bootstrap,
    discount: f64,
    actions: usize,
    /// Stored forms, `[S, A, L]` row-major.
    stored: Vec<f64>,
    /// Updates so far, `[S, A]`.
    visits: Vec<u64>,
}

impl Learner {
    /// A learner of `pairs` (states times actions) that has seen nothing.
    pub fn new(
        channels: Channels,
        settings: &TabularSettings,
        (rates, bootstrap): (Rates, Bootstrap),
        discount: f64,
        (pairs, actions): (usize, usize),
    ) -> Self {
        let starts = channels.mappings().iter().map(|mapping| mapping.start());
        let stored = starts.cycle().take(pairs * channels.count()).collect();
        let (settings, visits) = (settings.clone(), vec![0; pairs]);
        Self { channels, settings, rates, bootstrap, discount, actions, stored, visits }
    }

    /// The aggregate Q of a state and action.
    pub fn value(&self, state: usize, action: usize) -> f64 {
        self.channels.value(self.entries(state, action).iter().copied())
    }

    /// The best action by the aggregate, the first among equals.
    pub fn greedy(&self, state: usize) -> usize {
        self.channels.greedy(self.row(state))
    }

    /// Learns from one transition: per channel the target is averaged in ordinary space with
    /// beta_reg, and the stored form moves towards the mapped average with beta_f.
    pub fn learn(&mut self, sample: &Sample) {
        let Sample { state, action, reward, next } = *sample;
        let (beta_reg, beta_f) = self.step_sizes(state * self.actions + action);
        // All channels bootstrap at the best action of their aggregate, or each at its own.
        let shared = next.map(|next| (next, self.greedy(next)));
        for channel in 0..self.channels.count() {
            let mapping = self.channels.mappings()[channel];
            // U = r_j + gamma f^-1(Q_j(s', a')).
            let future = shared.map_or(0.0, |(next, shared)| {
                let chosen = self.channels.bootstrap(self.bootstrap, channel, shared, self.row(next));
                self.discount * mapping.invert(self.entries(next, chosen)[channel])
            });
            let target = self.channels.reward(channel, reward) + future;
            // q + beta_reg (U - q) with q = f^-1(Q_j(s, a)).
            let value = mapping.invert(self.entries(state, action)[channel]);
            let average = value + beta_reg * (target - value);
            let at = (state * self.actions + action) * self.channels.count() + channel;
            // With beta_f = 1 and the identity this is Q-learning to the last bit.
            self.stored[at] = (1.0 - beta_f) * self.stored[at] + beta_f * mapping.apply(average);
        }
        self.visits[state * self.actions + action] += 1;
    }

    /// beta_reg and beta_f of the next update.
    fn step_sizes(&self, pair: usize) -> (f64, f64) {
        let TabularSettings { beta_f, alpha0, alpha_decay, .. } = self.settings;
        let alpha = alpha0 / (1.0 + alpha_decay * self.visits[pair] as f64);
        match self.rates {
            Rates::Two => (alpha / beta_f, beta_f),
            Rates::Single => (1.0, alpha),
        }
    }

    /// Stored forms of a state's actions, `[A, L]`.
    fn row(&self, state: usize) -> &[f64] {
        let size = self.actions * self.channels.count();
        &self.stored[state * size..][..size]
    }

    /// Stored forms of a state and action, `[L]`.
    fn entries(&self, state: usize, action: usize) -> &[f64] {
        let count = self.channels.count();
        &self.row(state)[action * count..][..count]
    }
}

/// The form on tables.
pub struct Tabular {
    table: Table,
    learner: Learner,
    walker: Walker,
    /// Exact optimal action values, `[S, A]`.
    optimal: Vec<f64>,
}

impl Tabular {
    /// Checks every reward of the table and places the walker.
    ///
    /// # Errors
    /// A channel cannot hold one of the table's rewards.
    pub fn new(config: &OrchestratedConfig, table: Table, run: &mut Run) -> Result<Self> {
        let (settings, model) = (&config.tabular, &table.model);
        let channels = config.channels(table.discount, settings.floor_steps, false);
        for (state, action) in (0..model.states()).flat_map(|s| (0..model.actions()).map(move |a| (s, a))) {
            for outcome in model.outcomes(state, action) {
                let checked = channels.check_sign(outcome.reward);
                checked.and_then(|()| channels.check_sum(outcome.reward)).map_err(|sentence| {
                    RunError::Task(format!("action {action} in state {state}: {sentence}"))
                })?;
            }
        }
        let size = (model.states() * model.actions(), model.actions());
        let learner =
            Learner::new(channels, settings, (config.rates, config.bootstrap), table.discount, size);
        let optimal = model.optimal(table.discount).action_values;
        let walker = Walker::new(&table, run.random("walk"));
        Ok(Self { learner, walker, optimal, table })
    }

    fn choose(&self, state: usize, run: &mut Run) -> usize {
        let (random, actions) = (run.random("policy"), self.table.model.actions());
        match random.random::<f64>() < self.learner.settings.epsilon {
            true => random.random_range(0..actions),
            false => self.learner.greedy(state),
        }
    }
}

impl AnyMethod for Tabular {
    /// Walks and learns for a chunk of steps.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let steps = (run.total_steps().saturating_sub(run.steps())).clamp(1, CHUNK);
        for _ in 0..steps {
            let state = self.walker.state();
            let action = self.choose(state, run);
            let step = self.walker.step(&self.table, action, run.random("walk"));
            let next = (!step.terminal).then_some(step.next);
            self.learner.learn(&Sample { state, action, reward: step.reward, next });
        }
        run.count_steps(steps);
        Ok(Progress::MAIN)
    }

    /// The greedy policy of the aggregate.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        let model = &self.table.model;
        let choices: Vec<usize> = (0..model.states()).map(|state| self.learner.greedy(state)).collect();
        Some(Box::new(TablePolicy::new(tabular::Policy::greedy(&choices, model.actions()))))
    }

    /// Exact errors of the aggregate.
    fn evaluate(&mut self, _protocol: &Protocol, _run: &mut Run) -> Result<Scores> {
        let actions = self.table.model.actions();
        let error =
            |(pair, best): (usize, &f64)| (self.learner.value(pair / actions, pair % actions) - best).abs();
        let errors: Vec<f64> = self.optimal.iter().enumerate().map(error).collect();
        let worst = errors.iter().copied().fold(0.0, f64::max);
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        Ok(scores::exact([("diag/value_error", worst), ("diag/mean_error", mean)]))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("tabular", &(&self.learner.stored, &self.learner.visits, &self.walker))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let (stored, visits, walker): (Vec<f64>, Vec<u64>, Walker) = snapshot.get("tabular")?;
        if (stored.len(), visits.len()) != (self.learner.stored.len(), self.learner.visits.len()) {
            return Err(RunError::Part(
                "the checkpoint's values are of another table or decomposition: resume with its own settings"
                    .to_owned(),
            ));
        }
        (self.learner.stored, self.learner.visits, self.walker) = (stored, visits, walker);
        Ok(())
    }
}
