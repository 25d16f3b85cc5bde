//! Mirror descent value iteration (Vieillard, Kozuno, Scherrer, Pietquin, Munos, Geist, 2020,
//! "Leverage the Average: an Analysis of KL Regularization in Reinforcement Learning").
//!
//! Every policy maximises the present values less lambda times its divergence from the policy before
//! it, plus tau times its entropy; its evaluation gives the next values. Such a policy is a softmax of
//! the sum of all values so far, so that errors of the evaluations average out instead of
//! accumulating, and the loss grows linearly with the horizon. With lambda = tau = 0 the scheme is
//! plain approximate value iteration.
//!
//! On a table ([`tabular`]) the iterations are exact but for errors that are added to every entry,
//! losses are exact, and the paper's bounds are checked along the way ([`bound`]). The deep forms
//! are the paper's three, with the replay and the networks of DQN; where observations are
//! vectors, a layer normalisation is added as there. Continuous actions are left out.

pub mod bound;
mod config;
pub mod deep;
mod method;
mod policy;
pub mod regulariser;
pub mod tabular;
#[cfg(test)]
mod tests;

pub use self::config::{Acting, Errors, Instantiation, Kind, MdviConfig, PolicyForm};

/// Mirror descent value iteration.
pub struct Mdvi {
    form: Box<dyn run::AnyMethod>,
}
