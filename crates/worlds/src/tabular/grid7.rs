//! A slippery grid whose rewards are mostly noise (after Lindenberg, Nordqvist and Lindahl,
//! *Distributional Reinforcement Learning with Ensembles*, 2020, whose group targets average such
//! noise out).

use super::lattice::slipping;
use super::world::{OBS, read_discount};
use super::{Definition, Model, Scene, Table, Transition};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError};

const SIDE: usize = 7;
/// The south-east corner.
const GOAL: usize = SIDE * SIDE - 1;
const SLIP: f64 = 0.2;
const HORIZON: usize = 40;
/// Equally likely rewards of reaching the goal, and of every other step.
const AT_GOAL: [f64; 2] = [3.0, 0.0];
const ELSEWHERE: [f64; 2] = [0.2, -0.2];

/// 7 x 7 open cells in row order, moves north, east, south and west, replaced by a uniformly drawn
/// one with probability 0.2. Reaching the south-east corner pays 3 or 0 and ends, other steps pay
/// 0.2 or -0.2. Episodes begin in any other cell and are truncated after 40 steps. The goal is a
/// state in which nothing more is earned.
#[derive(Clone, Copy, Debug)]
pub struct Grid7Slip;

impl Definition for Grid7Slip {
    const NAME: &'static str = "grid7-slip";
    const SUMMARY: &'static str = "slippery 7 x 7 grid: find a corner among noisy rewards";
    const OPTIONS: &'static [OptionHelp] =
        &[OBS, help("discount", "0.95", "the table's discount, 0 to 0.9999")];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let discount = read_discount(options, 0.95)?;
        let mut start = vec![1.0 / GOAL as f64; GOAL + 1];
        start[GOAL] = 0.0;
        let model = Model::new(4, start, |cell, action| {
            if cell == GOAL {
                return vec![Transition { state: GOAL, probability: 1.0, reward: 0.0, terminal: true }];
            }
            let outcomes = slipping(SIDE, cell, action, 4, SLIP).flat_map(|(state, probability)| {
                let rewards = if state == GOAL { AT_GOAL } else { ELSEWHERE };
                let terminal = state == GOAL;
                rewards.map(|reward| Transition { state, probability: probability / 2.0, reward, terminal })
            });
            outcomes.collect()
        });
        Ok((
            Table { model, discount, horizon: Some(HORIZON) },
            Scene { columns: SIDE, goal: Some(GOAL), pits: &[] },
        ))
    }
}
