//! `latentrl eval`.

use std::path::PathBuf;

use rand::Rng;
use run::{Mode, Protocol};
use serde_json::json;

use crate::{
    failure::Failure,
    output::{count, number, print, print_json},
    parse,
    stored::Stored,
    table::Table,
};

const EXAMPLES: &str = "\
Examples:
  latentrl eval runs/ppo-cartpole-s0-20260131-120000
  latentrl eval runs/first --episodes 100 --seed 7 --json | jq '.scores[\"eval/return\"].mean'
  latentrl eval runs/first --world four-rooms,wind=0.2";

/// Score a run's latest checkpoint
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// Complete episodes, or held-out problems; 20 of the one and 512 of the other where none is given
    #[arg(long, value_name = "N", value_parser = parse::positive_count, allow_negative_numbers = true)]
    episodes: Option<usize>,
    /// Seed of the episodes
    #[arg(long, value_name = "S", default_value = "0", value_parser = parse::seed, allow_negative_numbers = true)]
    seed: u64,
    /// World to act in, where it is not the run's
    #[arg(long, value_name = "WORLD")]
    world: Option<String>,
    /// Draw actions from the policy instead of taking the best
    #[arg(long)]
    sample: bool,
    /// Print the scores as JSON
    #[arg(long)]
    json: bool,
}

/// Plays complete episodes and prints what they earned.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    run::threads::prepare();
    let mut stored = Stored::load(&arguments.run)?;
    let asked = arguments.world.as_deref();
    let problems = stored.evaluation_problems(asked)?;
    let world = if problems.is_some() { None } else { stored.evaluation_world(asked)? };
    let mode = if arguments.sample { Mode::Sample } else { Mode::Greedy };
    // The episodes depend on this seed only, and are not those of a training run of the same seed.
    let seed = worlds::seed::stream(arguments.seed, "eval-command", 0).next_u64();
    let name = world.as_ref().map(|world| world.spec.name.clone());
    let name = name.or(problems.as_ref().map(|problems| problems.name.clone()));
    // An answer takes a moment and says yes or no, so more of them are scored.
    let episodes = arguments.episodes.unwrap_or(if problems.is_some() { 512 } else { 20 });
    let protocol = Protocol { world, problems, episodes, seed, mode };
    let scores = stored.method.evaluate(&protocol, &mut stored.run).map_err(Failure::failed)?;
    if scores.is_empty() {
        stored.world(arguments.world.as_deref())?;
        return Err(Failure::usage(format!("`{}` has nothing to score", stored.settings.method)));
    }
    if arguments.json {
        return print_json(&json!({
            "run": arguments.run.display().to_string(),
            "method": stored.settings.method,
            "world": name,
            "step": stored.step,
            "seed": arguments.seed,
            "episodes": episodes,
            "mode": if arguments.sample { "sample" } else { "greedy" },
            "scores": scores,
        }));
    }
    let mut table = Table::new(&["score", "mean", "std", "min", "max", "values"]);
    for (name, score) in &scores {
        let numbers = [score.mean, score.std, score.min, score.max].map(number);
        table.row([name.clone()].into_iter().chain(numbers).chain([score.n.to_string()]));
    }
    print(&format!(
        "{}{} after {} steps\n\n{}",
        stored.settings.method,
        name.map(|name| format!(" in {name}")).unwrap_or_default(),
        count(stored.step),
        table.render()
    ))
}
