//! The binary under test.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// What a call of the program left.
pub struct Finished {
    /// Its exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Finished {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program starts");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program with these arguments, to be run in `place`.
pub fn command(place: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latentrl"));
    command.args(arguments).current_dir(place).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn latentrl(place: &Path, arguments: &[&str]) -> Finished {
    Finished::of(&mut command(place, arguments))
}

/// Runs the program, which must succeed.
pub fn succeeds(place: &Path, arguments: &[&str]) -> Finished {
    let finished = latentrl(place, arguments);
    assert_eq!(finished.code, 0, "{arguments:?}: {}{}", finished.out, finished.err);
    finished
}

/// An empty folder to work in.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
