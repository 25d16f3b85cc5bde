//! What was counted per context, and the model that is estimated from it.

use serde::{Deserialize, Serialize};
use worlds::tabular::LatentMdp;

/// The least probability in a belief's update, so that no context is ruled out by an estimate.
pub const FLOOR: f64 = 1e-9;

/// Visits by context, state, action and next state; updated once the context is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    states: usize,
    actions: usize,
    /// `[M, S, A, S]`.
    transitions: Vec<u64>,
    /// `[M, S, A]`.
    visits: Vec<u64>,
    /// `[M, S]`.
    starts: Vec<u64>,
}

impl Counts {
    /// Nothing counted yet.
    pub fn new(contexts: usize, states: usize, actions: usize) -> Self {
        Self {
            states,
            actions,
            transitions: vec![0; contexts * states * actions * states],
            visits: vec![0; contexts * states * actions],
            starts: vec![0; contexts * states],
        }
    }

    /// Adds an episode of states `s_1 .. s_{H+1}` and actions `a_1 .. a_H` in `context`; gives
    /// whether some n(m, s, a) reached a power of two, which ends the epoch.
    pub fn add(&mut self, context: usize, states: &[u32], actions: &[u32]) -> bool {
        if let Some(&first) = states.first() {
            self.starts[context * self.states + first as usize] += 1;
        }
        let mut doubled = false;
        for (step, &action) in actions.iter().enumerate() {
            let (state, next) = (states[step] as usize, states[step + 1] as usize);
            let triple = (context * self.states + state) * self.actions + action as usize;
            self.visits[triple] += 1;
            self.transitions[triple * self.states + next] += 1;
            doubled |= self.visits[triple].is_power_of_two();
        }
        doubled
    }

    fn contexts(&self) -> usize {
        self.starts.len() / self.states
    }
}

/// Weights, first states and kernels, true or estimated, with the visits that an estimate rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// M.
    pub contexts: usize,
    /// S.
    pub states: usize,
    /// A.
    pub actions: usize,
    /// H.
    pub horizon: usize,
    /// Probability of each context, `[M]`.
    pub weights: Vec<f64>,
    /// Probability of each first state, `[M, S]`.
    pub starts: Vec<f64>,
    /// Probability of each next state, `[M, S, A, S]`; uniform where nothing was seen.
    pub kernels: Vec<f64>,
    /// `[M, S, A]`, known.
    pub rewards: Vec<f64>,
    /// N(m, s, a), `[M, S, A]`.
    pub visits: Vec<u64>,
}

impl Model {
    /// The true process. Nothing is estimated, so visits are without limit.
    pub fn exact(mdp: &LatentMdp) -> Self {
        let (contexts, states, actions) = (mdp.contexts(), mdp.states(), mdp.actions());
        let triples = || (0..contexts * states * actions).map(move |triple| split(triple, states, actions));
        Self {
            contexts,
            states,
            actions,
            horizon: mdp.horizon(),
            weights: mdp.weights().to_vec(),
            starts: (0..contexts).flat_map(|context| mdp.start(context).to_vec()).collect(),
            kernels: triples().flat_map(|(m, s, a)| mdp.kernel(m, s, a).to_vec()).collect(),
            rewards: triples().map(|(m, s, a)| mdp.reward(m, s, a)).collect(),
            visits: vec![u64::MAX; contexts * states * actions],
        }
    }

    /// One context in place of all: rewards and first states are averaged by the weights.
    pub fn blind(&self) -> Self {
        let average = |values: &[f64]| {
            let size = values.len() / self.contexts;
            let mean = |index| (0..self.contexts).map(|m| self.weights[m] * values[m * size + index]).sum();
            (0..size).map(mean).collect()
        };
        Self {
            contexts: 1,
            weights: vec![1.0],
            starts: average(&self.starts),
            kernels: average(&self.kernels),
            rewards: average(&self.rewards),
            visits: self.visits[..self.states * self.actions].to_vec(),
            ..self.clone()
        }
    }

    /// Replaces kernels by frequencies, and the mixture too unless it is `known`.
    pub fn refresh(&mut self, counts: &Counts, known: bool) {
        let contexts = counts.contexts();
        if !known {
            let episodes: Vec<u64> = counts.starts.chunks(self.states).map(|row| row.iter().sum()).collect();
            frequencies(&episodes, &mut self.weights);
            for context in 0..contexts {
                let row = context * self.states..(context + 1) * self.states;
                frequencies(&counts.starts[row.clone()], &mut self.starts[row]);
            }
        }
        self.visits.copy_from_slice(&counts.visits);
        for triple in 0..self.visits.len() {
            let row = triple * self.states..(triple + 1) * self.states;
            frequencies(&counts.transitions[row.clone()], &mut self.kernels[row]);
        }
    }

    /// P(. | s, a) in a context, `[S]`.
    pub fn kernel(&self, context: usize, state: usize, action: usize) -> &[f64] {
        &self.kernels[self.triple(context, state, action) * self.states..][..self.states]
    }

    /// Index of a context, state and action in `[M, S, A]`.
    pub fn triple(&self, context: usize, state: usize, action: usize) -> usize {
        (context * self.states + state) * self.actions + action
    }

    /// States that can follow an action of a state in some context, in order.
    pub fn support(&self, everywhere: bool, state: usize, action: usize) -> Vec<usize> {
        let seen = |next: &usize| {
            (0..self.contexts).any(|context| {
                self.visits[self.triple(context, state, action)] > 0
                    && self.kernel(context, state, action)[*next] > 0.0
            })
        };
        (0..self.states).filter(|next| everywhere || seen(next)).collect()
    }

    /// Whether an action leads to the same as every other, in every context: `[S]`.
    pub fn indifferent(&self) -> Vec<bool> {
        let same = |context: usize, state: usize, action: usize| {
            self.rewards[self.triple(context, state, action)] == self.rewards[self.triple(context, state, 0)]
                && self.kernel(context, state, action) == self.kernel(context, state, 0)
        };
        let all = |state: usize| {
            (0..self.contexts * self.actions)
                .all(|index| same(index / self.actions, state, index % self.actions))
        };
        (0..self.states).map(all).collect()
    }

    /// The belief about the context after an episode's first state.
    pub fn first_belief(&self, state: usize, belief: &mut [f64]) {
        for (context, value) in belief.iter_mut().enumerate() {
            *value = self.weights[context] * self.starts[context * self.states + state].max(FLOOR);
        }
        normalise(belief);
    }

    /// Updates a belief by a step.
    pub fn update_belief(&self, belief: &mut [f64], state: usize, action: usize, next: usize) {
        for (context, value) in belief.iter_mut().enumerate() {
            *value *= self.kernels[self.triple(context, state, action) * self.states + next].max(FLOOR);
        }
        normalise(belief);
    }
}

fn normalise(belief: &mut [f64]) {
    let sum: f64 = belief.iter().sum();
    belief.iter_mut().for_each(|value| *value /= sum);
}

/// Shares of the counts, equal ones where nothing was counted.
fn frequencies(counts: &[u64], shares: &mut [f64]) {
    let sum: u64 = counts.iter().sum();
    for (share, &count) in shares.iter_mut().zip(counts) {
        *share = if sum > 0 { count as f64 / sum as f64 } else { 1.0 / counts.len() as f64 };
    }
}

/// Context, state and action of an index into `[M, S, A]`.
fn split(triple: usize, states: usize, actions: usize) -> (usize, usize, usize) {
    let (pair, action) = (triple / actions, triple % actions);
    (pair / states, pair % states, action)
}
