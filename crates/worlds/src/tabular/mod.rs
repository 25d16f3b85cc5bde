//! Finite Markov decision processes that are known exactly: their [`Model`], what follows from it
//! by linear algebra, and the worlds that are nothing but such a table.
//!
//! [`Model`] holds the outcomes of every action in every state. On it are solved: values of a
//! policy and optimal values, discounted occupancies, the successor representation, discounted
//! future distributions, stationary distributions. All of it is dense, in 64 bits, and costs of the
//! order of S^3 operations, which is meant for up to about a thousand states.
//!
//! Every table is also an ordinary world ([`TableWorld`]), and [`crate::table`] gives the table of
//! any world that has one, `four-rooms` and `deep-sea` among them.

pub mod bandit;
pub mod chain;
pub mod corridor;
pub mod frozen_lake;
pub mod grid7;
pub mod gridwalk;
pub mod latent;
pub mod latent_rooms;
mod lattice;
pub mod model;
pub mod policy;
pub mod random;
mod solve;
mod stationary;
pub mod threshold;
pub mod threshold_world;
pub mod tight_chain;
pub mod world;

pub use latent::LatentMdp;
pub use model::{Model, Transition};
pub use policy::Policy;
pub use solve::Solution;
pub use threshold::ThresholdOracle;
pub use world::{Definition, Scene, TableWorld};

use crate::spec::Reference;

/// Reference returns are computed where that takes at most this many backups.
const MOST_BACKUPS: usize = 1_000_000;

/// The discount of worlds that do not name one of their own.
pub const USUAL_DISCOUNT: f64 = 0.99;

/// A world's exact table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// States, actions, outcomes and starts; a time limit is not part of it.
    pub model: Model,
    /// The world's own discount, in [0, 1).
    pub discount: f64,
    /// Steps after which an episode is truncated, where there is a limit.
    pub horizon: Option<usize>,
}

impl Table {
    /// Exact undiscounted returns of uniformly random and of optimal actions within the horizon;
    /// none where there is no horizon, where they take long to compute, or where nothing can be
    /// gained over random actions, so that scores cannot be normalised.
    pub fn reference(&self) -> Option<Reference> {
        let horizon = self.horizon?;
        let pairs = self.model.states() * self.model.actions();
        if pairs.saturating_mul(horizon) > MOST_BACKUPS {
            return None;
        }
        let (random, expert) = (self.model.random_return(horizon), self.model.optimal_return(horizon));
        (expert > random).then_some(Reference { random, expert })
    }
}
