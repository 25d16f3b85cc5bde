//! Reading one `[[condition]]` against the arms of a preset.

use super::{
    Item, PlannedArm, PlannedCondition, Preset, Section, metric,
    question::{At, Direction, EVERY_POINT, Question, Share, SlopeOver, Subject, Threshold, stands_for},
};
use crate::{Result, claims};

/// Keys of every condition.
const ALWAYS: [&str; 5] = ["text", "kind", "gating", "sanity", "presets"];

/// Kinds with the keys of each.
const KINDS: [(&str, &[&str]); 6] = [
    ("difference", &["arm", "versus", "times", "metric", "at", "direction", "margin"]),
    ("ratio", &["arm", "versus", "metric", "at", "direction", "margin"]),
    ("reach", &["arm", "versus", "metric", "direction", "level", "margin"]),
    ("bound", &["arm", "versus", "metric", "at", "direction", "low", "high", "seeds"]),
    ("slope", &["arm", "versus", "metric", "at", "direction", "low", "high", "x", "from", "to"]),
    ("study", &["claims", "need"]),
];

/// The swept name that stands for the steps of a run.
const STEP: &str = "step";

/// Where a condition is read.
pub(super) struct Place<'p> {
    /// The preset.
    pub preset: Preset,
    /// Its arms.
    pub arms: &'p [PlannedArm],
    /// Names of all arms of the file.
    pub every: &'p [&'p str],
}

/// The conditions that one table becomes: none where it is for another preset, one for every
/// `versus` otherwise.
pub(super) fn read(section: &Section<'_>, place: &Place<'_>) -> Result<Vec<PlannedCondition>> {
    let kind_item = section.require("kind", "say what is compared")?;
    let kind = kind_item.choice("kind", &KINDS.map(|(name, keys)| (name, (name, keys))))?;
    check_keys(section, kind)?;
    let text = section.require("text", "say in words what must hold")?.text()?.to_owned();
    let flag = |key, default| section.get(key).map_or(Ok(default), |item| item.boolean());
    let (gating, sanity) = (flag("gating", true)?, flag("sanity", false)?);
    if !Preset::list(section)?.contains(&place.preset) {
        return Ok(Vec::new());
    }
    let versus: Vec<Option<Item<'_>>> = match section.get("versus") {
        None => vec![None],
        Some(item) => {
            let names = item.names()?;
            if names.is_empty() {
                return Err(item.refuse("it names no arm"));
            }
            names.into_iter().map(Some).collect()
        }
    };
    let condition = |versus: Option<Item<'_>>| {
        let question = question(section, kind.0, versus.as_ref(), place)?;
        Ok(PlannedCondition { text: text.clone(), question, gating, sanity })
    };
    versus.into_iter().map(condition).collect()
}

/// Refuses keys that no condition has, and those that this kind has no use for.
fn check_keys(section: &Section<'_>, (kind, keys): (&str, &[&str])) -> Result<()> {
    let every: Vec<&str> =
        ALWAYS.into_iter().chain(KINDS.iter().flat_map(|(_, keys)| keys.iter().copied())).collect();
    section.known(&every)?;
    let stray = section.keys().find(|item| !ALWAYS.contains(&item.name()) && !keys.contains(&item.name()));
    stray.map_or(Ok(()), |item| {
        Err(item.refuse(format!(
            "a condition of kind `{kind}` has no `{}`: it has {}",
            item.name(),
            keys.join(", ")
        )))
    })
}

fn question(
    section: &Section<'_>,
    kind: &str,
    versus: Option<&Item<'_>>,
    place: &Place<'_>,
) -> Result<Question> {
    if kind == "study" {
        return study(section);
    }
    if kind == "slope" {
        return slope(section, versus, place);
    }
    let arm = section.require("arm", "say which arm it is about")?;
    let named = |item: &Item<'_>| match kind {
        "reach" => Ok(vec![arm_of(item, place)?]),
        _ => arms_of(item, place),
    };
    let mut arms = named(&arm)?;
    arms.extend(versus.map(named).transpose()?.into_iter().flatten());
    let subject = subject(section, &arm, versus, &arms)?;
    let margin = || section.require("margin", &format!("a `{kind}` is compared with it"))?.number();
    if matches!(kind, "ratio" | "reach") && versus.is_none() {
        return Err(section.missing("versus", &format!("a `{kind}` holds two arms against each other")));
    }
    Ok(match kind {
        "difference" => Question::Difference(Threshold { subject, margin: margin()? }),
        "ratio" => Question::Ratio(Threshold { subject, margin: margin()? }),
        "reach" => {
            let level = section.require("level", "a `reach` counts the steps to it")?.number()?;
            Question::Reach { threshold: Threshold { subject, margin: margin()? }, level }
        }
        _ => {
            let (low, high) = ends(section, kind)?;
            Question::Bound { subject, low, high, share: share(section)? }
        }
    })
}

/// The parts that all kinds but a study share.
fn subject(
    section: &Section<'_>,
    arm: &Item<'_>,
    versus: Option<&Item<'_>>,
    arms: &[&PlannedArm],
) -> Result<Subject> {
    for arm in arms {
        check_metric(section, arm)?;
    }
    let at = [("end", At::End), ("best", At::Best), ("auc", At::Auc)];
    let direction = [("above", Direction::Above), ("below", Direction::Below)];
    Ok(Subject {
        arm: arm.text()?.to_owned(),
        versus: versus.map(|item| item.text().map(str::to_owned)).transpose()?,
        times: times(section, versus)?,
        metric: section.require("metric", "say what is measured")?.text()?.to_owned(),
        at: section.get("at").map_or(Ok(At::End), |item| item.choice("`at`", &at))?,
        direction: section
            .get("direction")
            .map_or(Ok(Direction::Above), |item| item.choice("direction", &direction))?,
    })
}

/// What the other arm's value is multiplied by.
fn times(section: &Section<'_>, versus: Option<&Item<'_>>) -> Result<f64> {
    let Some(item) = section.get("times") else { return Ok(1.0) };
    match item.number()? {
        _ if versus.is_none() => Err(item.refuse("it multiplies the value of `versus`, which is missing")),
        factor if factor > 0.0 => Ok(factor),
        factor => Err(item.refuse(format!("it is {factor}, but must be above 0"))),
    }
}

fn check_metric(section: &Section<'_>, arm: &PlannedArm) -> Result<()> {
    let (item, card) = (section.require("metric", "say what is measured")?, arm.entry.card);
    let name = item.text()?;
    if metric::is_known(card, name) {
        return Ok(());
    }
    let kind = format!("metric of `{}`", card.id);
    Err(item.unknown(&kind, name, metric::names(card)))
}

/// The arm that a condition names.
fn arm_of<'p>(item: &Item<'_>, place: &Place<'p>) -> Result<&'p PlannedArm> {
    let name = item.text()?;
    if let Some(arm) = place.arms.iter().find(|arm| arm.name == name) {
        return Ok(arm);
    }
    if let Some(arm) = place.arms.iter().find(|arm| arm.base == name) {
        return Err(item.refuse(format!("`{name}` is swept: name one of its points, such as `{}`, or their mean in a difference, ratio or bound: `{name}{EVERY_POINT}`", arm.name)));
    }
    Err(absent(item, name, place))
}

/// The arm that a condition names, or all points of its sweep where it asks for their mean.
fn arms_of<'p>(item: &Item<'_>, place: &Place<'p>) -> Result<Vec<&'p PlannedArm>> {
    let name = item.text()?;
    if !name.ends_with(EVERY_POINT) {
        return Ok(vec![arm_of(item, place)?]);
    }
    let points: Vec<&PlannedArm> = place.arms.iter().filter(|arm| stands_for(name, &arm.name)).collect();
    if points.is_empty() { Err(absent(item, name, place)) } else { Ok(points) }
}

/// The points of a swept arm along `x`.
fn points_of<'p>(item: &Item<'_>, x: &Item<'_>, place: &Place<'p>) -> Result<Vec<&'p PlannedArm>> {
    let (name, key) = (item.text()?, x.text()?);
    let points: Vec<&PlannedArm> = place.arms.iter().filter(|arm| arm.base == name).collect();
    if points.is_empty() {
        return Err(absent(item, name, place));
    }
    let swept = |arm: &&PlannedArm| arm.sweep.as_ref().is_some_and(|point| point.key == key);
    if !points.iter().all(swept) {
        let names = points[0].sweep.iter().map(|point| point.key.as_str()).chain([STEP]);
        return Err(x.unknown(&format!("swept name of arm `{name}`"), key, names));
    }
    if points.len() < 2 {
        return Err(x.refuse(format!("arm `{name}` has one point: a slope needs two")));
    }
    if points.iter().filter_map(|arm| arm.sweep.as_ref()).any(|point| point.value <= 0.0) {
        return Err(
            x.refuse(format!("a slope is taken of logarithms: all values of `{key}` must be above 0"))
        );
    }
    Ok(points)
}

fn absent(item: &Item<'_>, name: &str, place: &Place<'_>) -> crate::EvidenceError {
    let preset = place.preset.name();
    if place.every.iter().any(|other| *other == name.split('[').next().unwrap_or(name)) {
        let there = place.arms.iter().map(|arm| format!("`{}`", arm.name)).collect::<Vec<_>>().join(", ");
        return item.refuse(format!(
            "arm `{name}` is not in preset `{preset}`, which has {there}; `presets` limits a condition to those that have its arms"
        ));
    }
    let known = place.arms.iter().map(|arm| arm.name.as_str()).chain(place.every.iter().copied());
    item.unknown("arm", name, known)
}

/// `low` and `high`, of which one may be missing.
fn ends(section: &Section<'_>, kind: &str) -> Result<(Option<f64>, Option<f64>)> {
    let end = |key| section.get(key).map(|item| item.number()).transpose();
    let (low, high) = (end("low")?, end("high")?);
    if low.is_none() && high.is_none() {
        return Err(section.missing("low", &format!("a `{kind}` needs `low`, `high` or both")));
    }
    if let (Some(low), Some(high), Some(item)) = (low, high, section.get("low"))
        && low > high
    {
        return Err(item.refuse(format!("{low} is above `high`, which is {high}")));
    }
    Ok((low, high))
}

/// `all` or `k of n`.
fn share(section: &Section<'_>) -> Result<Share> {
    let Some(item) = section.get("seeds") else { return Ok(Share { inside: 1, of: 1 }) };
    let text = item.text()?;
    if text == "all" {
        return Ok(Share { inside: 1, of: 1 });
    }
    let numbers =
        text.split_once(" of ").and_then(|(inside, of)| Some((inside.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((inside, of)) if (1..=of).contains(&inside) => Ok(Share { inside, of }),
        _ => Err(item.refuse(format!("`{text}` is neither `all` nor like `5 of 6`"))),
    }
}

fn slope(section: &Section<'_>, versus: Option<&Item<'_>>, place: &Place<'_>) -> Result<Question> {
    let arm = section.require("arm", "say which arm it is about")?;
    let x = section.require("x", "say along what the slope is: a swept name, or \"step\"")?;
    let (low, high) = ends(section, "slope")?;
    let (over, arms) = if x.text()? == STEP {
        let mut arms = vec![arm_of(&arm, place)?];
        arms.extend(versus.map(|item| arm_of(item, place)).transpose()?);
        let end = |key| section.get(key).map(|item| item.number()).transpose();
        (SlopeOver::Step { from: end("from")?, to: end("to")? }, arms)
    } else {
        for key in ["from", "to"] {
            if let Some(item) = section.get(key) {
                return Err(item.refuse("it limits steps: it needs x = \"step\""));
            }
        }
        let own = points_of(&arm, &x, place)?;
        let other = versus.map(|item| points_of(item, &x, place)).transpose()?.unwrap_or_default();
        let named = |arms: &[&PlannedArm]| {
            let point = |arm: &&PlannedArm| Some((arm.sweep.as_ref()?.value, arm.name.clone()));
            arms.iter().filter_map(point).collect()
        };
        let over = SlopeOver::Sweep { arm: named(&own), versus: named(&other) };
        (over, own.into_iter().chain(other).collect())
    };
    let subject = subject(section, &arm, versus, &arms)?;
    Ok(Question::Slope { subject, over, low, high })
}

fn study(section: &Section<'_>) -> Result<Question> {
    let list = section.require("claims", "a study counts claims that hold")?;
    let known = || claims::all().iter().map(|(id, _)| *id);
    let id = |item: &Item<'_>| {
        let id = item.text()?;
        if known().any(|other| other == id) {
            Ok(id.to_owned())
        } else {
            Err(item.unknown("claim", id, known()))
        }
    };
    let claims = list.list()?.iter().map(id).collect::<Result<Vec<_>>>()?;
    let item = section.require("need", "how many of the claims must hold")?;
    let need = item.positive()? as usize;
    if need > claims.len() {
        return Err(item.refuse(format!("it is {need}, but there are {} claims", claims.len())));
    }
    Ok(Question::Study { claims, need })
}
