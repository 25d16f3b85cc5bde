//! `summary.json`: how a run ended.

use serde::{Deserialize, Serialize};

use crate::{
    Result, RunError,
    context::Run,
    folder::{Folder, write_whole},
    metrics::Clock,
    scores::Scores,
    session::Reason,
    settings::Settings,
};

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Id of the method.
    pub method: String,
    /// The world, where there is one.
    pub world: Option<String>,
    /// The run's seed.
    pub seed: u64,
    /// The preset it started from.
    pub preset: String,
    /// Environment steps taken.
    pub steps: u64,
    /// Complete training episodes.
    pub episodes: u64,
    /// Whether nothing is left to resume.
    pub finished: bool,
    /// Why it ended.
    pub reason: Reason,
    /// The evaluation at the end.
    pub scores: Scores,
    /// Time.
    pub clock: Clock,
    /// Program, version and profile.
    pub build: String,
    /// The processor it ran on.
    pub processor: String,
}

impl Summary {
    /// The summary in a run's folder, where the run has ended.
    ///
    /// # Errors
    /// The file cannot be read or is none.
    pub fn read(folder: &Folder) -> Result<Option<Self>> {
        let path = folder.summary();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RunError::io("read", &path, error)),
        };
        let parsed = serde_json::from_slice(&text);
        parsed
            .map(Some)
            .map_err(|error| RunError::Config(format!("`{}` is not a summary: {error}", path.display())))
    }

    /// The summary of a run as it stands.
    pub fn new(settings: &Settings, run: &Run, reason: Reason, scores: Scores, clock: Clock) -> Self {
        Self {
            method: settings.method.clone(),
            world: settings.task.world.clone(),
            seed: settings.seed,
            preset: settings.preset.clone(),
            steps: run.steps(),
            episodes: run.meters().episodes,
            finished: reason != Reason::Interrupted,
            reason,
            scores,
            clock,
            build: build_name(),
            processor: processor_name(),
        }
    }

    pub(crate) fn write(&self, folder: &Folder) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(RunError::part)?;
        write_whole(&folder.summary(), &bytes)
    }
}

/// Program, version and profile, such as `latentrl 0.1.0 (release)`.
pub fn build_name() -> String {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{} ({profile})", crate::PROGRAM)
}

/// The processor's name and the number of threads it runs, as far as the system tells.
pub fn processor_name() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let name = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    format!("{}, {threads} threads", name.as_deref().unwrap_or(std::env::consts::ARCH))
}
