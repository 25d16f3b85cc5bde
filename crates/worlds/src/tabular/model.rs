//! Exactly known Markov decision processes, and what follows from them.

use std::collections::VecDeque;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// One outcome of an action in a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// Index of the next state; without meaning where the episode ends.
    pub state: usize,
    /// Probability of this outcome, above 0.
    pub probability: f64,
    /// Reward of this outcome.
    pub reward: f64,
    /// Whether it ends the episode, so that nothing more is earned.
    pub terminal: bool,
}

/// States, actions, outcomes and the distribution of first states of a world.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    actions: usize,
    outcomes: Vec<Vec<Transition>>,
    start: Vec<f64>,
}

impl Model {
    /// The model whose outcomes of `action` in `state` are `outcomes(state, action)` and whose
    /// episodes begin in state `s` with probability `start[s]`. Outcomes that differ in nothing but
    /// their probability are joined, impossible ones left out.
    pub fn new(
        actions: usize,
        start: Vec<f64>,
        mut outcomes: impl FnMut(usize, usize) -> Vec<Transition>,
    ) -> Self {
        let pairs = (0..start.len() * actions).map(|pair| (pair / actions, pair % actions));
        let outcomes = pairs.map(|(state, action)| joined(outcomes(state, action))).collect();
        Self { actions, outcomes, start }
    }

    /// Number of states.
    pub fn states(&self) -> usize {
        self.start.len()
    }

    /// Number of actions.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// Probability of each state to be an episode's first.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// All outcomes of an action in a state.
    pub fn outcomes(&self, state: usize, action: usize) -> &[Transition] {
        &self.outcomes[state * self.actions + action]
    }

    /// Expected reward plus discounted value of what follows an action in a state, where
    /// `values[s]` is what state `s` is worth.
    pub fn action_value(&self, state: usize, action: usize, discount: f64, values: &[f64]) -> f64 {
        let worth = |outcome: &Transition| {
            let future = if outcome.terminal { 0.0 } else { discount * values[outcome.state] };
            outcome.probability * (outcome.reward + future)
        };
        self.outcomes(state, action).iter().map(worth).sum()
    }

    /// Expected reward of an action in a state.
    pub fn expected_reward(&self, state: usize, action: usize) -> f64 {
        self.outcomes(state, action).iter().map(|outcome| outcome.probability * outcome.reward).sum()
    }

    /// What an episode is worth from its start on, where `values[s]` is what state `s` is worth.
    pub fn start_value(&self, values: &[f64]) -> f64 {
        values.iter().zip(&self.start).map(|(value, probability)| value * probability).sum()
    }

    /// One outcome of an action in a state, drawn with its probability.
    pub fn step(&self, state: usize, action: usize, random: &mut ChaCha8Rng) -> Transition {
        let outcomes = self.outcomes(state, action);
        outcomes[draw(outcomes.iter().map(|outcome| outcome.probability), random)]
    }

    /// The first state of an episode, drawn with its probability.
    pub fn sample_start(&self, random: &mut ChaCha8Rng) -> usize {
        draw(self.start.iter().copied(), random)
    }

    /// Expected undiscounted return of the best policy over `horizon` steps, which may act
    /// differently at every step.
    pub fn optimal_return(&self, horizon: usize) -> f64 {
        self.finite_return(horizon, largest)
    }

    /// Expected undiscounted return of uniformly random actions over `horizon` steps.
    pub fn random_return(&self, horizon: usize) -> f64 {
        self.finite_return(horizon, mean)
    }

    /// Fewest steps in which `target` can be reached from every state, counting every outcome that
    /// has a chance; `None` where it never is.
    pub fn distances(&self, target: usize) -> Vec<Option<usize>> {
        let mut sources = vec![Vec::new(); self.states()];
        for state in 0..self.states() {
            for action in 0..self.actions {
                for outcome in self.outcomes(state, action) {
                    sources[outcome.state].push(state);
                }
            }
        }
        let mut distances = vec![None; self.states()];
        distances[target] = Some(0);
        let mut queue = VecDeque::from([(target, 0)]);
        while let Some((state, distance)) = queue.pop_front() {
            for &source in &sources[state] {
                if distances[source].is_none() {
                    distances[source] = Some(distance + 1);
                    queue.push_back((source, distance + 1));
                }
            }
        }
        distances
    }

    fn finite_return(&self, horizon: usize, pick: fn(&mut dyn Iterator<Item = f64>) -> f64) -> f64 {
        let mut values = vec![0.0; self.states()];
        for _ in 0..horizon {
            let backed_up = |state| {
                pick(&mut (0..self.actions).map(|action| self.action_value(state, action, 1.0, &values)))
            };
            values = (0..self.states()).map(backed_up).collect();
        }
        self.start_value(&values)
    }
}

/// An index drawn with the given probabilities, by one uniform number; never one of probability 0.
pub(super) fn draw(probabilities: impl Iterator<Item = f64>, random: &mut ChaCha8Rng) -> usize {
    let mut left: f64 = random.random();
    let mut last = 0;
    for (index, probability) in probabilities.enumerate() {
        if probability > 0.0 {
            // Rounding may leave a rest behind the last possible index.
            last = index;
            if left < probability {
                break;
            }
            left -= probability;
        }
    }
    last
}

fn joined(outcomes: Vec<Transition>) -> Vec<Transition> {
    let mut distinct: Vec<Transition> = Vec::with_capacity(outcomes.len());
    for outcome in outcomes.into_iter().filter(|outcome| outcome.probability > 0.0) {
        let probability = 0.0;
        let bare = Transition { probability, ..outcome };
        match distinct.iter_mut().find(|other| Transition { probability, ..**other } == bare) {
            Some(other) => other.probability += outcome.probability,
            None => distinct.push(outcome),
        }
    }
    distinct
}

fn largest(values: &mut dyn Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}

fn mean(values: &mut dyn Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}
