//! `latentrl compare`.

use std::{path::PathBuf, process::ExitCode};

use evidence::{
    compare::{Entrant, compare},
    page,
};
use run::{Preset, Settings, Task};

use crate::{
    failure::{Failure, INTERRUPTED},
    findings, interrupt,
    output::{print, print_json},
    parse,
    runs_shown::RunsShown,
};

const EXAMPLES: &str = "\
Examples:
  latentrl compare ppo dqn --world cartpole --seeds 5 --steps 50000
  latentrl compare sac td3 tcrl --world pendulum reacher2 --seeds 5 --steps 15000
  latentrl compare dqn random --world cartpole acrobot --seeds 3 --steps 20000 --json

Every method runs in every world with its laptop preset, the same number of steps and the same seeds;
the score is the last evaluation's. An interrupted comparison goes on with the same command.";

/// Compare methods in worlds, with intervals
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Methods
    #[arg(required = true, value_name = "METHOD")]
    methods: Vec<String>,
    /// Worlds
    #[arg(long, required = true, num_args = 1.., value_name = "WORLD")]
    world: Vec<String>,
    /// Seeds of every method in every world
    #[arg(long, value_name = "N", default_value = "5", value_parser = parse::positive, allow_negative_numbers = true)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "K", default_value = "100", value_parser = parse::seed, allow_negative_numbers = true)]
    first_seed: u64,
    /// Steps of every run; each method's own number where it is missing
    #[arg(long, value_name = "N", value_parser = parse::positive, allow_negative_numbers = true)]
    steps: Option<u64>,
    /// Preset of every method: laptop or paper
    #[arg(long, value_name = "PRESET", default_value = "laptop")]
    preset: String,
    /// Runs at once; one per core where it is missing
    #[arg(long, value_name = "J", value_parser = parse::positive_count, allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Folder of the report and its runs
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Runs what is not done yet and prints the statistics.
pub fn execute(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let place = arguments.out.clone().unwrap_or_else(|| place(arguments));
    let entrants = entrants(arguments, &place)?;
    run::threads::prepare();
    let stop = interrupt::on_interrupt()?;
    if place.join(page::PAGE).is_file() {
        evidence::reproduce::clear(&place)?;
    }
    let shown = RunsShown::new("compare");
    let jobs = arguments.jobs.unwrap_or_else(crate::seeds::cores);
    let report = compare(&entrants, jobs, &place, &command(arguments), &stop, &shown);
    shown.clear();
    let Some(report) = report.map_err(Failure::failed)? else {
        eprintln!("interrupted and saved: the same command goes on from there");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&format!("{}\n\nreport:  {}", findings::told(&report), place.join(page::PAGE).display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every method in every world; whatever does not fit is refused before anything runs.
fn entrants(arguments: &Arguments, place: &std::path::Path) -> Result<Vec<Entrant>, Failure> {
    let preset = Preset::parse(&arguments.preset)?;
    let last = arguments.first_seed.checked_add(arguments.seeds).ok_or_else(|| {
        Failure::usage(format!(
            "{} seeds from {} on are more than there are numbers",
            arguments.seeds, arguments.first_seed
        ))
    })?;
    let seeds: Vec<u64> = (arguments.first_seed..last).collect();
    let mut out = Vec::new();
    for method in &arguments.methods {
        let entry = run::registry::find(method)?;
        for world in &arguments.world {
            let mut settings = Settings::new(entry.card, preset, (entry.preset)(preset), 0, arguments.steps);
            settings.task.world = Some(world.clone());
            let task = Task::of(entry.card, &settings.task)?;
            run::session::build(entry, &settings, &task)?;
            out.push(Entrant::new(entry, settings, &seeds, place));
        }
    }
    Ok(out)
}

fn place(arguments: &Arguments) -> PathBuf {
    let name = format!("compare-{}-{}", arguments.methods.join("-"), arguments.world.join("-"));
    PathBuf::from("runs").join(name.replace([',', '='], "-"))
}

/// The command that prints the report again.
fn command(arguments: &Arguments) -> String {
    let steps = arguments.steps.map_or(String::new(), |steps| format!(" --steps {steps}"));
    format!(
        "latentrl compare {} --world {} --seeds {} --first-seed {} --preset {}{steps}",
        arguments.methods.join(" "),
        arguments.world.join(" "),
        arguments.seeds,
        arguments.first_seed,
        arguments.preset,
    )
}
