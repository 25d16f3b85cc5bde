//! `config.toml`: everything that, run again, gives the same run.

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::{Result, RunError, card::Card, checkpoint::check_version, folder::Folder, registry::Preset};

/// The complete description of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Id of the method.
    pub method: String,
    /// `laptop` or `paper`.
    pub preset: String,
    /// The run's seed; everything random derives from it.
    pub seed: u64,
    /// Where tensors live: `cpu`.
    pub device: String,
    /// Program and version that wrote the file.
    pub program: String,
    /// What the method works on.
    #[serde(default)]
    pub task: TaskSettings,
    /// Budget, evaluation and records.
    pub run: RunSettings,
    /// The method's hyper-parameters.
    pub config: Table,
}

/// What the method works on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSettings {
    /// World to train in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
    /// Data set to learn from: a file, or a recipe that records it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// World to evaluate in, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval_world: Option<String>,
    /// Folder of a published language model to start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Budget, evaluation and records; `--set run.eval_every=5000` edits them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// Environment steps, over which schedules are laid.
    pub steps: u64,
    /// Seconds of training after which the run ends early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_seconds: Option<f64>,
    /// Steps between evaluations; 0 for the last one only.
    pub eval_every: u64,
    /// Episodes of an evaluation on the way; of methods on problems in text, held-out problems.
    pub eval_episodes: usize,
    /// Episodes of the evaluation at the end.
    pub final_episodes: usize,
    /// Steps between training records.
    pub record_every: u64,
    /// Steps between checkpoints; one every 60 seconds where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<u64>,
}

impl RunSettings {
    /// The defaults for a run of this many steps.
    pub fn for_steps(steps: u64) -> Self {
        Self {
            steps,
            budget_seconds: None,
            eval_every: (steps / 10).max(1),
            eval_episodes: 10,
            final_episodes: 20,
            record_every: (steps / 100).clamp(1, 1_000),
            checkpoint_every: None,
        }
    }

    /// The defaults for a run of a method. An answer takes a moment and says yes or no, so methods on
    /// problems in text are scored on many.
    fn of(card: &Card, steps: u64) -> Self {
        let defaults = Self::for_steps(steps);
        match card.takes_problems() {
            true => Self { eval_episodes: 128, final_episodes: 512, ..defaults },
            false => defaults,
        }
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// A zero or negative number where a positive one is needed.
    pub fn validate(&self) -> Result<()> {
        let positive = [
            ("steps", self.steps),
            ("eval_episodes", self.eval_episodes as u64),
            ("final_episodes", self.final_episodes as u64),
            ("record_every", self.record_every),
            ("checkpoint_every", self.checkpoint_every.unwrap_or(1)),
        ];
        for (name, value) in positive {
            if value == 0 {
                return Err(RunError::Config(format!("`run.{name}` is 0: it must be at least 1")));
            }
        }
        match self.budget_seconds {
            Some(seconds) if !(seconds.is_finite() && seconds > 0.0) => {
                Err(RunError::Config(format!("the budget is {seconds} seconds: it must be above 0")))
            }
            _ => Ok(()),
        }
    }
}

/// Seconds of a duration like `90s`, `5m`, `1h` or `90`.
///
/// # Errors
/// Not a positive number with one of these units.
pub fn parse_duration(text: &str) -> Result<f64> {
    let (number, factor) = match text.chars().last() {
        Some('s') => (&text[..text.len() - 1], 1.0),
        Some('m') => (&text[..text.len() - 1], 60.0),
        Some('h') => (&text[..text.len() - 1], 3_600.0),
        _ => (text, 1.0),
    };
    number
        .parse::<f64>()
        .ok()
        .map(|value| value * factor)
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .ok_or_else(|| {
            RunError::Config(format!("budget `{text}` is not a time above 0: write 90s, 5m or 1h"))
        })
}

impl Settings {
    /// The defaults of a method.
    pub fn new(card: &Card, preset: Preset, config: Table, seed: u64, steps: Option<u64>) -> Self {
        Self {
            method: card.id.to_owned(),
            preset: preset.name().to_owned(),
            seed,
            device: "cpu".to_owned(),
            program: crate::PROGRAM.to_owned(),
            task: TaskSettings::default(),
            run: RunSettings::of(card, steps.unwrap_or(card.steps)),
            config,
        }
    }

    /// The settings in a `config.toml`.
    ///
    /// # Errors
    /// Not TOML, or a key that is unknown, missing or of the wrong type.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| RunError::Config(format!("config: {}", error.message())))
    }

    /// The settings in a run's folder.
    ///
    /// # Errors
    /// As [`Settings::parse`], or the file cannot be read.
    pub fn read(folder: &Folder) -> Result<Self> {
        let path = folder.config();
        let text = std::fs::read_to_string(&path).map_err(|error| RunError::io("read", &path, error))?;
        Self::parse(&text).map_err(|error| RunError::Config(format!("`{}`: {error}", path.display())))
    }

    /// The settings of a run that goes on or acts from its checkpoint.
    ///
    /// # Errors
    /// As [`Settings::read`], or its checkpoint is of another version.
    pub fn of_checkpoint(folder: &Folder) -> Result<Self> {
        check_version(folder)?;
        Self::read(folder)
    }

    /// The settings as TOML.
    ///
    /// # Errors
    /// A value without a TOML form.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(RunError::part)
    }
}
