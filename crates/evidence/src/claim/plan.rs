//! What a preset of a claim runs and asks.

use super::{
    Item, Preset, Section,
    arm::{ArmSource, PlannedArm, Shared},
    condition,
    question::{At, Question, stands_for},
};
use crate::Result;

/// One condition with its arms resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedCondition {
    /// What it says.
    pub text: String,
    /// What it asks.
    pub question: Question,
    /// Whether it takes part in the claim's verdict.
    pub gating: bool,
    /// Whether the claim is invalid where it fails.
    pub sanity: bool,
}

/// A preset, resolved and checked.
#[derive(Clone, Debug)]
pub struct ClaimPlan {
    /// Which one.
    pub preset: Preset,
    /// The claim's id, from which intervals draw their randomness.
    pub id: String,
    /// Number of seeds of every arm.
    pub seeds: usize,
    /// Seconds it was measured to take on two cores, where the file says so.
    pub seconds: Option<f64>,
    /// What is run.
    pub arms: Vec<PlannedArm>,
    /// What is asked.
    pub conditions: Vec<PlannedCondition>,
}

impl ClaimPlan {
    /// The arm of this name.
    pub fn arm(&self, name: &str) -> Option<&PlannedArm> {
        self.arms.iter().find(|arm| arm.name == name)
    }

    /// Ids of the claims that a study among the conditions counts.
    pub fn studied(&self) -> Vec<&str> {
        let mut out = Vec::new();
        for condition in &self.conditions {
            if let Question::Study { claims, .. } = &condition.question {
                out.extend(
                    claims.iter().map(String::as_str).filter(|id| !out.contains(id)).collect::<Vec<_>>(),
                );
            }
        }
        out
    }

    /// What the conditions measure of an arm: names of metrics and how a series becomes a number,
    /// each once, in the order of the conditions.
    pub fn measured(&self, arm: &str) -> Vec<(&str, At)> {
        let mut out = Vec::new();
        for condition in &self.conditions {
            let Some(subject) = condition.question.subject() else { continue };
            let pair = (subject.metric.as_str(), subject.at);
            let about = condition.question.arms().iter().any(|name| stands_for(name, arm));
            if about && !out.contains(&pair) {
                out.push(pair);
            }
        }
        out
    }
}

/// The plans of all presets that a file has.
pub(super) fn all(root: &Section<'_>, id: &str) -> Result<Vec<ClaimPlan>> {
    let presets = root.require("preset", "write [preset.quick] and [preset.full]")?.section()?;
    presets.known(&Preset::ALL.map(Preset::name))?;
    let arms = root.sections("arm")?.into_iter().map(ArmSource::read).collect::<Result<Vec<_>>>()?;
    for (index, arm) in arms.iter().enumerate() {
        let name = arm.name.text()?;
        for earlier in &arms[..index] {
            if earlier.name.text()? == name {
                return Err(arm.name.refuse(format!("two arms are called `{name}`")));
            }
        }
    }
    let conditions = root.sections("condition")?;
    if conditions.is_empty() {
        return Err(root.missing("condition", "a claim that asks nothing cannot fail"));
    }
    let mut plans = Vec::new();
    for preset in Preset::ALL {
        if let Some(section) = presets.section(preset.name())? {
            plans.push(one(preset, &section, &arms, &conditions, id)?);
        }
    }
    if plans.is_empty() { Err(presets.missing("quick", "there is no preset")) } else { Ok(plans) }
}

fn one<'a>(
    preset: Preset,
    section: &Section<'a>,
    sources: &[ArmSource<'a>],
    conditions: &[Section<'a>],
    id: &str,
) -> Result<ClaimPlan> {
    section.known(&["seeds", "steps", "seconds", "arms", "run"])?;
    let seeds = section.require("seeds", "the number of seeds of every arm")?;
    let shared = Shared {
        preset,
        steps: section.get("steps").map(|item| item.positive()).transpose()?,
        run: section.get("run"),
    };
    let mut arms = Vec::new();
    for source in members(section, sources, preset)? {
        arms.extend(source.plan(&shared)?);
    }
    for (index, arm) in arms.iter().enumerate() {
        if arms[..index].iter().any(|earlier| earlier.name == arm.name) {
            return Err(section.refuse("arms", format!("`{}` stands there twice", arm.name)));
        }
    }
    let every: Vec<&str> = sources.iter().map(|source| source.name.text()).collect::<Result<_>>()?;
    let mut planned = Vec::new();
    for condition in conditions {
        planned.extend(condition::read(condition, &condition::Place { preset, arms: &arms, every: &every })?);
    }
    if !planned.iter().any(|condition| condition.gating && !condition.sanity) {
        let name = preset.name();
        return Err(
            section.refuse("", format!("no condition of preset `{name}` decides: one must be gating"))
        );
    }
    Ok(ClaimPlan {
        preset,
        id: id.to_owned(),
        seeds: usize::try_from(seeds.positive()?).map_err(|_| seeds.refuse("the number is too large"))?,
        seconds: section.get("seconds").map(|item| item.number()).transpose()?,
        arms,
        conditions: planned,
    })
}

/// The arms of a preset: those it lists, or all that do not say otherwise.
fn members<'s, 'a>(
    section: &Section<'a>,
    sources: &'s [ArmSource<'a>],
    preset: Preset,
) -> Result<Vec<&'s ArmSource<'a>>> {
    let Some(list) = section.get("arms") else {
        return Ok(sources.iter().filter(|source| source.presets.contains(&preset)).collect());
    };
    let find = |item: &Item<'a>| {
        let name = item.text()?;
        let found = sources.iter().find(|source| source.name.as_text() == Some(name));
        found.ok_or_else(|| {
            item.unknown("arm", name, sources.iter().filter_map(|source| source.name.as_text()))
        })
    };
    list.list()?.iter().map(find).collect()
}
