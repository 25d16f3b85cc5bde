//! What can go wrong between a claim file and its verdict; every text is one sentence with the
//! cause and the cure.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A claim file says something that cannot be run.
    #[error("{file}, line {line}, `{key}`: {cause}")]
    Claim {
        /// The file as its reader named it.
        file: String,
        /// Line, from 1 on.
        line: usize,
        /// Dotted key, such as `condition.margin`.
        key: String,
        /// What is wrong and what to do.
        cause: String,
    },
    /// The runs do not hold what a condition asks for.
    #[error("{0}")]
    Outcome(String),
    /// A run's own error.
    #[error(transparent)]
    Run(#[from] run::RunError),
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, EvidenceError>;
