//! Regret without the noise of returns.

use worlds::tabular::LatentMdp;

use super::{Backup, BeliefPlan, Model, Planner};

/// The best policy of the true process, and what any other policy loses against it.
///
/// The plan is a finite controller whose alpha vectors are exact, so for every history they tell
/// what the best policy would still earn in each context. By the performance-difference lemma the
/// regret of an episode has the same expectation as the sum, over the steps at which the learner
/// departs from the plan, of alpha_m(h) - R_m(s, a) - sum_s' P_m(s'|s, a) alpha_m(h a s'), whatever
/// vectors the plan is taken up with after a departure: here those that are best for the true
/// belief. The sum is 0 along the plan, where a realised return is a coin's toss.
pub struct Reference {
    model: Model,
    plan: BeliefPlan,
    indifferent: Vec<bool>,
    value: f64,
}

/// Where the plan stands in an episode.
pub struct Position {
    vector: usize,
    belief: Vec<f64>,
    next_belief: Vec<f64>,
}

impl Reference {
    /// Plans on the true kernels, on these beliefs.
    pub fn new(mdp: &LatentMdp, beliefs: Vec<f64>) -> Self {
        let model = Model::exact(mdp);
        let plan = Planner::new(beliefs, model.contexts).solve(&model, &mut Backup::Exact);
        Self { value: plan.value(&model), indifferent: model.indifferent(), plan, model }
    }

    /// V*, up to the grid of beliefs.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Before the first step of an episode.
    pub fn begin(&self, state: usize) -> Position {
        let mut belief = vec![0.0; self.model.contexts];
        self.model.first_belief(state, &mut belief);
        Position { vector: self.plan.best(0, state, &belief), next_belief: belief.clone(), belief }
    }

    /// What taking `action` in `state` of `context` at this step gives up, 0 along the plan.
    pub fn step(
        &self,
        at: &mut Position,
        step: usize,
        context: usize,
        (state, action, next): (usize, usize, usize),
    ) -> f64 {
        let followed = self.indifferent[state] || self.plan.action(step, state, at.vector) == action;
        let loss = if followed {
            at.vector = self.plan.continuation(step, state, at.vector, next);
            0.0
        } else {
            self.depart(at, step, context, (state, action, next))
        };
        self.model.update_belief(&mut at.belief, state, action, next);
        loss
    }

    fn depart(
        &self,
        at: &mut Position,
        step: usize,
        context: usize,
        (state, action, next): (usize, usize, usize),
    ) -> f64 {
        let planned = self.plan.alpha(step, state, at.vector)[context];
        let mut earned = self.model.rewards[self.model.triple(context, state, action)];
        for (other, &probability) in self.model.kernel(context, state, action).iter().enumerate() {
            if probability == 0.0 {
                continue;
            }
            at.next_belief.copy_from_slice(&at.belief);
            self.model.update_belief(&mut at.next_belief, state, action, other);
            let vector = self.plan.best(step + 1, other, &at.next_belief);
            earned += probability * self.plan.alpha(step + 1, other, vector)[context];
            if other == next {
                at.vector = vector;
            }
        }
        planned - earned
    }
}
