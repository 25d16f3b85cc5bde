//! Control worlds: Gymnasium's classic control tasks and small continuous tasks after the
//! DeepMind control suite. All physics is in 64 bits.

use crate::Options;
use crate::name::help;
use crate::spec::{ActionSpace, Field, Layout, Reference, Role, Spec};
use crate::world::FromOptions;

pub mod acrobot;
pub mod cartpole;
pub mod cartpole_swingup;
pub mod line_world;
mod link_arm;
pub mod mountain_car;
pub mod mountain_car_continuous;
pub mod pendulum;
pub mod point_mass;
pub mod reacher2;

/// A spec with one vector of `size` numbers as observation and one reward channel.
pub(crate) fn vector_spec(
    options: &Options,
    summary: &str,
    size: usize,
    action: ActionSpace,
    horizon: usize,
    reference: Option<Reference>,
) -> Spec {
    Spec {
        name: options.to_string(),
        summary: summary.to_owned(),
        fields: vec![vector_field("observation", Role::Input, size)],
        action,
        rewards: vec!["reward".to_owned()],
        horizon: Some(horizon),
        reference,
    }
}

pub(crate) fn vector_field(name: &str, role: Role, size: usize) -> Field {
    Field { name: name.to_owned(), role, layout: Layout::Vector { size } }
}

/// The box [-limit, limit]^dimensions.
pub(crate) fn symmetric(dimensions: usize, limit: f32) -> ActionSpace {
    ActionSpace::Box { low: vec![-limit; dimensions], high: vec![limit; dimensions] }
}

/// The numbers of a state as an observation's.
pub(crate) fn single_precision<const N: usize>(values: [f64; N]) -> [f32; N] {
    values.map(|value| value as f32)
}

/// `angle` moved by whole turns into [-pi, pi).
fn wrapped(angle: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    (angle + PI).rem_euclid(TAU) - PI
}
