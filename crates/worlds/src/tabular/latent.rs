//! Latent Markov decision processes: a mixture of processes over the same states and actions. Each
//! episode nature draws which one, the learner acts without knowing it, and is told after the
//! episode (Kwon et al., *RL for Latent MDPs: Regret Guarantees and a Lower Bound*, 2021; context in
//! hindsight as in Zhou, Wang and Du, *Horizon-Free and Variance-Dependent Reinforcement Learning
//! for Latent Markov Decision Processes*, 2023).

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{WorldError, WorldName};

/// A mixture of finite processes of a fixed number of steps, known exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentMdp {
    states: usize,
    actions: usize,
    horizon: usize,
    weights: Vec<f64>,
    starts: Vec<f64>,
    kernels: Vec<f64>,
    rewards: Vec<f64>,
}

impl LatentMdp {
    /// Contexts with the given `weights` (positive, summing to 1), first states drawn from
    /// `starts[m]` (length S), episodes of `horizon` steps. `dynamics(m, s, a)` gives the reward of
    /// an action and the probabilities of its next states.
    pub fn new(
        horizon: usize,
        actions: usize,
        weights: Vec<f64>,
        starts: &[Vec<f64>],
        mut dynamics: impl FnMut(usize, usize, usize) -> (f64, Vec<(usize, f64)>),
    ) -> Self {
        let states = starts.first().map_or(0, Vec::len);
        let triples = weights.len() * states * actions;
        let (mut kernels, mut rewards) = (vec![0.0; triples * states], Vec::with_capacity(triples));
        for triple in 0..triples {
            let (pair, action) = (triple / actions, triple % actions);
            let (reward, outcomes) = dynamics(pair / states, pair % states, action);
            rewards.push(reward);
            for (next, probability) in outcomes {
                kernels[triple * states + next] += probability;
            }
        }
        Self { states, actions, horizon, weights, starts: starts.concat(), kernels, rewards }
    }

    /// The latent process behind the world of this name; none where there is none, or where a
    /// modifier changes it.
    ///
    /// # Errors
    /// The name does not parse, or an option does not fit.
    pub fn named(name: &str) -> Result<Option<Self>, WorldError> {
        let name: WorldName = name.parse()?;
        let plain = name.base() == super::latent_rooms::NAME && name.modifiers.is_empty();
        plain.then(|| super::latent_rooms::rooms(&name.options)).transpose()
    }

    /// M, the number of contexts.
    pub fn contexts(&self) -> usize {
        self.weights.len()
    }

    /// S.
    pub fn states(&self) -> usize {
        self.states
    }

    /// A.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// H, the steps of every episode.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Probability of each context, `[M]`.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Probability of each first state in a context, `[S]`.
    pub fn start(&self, context: usize) -> &[f64] {
        &self.starts[context * self.states..][..self.states]
    }

    /// Probability of each next state, `[S]`.
    pub fn kernel(&self, context: usize, state: usize, action: usize) -> &[f64] {
        &self.kernels[self.triple(context, state, action) * self.states..][..self.states]
    }

    /// The reward of an action, which is not random.
    pub fn reward(&self, context: usize, state: usize, action: usize) -> f64 {
        self.rewards[self.triple(context, state, action)]
    }

    fn triple(&self, context: usize, state: usize, action: usize) -> usize {
        (context * self.states + state) * self.actions + action
    }

    /// Gamma, the greatest number of states that can follow an action.
    pub fn branching(&self) -> usize {
        let support = |row: &[f64]| row.iter().filter(|probability| **probability > 0.0).count();
        self.kernels.chunks(self.states).map(support).max().unwrap_or(0)
    }

    /// The greatest total reward of any episode that has a chance.
    pub fn greatest_return(&self) -> f64 {
        // The best that follows, where only what has a chance counts.
        let reachable = |probabilities: &[f64], values: &[f64]| {
            let pairs = probabilities.iter().zip(values).filter(|(probability, _)| **probability > 0.0);
            pairs.map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max)
        };
        let best = |context: usize| {
            let mut values = vec![0.0; self.states];
            for _ in 0..self.horizon {
                let of_pair = |pair: usize| {
                    let (state, action) = (pair / self.actions, pair % self.actions);
                    let next = reachable(self.kernel(context, state, action), &values);
                    self.reward(context, state, action) + next
                };
                let pairs: Vec<f64> = (0..self.states * self.actions).map(of_pair).collect();
                let most = |choices: &[f64]| choices.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                values = pairs.chunks(self.actions).map(most).collect();
            }
            reachable(self.start(context), &values)
        };
        (0..self.contexts()).map(best).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Draws a context.
    pub fn sample_context(&self, random: &mut ChaCha8Rng) -> usize {
        sample(&self.weights, random)
    }

    /// Draws an episode's first state.
    pub fn sample_start(&self, context: usize, random: &mut ChaCha8Rng) -> usize {
        sample(self.start(context), random)
    }

    /// Draws the next state.
    pub fn step(&self, context: usize, state: usize, action: usize, random: &mut ChaCha8Rng) -> usize {
        sample(self.kernel(context, state, action), random)
    }
}

/// An index drawn with these probabilities. Where one of them is 1 nothing is drawn.
fn sample(probabilities: &[f64], random: &mut ChaCha8Rng) -> usize {
    if let Some(index) = probabilities.iter().position(|probability| *probability >= 1.0) {
        return index;
    }
    let mut left: f64 = random.random();
    let mut last = 0;
    for (index, &probability) in probabilities.iter().enumerate() {
        if probability > 0.0 {
            last = index;
            left -= probability;
            if left < 0.0 {
                break;
            }
        }
    }
    last
}
