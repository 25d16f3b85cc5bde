//! Gymnasium's `FrozenLake-v1` on its map of 4 x 4.

use super::lattice::moved;
use super::world::{OBS, read_discount};
use super::{Definition, Model, Scene, Table, Transition, USUAL_DISCOUNT};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError};

const SIDE: usize = 4;
const ACTIONS: usize = 4;
/// Cells in row order.
const HOLES: [usize; 4] = [5, 7, 11, 12];
const GOAL: usize = SIDE * SIDE - 1;
const HORIZON: usize = 100;

/// 4 x 4 cells of ice in row order with four holes; actions west, south, east and north, in
/// Gymnasium's order. A move is replaced by each of the two across it with probability 1/3. Reaching
/// the south-east corner pays 1 and ends, a hole ends for nothing. Episodes begin in the north-west
/// corner and are truncated after 100 steps. Holes and goal are states in which nothing more is
/// earned.
#[derive(Clone, Copy, Debug)]
pub struct FrozenLake;

impl Definition for FrozenLake {
    const NAME: &'static str = "frozen-lake";
    const SUMMARY: &'static str = "cross slippery ice among holes to the opposite corner";
    const OPTIONS: &'static [OptionHelp] = &[
        OBS,
        help("slippery", "true", "false: moves go where they should"),
        help("horizon", "100", "steps after which an episode is truncated"),
        help("discount", "0.99", "the table's discount, 0 to 0.9999"),
    ];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let slippery = options.boolean("slippery", true)?;
        let horizon = options.usize("horizon", HORIZON, 1..=1_000_000)?;
        let discount = read_discount(options, USUAL_DISCOUNT)?;
        let mut start = vec![0.0; SIDE * SIDE];
        start[0] = 1.0;
        let model = Model::new(ACTIONS, start, |cell, action| {
            if ends(cell) {
                return vec![Transition { state: cell, probability: 1.0, reward: 0.0, terminal: true }];
            }
            let turns: &[usize] = if slippery { &[ACTIONS - 1, 0, 1] } else { &[0] };
            let outcome = |turn: &usize| {
                // The lattice counts directions from north clockwise, the lake from west the other way.
                let direction = ACTIONS - 1 - (action + turn) % ACTIONS;
                let state = moved(SIDE, cell, direction);
                let reward = if state == GOAL { 1.0 } else { 0.0 };
                Transition { state, probability: 1.0 / turns.len() as f64, reward, terminal: ends(state) }
            };
            turns.iter().map(outcome).collect()
        });
        let scene = Scene { columns: SIDE, goal: Some(GOAL), pits: &HOLES };
        Ok((Table { model, discount, horizon: Some(horizon) }, scene))
    }
}

/// Whether an episode ends in a cell.
fn ends(cell: usize) -> bool {
    cell == GOAL || HOLES.contains(&cell)
}
