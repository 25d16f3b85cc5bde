//! A grid without rewards, for distributions of the discounted future (after the tabular
//! experiment of Zheng, Salakhutdinov and Eysenbach, *Contrastive Difference Predictive Coding*,
//! 2023).

use super::lattice::slipping;
use super::world::{OBS, read_discount};
use super::{Definition, Model, Scene, Table, Transition};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError};

const SIDE: usize = 5;
const ACTIONS: usize = 5;
const SLIP: f64 = 0.1;
const HORIZON: usize = 50;

/// 5 x 5 open cells in row order, moves north, east, south and west and staying, replaced by a
/// uniformly drawn action with probability 0.1. Episodes begin in any cell, never end, are
/// truncated after 50 steps, and pay nothing.
#[derive(Clone, Copy, Debug)]
pub struct GridWalk;

impl Definition for GridWalk {
    const NAME: &'static str = "gridwalk-5x5";
    const SUMMARY: &'static str = "5 x 5 grid without rewards: where will a policy be?";
    const OPTIONS: &'static [OptionHelp] =
        &[OBS, help("discount", "0.9", "the table's discount, 0 to 0.9999")];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let discount = read_discount(options, 0.9)?;
        let cells = SIDE * SIDE;
        let model = Model::new(ACTIONS, vec![1.0 / cells as f64; cells], |cell, action| {
            let outcome =
                |(state, probability)| Transition { state, probability, reward: 0.0, terminal: false };
            slipping(SIDE, cell, action, ACTIONS, SLIP).map(outcome).collect()
        });
        Ok((
            Table { model, discount, horizon: Some(HORIZON) },
            Scene { columns: SIDE, goal: None, pits: &[] },
        ))
    }
}
