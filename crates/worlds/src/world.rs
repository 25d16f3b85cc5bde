//! One copy of an environment.

use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Parameter;
use crate::demonstrator::{Actor, Script};
use crate::spec::{Array, GoalSpace, Spec};
use crate::tabular::Table;
use crate::{OptionHelp, Options, WorldError};

pub use crate::render::Canvas;

/// An action for one row, already checked against the action space and clipped into its box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action<'a> {
    /// An index.
    Discrete(u32),
    /// One number per dimension.
    Continuous(&'a [f32]),
}

impl Action<'_> {
    /// The index; 0 for a vector, which the batch's check keeps from discrete worlds.
    #[inline]
    pub fn index(&self) -> u32 {
        match *self {
            Action::Discrete(index) => index,
            Action::Continuous(_) => 0,
        }
    }

    /// Number `dimension` of the vector; 0 where there is none, which the batch's check excludes.
    #[inline]
    pub fn number(&self, dimension: usize) -> f64 {
        match *self {
            Action::Discrete(_) => 0.0,
            Action::Continuous(values) => values.get(dimension).copied().map_or(0.0, f64::from),
        }
    }
}

/// What one step gives besides the observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The first (usually only) reward channel.
    pub reward: f32,
    /// A real end of the episode.
    pub terminated: bool,
}

/// One copy of an environment. Time limits, autoreset and action checks are the batch's
/// ([`crate::Vectorised`]); a world only simulates.
pub trait Environment: Send {
    /// What it gives and takes.
    fn spec(&self) -> &Spec;

    /// Begins an episode.
    fn reset(&mut self, random: &mut ChaCha8Rng);

    /// Advances by one action.
    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step;

    /// Writes field `field` of the current observation into `row` of `array`.
    fn observe(&self, field: usize, row: usize, array: &mut Array);

    /// Draws the current state onto the whole canvas, at whatever size it has.
    fn render(&self, canvas: &mut Canvas);

    /// The complete state as bytes; [`Environment::restore`] on an equal world continues exactly.
    fn save(&self) -> Vec<u8>;

    /// Takes back what [`Environment::save`] gave; the error says what does not fit.
    fn restore(&mut self, state: &[u8]) -> Result<(), String>;

    /// The exact table of its transitions, where it has one.
    fn table(&self) -> Option<Table> {
        None
    }

    /// What acts in this world by a script, reading the world's own fields; see
    /// [`crate::demonstrator`]. Modifiers have none: they are seen through.
    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let _ = script;
        None
    }

    /// Rows and columns of a board whose drawing at one pixel per cell shows all of it, for worlds
    /// that are such boards.
    fn board(&self) -> Option<[usize; 2]> {
        None
    }

    /// The physical parameters that [`Environment::set_parameters`] takes; most worlds have none.
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    /// Sets the parameters of all episodes from the next reset on. The batch has checked them.
    fn set_parameters(&mut self, values: &[f64]) {
        let _ = values;
    }

    /// How goals relate to the policy's input, where the world has goals.
    fn goal(&self) -> Option<GoalSpace> {
        None
    }

    /// Roughly how many nanoseconds a step and its observation take; decides only whether a batch
    /// uses several threads, never what it computes.
    fn cost(&self) -> usize {
        200
    }
}

/// A world that is built from its options alone, and so is an entry of the registry.
pub trait FromOptions: Environment + Sized + 'static {
    /// Its name in the registry.
    const NAME: &'static str;
    /// One line for people.
    const SUMMARY: &'static str;
    /// The options it reads.
    const OPTIONS: &'static [OptionHelp];

    /// Builds it. Options it does not read are ignored here and refused by the registry.
    ///
    /// # Errors
    /// A value out of range.
    fn from_options(options: &Options) -> Result<Self, WorldError>;
}

impl Environment for Box<dyn Environment> {
    fn spec(&self) -> &Spec {
        (**self).spec()
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        (**self).reset(random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        (**self).step(action, random)
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        (**self).observe(field, row, array);
    }

    fn render(&self, canvas: &mut Canvas) {
        (**self).render(canvas);
    }

    fn save(&self) -> Vec<u8> {
        (**self).save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        (**self).restore(state)
    }

    fn table(&self) -> Option<Table> {
        (**self).table()
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        (**self).actor(script)
    }

    fn board(&self) -> Option<[usize; 2]> {
        (**self).board()
    }

    fn parameters(&self) -> &'static [Parameter] {
        (**self).parameters()
    }

    fn set_parameters(&mut self, values: &[f64]) {
        (**self).set_parameters(values);
    }

    fn goal(&self) -> Option<GoalSpace> {
        (**self).goal()
    }

    fn cost(&self) -> usize {
        (**self).cost()
    }
}

/// The bytes of a world's state, for [`Environment::save`].
pub fn encode<S: Serialize>(state: &S) -> Vec<u8> {
    // Writing plain data into a growing vector cannot fail; an empty state is refused by `decode`.
    postcard::to_stdvec(state).unwrap_or_default()
}

/// The state in `bytes`, for [`Environment::restore`].
///
/// # Errors
/// The bytes are damaged, cut short or too long.
pub fn decode<S: DeserializeOwned>(bytes: &[u8]) -> Result<S, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((state, [])) => Ok(state),
        Ok(_) => Err("it is too long".to_owned()),
        Err(error) => Err(format!("it cannot be read ({error})")),
    }
}
