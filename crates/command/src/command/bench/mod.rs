//! `latentrl bench`.

mod advance;
mod data;
mod lm;
mod replay;
mod worlds;

use clap::ValueEnum;
use run::summary::{build_name, processor_name};
use serde::Serialize;
use serde_json::Value;

use crate::{
    failure::Failure,
    output::{count, number, print, print_json},
    table::Table,
};

const EXAMPLES: &str = "\
Examples:
  latentrl bench worlds
  latentrl bench ppo --json | jq '.results[0].value'";

/// Measure how fast this machine is at it
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What to measure
    bench: Bench,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

/// Something that can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bench {
    /// Steps per second of worlds under random actions
    Worlds,
    /// Seconds to sample a batch from small and large replay memories
    Replay,
    /// Seconds to open a data set of a gigabyte, memory, and batches per second from it
    Data,
    /// Environment steps per second of PPO on cartpole, training included
    Ppo,
    /// Updates per second of SAC on pendulum
    Sac,
    /// Tokens per second of a small language model, generating and learning
    Lm,
}

/// One measured number.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// What it is of.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What it depends on.
    pub settings: Value,
}

#[derive(Serialize)]
struct Document {
    bench: &'static str,
    results: Vec<Measured>,
    build: String,
    processor: String,
}

/// Measures and prints.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    run::threads::prepare();
    let (bench, results) = match arguments.bench {
        Bench::Worlds => ("worlds", worlds::measure()?),
        Bench::Replay => ("replay", replay::measure()?),
        Bench::Data => ("data", data::measure()?),
        Bench::Ppo => ("ppo", advance::ppo()?),
        Bench::Sac => ("sac", advance::sac()?),
        Bench::Lm => ("lm", lm::measure()?),
    };
    let document = Document { bench, results, build: build_name(), processor: processor_name() };
    if arguments.json { print_json(&document) } else { print(&told(&document)) }
}

fn told(document: &Document) -> String {
    let mut table = Table::new(&["what", "value", "unit", "settings"]);
    for result in &document.results {
        let value =
            if result.value >= 1_000.0 { count(result.value.round() as u64) } else { number(result.value) };
        table.row([&result.name, &value, result.unit, &settings(&result.settings)]);
    }
    format!("{}\n{}\n{}", table.render(), document.build, document.processor)
}

fn settings(settings: &Value) -> String {
    let Some(fields) = settings.as_object() else { return settings.to_string() };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let parts: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
    parts.join(" ")
}
