//! `latentrl data head`.

use memory::{
    Dataset,
    dataset::{ActionColumn, Episode, FieldColumn},
};
use serde::Serialize;

use super::File;
use crate::{
    failure::Failure,
    output::{number, print, print_json},
    parse::positive_count,
    table::Table,
};

/// Numbers of an observation that are shown.
const SHOWN: usize = 8;

/// Show the first steps
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    file: File,
    /// Episodes to show
    #[arg(long, default_value_t = 1, value_parser = positive_count)]
    episodes: usize,
    /// Steps to show of each
    #[arg(long, default_value_t = 5, value_parser = positive_count)]
    rows: usize,
    /// Print JSON, with every number
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    episode: usize,
    length: usize,
    terminated: bool,
    /// One observation more than steps where the episode's end is shown.
    observations: Vec<Vec<f32>>,
    actions: Vec<Vec<f32>>,
    rewards: Vec<Vec<f32>>,
}

/// Prints the first steps of the first episodes.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let set = arguments.file.survey()?.set;
    let chosen = set.episodes().iter().enumerate().take(arguments.episodes);
    let shown: Vec<Shown> =
        chosen.map(|(number, episode)| of(&set, number, episode, arguments.rows)).collect();
    if arguments.json {
        return print_json(&shown);
    }
    let texts: Vec<String> = shown.iter().map(told).collect();
    print(&texts.join("\n"))
}

fn of(set: &Dataset, number: usize, episode: &Episode, rows: usize) -> Shown {
    let steps = rows.min(episode.length);
    let seen = if steps == episode.length { steps + 1 } else { steps };
    let size = set.spec().input().size();
    let rows = |first: usize, count: usize, width: usize| {
        (first..first + count).map(move |row| row * width..(row + 1) * width)
    };
    let observations = rows(episode.observation, seen, size).map(|range| match set.field(0) {
        FieldColumn::Floats(values) => values[range].to_vec(),
        FieldColumn::Bytes(values) => values[range].iter().map(|&value| f32::from(value)).collect(),
    });
    let actions = match set.actions() {
        None => Vec::new(),
        Some(ActionColumn::Discrete(indices)) => {
            indices[episode.step..episode.step + steps].iter().map(|&index| vec![index as f32]).collect()
        }
        Some(ActionColumn::Continuous(values)) => {
            rows(episode.step, steps, set.spec().action_width()).map(|range| values[range].to_vec()).collect()
        }
    };
    let channels = set.spec().rewards.len();
    let rewards = if channels == 0 {
        Vec::new()
    } else {
        rows(episode.step, steps, channels).map(|range| set.reward()[range].to_vec()).collect()
    };
    Shown {
        episode: number,
        length: episode.length,
        terminated: episode.terminated,
        observations: observations.collect(),
        actions,
        rewards,
    }
}

fn told(shown: &Shown) -> String {
    let Shown { episode, length, terminated, observations, actions, rewards } = shown;
    let end = if *terminated { "ends" } else { "is cut" };
    let mut table = Table::new(&["step", "action", "reward", "observation"]);
    for (step, observation) in observations.iter().enumerate() {
        let cell = |rows: &[Vec<f32>]| rows.get(step).map_or_else(String::new, |row| numbers(row));
        table.row([step.to_string(), cell(actions), cell(rewards), numbers(observation)]);
    }
    format!("episode {episode}: {length} steps, then it {end}\n{}", table.render())
}

/// The first numbers of a row.
fn numbers(row: &[f32]) -> String {
    let shown: Vec<String> = row.iter().take(SHOWN).map(|&value| number(f64::from(value))).collect();
    let more = if row.len() > SHOWN { format!(" ... of {}", row.len()) } else { String::new() };
    format!("{}{more}", shown.join(" "))
}
