//! The report of a comparison: scores brought to a common scale and the statistics over them.

use std::path::PathBuf;

use run::{folder::Folder, task::World};

use crate::{
    EvidenceError, Result, Series,
    claim::At,
    compare::Entrant,
    measure::Measured,
    report::{Aggregate, Arm, Comparison, Curve, Improvement, Report},
    statistics::{
        self, efficiency, generator, interquartile_mean, optimality_gap, probability_of_improvement, profile,
        stratified, stratified_pair,
    },
    summarise::{self, Measure},
};

/// Points of a performance profile between the worst and the best score.
const THRESHOLDS: usize = 41;

/// One entrant's report and the series of its runs.
struct Field {
    arm: Arm,
    series: Vec<Series>,
    world: String,
    seconds: f64,
}

/// The report of finished entrants.
///
/// # Errors
/// A run has not ended or lacks its method's primary metric.
pub fn aggregate(entrants: &[Entrant], command: &str) -> Result<Report> {
    let fields: Vec<Field> = entrants.iter().map(field).collect::<Result<_>>()?;
    let mut seeds: Vec<u64> = entrants.iter().flat_map(|entrant| entrant.runs.keys().copied()).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let labels = distinct(entrants.iter().map(|entrant| entrant.label.as_str()));
    let worlds = distinct(entrants.iter().map(Entrant::world));
    Ok(Report {
        id: "compare".to_owned(),
        title: format!("{} in {}", labels.join(", "), worlds.join(", ")),
        source: String::new(),
        paper: String::new(),
        preset: entrants.first().map(|entrant| entrant.settings.preset.clone()).unwrap_or_default(),
        seeds,
        verdict: None,
        remark: String::new(),
        conditions: Vec::new(),
        comparison: comparison(&labels, &worlds, &fields),
        seconds: fields.iter().map(|field| field.seconds).sum(),
        arms: fields.into_iter().map(|field| field.arm).collect(),
        program: run::PROGRAM.to_owned(),
        processor: run::summary::processor_name(),
        command: command.to_owned(),
    })
}

/// Each name once, in the order of first appearance.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        if !out.iter().any(|known| known == name) {
            out.push(name.to_owned());
        }
    }
    out
}

fn field(entrant: &Entrant) -> Result<Field> {
    let read = |place: &PathBuf| Measured::read(&Folder::open(place)?);
    let runs: Vec<Measured> = entrant.runs.values().map(read).collect::<Result<_>>()?;
    let (card, world) = (entrant.entry.card, entrant.world());
    let missing = || {
        let (label, metric) = (&entrant.label, card.primary.metric);
        EvidenceError::Outcome(format!("a run of `{label}` in `{world}` has no `{metric}`"))
    };
    let better = Some(card.primary.higher_is_better);
    let measure = Measure { metric: card.primary.metric, at: At::End, higher_is_better: better };
    let metric = summarise::metric(&runs, measure, &format!("{}/{world}", entrant.label));
    let series = runs.iter().map(|run| run.series(card.primary.metric)).collect::<Option<_>>();
    Ok(Field {
        arm: Arm {
            name: entrant.label.clone(),
            method: card.id.to_owned(),
            world: entrant.settings.task.world.clone(),
            data: entrant.settings.task.data.clone(),
            settings: String::new(),
            steps: entrant.settings.run.steps,
            unit: card.unit.to_owned(),
            metrics: vec![metric.ok_or_else(missing)?],
        },
        series: series.ok_or_else(missing)?,
        world: world.to_owned(),
        seconds: runs.iter().map(|run| run.summary().clock.seconds).sum(),
    })
}

/// How the scores of one world are brought to a common scale.
#[derive(Clone, Copy)]
struct Scale {
    zero: f64,
    one: f64,
}

impl Scale {
    fn apply(&self, value: f64) -> f64 {
        // Where all runs are equal none is better than another.
        if self.one == self.zero { 0.5 } else { (value - self.zero) / (self.one - self.zero) }
    }
}

/// The scales of all worlds: the world's reference returns where every method is scored by its
/// return and every world has them, the worst and the best run otherwise.
fn scales(worlds: &[String], fields: &[Field]) -> (Vec<Scale>, String) {
    let by_return = fields.iter().all(|field| field.arm.metrics[0].name == "eval/return");
    let reference = |world: &String| World::new(world).ok().and_then(|world| world.spec.reference);
    let references: Option<Vec<_>> = worlds.iter().map(reference).collect();
    if let (true, Some(references)) = (by_return, references) {
        let scale =
            |reference: &worlds::spec::Reference| Scale { zero: reference.random, one: reference.expert };
        return (references.iter().map(scale).collect(), "0 is chance, 1 the world's expert".to_owned());
    }
    let scale = |world: &String| {
        let metrics =
            || fields.iter().filter(|field| field.world == *world).map(|field| &field.arm.metrics[0]);
        let values = || metrics().flat_map(|metric| metric.per_seed.iter().copied());
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        match metrics().any(|metric| metric.higher_is_better == Some(false)) {
            true => Scale { zero: high, one: low },
            false => Scale { zero: low, one: high },
        }
    };
    (worlds.iter().map(scale).collect(), "in every world 0 is the worst run and 1 the best".to_owned())
}

/// Aggregates over all worlds; nothing unless every method was run in every world.
fn comparison(labels: &[String], worlds: &[String], fields: &[Field]) -> Option<Comparison> {
    let (scales, normalisation) = scales(worlds, fields);
    let find = |label: &String, world: &String| {
        fields.iter().find(|field| field.arm.name == *label && field.world == *world)
    };
    let row = |label: &String| worlds.iter().map(|world| find(label, world)).collect::<Option<Vec<_>>>();
    let rows: Vec<Vec<&Field>> = labels.iter().map(row).collect::<Option<_>>()?;
    let scores: Vec<Vec<Vec<f64>>> = rows
        .iter()
        .map(|row| {
            let scaled = |(field, scale): (&&Field, &Scale)| {
                field.arm.metrics[0].per_seed.iter().map(|&value| scale.apply(value)).collect()
            };
            row.iter().zip(&scales).map(scaled).collect()
        })
        .collect();
    let thresholds = thresholds(&scores);
    let methods = labels.iter().zip(&rows).zip(&scores).map(|((label, row), scores)| {
        one(label, scores, &thresholds, sample_efficiency(label, row, &scales))
    });
    Some(Comparison {
        worlds: worlds.to_vec(),
        normalisation,
        methods: methods.collect(),
        improvements: improvements(labels, &scores),
        thresholds,
    })
}

fn thresholds(scores: &[Vec<Vec<f64>>]) -> Vec<f64> {
    let all = || scores.iter().flatten().flatten().copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let step = (high - low) / (THRESHOLDS - 1) as f64;
    (0..THRESHOLDS).map(|index| low + step * index as f64).collect()
}

fn one(label: &str, scores: &[Vec<f64>], thresholds: &[f64], efficiency: Curve) -> Aggregate {
    let random = &mut generator(label);
    Aggregate {
        method: label.to_owned(),
        mean: stratified(scores, statistics::mean, random),
        median: stratified(scores, statistics::median, random),
        iqm: stratified(scores, interquartile_mean, random),
        optimality_gap: stratified(scores, optimality_gap, random),
        profile: profile(scores, thresholds, random),
        efficiency,
    }
}

/// The interquartile mean of scaled scores at the steps that all runs in all worlds have.
fn sample_efficiency(label: &str, row: &[&Field], scales: &[Scale]) -> Curve {
    let all = || row.iter().flat_map(|field| &field.series);
    let Some(first) = all().next() else { return Curve::default() };
    let shared = |step: &&u64| all().all(|series| series.steps.binary_search(step).is_ok());
    let steps: Vec<u64> = first.steps.iter().filter(shared).copied().collect();
    let along = |series: &Series, scale: &Scale| -> Vec<f64> {
        let at = |step| series.steps.binary_search(step).ok().map(|index| scale.apply(series.values[index]));
        steps.iter().filter_map(at).collect()
    };
    let curves: Vec<Vec<Vec<f64>>> = row
        .iter()
        .zip(scales)
        .map(|(field, scale)| field.series.iter().map(|series| along(series, scale)).collect())
        .collect();
    efficiency(&steps, &curves, &mut generator(&format!("efficiency of {label}")))
}

fn improvements(labels: &[String], scores: &[Vec<Vec<f64>>]) -> Vec<Improvement> {
    let mut out = Vec::new();
    for (method, own) in labels.iter().zip(scores) {
        for (versus, other) in labels.iter().zip(scores).filter(|(versus, _)| *versus != method) {
            let random = &mut generator(&format!("{method} versus {versus}"));
            let probability = stratified_pair(own, other, probability_of_improvement, random);
            out.push(Improvement { method: method.clone(), versus: versus.clone(), probability });
        }
    }
    out
}
