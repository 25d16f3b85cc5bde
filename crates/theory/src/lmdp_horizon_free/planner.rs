//! Point-based planning in a latent process: the paper treats planning as an oracle.
//!
//! For each step and state a set of alpha vectors is kept, each tagged with an action. Backward from
//! the horizon, for every belief of a grid and every action, each next state continues with the
//! vector that is best for the belief there; of the backed-up vectors the best for the belief is
//! kept. With the exact backup this is point-based value iteration (Pineau, Gordon and Thrun,
//! *Point-based value iteration: An anytime algorithm for POMDPs*, 2003), exact as the grid grows.

use rand_chacha::ChaCha8Rng;
use worlds::noise::dirichlet;

use super::{
    Backup,
    counts::{FLOOR, Model},
};

/// Beliefs over `contexts` contexts, flat: evenly spaced with two, random ones and the corners with
/// more.
pub fn beliefs(contexts: usize, points: usize, draws: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    match contexts {
        1 => vec![1.0],
        2 => {
            let share = |point: usize| point as f64 / (points - 1) as f64;
            (0..points).flat_map(|point| [1.0 - share(point), share(point)]).collect()
        }
        _ => {
            let corner = |at: usize| (0..contexts).map(move |context| f64::from(u8::from(context == at)));
            let corners = (0..contexts).flat_map(corner);
            corners.chain((0..draws).flat_map(|_| dirichlet(contexts, 1.0, random))).collect()
        }
    }
}

/// Vectors, tags and continuations for every step and state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeliefPlan {
    contexts: usize,
    states: usize,
    /// First vector and number of vectors of step t and state s, at t S + s; t = 0 .. H.
    sets: Vec<(u32, u32)>,
    alphas: Vec<f64>,
    tags: Vec<u32>,
    /// Index, in its set, of the vector that each next state continues with, `[vectors, S]`.
    continuations: Vec<u16>,
}

impl BeliefPlan {
    fn new(model: &Model) -> Self {
        let levels = model.horizon + 1;
        let mut plan = Self {
            contexts: model.contexts,
            states: model.states,
            sets: vec![(0, 0); levels * model.states],
            ..Self::default()
        };
        // After the last step nothing is worth anything.
        for state in 0..model.states {
            plan.sets[model.horizon * model.states + state] = (state as u32, 1);
            plan.alphas.extend(std::iter::repeat_n(0.0, model.contexts));
            plan.tags.push(0);
            plan.continuations.extend(std::iter::repeat_n(0, model.states));
        }
        plan
    }

    /// The vectors of a step and state, one after the other.
    fn set(&self, step: usize, state: usize) -> &[f64] {
        let (first, count) = self.sets[step * self.states + state];
        &self.alphas[first as usize * self.contexts..][..count as usize * self.contexts]
    }

    fn index(&self, step: usize, state: usize, vector: usize) -> usize {
        self.sets[step * self.states + state].0 as usize + vector
    }

    /// The vector of a step and state that is best for a belief, as its index in the set.
    pub fn best(&self, step: usize, state: usize, belief: &[f64]) -> usize {
        best(self.set(step, state), belief)
    }

    /// The action of a vector.
    pub fn action(&self, step: usize, state: usize, vector: usize) -> usize {
        self.tags[self.index(step, state, vector)] as usize
    }

    /// The value in each context, `[M]`.
    pub fn alpha(&self, step: usize, state: usize, vector: usize) -> &[f64] {
        &self.alphas[self.index(step, state, vector) * self.contexts..][..self.contexts]
    }

    /// The vector with which `next` continues.
    pub fn continuation(&self, step: usize, state: usize, vector: usize, next: usize) -> usize {
        self.continuations[self.index(step, state, vector) * self.states + next] as usize
    }

    /// Number of vectors, for all steps and states.
    pub fn vectors(&self) -> usize {
        self.tags.len()
    }

    /// The value under the model's mixture: sum_m w_m sum_s nu_m(s) alpha_m(s).
    pub fn value(&self, model: &Model) -> f64 {
        let mut belief = vec![0.0; self.contexts];
        let mut value = 0.0;
        for state in 0..self.states {
            model.first_belief(state, &mut belief);
            let alpha = self.alpha(0, state, self.best(0, state, &belief));
            for (context, alpha) in alpha.iter().enumerate() {
                value += model.weights[context] * model.starts[context * self.states + state] * alpha;
            }
        }
        value
    }
}

/// The first vector with the greatest product with `weights`.
fn best(set: &[f64], weights: &[f64]) -> usize {
    if set.len() == weights.len() {
        return 0;
    }
    let mut best = (f64::NEG_INFINITY, 0);
    for (index, alpha) in set.chunks_exact(weights.len()).enumerate() {
        let value = alpha.iter().zip(weights).map(|(alpha, weight)| alpha * weight).sum::<f64>();
        if value > best.0 {
            best = (value, index);
        }
    }
    best.1
}

/// What an action in a state can lead to.
struct Branch {
    support: Vec<usize>,
    /// Beliefs times the probability of each next state, `[support, beliefs, M]`.
    mixtures: Vec<f64>,
}

/// An action in a state at a step, with the plan of all later steps.
struct Moment<'a> {
    plan: &'a BeliefPlan,
    step: usize,
    state: usize,
    action: usize,
    branch: &'a Branch,
}

/// Backs up on a grid of beliefs, in buffers that are reused.
pub struct Planner {
    beliefs: Vec<f64>,
    contexts: usize,
    /// Continuation of every next state for every belief, `[beliefs, support]`.
    choices: Vec<u16>,
    candidates: Candidates,
    /// Best candidate of every belief, and its value.
    winners: Vec<(f64, usize)>,
    next: Vec<f64>,
}

/// Backed-up vectors of one step and state.
#[derive(Default)]
struct Candidates {
    actions: Vec<u32>,
    alphas: Vec<f64>,
    /// `[candidates, S]`.
    continuations: Vec<u16>,
    /// Vector of the plan that a candidate became.
    kept: Vec<Option<u32>>,
}

impl Candidates {
    fn clear(&mut self) {
        self.actions.clear();
        self.alphas.clear();
        self.continuations.clear();
        self.kept.clear();
    }
}

impl Planner {
    /// A planner on these beliefs.
    pub fn new(beliefs: Vec<f64>, contexts: usize) -> Self {
        Self {
            winners: vec![(0.0, 0); beliefs.len() / contexts],
            beliefs,
            contexts,
            choices: Vec::new(),
            candidates: Candidates::default(),
            next: Vec::new(),
        }
    }

    /// The plan for a model.
    pub fn solve(&mut self, model: &Model, backup: &mut Backup) -> BeliefPlan {
        let branches: Vec<Branch> = (0..model.states * model.actions)
            .map(|pair| {
                let (state, action) = (pair / model.actions, pair % model.actions);
                self.branch(model, backup.looks_everywhere(), state, action)
            })
            .collect();
        let mut plan = BeliefPlan::new(model);
        for step in (0..model.horizon).rev() {
            for state in 0..model.states {
                self.candidates.clear();
                self.winners.fill((f64::NEG_INFINITY, 0));
                for action in 0..model.actions {
                    let branch = &branches[state * model.actions + action];
                    let at = Moment { plan: &plan, step, state, action, branch };
                    self.choose(&at);
                    self.back_up(&at, model, backup);
                }
                self.keep(&mut plan, step, state);
            }
        }
        plan
    }

    fn branch(&self, model: &Model, everywhere: bool, state: usize, action: usize) -> Branch {
        let support = model.support(everywhere, state, action);
        let mut mixtures = Vec::with_capacity(support.len() * self.beliefs.len());
        for &next in &support {
            for belief in self.beliefs.chunks(self.contexts) {
                let weight = |(context, belief): (usize, &f64)| {
                    belief * model.kernel(context, state, action)[next].max(FLOOR)
                };
                mixtures.extend(belief.iter().enumerate().map(weight));
            }
        }
        Branch { support, mixtures }
    }

    /// For every belief and next state, the vector to continue with.
    fn choose(&mut self, at: &Moment<'_>) {
        let branch = at.branch;
        let (size, beliefs) = (branch.support.len(), self.winners.len());
        self.choices.clear();
        self.choices.resize(size * beliefs, 0);
        for (place, &next) in branch.support.iter().enumerate() {
            let set = at.plan.set(at.step + 1, next);
            if set.len() == self.contexts {
                continue;
            }
            let mixtures = branch.mixtures.chunks_exact(self.contexts).skip(place * beliefs);
            for (choice, mixture) in self.choices[place..].iter_mut().step_by(size).zip(mixtures) {
                *choice = best(set, mixture) as u16;
            }
        }
    }

    /// Backs up each set of choices once, and notes which beliefs it is best for.
    fn back_up(&mut self, at: &Moment<'_>, model: &Model, backup: &mut Backup) {
        let (size, contexts) = (at.branch.support.len(), self.contexts);
        let first = self.candidates.actions.len();
        for point in 0..self.winners.len() {
            let choices = &self.choices[point * size..(point + 1) * size];
            let same = |candidate: &usize| {
                let row = &self.candidates.continuations[candidate * model.states..][..model.states];
                at.branch.support.iter().zip(choices).all(|(&next, choice)| row[next] == *choice)
            };
            // Neighbouring beliefs mostly agree.
            let made = (first..self.candidates.actions.len()).rev().find(same);
            let candidate = made.unwrap_or_else(|| self.add_candidate(at, point, model, backup));
            let alpha = &self.candidates.alphas[candidate * contexts..][..contexts];
            let belief = &self.beliefs[point * contexts..][..contexts];
            let value = alpha.iter().zip(belief).map(|(alpha, belief)| alpha * belief).sum::<f64>();
            if value > self.winners[point].0 {
                self.winners[point] = (value, candidate);
            }
        }
    }

    /// The backed-up vector of a belief's choices; gives its index among the candidates.
    fn add_candidate(&mut self, at: &Moment<'_>, point: usize, model: &Model, backup: &mut Backup) -> usize {
        let (support, contexts) = (&at.branch.support, self.contexts);
        let choices = &self.choices[point * support.len()..(point + 1) * support.len()];
        let candidates = &mut self.candidates;
        candidates.actions.push(at.action as u32);
        candidates.kept.push(None);
        let row = candidates.continuations.len();
        candidates.continuations.resize(row + model.states, 0);
        for (&next, &choice) in support.iter().zip(choices) {
            candidates.continuations[row + next] = choice;
        }
        for context in 0..contexts {
            self.next.clear();
            let value = |(&next, &choice): (&usize, &u16)| {
                at.plan.set(at.step + 1, next)[choice as usize * contexts + context]
            };
            self.next.extend(support.iter().zip(choices).map(value));
            let triple = model.triple(context, at.state, at.action);
            candidates.alphas.push(backup.alpha(model, triple, support, &self.next));
        }
        candidates.actions.len() - 1
    }

    /// Moves the winners into the plan, equal ones once.
    fn keep(&mut self, plan: &mut BeliefPlan, step: usize, state: usize) {
        let first = plan.tags.len();
        let (contexts, states) = (self.contexts, plan.states);
        for &(_, candidate) in &self.winners {
            if self.candidates.kept[candidate].is_some() {
                continue;
            }
            let alpha = &self.candidates.alphas[candidate * contexts..][..contexts];
            let action = self.candidates.actions[candidate];
            let equal = |vector: &usize| {
                plan.tags[*vector] == action && plan.alphas[vector * contexts..][..contexts] == *alpha
            };
            let vector = match (first..plan.tags.len()).find(equal) {
                Some(vector) => vector,
                None => {
                    plan.alphas.extend_from_slice(alpha);
                    plan.tags.push(action);
                    let row = &self.candidates.continuations[candidate * states..][..states];
                    plan.continuations.extend_from_slice(row);
                    plan.tags.len() - 1
                }
            };
            self.candidates.kept[candidate] = Some(vector as u32);
        }
        plan.sets[step * states + state] = (first as u32, (plan.tags.len() - first) as u32);
    }
}
