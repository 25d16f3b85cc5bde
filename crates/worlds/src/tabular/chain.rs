//! Chains that reward only those who keep going: the blind cliff walk (Schaul et al., *Prioritized
//! Experience Replay*, 2016) and a swim against a current (Strehl and Littman, *An Analysis of
//! Model-Based Interval Estimation for Markov Decision Processes*, 2008).

use rand::RngExt;

use super::world::{OBS, read_discount};
use super::{Definition, Model, Scene, Table, Transition};
use crate::name::help;
use crate::{OptionHelp, Options, WorldError, seed};

/// Two actions in a row of states; every episode begins in the first.
///
/// - `kind=cliff`: one action of every state, drawn by the world's seed, advances, the other ends
///   the episode for nothing; advancing from the last state pays 1 and ends. At random that takes
///   2^states episodes.
/// - `kind=swim`: RiverSwim with a weak current. Action 0 always goes left and pays 0.005 in the
///   first state. Action 1 advances with probability 0.6 (RiverSwim: 0.35), stays with 0.35 and is
///   carried back with 0.05; in the first state it stays with 0.4, and in the last it pays 1, and
///   stays with 0.6 or is carried back. Episodes are truncated after 4 steps per state.
#[derive(Clone, Copy, Debug)]
pub struct Chain;

impl Definition for Chain {
    const NAME: &'static str = "chain";
    const SUMMARY: &'static str = "chain of states that rewards only those who keep going";
    const OPTIONS: &'static [OptionHelp] = &[
        OBS,
        help("kind", "cliff", "cliff: the wrong action ends the episode; swim: against a current"),
        help("states", "8", "length of the chain, 2 to 1000"),
        help("world_seed", "0", "seed of which action is the right one in which state (cliff)"),
        help("discount", "0.99", "the table's discount, 0 to 0.9999"),
    ];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let states = options.usize("states", 8, 2..=1_000)?;
        let discount = read_discount(options, super::USUAL_DISCOUNT)?;
        let world_seed = options.world_seed()?;
        let mut start = vec![0.0; states];
        start[0] = 1.0;
        let (model, horizon) = if options.choice("kind", "cliff", &["cliff", "swim"])? == "cliff" {
            (cliff(start, world_seed), states)
        } else {
            (swim(start), 4 * states)
        };
        let scene = Scene { columns: states, goal: Some(states - 1), pits: &[] };
        Ok((Table { model, discount, horizon: Some(horizon) }, scene))
    }
}

fn cliff(start: Vec<f64>, world_seed: u64) -> Model {
    let mut random = seed::stream(world_seed, "world", 0);
    let right: Vec<usize> = start.iter().map(|_| random.random_range(0..2)).collect();
    let last = start.len() - 1;
    Model::new(2, start, |state, action| {
        let advances = action == right[state];
        let (reward, terminal) =
            (if advances && state == last { 1.0 } else { 0.0 }, !advances || state == last);
        let next = if terminal { state } else { state + 1 };
        vec![Transition { state: next, probability: 1.0, reward, terminal }]
    })
}

fn swim(start: Vec<f64>) -> Model {
    let last = start.len() - 1;
    Model::new(2, start, |state, action| {
        let outcome = |state, probability, reward| Transition { state, probability, reward, terminal: false };
        match (action, state) {
            (0, 0) => vec![outcome(0, 1.0, 0.005)],
            (0, _) => vec![outcome(state - 1, 1.0, 0.0)],
            (_, 0) => vec![outcome(0, 0.4, 0.0), outcome(1, 0.6, 0.0)],
            (_, state) if state == last => vec![outcome(state - 1, 0.4, 1.0), outcome(state, 0.6, 1.0)],
            _ => vec![outcome(state - 1, 0.05, 0.0), outcome(state, 0.35, 0.0), outcome(state + 1, 0.6, 0.0)],
        }
    })
}
