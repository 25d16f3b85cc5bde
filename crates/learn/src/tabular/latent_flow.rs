//! The learning dynamics of linear self-prediction on a finite chain, in expectation (Tang et al.,
//! 2023, "Understanding Self-Predictive Learning for Reinforcement Learning", arXiv 2212.03319).
//!
//! With the predictor always at its best and no gradient through the target, the Gram matrix of the
//! representation is conserved, whatever the chain and its weights: the optimality
//! `S' (W S A - C T) = 0` makes `S' dS/dt` vanish. So it cannot collapse. Steps of finite size add
//! growth of the second order. Without either condition it does collapse.

use nalgebra::DMatrix;

use super::chain::{Chain, Direction};

/// How the predictor follows the representation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PredictorRule {
    /// It is the best one at every step.
    Best,
    /// It takes gradient steps of its own before every step of the representation.
    Gradient {
        /// Their size; large beside the representation's step size is the fast time scale.
        step_size: f64,
        /// How many.
        updates: usize,
    },
}

/// How a step is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Step size of the representation, eta.
    pub step_size: f64,
    /// The predictor's part.
    pub predictor: PredictorRule,
    /// Whether the target's own gradient is dropped.
    pub stop_gradient: bool,
}

/// A representation that learns to predict itself, or two that predict each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Representation of the states, Phi `[n, k]`.
    pub representation: DMatrix<f64>,
    /// Predictor of the successor's latent `[k, k]`.
    pub predictor: DMatrix<f64>,
    /// The second representation where prediction goes both ways.
    pub backward: Option<Backward>,
}

/// The second representation: that of successors, from which the state that was left is predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Backward {
    /// Representation of the successors, Psi `[n, k]`.
    pub representation: DMatrix<f64>,
    /// Predictor of the latent of the state that was left `[k, k]`.
    pub predictor: DMatrix<f64>,
}

/// A chain as the dynamics see it.
#[derive(Clone, Debug)]
pub struct Directions {
    forward: Direction,
    backward: Direction,
}

impl Directions {
    /// Both directions of a chain.
    pub fn of(chain: &Chain) -> Self {
        Self { forward: chain.forward(), backward: chain.backward() }
    }
}

impl Flow {
    /// One step of the predictors and then of the representations, which move at the same time.
    pub fn step(&mut self, directions: &Directions, rule: &Rule) {
        let forward = &directions.forward;
        let Some(second) = &mut self.backward else {
            let phi = &self.representation;
            follow(&mut self.predictor, forward, phi, phi, &rule.predictor);
            let mut gradient = forward.source_gradient(phi, &self.predictor, phi);
            if !rule.stop_gradient {
                gradient += forward.target_gradient(phi, &self.predictor, phi);
            }
            self.representation -= gradient * rule.step_size;
            return;
        };
        let backward = &directions.backward;
        let (phi, psi) = (&self.representation, &second.representation);
        follow(&mut self.predictor, forward, phi, psi, &rule.predictor);
        follow(&mut second.predictor, backward, psi, phi, &rule.predictor);
        let mut left = forward.source_gradient(phi, &self.predictor, psi);
        let mut right = backward.source_gradient(psi, &second.predictor, phi);
        if !rule.stop_gradient {
            left += backward.target_gradient(psi, &second.predictor, phi);
            right += forward.target_gradient(phi, &self.predictor, psi);
        }
        self.representation -= left * rule.step_size;
        second.representation -= right * rule.step_size;
    }

    /// The losses of forward and, where there is one, backward prediction.
    pub fn losses(&self, directions: &Directions) -> (f64, Option<f64>) {
        let phi = &self.representation;
        match &self.backward {
            None => (directions.forward.loss(phi, &self.predictor, phi), None),
            Some(second) => {
                let psi = &second.representation;
                let backward = directions.backward.loss(psi, &second.predictor, phi);
                (directions.forward.loss(phi, &self.predictor, psi), Some(backward))
            }
        }
    }

    /// The representation of what is predicted: the second one, or the same where there is one.
    pub fn target(&self) -> &DMatrix<f64> {
        self.backward.as_ref().map_or(&self.representation, |second| &second.representation)
    }
}

fn follow(
    predictor: &mut DMatrix<f64>,
    direction: &Direction,
    source: &DMatrix<f64>,
    target: &DMatrix<f64>,
    rule: &PredictorRule,
) {
    match *rule {
        PredictorRule::Best => *predictor = direction.best_predictor(source, target),
        PredictorRule::Gradient { step_size, updates } => {
            for _ in 0..updates {
                *predictor -= direction.predictor_gradient(source, predictor, target) * step_size;
            }
        }
    }
}

#[cfg(test)]
mod tests;
