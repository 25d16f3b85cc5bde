//! `latentrl train`.

use std::{path::PathBuf, process::ExitCode};

use run::{Session, Settings, Task};
use time::OffsetDateTime;

use crate::{
    failure::Failure,
    parse,
    seeds::Group,
    setup,
    train_run::{Audience, drive},
};

const EXAMPLES: &str = "\
Examples:
  latentrl train tcrl --world pendulum
  latentrl train ppo --world cartpole --steps 100000 --seed 3 --out runs/first
  latentrl train sac --world pendulum --set learning_rate=1e-3 --set run.eval_every=2000
  latentrl train rainbow --world minatar-breakout --latent spr --budget 10m
  latentrl train ppo --world deep-sea,size=10 --bonus rnd
  latentrl train ppo --world cartpole --seeds 5 --jobs 2
  latentrl train prdc --data data/medium --eval-world point-maze-medium
  latentrl train iql --data data:pendulum/scripted,skill=0.5,steps=50000 --eval-world pendulum
  latentrl train grpo --world arith,m=10,n=2
  latentrl train grpo --data problems.jsonl --model models/qwen
  latentrl train ppo --config runs/first/config.toml --seed 4

`latentrl info <method>` lists what --set takes; `run.` before a key edits the loop around the
method: steps, budget_seconds, eval_every, eval_episodes, final_episodes, record_every,
checkpoint_every.";

/// Train a method in a world
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The method's name, as `latentrl list` shows it
    pub method: String,
    /// World to train in, as `latentrl worlds` shows it
    #[arg(long, value_name = "WORLD")]
    pub world: Option<String>,
    /// Data set to learn from: a Minari folder, HDF5 or npz file, or data:<world>/<policy>,steps=N;
    /// for language models, problems as JSON lines
    #[arg(long, value_name = "DATA")]
    pub data: Option<String>,
    /// World to evaluate in, where it is another or there is only data
    #[arg(long, value_name = "WORLD")]
    pub eval_world: Option<String>,
    /// Published language model to start from: a folder with config.json, weights and tokenizer.json
    #[arg(long, value_name = "DIR")]
    pub model: Option<String>,
    /// Hyper-parameters to start from: laptop (sized for two cores) or paper
    #[arg(long, value_name = "PRESET", conflicts_with = "config")]
    pub preset: Option<String>,
    /// Change one hyper-parameter; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Start from the config.toml of a run
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Add a representation objective to the method, such as spr
    #[arg(long, value_name = "OBJECTIVE")]
    pub latent: Option<String>,
    /// Add an intrinsic reward to the world's, such as rnd
    #[arg(long, value_name = "BONUS")]
    pub bonus: Option<String>,
    /// Environment steps; the method's own number where none is given
    #[arg(long, value_name = "N", value_parser = parse::positive, allow_negative_numbers = true)]
    pub steps: Option<u64>,
    /// Time to train for, like 90s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = parse::budget, allow_hyphen_values = true, conflicts_with = "steps")]
    pub budget: Option<f64>,
    /// Seed of everything random, or the first of several; 0 where none is given
    #[arg(long, value_name = "S", value_parser = parse::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Train this many seeds, each in a process of its own
    #[arg(long, value_name = "N", value_parser = parse::positive, allow_negative_numbers = true)]
    pub seeds: Option<u64>,
    /// Processes at once; as many as there are cores where none is given
    #[arg(long, value_name = "J", value_parser = parse::positive_count, allow_negative_numbers = true, requires = "seeds")]
    pub jobs: Option<usize>,
    /// Environment steps between checkpoints; one a minute where none is given
    #[arg(long, value_name = "N", value_parser = parse::positive, allow_negative_numbers = true)]
    pub checkpoint_every: Option<u64>,
    /// Where tensors live
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Folder to create; runs/<method>-<world>-s<seed>-<time> where none is given
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Report to a supervising process, which stops the run by closing standard input
    #[arg(long, hide = true)]
    pub supervised: bool,
}

/// Trains one run or several seeds.
pub fn execute(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (entry, settings) = setup::settings(arguments)?;
    let task = Task::of(entry.card, &settings.task)?;
    run::threads::prepare();
    if let Some(count) = arguments.seeds {
        // Whatever the method refuses is refused here, once and before anything is written.
        run::session::build(entry, &settings, &task)?;
        let place = arguments.out.clone().unwrap_or_else(|| default_place(&settings, Some(count)));
        let group = Group::create(&place, settings, count, arguments.jobs)?;
        return group.train(arguments.json);
    }
    let place = arguments.out.clone().unwrap_or_else(|| default_place(&settings, None));
    let session = Session::create(entry, settings.clone(), task, &place)?;
    drive(session, &settings, Audience { json: arguments.json, supervised: arguments.supervised })
}

/// `runs/<method>-<world>-s<seed>-<time>`, with the last seed too where there are several; data stand
/// in for a world.
fn default_place(settings: &Settings, seeds: Option<u64>) -> PathBuf {
    let task = &settings.task;
    let place = task.world.as_deref().or(task.eval_world.as_deref()).or(task.data.as_deref());
    let world = place.map(|name| format!("-{}", name.replace([',', '=', '/', ':'], "-")));
    let first = settings.seed;
    let seeds =
        seeds.map_or(format!("s{first}"), |count| format!("s{first}to{}", first.saturating_add(count - 1)));
    PathBuf::from("runs").join(format!(
        "{}{}-{seeds}-{}",
        settings.method,
        world.unwrap_or_default(),
        timestamp(OffsetDateTime::now_utc())
    ))
}

/// Universal time as `20260131-235959`.
fn timestamp(now: OffsetDateTime) -> String {
    let (date, (hour, minute, second)) = (now.date(), now.to_hms());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::{OffsetDateTime, timestamp};

    #[test]
    fn timestamps_sort_by_time() {
        // Seconds as `date -u -d ... +%s` gives them.
        let moment = OffsetDateTime::from_unix_timestamp(951_782_403).expect("a moment");
        assert_eq!(timestamp(moment), "20000229-000003");
    }
}
