//! A corridor with random rewards at both ends, on which mappings of values that average in mapped
//! space are biased (after Fatemi and Tavakoli, *Orchestrated Value Mapping for Reinforcement
//! Learning*, 2022).

use super::world::{OBS, read_discount};
use super::{Definition, Model, Scene, Table, Transition};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError};

const CELLS: usize = 10;
const FLIP: f64 = 0.2;
/// Probabilities and rewards of leaving on the left and on the right.
const LEFT: [(f64, f64); 2] = [(0.5, -1.0), (0.5, 0.4)];
const RIGHT: [(f64, f64); 2] = [(0.2, 5.0), (0.8, 0.0)];
/// A policy that runs to the middle from both sides leaves after thousands of steps only.
const HORIZON: usize = 1_000;

/// Ten cells in a row; action 0 goes left, 1 right, and with probability 0.2 the other way. Leaving
/// on the left pays -1 or 0.4, on the right 5 (with probability 0.2) or 0, and ends; the next
/// episode begins in any cell. Episodes are truncated after 1000 steps.
#[derive(Clone, Copy, Debug)]
pub struct StochasticCorridor;

impl Definition for StochasticCorridor {
    const NAME: &'static str = "stochastic-corridor";
    const SUMMARY: &'static str = "corridor of ten cells with random rewards at both ends";
    const OPTIONS: &'static [OptionHelp] =
        &[OBS, help("discount", "0.9", "the table's discount, 0 to 0.9999")];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let discount = read_discount(options, 0.9)?;
        let model = Model::new(2, vec![1.0 / CELLS as f64; CELLS], |cell, action| {
            let right = if action == 1 { 1.0 - FLIP } else { FLIP };
            let mut outcomes = towards(cell.checked_sub(1), cell, 1.0 - right, LEFT);
            outcomes.extend(towards(Some(cell + 1).filter(|next| *next < CELLS), cell, right, RIGHT));
            outcomes
        });
        Ok((
            Table { model, discount, horizon: Some(HORIZON) },
            Scene { columns: CELLS, goal: None, pits: &[] },
        ))
    }
}

/// Outcomes of a move to the cell `next`, or out of the corridor from `cell`.
fn towards(next: Option<usize>, cell: usize, probability: f64, ends: [(f64, f64); 2]) -> Vec<Transition> {
    match next {
        Some(state) => vec![Transition { state, probability, reward: 0.0, terminal: false }],
        None => ends
            .map(|(share, reward)| Transition {
                state: cell,
                probability: probability * share,
                reward,
                terminal: true,
            })
            .to_vec(),
    }
}
