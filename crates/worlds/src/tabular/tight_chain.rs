//! The chain on which the error bound of approximate value iteration is tight (Scherrer and Lesner,
//! *On the Use of Non-Stationary Policies for Stationary Infinite-Horizon Markov Decision
//! Processes*, 2012), used by Vieillard et al., *Leverage the Average*, 2020, to set averaging
//! apart from accumulation of errors.

use super::world::OBS;
use super::{Definition, Model, Scene, Table, Transition};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError};

/// The factor that breaks the ties of staying and leaving in favour of staying.
const TIE_BREAK: f64 = 1.0 - 1e-9;

/// n = 6 / (1 - discount) states. Number 1 loops for nothing; from number i >= 2, action 0 goes to
/// i - 1 for nothing and action 1 stays for -2 (discount - discount^i) error / (1 - discount).
/// Going left is optimal everywhere and worth 0. Episodes begin anywhere, never end and are
/// truncated after n steps. Index i - 1 is number i.
#[derive(Clone, Copy, Debug)]
pub struct TightChain;

impl Definition for TightChain {
    const NAME: &'static str = "tight-chain";
    const SUMMARY: &'static str = "chain on which errors of value iteration do the most harm";
    const OPTIONS: &'static [OptionHelp] = &[
        OBS,
        help("discount", "0.9", "the table's discount, 0.5 to 0.995; 6/(1-discount) states"),
        help("error", "0.1", "size of the errors that the rewards are made for, 0 to 1000"),
    ];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let discount = options.float("discount", 0.9, 0.5..=0.995)?;
        let error = options.float("error", 0.1, 0.0..=1_000.0)?;
        let states = (6.0 / (1.0 - discount)).round() as usize;
        let model = Model::new(2, vec![1.0 / states as f64; states], |state, action| {
            let number = state as i32 + 1;
            let cost = 2.0 * (discount - discount.powi(number)) * error / (1.0 - discount) * TIE_BREAK;
            let (state, reward) = match (state, action) {
                (0, _) => (0, 0.0),
                (_, 0) => (state - 1, 0.0),
                _ => (state, -cost),
            };
            vec![Transition { state, probability: 1.0, reward, terminal: false }]
        });
        Ok((
            Table { model, discount, horizon: Some(states) },
            Scene { columns: 20, goal: Some(0), pits: &[] },
        ))
    }
}

/// `[states]`: the errors that mislead value iteration most, added to the values of both actions in
/// iteration `iteration` (from 1 on): -`size` at state number `iteration` and `size` at the next
/// number, where there are such states.
pub fn adversarial_errors(states: usize, iteration: usize, size: f64) -> Vec<f64> {
    let error = |index: usize| match index + 1 {
        number if number == iteration => -size,
        number if number == iteration + 1 => size,
        _ => 0.0,
    };
    (0..states).map(error).collect()
}
