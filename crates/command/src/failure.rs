//! Why a command did not do what was asked, and the exit code that says so.

use std::process::ExitCode;

use run::RunError;

/// Exit code after Ctrl-C, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// A sentence for people and an exit code for programs.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Something about the input is wrong; nothing was begun.
    pub fn usage(message: impl std::fmt::Display) -> Self {
        Self { code: 2, message: message.to_string() }
    }

    /// Something that was begun failed.
    pub fn failed(message: impl std::fmt::Display) -> Self {
        Self { code: 1, message: message.to_string() }
    }

    /// Something with an exit code of its own.
    pub fn with_code(code: u8, message: impl std::fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }

    /// Prints the sentence to standard error.
    pub fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<RunError> for Failure {
    /// Whatever is refused before a run begins is the input's fault; what fails later is turned
    /// into [`Failure::failed`] where it happens.
    fn from(error: RunError) -> Self {
        Self::usage(error)
    }
}

impl From<evidence::EvidenceError> for Failure {
    fn from(error: evidence::EvidenceError) -> Self {
        Self::usage(error)
    }
}

impl From<worlds::WorldError> for Failure {
    fn from(error: worlds::WorldError) -> Self {
        Self::usage(error)
    }
}

impl From<memory::dataset::DataError> for Failure {
    fn from(error: memory::dataset::DataError) -> Self {
        Self::usage(error)
    }
}

impl From<nets::NetsError> for Failure {
    fn from(error: nets::NetsError) -> Self {
        Self::usage(error)
    }
}

impl From<nets::lm::tokenizer::TokenizerError> for Failure {
    fn from(error: nets::lm::tokenizer::TokenizerError) -> Self {
        Self::usage(error)
    }
}
