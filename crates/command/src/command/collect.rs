//! `latentrl collect`.

use std::path::{Path, PathBuf};

use run::{
    Mode, Policy,
    collect::{Actor, Amount, Scripted, record},
    task::World,
};
use serde_json::json;

use crate::{
    failure::Failure,
    output::{count, number, print, print_json},
    parse,
    stored::Stored,
    target::Target,
};

const EXAMPLES: &str = "\
Examples:
  latentrl collect --world point-maze-medium --policy scripted,skill=0.5 --episodes 200 --out data/medium
  latentrl collect --world pendulum --policy mixed=0.5 --steps 50000 --seed 3 --out data/pendulum
  latentrl collect --policy runs/first --episodes 100 --greedy --out data/first

Policies are random, smooth, scripted[,skill=S][,noise=N], waypoints, mixed=SHARE and others, as the
world has them (`latentrl worlds <world>` lists them), or the folder of a run.";

/// Record a policy's experience as a data set
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// World to act in; the run's own where the policy is a run
    #[arg(long, value_name = "WORLD")]
    world: Option<String>,
    /// A scripted demonstrator with its options, or the folder of a run
    #[arg(long, value_name = "POLICY")]
    policy: String,
    /// Complete episodes to record
    #[arg(long, value_name = "N", value_parser = parse::positive_count, allow_negative_numbers = true, required_unless_present = "steps", conflicts_with = "steps")]
    episodes: Option<usize>,
    /// Steps to record; the last episode is cut where they end
    #[arg(long, value_name = "N", value_parser = parse::positive_count, allow_negative_numbers = true)]
    steps: Option<usize>,
    /// Seed of the worlds and the policy
    #[arg(long, value_name = "S", default_value = "0", value_parser = parse::seed, allow_negative_numbers = true)]
    seed: u64,
    /// Take a run's best action instead of drawing from its policy
    #[arg(long)]
    greedy: bool,
    /// Format to write
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "minari")]
    to: Target,
    /// Folder to create
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print what was recorded as JSON
    #[arg(long)]
    json: bool,
}

/// Records episodes and writes them.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.out.exists() {
        return Err(Failure::usage(format!(
            "`{}` exists already: name a folder that does not",
            arguments.out.display()
        )));
    }
    run::threads::prepare();
    let amount = match (arguments.episodes, arguments.steps) {
        (Some(episodes), _) => Amount::Episodes(episodes),
        (None, steps) => Amount::Steps(steps.unwrap_or(1)),
    };
    let (world, mut policy) = actor(arguments)?;
    let mode = if arguments.greedy { Mode::Greedy } else { Mode::Sample };
    let name = match arguments.greedy {
        true => format!("{} (greedy)", arguments.policy),
        false => arguments.policy.clone(),
    };
    let set = record(&world, Actor { policy: policy.as_mut(), mode, name }, amount, arguments.seed)
        .map_err(Failure::failed)?;
    arguments.to.save(&set, &arguments.out).map_err(Failure::failed)?;
    let returns = set.returns();
    let mean = returns.iter().sum::<f64>() / returns.len() as f64;
    if arguments.json {
        return print_json(&json!({
            "data": arguments.out.display().to_string(),
            "world": world.spec.name,
            "policy": arguments.policy,
            "seed": arguments.seed,
            "episodes": set.episodes().len(),
            "steps": set.steps(),
            "return": mean,
        }));
    }
    print(&format!(
        "{} episodes, {} steps of `{}` in {}, mean return {}\ndata: {}\ntrain: latentrl train bc --data {} --eval-world {}",
        count(set.episodes().len() as u64),
        count(set.steps() as u64),
        arguments.policy,
        world.spec.name,
        number(mean),
        arguments.out.display(),
        arguments.out.display(),
        world.spec.name,
    ))
}

/// What acts, and where.
fn actor(arguments: &Arguments) -> Result<(World, Box<dyn Policy>), Failure> {
    if Path::new(&arguments.policy).is_dir() {
        let stored = Stored::load(Path::new(&arguments.policy))?;
        let world = stored.world(arguments.world.as_deref())?;
        return Ok((world, stored.policy()?));
    }
    let Some(name) = &arguments.world else {
        return Err(Failure::usage(format!(
            "`{}` is no run's folder: a scripted policy needs --world",
            arguments.policy
        )));
    };
    let world = World::new(name)?;
    let scripted = Scripted::new(&world, &arguments.policy, 1)?;
    Ok((world, Box::new(scripted)))
}
