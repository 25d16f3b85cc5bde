//! What an investigation found, as text for a terminal.

use evidence::report::{Arm, Condition, Estimate, Report, Verdict};

use crate::{
    output::{duration, number},
    table::{Table, terminal_width, wrap},
};

/// Arms, conditions and verdict, or the statistics of a comparison.
pub fn told(report: &Report) -> String {
    let mut parts = vec![wrap(&format!("{}: {}", report.id, report.title), terminal_width()).join("\n")];
    parts.push(arms(report));
    if !report.conditions.is_empty() {
        parts.push(conditions(&report.conditions));
    }
    if report.comparison.is_some() {
        parts.push(aggregates(report));
        parts.push(improvements(report));
    }
    if let Some(verdict) = report.verdict {
        let seeds = seeds(&report.seeds);
        let time = duration(report.seconds);
        let mut line = format!("verdict: {} ({}, {seeds}, {time})", verdict.words(), report.preset);
        if !report.remark.is_empty() {
            line.push_str(&format!("\n{}", wrap(&report.remark, terminal_width()).join("\n")));
        }
        parts.push(line);
    }
    parts.join("\n\n")
}

/// One line for every claim.
pub fn overview(reports: &[Report]) -> String {
    let mut table = Table::new(&[
        "claim",
        "verdict",
        "decided by",
        "estimate",
        "90 % interval",
        "asked",
        "seeds",
        "time",
    ]);
    for report in reports {
        let deciding = deciding(report);
        let part = |read: &dyn Fn(&Condition) -> String| deciding.map_or(String::new(), read);
        table.row([
            report.id.clone(),
            report.verdict.map_or("-", Verdict::words).to_owned(),
            part(&|condition| condition.text.clone()),
            part(&|condition| number(condition.estimate.value)),
            part(&|condition| interval(&condition.estimate)),
            part(&|condition| condition.asked.clone()),
            seeds(&report.seeds),
            duration(report.seconds),
        ]);
    }
    table.render()
}

/// The condition that made the verdict what it is: the first gating one of the same verdict.
fn deciding(report: &Report) -> Option<&Condition> {
    let verdict = report.verdict?;
    let with = |wanted: Verdict| {
        report
            .conditions
            .iter()
            .find(|condition| (condition.gating || condition.sanity) && condition.verdict == wanted)
    };
    with(verdict).or_else(|| with(Verdict::DoesNotHold)).or_else(|| report.conditions.first())
}

fn arms(report: &Report) -> String {
    let mut table =
        Table::new(&["arm", "metric", "at", "mean", "95 % interval", "IQM", "95 % interval", "seeds"]);
    for arm in &report.arms {
        for metric in &arm.metrics {
            table.row([
                name(report, arm),
                metric.name.clone(),
                metric.at.clone(),
                number(metric.mean.value),
                interval(&metric.mean),
                number(metric.iqm.value),
                interval(&metric.iqm),
                metric.per_seed.len().to_string(),
            ]);
        }
    }
    table.render()
}

/// An arm's name; in a comparison a method has one arm in every world.
fn name(report: &Report, arm: &Arm) -> String {
    match (&report.comparison, &arm.world) {
        (Some(comparison), Some(world)) if comparison.worlds.len() > 1 => {
            format!("{} in {world}", arm.method)
        }
        _ => arm.name.clone(),
    }
}

/// A claim as a section of the list of verdicts, in Markdown.
pub fn section(report: &Report) -> String {
    let mut text = format!(
        "## {}: {}\n\n{}\n\n`{}`, {}, {}: {:.0} s of computation. {}",
        report.id,
        report.verdict.map_or("compared", Verdict::words),
        report.title,
        report.command,
        report.program,
        report.processor,
        report.seconds,
        report.remark
    );
    text.truncate(text.trim_end().len());
    text.push_str("\n\n| condition | about | estimate | asked | verdict |\n|---|---|---|---|---|\n");
    for condition in &report.conditions {
        let reported = if condition.gating || condition.sanity { "" } else { " (reported only)" };
        let estimate = match condition.seeds_inside.as_str() {
            "" => with_interval(&condition.estimate),
            inside => format!("{} ({inside})", number(condition.estimate.value)),
        };
        let Condition { text: what, about, asked, verdict, .. } = condition;
        text.push_str(&format!(
            "| {what}{reported} | {about} | {estimate} | {asked} | {} |\n",
            verdict.words()
        ));
    }
    text
}

fn conditions(conditions: &[Condition]) -> String {
    let mut table = Table::new(&["condition", "estimate", "90 % interval", "asked", "verdict", ""]);
    for condition in conditions {
        let role = match (condition.sanity, condition.gating) {
            (true, _) => "sanity",
            (false, true) => "",
            (false, false) => "reported only",
        };
        let needed = condition.seeds_needed.map(|seeds| format!("{seeds} seeds would decide"));
        let note = [role.to_owned(), condition.seeds_inside.clone(), needed.unwrap_or_default()];
        table.row([
            condition.text.clone(),
            number(condition.estimate.value),
            interval(&condition.estimate),
            condition.asked.clone(),
            condition.verdict.words().to_owned(),
            note.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join(", "),
        ]);
    }
    table.render()
}

fn aggregates(report: &Report) -> String {
    let Some(comparison) = &report.comparison else { return String::new() };
    let mut table = Table::new(&["method", "median", "IQM", "mean", "optimality gap"]);
    for method in &comparison.methods {
        let all = [method.median, method.iqm, method.mean, method.optimality_gap];
        table.row([method.method.clone()].into_iter().chain(all.map(|estimate| with_interval(&estimate))));
    }
    format!("{}\n(scores: {})", table.render(), comparison.normalisation)
}

fn improvements(report: &Report) -> String {
    let Some(comparison) = &report.comparison else { return String::new() };
    let mut table = Table::new(&["method", "versus", "probability of improvement"]);
    for pair in &comparison.improvements {
        table.row([pair.method.clone(), pair.versus.clone(), with_interval(&pair.probability)]);
    }
    table.render()
}

fn with_interval(estimate: &Estimate) -> String {
    format!("{} {}", number(estimate.value), interval(estimate)).trim_end().to_owned()
}

fn interval(estimate: &Estimate) -> String {
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("[{}, {}]", number(low), number(high)),
        _ => String::new(),
    }
}

/// `seeds 100-107`.
fn seeds(seeds: &[u64]) -> String {
    match (seeds.first(), seeds.last()) {
        (Some(first), Some(last)) if first != last => format!("seeds {first}-{last}"),
        (Some(first), _) => format!("seed {first}"),
        _ => String::new(),
    }
}
