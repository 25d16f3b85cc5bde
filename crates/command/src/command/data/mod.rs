//! `latentrl data`.

mod convert;
mod head;
mod info;
mod plot;

use std::path::PathBuf;

use clap::Subcommand;
use memory::dataset::{self, Surveyed};

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  latentrl data info ~/.minari/datasets/mujoco/hopper/medium-v0
  latentrl data info antmaze.hdf5 --json | jq .findings
  latentrl data head ogbench.npz --validation --rows 10
  latentrl data plot demonstrations --out pictures
  latentrl data convert antmaze.hdf5 antmaze --to native

Read are Minari folders (HDF5), D4RL's HDF5 files, OGBench's npz files, and folders of this program's
own format, which are mapped instead of read. What a file is, is recognised by what it holds.";

/// Look into recorded experience, or convert it
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what a data set holds and what is wrong with it
    Info(info::Arguments),
    /// Show the first steps
    Head(head::Arguments),
    /// Draw returns, lengths and where the observations lie
    Plot(plot::Arguments),
    /// Write a data set in another format
    Convert(convert::Arguments),
}

/// A data set that is looked into.
#[derive(clap::Args)]
struct File {
    /// A Minari folder, a D4RL HDF5 file, an OGBench npz file, or a folder of this program's format
    file: PathBuf,
    /// Take the validation split, OGBench's -val file beside it
    #[arg(long)]
    validation: bool,
}

impl File {
    /// Its path.
    fn path(&self) -> Result<PathBuf, Failure> {
        if self.validation { Ok(dataset::formats::validation(&self.file)?) } else { Ok(self.file.clone()) }
    }

    /// What it holds, whatever is wrong with its values.
    fn survey(&self) -> Result<Surveyed, Failure> {
        Ok(dataset::survey(&self.path()?)?)
    }
}

/// Does what was asked.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Info(arguments) => info::execute(arguments),
        Command::Head(arguments) => head::execute(arguments),
        Command::Plot(arguments) => plot::execute(arguments),
        Command::Convert(arguments) => convert::execute(arguments),
    }
}
