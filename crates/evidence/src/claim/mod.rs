//! Claim files: what a paper says, as arms to run and conditions that can fail. Everything a file
//! can get wrong is refused before anything runs, in one sentence with file, line and key.

mod arm;
mod condition;
mod document;
mod metric;
mod plan;
mod question;
mod sweep;

use toml::de::DeTable;

use crate::{EvidenceError, Result};
use document::{Document, Item, Section};

pub use arm::PlannedArm;
pub use plan::{ClaimPlan, PlannedCondition};
pub(crate) use question::stands_for;
pub use question::{At, Direction, Question, Share, SlopeOver, Subject, Threshold};
pub use sweep::SweepPoint;

/// How much is spent on a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// About a minute on two cores.
    #[default]
    Quick,
    /// As close to the paper as a workstation allows.
    Full,
}

impl Preset {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Quick, Self::Full];

    /// Its name in the file and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    /// The presets that `presets` of a table lists; both where it is missing.
    fn list(section: &Section<'_>) -> Result<Vec<Self>> {
        let Some(item) = section.get("presets") else { return Ok(Self::ALL.to_vec()) };
        let choices = Self::ALL.map(|preset| (preset.name(), preset));
        let list =
            item.names()?.iter().map(|name| name.choice("preset", &choices)).collect::<Result<Vec<_>>>()?;
        if list.is_empty() { Err(item.refuse("it names no preset")) } else { Ok(list) }
    }
}

/// A claim that was read and can be run.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its id: letters, digits and hyphens.
    pub id: String,
    /// What the paper claims, in our words.
    pub claim: String,
    /// Where in the paper.
    pub source: String,
    file: String,
    plans: Vec<ClaimPlan>,
}

impl Claim {
    /// Reads a claim file and everything its presets resolve to. `file_name` stands in errors.
    ///
    /// # Errors
    /// The first thing in the file that cannot be run, with file, line and key.
    pub fn parse(text: &str, file_name: &str) -> Result<Self> {
        let document = Document { file: file_name, text };
        let table = DeTable::parse(text).map_err(|error| document.malformed(&error))?;
        Self::read(&Section::root(&document, table.get_ref()), file_name)
    }

    fn read(root: &Section<'_>, file: &str) -> Result<Self> {
        root.known(&["id", "claim", "source", "preset", "arm", "condition"])?;
        let id = root.require("id", "a claim needs a name")?;
        let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if !id.text()?.chars().all(allowed) {
            return Err(id.refuse("an id has only small letters, digits and hyphens"));
        }
        let plans = plan::all(root, id.text()?)?;
        Ok(Self {
            id: id.text()?.to_owned(),
            claim: root.require("claim", "say what is claimed")?.text()?.to_owned(),
            source: root.require("source", "say where the paper claims it")?.text()?.to_owned(),
            file: file.to_owned(),
            plans,
        })
    }

    /// The file as its reader named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What a preset runs and asks.
    ///
    /// # Errors
    /// The file has no such preset.
    pub fn plan(&self, preset: Preset) -> Result<&ClaimPlan> {
        self.plans.iter().find(|plan| plan.preset == preset).ok_or_else(|| EvidenceError::Claim {
            file: self.file.clone(),
            line: 1,
            key: format!("preset.{}", preset.name()),
            cause: "missing: the file has only the other preset".to_owned(),
        })
    }
}
