//! Stationary distributions.

use nalgebra::{DMatrix, DVector};

use super::solve::solved;
use super::{Model, Policy};

impl Model {
    /// `[S]`: long-run share of time in every state if episodes begin anew from the start
    /// distribution where they end. With one closed class of states it is the left eigenvector of
    /// the transition matrix for the eigenvalue 1; with several it is their mixture by the
    /// probability that the process, begun from the start distribution, ends up in each.
    pub fn stationary(&self, policy: &Policy) -> Vec<f64> {
        let chain = self.restarting(policy);
        let classes = closed_classes(&chain);
        let mut shares = vec![0.0; self.states()];
        for class in &classes {
            let weight = if classes.len() == 1 { 1.0 } else { self.absorption(&chain, &classes, class) };
            for (&state, share) in class.iter().zip(stationary_within(&chain, class)) {
                shares[state] = weight * share;
            }
        }
        shares
    }

    /// The transition matrix with a restart for every end; rows sum to 1.
    fn restarting(&self, policy: &Policy) -> DMatrix<f64> {
        let mut chain = self.transition_matrix(policy);
        for mut row in chain.row_iter_mut() {
            let ends = 1.0 - row.sum();
            // Below this there is nothing but rounding.
            if ends > 1e-14 {
                row.iter_mut().zip(self.start()).for_each(|(entry, start)| *entry += ends * start);
            }
        }
        chain
    }

    /// Probability that the process enters `class`, one of the closed `classes`: with transient
    /// states T, h = (I - P_TT)^-1 P_T,class 1.
    fn absorption(&self, chain: &DMatrix<f64>, classes: &[Vec<usize>], class: &[usize]) -> f64 {
        let transient: Vec<usize> = (0..self.states())
            .filter(|state| !classes.iter().flatten().any(|other| other == state))
            .collect();
        let size = transient.len();
        let entry = |row: usize, column: usize| chain[(transient[row], transient[column])];
        let system = DMatrix::identity(size, size) - DMatrix::from_fn(size, size, entry);
        let enters = |row: usize| class.iter().map(|&state| chain[(transient[row], state)]).sum();
        let later = solved(system, DVector::from_fn(size, |row, _| enters(row)));
        let at_once: f64 = class.iter().map(|&state| self.start()[state]).sum();
        at_once
            + transient.iter().zip(later).map(|(&state, enters)| self.start()[state] * enters).sum::<f64>()
    }
}

/// The closed classes of communicating states, each sorted: sets of states that all reach each
/// other and nothing else.
fn closed_classes(chain: &DMatrix<f64>) -> Vec<Vec<usize>> {
    let size = chain.nrows();
    let successors = |state: usize| (0..size).filter(move |&next| chain[(state, next)] > 0.0).collect();
    let successors: Vec<Vec<usize>> = (0..size).map(successors).collect();
    let reached: Vec<Vec<bool>> = (0..size).map(|state| reachable(&successors, state)).collect();
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (state, reach) in reached.iter().enumerate() {
        let class: Vec<usize> = (0..size).filter(|&other| reach[other]).collect();
        // Every class is found once, from its first state.
        if class.first() == Some(&state) && class.iter().all(|&other| reached[other][state]) {
            classes.push(class);
        }
    }
    classes
}

/// Whether each state can follow `state`, at once or later.
fn reachable(successors: &[Vec<usize>], state: usize) -> Vec<bool> {
    let mut reached = vec![false; successors.len()];
    let mut open = vec![state];
    while let Some(state) = open.pop() {
        for &next in &successors[state] {
            if !reached[next] {
                reached[next] = true;
                open.push(next);
            }
        }
    }
    reached
}

/// The stationary distribution on a closed class: d (I - P) = 0, where the last equation, which
/// follows from the others, is replaced by sum d = 1.
fn stationary_within(chain: &DMatrix<f64>, class: &[usize]) -> Vec<f64> {
    let size = class.len();
    let mut system = DMatrix::from_fn(size, size, |row, column| {
        let identity = if row == column { 1.0 } else { 0.0 };
        identity - chain[(class[column], class[row])]
    });
    system.row_mut(size - 1).fill(1.0);
    let mut right = DVector::zeros(size);
    right[size - 1] = 1.0;
    solved(system, right)
}
