//! What can go wrong when a world is named, built, stepped or restored.

/// An error of this crate; its text is one sentence with the cause and the cure.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum WorldError {
    /// No world, option or modifier has this name.
    #[error("unknown {kind} `{name}`{}", suggestion.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// `world`, `option of cartpole`, `modifier`, ...
        kind: String,
        /// What was asked for.
        name: String,
        /// The nearest existing name, where one is near.
        suggestion: Option<String>,
    },
    /// A world's name, option or modifier is malformed or out of range.
    #[error("{0}")]
    Invalid(String),
    /// Actions of another kind or number than the world's action space takes.
    #[error("{0}")]
    Action(String),
    /// The world produced a number that is not finite.
    #[error("world `{world}` produced a {what} that is not finite in copy {row}")]
    NotFinite {
        /// The world's full name.
        world: String,
        /// `reward` or `observation`.
        what: &'static str,
        /// Index of the copy.
        row: usize,
    },
    /// A saved state does not fit this world.
    #[error("the saved state does not fit world `{world}`: {cause}")]
    State {
        /// The world's full name.
        world: String,
        /// What is wrong with it.
        cause: String,
    },
}
