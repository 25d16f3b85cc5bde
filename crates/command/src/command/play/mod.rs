//! `latentrl play`.

mod animation;
mod terminal;

use std::{io::IsTerminal, path::PathBuf};

use run::Mode;

use crate::{failure::Failure, parse, player::Player, stored::Stored};

const EXAMPLES: &str = "\
Examples:
  latentrl play runs/ppo-cartpole-s0-20260131-120000 --gif cartpole.gif
  latentrl play runs/first --gif out.gif --episodes 5 --size 128 --world cartpole-swingup
  latentrl play runs/first --terminal";

/// Watch a run play, as a GIF or in the terminal
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["gif", "terminal"]))]
pub struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// File to write the animation to
    #[arg(long, value_name = "FILE")]
    gif: Option<PathBuf>,
    /// Play live in this terminal; q or Ctrl-C ends it
    #[arg(long)]
    terminal: bool,
    /// Episodes of the animation
    #[arg(long, value_name = "N", default_value = "3", value_parser = parse::positive_count, allow_negative_numbers = true)]
    episodes: usize,
    /// Pixels of the animation's side
    #[arg(long, value_name = "N", default_value = "256", value_parser = parse::side, allow_negative_numbers = true)]
    size: u16,
    /// Seed of the episodes
    #[arg(long, value_name = "S", default_value = "0", value_parser = parse::seed, allow_negative_numbers = true)]
    seed: u64,
    /// World to act in, where it is not the run's
    #[arg(long, value_name = "WORLD")]
    world: Option<String>,
    /// Draw actions from the policy instead of taking the best
    #[arg(long)]
    sample: bool,
}

/// Plays the latest checkpoint.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.terminal && !(std::io::stdout().is_terminal() && std::io::stdin().is_terminal()) {
        return Err(Failure::usage("--terminal needs a terminal: write a file with --gif instead"));
    }
    run::threads::prepare();
    let stored = Stored::load(&arguments.run)?;
    let world = stored.world(arguments.world.as_deref())?;
    let mode = if arguments.sample { Mode::Sample } else { Mode::Greedy };
    let player = Player::new(&world, stored.policy()?, arguments.seed, mode)?;
    match &arguments.gif {
        Some(path) => animation::write(player, path, arguments.episodes, arguments.size),
        None => terminal::show(player, &world.spec.name),
    }
}
