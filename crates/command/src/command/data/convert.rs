//! `latentrl data convert`.

use std::path::PathBuf;

use clap::ValueEnum;
use memory::dataset::{
    self,
    formats::{minari_write, native_write},
};

use super::File;
use crate::{
    failure::Failure,
    output::{count, print},
};

/// Write a data set in another format
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    file: File,
    /// The folder to write; it must not exist
    out: PathBuf,
    /// The format to write
    #[arg(long)]
    to: Target,
}

/// Formats that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A folder that Minari 0.5 opens
    Minari,
    /// Raw columns, which are mapped instead of read
    Native,
}

/// Reads a data set and writes it.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let out = &arguments.out;
    if out.exists() {
        return Err(Failure::usage(format!("`{}` exists already: choose another folder", out.display())));
    }
    let set = dataset::open(&arguments.file.path()?)?;
    match arguments.to {
        Target::Minari => minari_write::save(&set, out)?,
        Target::Native => native_write::save(&set, out)?,
    }
    let (episodes, steps) = (count(set.episodes().len() as u64), count(set.steps() as u64));
    print(&format!("{}: {episodes} episodes, {steps} steps", out.display()))
}
