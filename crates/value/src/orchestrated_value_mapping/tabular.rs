//! The form on tables: the paper's update from sampled transitions, with exact errors.

use agents::table::{TablePolicy, Walker};
use rand::RngExt;
use run::{Result, Run, RunError, Scores, Snapshot, scores};
use settings::Config;
use worlds::tabular::{self, Table};

use super::{
    Bootstrap, Rates,
    channels::Channels,
    checks::{positive, unit},
};

/// Steps of one call of `advance`: enough that the loop around them does not count.
const CHUNK: u64 = 100;

/// Settings of the form on tables.
#[derive(Clone, Debug, Config)]
pub struct TabularSettings {
    /// Values enter logarithms from discount^floor_steps on.
    #[setting(40.0)]
    pub floor_steps: f64,
    /// Step size of the stored form, in (0, 1]; with `rates = "single"` the whole step size takes its
    /// place.
    #[setting(0.5)]
    pub beta_f: f64,
    /// Step size of the first update of a state and action, in (0, 1].
    #[setting(0.5)]
    pub alpha0: f64,
    /// How fast it falls: alpha0 / (1 + alpha_decay n) after n updates.
    #[setting(0.01)]
    pub alpha_decay: f64,
    /// Probability of a random action while learning; 1 for uniform behaviour.
    #[setting(1.0)]
    pub epsilon: f64,
}

impl TabularSettings {
    /// Checks ranges and combinations.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    pub fn validate(&self, rates: Rates) -> std::result::Result<(), String> {
        positive("tabular.floor_steps", self.floor_steps)?;
        unit("tabular.beta_f", self.beta_f)?;
        unit("tabular.alpha0", self.alpha0)?;
        if !(self.alpha_decay.is_finite() && self.alpha_decay >= 0.0) {
            return Err(format!("`tabular.alpha_decay` is {}: it must be at least 0", self.alpha_decay));
        }
        if !(0.0..=1.0).contains(&self.epsilon) {
            return Err(format!("`tabular.epsilon` is {}: it must be between 0 and 1", self.epsilon));
        }
        if rates == Rates::Two && self.alpha0 > self.beta_f {
            return Err(format!(
                "`tabular.alpha0` is {} and `tabular.beta_f` {}: their ratio is beta_reg, which must be at \
                 most 1, so `beta_f` must be at least `alpha0`",
                self.alpha0, self.beta_f
            ));
        }
        Ok(())
    }
}

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
        best(self.actions, |action| self.value(state, action))
    }

    /// Learns from one transition: per channel the target is averaged in ordinary space with
    /// beta_reg, and the stored form moves towards the mapped average with beta_f.
    pub fn learn(&mut self, sample: &Sample) {
        let Sample { state, action, reward, next } = *sample;
        let (beta_reg, beta_f) = self.step_sizes(state * self.actions + action);
        let shared = next.map(|next| self.greedy(next));
        for channel in 0..self.channels.count() {
            let mapping = self.channels.mappings()[channel];
            let future = match (next, shared) {
                (Some(next), Some(shared)) => {
                    let chosen = self.own_greedy(channel, next).unwrap_or(shared);
                    self.discount * self.channel_value(channel, next, chosen)
                }
                _ => 0.0,
            };
            let target = self.channels.reward(channel, reward) + future;
            let value = self.channel_value(channel, state, action);
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

    /// The action that a channel chooses for itself, where it may.
    fn own_greedy(&self, channel: usize, state: usize) -> Option<usize> {
        let factor = self.bootstrap.factor(self.channels.weights()[channel])?;
        Some(best(self.actions, |action| factor * self.channel_value(channel, state, action)))
    }

    fn channel_value(&self, channel: usize, state: usize, action: usize) -> f64 {
        self.channels.mappings()[channel].invert(self.entries(state, action)[channel])
    }

    fn entries(&self, state: usize, action: usize) -> &[f64] {
        let count = self.channels.count();
        &self.stored[(state * self.actions + action) * count..][..count]
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
    pub fn new(
        settings: &TabularSettings,
        channels: Channels,
        choice: (Rates, Bootstrap),
        table: Table,
        run: &mut Run,
    ) -> Result<Self> {
        let model = &table.model;
        for (state, action) in (0..model.states()).flat_map(|s| (0..model.actions()).map(move |a| (s, a))) {
            for outcome in model.outcomes(state, action) {
                let checked = channels.check_sign(outcome.reward);
                checked.and_then(|()| channels.check_sum(outcome.reward)).map_err(|sentence| {
                    RunError::Task(format!("action {action} in state {state}: {sentence}"))
                })?;
            }
        }
        let size = (model.states() * model.actions(), model.actions());
        let learner = Learner::new(channels, settings, choice, table.discount, size);
        let optimal = model.optimal(table.discount).action_values;
        let walker = Walker::new(&table, run.random("walk"));
        Ok(Self { learner, walker, optimal, table })
    }

    /// Walks and learns for a chunk of steps.
    pub fn advance(&mut self, run: &mut Run) {
        let steps = (run.total_steps().saturating_sub(run.steps())).clamp(1, CHUNK);
        for _ in 0..steps {
            let state = self.walker.state();
            let action = self.choose(state, run);
            let step = self.walker.step(&self.table, action, run.random("walk"));
            let next = (!step.terminal).then_some(step.next);
            self.learner.learn(&Sample { state, action, reward: step.reward, next });
        }
        run.count_steps(steps);
    }

    fn choose(&self, state: usize, run: &mut Run) -> usize {
        let (random, actions) = (run.random("policy"), self.table.model.actions());
        match random.random::<f64>() < self.learner.settings.epsilon {
            true => random.random_range(0..actions),
            false => self.learner.greedy(state),
        }
    }

    /// The greedy policy of the aggregate.
    pub fn policy(&self) -> TablePolicy {
        let model = &self.table.model;
        let choices: Vec<usize> = (0..model.states()).map(|state| self.learner.greedy(state)).collect();
        TablePolicy::new(tabular::Policy::greedy(&choices, model.actions()))
    }

    /// Exact errors of the aggregate.
    pub fn scores(&self) -> Scores {
        let actions = self.table.model.actions();
        let error =
            |(pair, best): (usize, &f64)| (self.learner.value(pair / actions, pair % actions) - best).abs();
        let errors: Vec<f64> = self.optimal.iter().enumerate().map(error).collect();
        let worst = errors.iter().copied().fold(0.0, f64::max);
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        scores::exact([("diag/value_error", worst), ("diag/mean_error", mean)])
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("tabular", &(&self.learner.stored, &self.learner.visits, &self.walker))
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
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

/// The index of the largest value, the first among equals.
fn best(count: usize, value: impl Fn(usize) -> f64) -> usize {
    let largest = |best: (usize, f64), index: usize| {
        let value = value(index);
        if value > best.1 { (index, value) } else { best }
    };
    (1..count).fold((0, value(0)), largest).0
}
