//! Several seeds of one run, each trained by a process of its own, so that they share neither
//! threads nor memory and one that fails leaves the others alone.

mod child;
mod supervise;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use run::{
    RunError, Score, Scores, Settings, checkpoint,
    folder::{Folder, write_whole},
    summary::Summary,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    failure::{Failure, INTERRUPTED},
    output::{command_line, count, number, print, print_json},
    table::Table,
    train_run::document,
};

/// The file that marks a folder of several seeds.
const SEEDS: &str = "seeds.toml";

/// What all seeds have in common, as a `config.toml`.
const SETTINGS: &str = "settings.toml";

/// A folder of several seeds.
pub struct Group {
    place: PathBuf,
    plan: SeedPlan,
    settings: Settings,
}

/// What stands in `seeds.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPlan {
    /// The seeds in order.
    seeds: Vec<u64>,
    /// Processes at once.
    jobs: usize,
}

/// How one seed ended.
enum Ending {
    /// Its summary.
    Finished(Summary),
    /// It can be resumed.
    Interrupted,
    /// Why it failed.
    Failed(String),
}

impl Group {
    /// Whether a folder of several seeds lies here.
    pub fn is_at(place: &Path) -> bool {
        place.join(SEEDS).is_file()
    }

    /// A new folder for `count` seeds from the settings' one on.
    pub fn create(
        place: &Path,
        settings: Settings,
        count: u64,
        jobs: Option<usize>,
    ) -> Result<Self, Failure> {
        let first = settings.seed;
        let last = first.checked_add(count - 1).ok_or_else(|| {
            Failure::usage(format!("{count} seeds from {first} on are more than there are numbers"))
        })?;
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        let jobs = jobs.unwrap_or_else(cores).min(most);
        let plan = SeedPlan { seeds: (first..=last).collect(), jobs };
        Folder::create(place)?;
        let group = Self { place: place.to_owned(), plan, settings };
        if let Err(failure) = group.write() {
            let _ = fs::remove_dir_all(place);
            return Err(failure);
        }
        Ok(group)
    }

    fn write(&self) -> Result<(), Failure> {
        write_whole(&self.place.join(SETTINGS), self.settings.to_toml()?.as_bytes())?;
        let plan = toml::to_string(&self.plan).map_err(Failure::failed)?;
        Ok(write_whole(&self.place.join(SEEDS), plan.as_bytes())?)
    }

    /// The group in an existing folder.
    pub fn open(place: &Path) -> Result<Self, Failure> {
        let read = |name: &str| {
            let path = place.join(name);
            fs::read_to_string(&path).map_err(|error| RunError::io("read", &path, error))
        };
        let plan: SeedPlan = toml::from_str(&read(SEEDS)?)
            .map_err(|error| Failure::usage(format!("`{}/{SEEDS}`: {}", place.display(), error.message())))?;
        if plan.jobs == 0 {
            return Err(Failure::usage(format!(
                "`{}/{SEEDS}`: `jobs` is 0: it must be at least 1",
                place.display()
            )));
        }
        for child in plan.seeds.iter().map(|seed| child(place, *seed)) {
            match Folder::open(&child) {
                Ok(folder) if child::finished(&child).is_none() => checkpoint::check_version(&folder)?,
                _ => {}
            }
        }
        Ok(Self { place: place.to_owned(), plan, settings: Settings::parse(&read(SETTINGS)?)? })
    }

    /// Trains every seed that is not finished and tells how they went.
    pub fn train(&self, json: bool) -> Result<ExitCode, Failure> {
        let endings = supervise::supervise(self)?;
        let document = self.document(&endings)?;
        let text = serde_json::to_vec_pretty(&document).map_err(Failure::failed)?;
        write_whole(&self.place.join("summary.json"), &text).map_err(Failure::failed)?;
        if json {
            print_json(&document)?;
        } else {
            print(&self.told(&endings))?;
        }
        let failed = endings.iter().any(|(_, ending)| matches!(ending, Ending::Failed(_)));
        let interrupted = endings.iter().any(|(_, ending)| matches!(ending, Ending::Interrupted));
        Ok(match (interrupted, failed) {
            (true, _) => ExitCode::from(INTERRUPTED),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        })
    }

    /// Folder of one seed's run.
    fn child(&self, seed: u64) -> PathBuf {
        child(&self.place, seed)
    }

    /// Threads for each process.
    fn threads(&self) -> usize {
        (cores() / self.plan.jobs).max(1)
    }

    fn document(&self, endings: &[(u64, Ending)]) -> Result<Value, Failure> {
        let mut seeds = Vec::new();
        for (seed, ending) in endings {
            let run = self.child(*seed);
            seeds.push(match ending {
                Ending::Finished(summary) => document(summary, &run)?,
                Ending::Interrupted => json!({"seed": seed, "run": run, "interrupted": true}),
                Ending::Failed(message) => json!({"seed": seed, "run": run, "error": message}),
            });
        }
        Ok(json!({
            "method": self.settings.method,
            "world": self.settings.task.world,
            "run": self.place,
            "scores": over_seeds(endings),
            "seeds": seeds,
        }))
    }

    /// A table of the seeds' scores, and what failed.
    fn told(&self, endings: &[(u64, Ending)]) -> String {
        let over = over_seeds(endings);
        let mut titles = vec!["seed", "steps"];
        titles.extend(over.keys().map(|name| name.trim_start_matches("eval/")));
        titles.push("run");
        let mut table = Table::new(&titles);
        for (seed, ending) in endings {
            let mut cells = vec![seed.to_string()];
            match ending {
                Ending::Finished(summary) => {
                    cells.push(count(summary.steps));
                    let mean =
                        |name| summary.scores.get(name).map_or("-".to_owned(), |score| number(score.mean));
                    cells.extend(over.keys().map(mean));
                }
                Ending::Interrupted => cells.push("interrupted".to_owned()),
                Ending::Failed(_) => cells.push("failed".to_owned()),
            }
            cells.resize(titles.len() - 1, "-".to_owned());
            cells.push(self.child(*seed).display().to_string());
            table.row(cells);
        }
        type Part = fn(&Score) -> f64;
        let rows: [(&str, Part); 2] = [("mean", |score| score.mean), ("std", |score| score.std)];
        for (name, part) in rows.into_iter().filter(|_| !over.is_empty()) {
            let mut cells = vec![name.to_owned(), String::new()];
            cells.extend(over.values().map(|score| number(part(score))));
            cells.push(String::new());
            table.row(cells);
        }
        let mut text = table.render();
        for (seed, ending) in endings {
            if let Ending::Failed(message) = ending {
                text.push_str(&format!("\nseed {seed} failed: {message}"));
            }
        }
        if endings.iter().any(|(_, ending)| !matches!(ending, Ending::Finished(_))) {
            text.push_str(&format!("\ncontinue:  {}", command_line("resume", &self.place, "")));
        }
        text
    }
}

/// Folder of one seed's run in the folder of all.
fn child(place: &Path, seed: u64) -> PathBuf {
    place.join(format!("s{seed}"))
}

/// Every score's spread over the seeds: the values are the seeds' means.
fn over_seeds(endings: &[(u64, Ending)]) -> Scores {
    let summaries: Vec<&Summary> = endings
        .iter()
        .filter_map(|(_, ending)| if let Ending::Finished(summary) = ending { Some(summary) } else { None })
        .collect();
    let mut names: Vec<&String> = summaries.iter().flat_map(|summary| summary.scores.keys()).collect();
    names.sort();
    names.dedup();
    let score = |name: &String| {
        let values: Vec<f64> =
            summaries.iter().filter_map(|summary| Some(summary.scores.get(name)?.mean)).collect();
        Some((name.clone(), Score::of(&values)?))
    };
    names.into_iter().filter_map(score).collect()
}

/// Cores of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
