//! The command line: everything of the program but the methods, which it finds in [`run::registry`].

mod command;
mod failure;
mod findings;
mod interrupt;
mod language_model;
mod output;
mod parse;
mod player;
mod runs_shown;
mod seeds;
mod setup;
mod stored;
mod table;
mod target;
mod train_run;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::{command::Command, failure::Failure};

const EXAMPLES: &str = "\
Examples:
  latentrl list                                    the methods
  latentrl worlds                                  the worlds
  latentrl train tcrl --world pendulum             train with the laptop preset
  latentrl resume runs/tcrl-pendulum-s0-...        go on after Ctrl-C or a crash
  latentrl eval runs/tcrl-pendulum-s0-...          score the latest checkpoint
  latentrl play runs/tcrl-pendulum-s0-... --gif pendulum.gif
  latentrl chat models/qwen                        talk to a language model";

/// Reinforcement learning in latent space: train, resume, evaluate, watch and export.
#[derive(Parser)]
#[command(name = "latentrl", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Does what the process's arguments say.
pub fn execute() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    match arguments.command.execute() {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Prints help where it was asked for, and one sentence for anything else that does not parse.
fn refuse(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(error.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand) {
        error.exit();
    }
    Failure::usage(parse::one_sentence(&error.to_string())).report()
}
