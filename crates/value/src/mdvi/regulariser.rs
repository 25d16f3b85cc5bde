//! The regularised greedy step and its value, on tables `[S, A]` stored row-major.

/// Log-probability of actions that a greedy policy never takes: finite, so that it can be stored,
/// and its exponential is 0.
pub const NEVER: f64 = f64::MIN;

/// Weights of the divergence from the previous policy, lambda, and of the entropy, tau.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regulariser {
    /// lambda, at least 0.
    pub lambda: f64,
    /// tau, at least 0.
    pub tau: f64,
}

impl Regulariser {
    /// Whether both weights are 0: the scheme is plain value iteration.
    pub fn none(&self) -> bool {
        self.temperature() == 0.0
    }

    /// lambda + tau, the temperature of one greedy step.
    pub fn temperature(&self) -> f64 {
        self.lambda + self.tau
    }

    /// lambda / (lambda + tau), the share of the past in the average of values; 0 without
    /// regularisers.
    pub fn beta(&self) -> f64 {
        if self.none() { 0.0 } else { self.lambda / self.temperature() }
    }

    /// `[S, A]`: log-probabilities of argmax over pi of <pi, q> - lambda KL(pi || previous) + tau
    /// H(pi), which are beta ln previous + q / (lambda + tau) up to a constant per state.
    pub fn greedy(&self, previous: &[f64], values: &[f64], actions: usize) -> Vec<f64> {
        if self.none() {
            return hardmax(values, actions);
        }
        let (beta, temperature) = (self.beta(), self.temperature());
        let preference = |(log, value): (&f64, &f64)| beta * log + value / temperature;
        log_softmax(previous.iter().zip(values).map(preference).collect(), actions)
    }

    /// `[S, A]`: log-probabilities of the same policy from the average `average` of the values of
    /// `count` iterations ([`Regulariser::average`]): the softmax of `count` h / lambda where tau
    /// is 0, else of h / tau.
    pub fn greedy_on_average(&self, average: &[f64], count: u64, actions: usize) -> Vec<f64> {
        if self.none() {
            return hardmax(average, actions);
        }
        let scale = if self.tau == 0.0 { count as f64 / self.lambda } else { 1.0 / self.tau };
        log_softmax(average.iter().map(|value| scale * value).collect(), actions)
    }

    /// Takes the values of iteration `count` (from 1 on) into the average: the mean of all where
    /// tau is 0, else the moving average that keeps beta of the past, from 0.
    pub fn average(&self, average: &mut [f64], values: &[f64], count: u64) {
        let keep = match self.none() || self.tau > 0.0 {
            true => self.beta(),
            false => (count - 1) as f64 / count as f64,
        };
        for (mean, value) in average.iter_mut().zip(values) {
            *mean = keep * *mean + (1.0 - keep) * value;
        }
    }

    /// `[S]`: <pi, q> - lambda KL(pi || previous) + tau H(pi), from log-probabilities.
    pub fn state_values(
        &self,
        log_policy: &[f64],
        previous: &[f64],
        values: &[f64],
        actions: usize,
    ) -> Vec<f64> {
        let row = |state: usize| {
            let pairs = state * actions..(state + 1) * actions;
            pairs
                .map(|pair| {
                    log_policy[pair].exp() * (values[pair] + self.bonus(log_policy[pair], previous[pair]))
                })
                .sum()
        };
        (0..values.len() / actions).map(row).collect()
    }

    /// What the regularisers add to an action's value: -lambda (ln pi - ln previous) - tau ln pi.
    fn bonus(&self, log: f64, previous: f64) -> f64 {
        if self.none() { 0.0 } else { -self.lambda * (log - previous) - self.tau * log }
    }
}

/// `[S]`: entropies in nats.
pub fn entropies(log_policy: &[f64], actions: usize) -> Vec<f64> {
    let entropy = |row: &[f64]| -row.iter().map(|log| log.exp() * log.max(-1e300)).sum::<f64>();
    log_policy.chunks_exact(actions).map(entropy).collect()
}

/// Normalises each row of exponents to log-probabilities.
pub fn log_softmax(mut exponents: Vec<f64>, actions: usize) -> Vec<f64> {
    for row in exponents.chunks_exact_mut(actions) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = largest + row.iter().map(|value| (value - largest).exp()).sum::<f64>().ln();
        row.iter_mut().for_each(|value| *value -= total);
    }
    exponents
}

/// Log-probabilities of the best action of every row, the first among equals.
fn hardmax(values: &[f64], actions: usize) -> Vec<f64> {
    let mut logs = vec![NEVER; values.len()];
    for (row, logs) in values.chunks_exact(actions).zip(logs.chunks_exact_mut(actions)) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logs[row.iter().position(|value| *value == largest).unwrap_or(0)] = 0.0;
    }
    logs
}
