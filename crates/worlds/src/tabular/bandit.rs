//! A bandit whose lucky pulls say nothing about its arms (after Yang et al., *Dichotomy of Control*,
//! 2023).

use super::world::{OBS, read_discount};
use super::{Definition, Model, Policy, Scene, Table, Transition, USUAL_DISCOUNT};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError};

/// One state, two arms, one pull an episode: arm 0 pays 1 with probability 1 - p, arm 1 with
/// probability p, at most 1/2. Where arm 0 is pulled with probability p, half of the paid pulls are
/// of either arm, so that actions imitated from paid pulls are no better than a coin.
#[derive(Clone, Copy, Debug)]
pub struct BernoulliBandit;

/// The probability p of the options.
fn chance(options: &Options) -> Result<f64, WorldError> {
    options.float("p", 0.3, 0.0..=0.5)
}

impl Definition for BernoulliBandit {
    const NAME: &'static str = "bernoulli-bandit";
    const SUMMARY: &'static str = "one pull of two arms that pay with probability 1 - p and p";
    const OPTIONS: &'static [OptionHelp] = &[
        OBS,
        help("p", "0.3", "chance that the worse arm pays, 0 to 0.5"),
        help("discount", "0.99", "the table's discount, 0 to 0.9999"),
    ];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let chance = chance(options)?;
        let discount = read_discount(options, USUAL_DISCOUNT)?;
        let model = Model::new(2, vec![1.0], |state, arm| {
            let pays = if arm == 0 { 1.0 - chance } else { chance };
            let outcome = |probability, reward| Transition { state, probability, reward, terminal: true };
            vec![outcome(pays, 1.0), outcome(1.0 - pays, 0.0)]
        });
        // Drawn with an empty cell beside the only state, so that there is something to see.
        let scene = Scene { columns: 2, goal: None, pits: &[] };
        Ok((Table { model, discount, horizon: Some(1) }, scene))
    }

    /// Arm 0 with probability p.
    fn behaviour(options: &Options) -> Result<Option<Policy>, WorldError> {
        let chance = chance(options)?;
        Ok(Some(Policy::new(vec![chance, 1.0 - chance], 2)?))
    }
}
