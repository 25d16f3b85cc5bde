//! Environments: spaces and specs, vectorised stepping, rendering.
//!
//! An [`Environment`] is one copy of a world; [`Worlds`] steps many of them in reused buffers with
//! Gymnasium's *next-step autoreset*: the call after an episode's end ignores the action, begins
//! the next episode and marks the row in [`Outcome::reset`]. The final observation of an episode is
//! therefore always seen by the learner. Nothing here knows of tensors.
//!
//! # One row through an episode's end
//!
//! | call | action | observation | reward | terminated or truncated | reset |
//! |---|---|---|---|---|---|
//! | `reset` | none | first of episode 1 | 0 | no | yes |
//! | `step` | used | second of episode 1 | of that step | no | no |
//! | `step` | used | **last** of episode 1 | of that step | yes | no |
//! | `step` | ignored | first of episode 2 | 0 | no | yes |
//! | `step` | used | second of episode 2 | of that step | no | no |
//!
//! A transition runs from one call's observation to the next call's, except into a call with
//! `reset` set. A value is bootstrapped from the observation where `truncated` is set (a time
//! limit) and never where `terminated` is (a real end); a step that does both counts as
//! terminated.
//!
//! # Names
//!
//! [`make`] builds a batch from a name such as `cartpole`, `reacher2,reward=sparse` or
//! `cartpole-swingup+pixels=48+stack=3`: a world with options and then modifiers from the innermost
//! to the outermost. [`catalogue`] and [`modifiers`] describe what there is.
//!
//! [`table`] gives the exact transitions of a world that has a finite table of them; [`tabular`]
//! solves it.
//!
//! # Text
//!
//! [`text`] has worlds of another kind: problems in words and digits with worked solutions, exact
//! verifiers and a held-out split, for language models.
//!
//! # Demonstrators
//!
//! [`demonstrator()`] gives scripted policies, experts of adjustable skill among them, that record
//! data.
//!
//! # Parameters
//!
//! Some worlds have physical parameters that can be set for every episode: [`Worlds::parameters`]
//! describes them and [`Worlds::set_parameters`] sets those of a row's coming episodes. They are
//! never part of the observation.
//!
//! # Randomness
//!
//! Row `i` of a batch draws from its own generator, [`seed::stream`]`(seed, "episode", i)`, so the
//! same seed and actions give the same bytes whatever the number of rows or threads.

pub mod bench;
pub mod control;
pub mod cube_toy;
pub mod data;
pub mod demonstrator;
pub mod error;
pub mod grid;
pub mod maze;
pub mod minatar;
pub mod modifier;
pub mod name;
mod named_array;
pub mod noise;
pub mod parameter;
pub mod registry;
pub mod render;
pub mod seed;
mod shard;
pub mod spec;
pub mod tabular;
pub mod text;
pub mod trigonometry;
pub mod vector;
pub mod world;

pub use demonstrator::{Demonstrator, demonstrator};
pub use error::WorldError;
pub use name::{ModifierName, OptionHelp, Options, WorldName};
pub use named_array::NamedArray;
pub use parameter::Parameter;
pub use registry::{catalogue, goal, make, modifiers, single, spec, table};
pub use spec::{ActionSpace, Actions, Array, Field, GoalSpace, Layout, Observations, Outcome, Role, Spec};
pub use vector::{Vectorised, Worlds};
pub use world::{Action, Canvas, Environment, FromOptions, Step};
