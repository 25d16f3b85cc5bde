//! What can go wrong while learning, each in one sentence with its cause and cure.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// A loss or a gradient is not a number or infinite; no parameter was changed.
    #[error(
        "the {quantity} of `{term}` is {value}, so no parameter was changed; lower the learning \
         rate, clip the gradient or look for unscaled rewards and observations"
    )]
    NotFinite {
        /// Name of the loss term.
        term: String,
        /// `loss` or `gradient norm`.
        quantity: &'static str,
        /// The offending value.
        value: f64,
    },
    /// A loss does not depend on any trainable parameter.
    #[error(
        "the loss `{term}` depends on no trainable parameter; compute it from a module on a \
         device with automatic differentiation, not from its inference copy"
    )]
    NotTracked {
        /// Name of the loss term.
        term: String,
    },
    /// A tensor that should hold 32-bit floats holds something else.
    #[error("`{name}` holds {found} where 32-bit floats are expected; convert the module to f32")]
    Precision {
        /// Path of the parameter.
        name: String,
        /// The type found.
        found: String,
    },
    /// A saved array is missing.
    #[error(
        "the snapshot has no array `{name}`; it was written by another version or for another \
         network, so start a new run or use the configuration it was saved with"
    )]
    MissingArray {
        /// Name of the array.
        name: String,
    },
    /// A saved array has another shape than the parameter it belongs to.
    #[error(
        "the array `{name}` has shape {found:?} where {expected:?} is expected; use the \
         configuration the snapshot was saved with"
    )]
    ArrayShape {
        /// Name of the array.
        name: String,
        /// Shape of the parameter.
        expected: Vec<usize>,
        /// Shape found.
        found: Vec<usize>,
    },
    /// Two arguments that must agree in length do not.
    #[error("`{name}` has {found} values where {expected} are expected")]
    Length {
        /// Name of the argument.
        name: &'static str,
        /// Length expected.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A setting of an objective cannot be taken.
    #[error("{0}")]
    Refused(#[from] settings::Refusal),
    /// An objective does not fit the agent or the task.
    #[error("the objective `{id}` does not fit here: {reason}")]
    Objective {
        /// The objective's name.
        id: &'static str,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// Labelled examples do not allow what is asked of them.
    #[error("{reason}")]
    Examples {
        /// Which class or label, and what to do.
        reason: String,
    },
    /// A table, or a matrix that goes with one, does not fit.
    #[error("{0}")]
    Table(String),
    /// A network could not be built or restored.
    #[error(transparent)]
    Network(#[from] nets::NetsError),
    /// A space of tasks, a task or a curriculum does not make sense.
    #[error("{0}")]
    Curriculum(String),
    /// Statistics could not be taken or used.
    #[error(transparent)]
    Memory(#[from] memory::MemoryError),
    /// What was saved of a part cannot be read.
    #[error("the snapshot's {what} cannot be read: use the configuration and the program it was saved with")]
    Saved {
        /// What it is of.
        what: &'static str,
    },
    /// A setting is outside its range.
    #[error("`{name}` is {value}, but must be {range}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The range, in words.
        range: &'static str,
    },
}

/// Refuses a slice whose length is not `expected`.
pub(crate) fn expect_length<T>(name: &'static str, values: &[T], expected: usize) -> Result<(), LearnError> {
    if values.len() == expected {
        return Ok(());
    }
    Err(LearnError::Length { name, expected, found: values.len() })
}

/// Refuses a setting that does not satisfy `holds`.
pub(crate) fn expect_setting(
    name: &'static str,
    value: f64,
    holds: bool,
    range: &'static str,
) -> Result<(), LearnError> {
    if holds {
        return Ok(());
    }
    Err(LearnError::Setting { name, value, range })
}
