//! Learning curves.

use super::{
    Figure, Format,
    lines::{Chart, Line},
    series::Style,
    stem,
};
use crate::report::{Arm, Curve, Metric, Report};

/// Metrics of a report: each name once, in the order in which arms have them.
pub(crate) fn measured(report: &Report) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for metric in report.arms.iter().flat_map(|arm| &arm.metrics) {
        if !names.contains(&metric.name.as_str()) {
            names.push(&metric.name);
        }
    }
    names
}

/// Worlds of a report's arms, each once, in order; an arm without one counts as the empty name.
fn worlds(report: &Report) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for arm in &report.arms {
        let world = arm.world.as_deref().unwrap_or_default();
        if !names.contains(&world) {
            names.push(world);
        }
    }
    names
}

/// Whether a metric's numbers are of a different size in every world, so that each has its own
/// picture: in a comparison. The arms of a claim are meant to be held against each other.
fn differs_by_world(report: &Report) -> bool {
    report.comparison.is_some()
}

/// Arms that share a picture, each with its place in the report, and the world that the picture is
/// of, if it is of one.
type Group<'a> = (Option<&'a str>, Vec<(usize, &'a Arm)>);

/// The pictures that a report's arms make.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let arms = || report.arms.iter().enumerate();
    if !differs_by_world(report) {
        return vec![(None, arms().collect())];
    }
    let of =
        |world: &str| arms().filter(|(_, arm)| arm.world.as_deref().unwrap_or_default() == world).collect();
    worlds(report).into_iter().map(|world| (Some(world), of(world))).collect()
}

/// An arm's name and style: in a picture of one world, the method's, the same in all worlds.
pub(super) fn label<'a>(report: &'a Report, index: usize, arm: &'a Arm) -> (&'a str, Style) {
    let methods = report.comparison.as_ref().map(|comparison| &comparison.methods);
    match methods.and_then(|methods| methods.iter().position(|entry| entry.method == arm.method)) {
        Some(place) => (&arm.method, Style(place)),
        None => (&arm.name, Style(index)),
    }
}

pub(super) fn find<'a>(arm: &'a Arm, metric: &str) -> Option<&'a Metric> {
    arm.metrics.iter().find(|candidate| candidate.name == metric)
}

/// A curve as a line of a chart.
pub(super) fn line(name: &str, style: Style, curve: &Curve) -> Line {
    Line {
        name: name.to_owned(),
        x: curve.steps.iter().map(|&step| step as f64).collect(),
        middle: curve.mean.clone(),
        low: curve.low.clone(),
        high: curve.high.clone(),
        style,
    }
}

/// Learning curves of all arms: mean over seeds with the band of its 95 % interval, on logarithmic
/// axes where numbers span more than two decades. In a comparison one picture per world; none
/// where no arm has a curve of at least two points.
pub fn curves(report: &Report, metric: &str, format: Format) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (world, arms) in groups(report) {
        let mut lines = Vec::new();
        for &(index, arm) in &arms {
            let (name, style) = label(report, index, arm);
            lines.extend(find(arm, metric).map(|found| line(name, style, &found.curve)));
        }
        let mut units: Vec<&str> = arms.iter().map(|(_, arm)| arm.unit.as_str()).collect();
        units.dedup();
        let across = units.join(" or ");
        let chart = Chart { lines, across: &across, up: metric, steps: true, range: None };
        let Some(canvas) = chart.draw(format) else { continue };
        let place =
            world.filter(|world| !world.is_empty()).map(|world| format!(" in {world}")).unwrap_or_default();
        figures.push(Figure::new(
            stem(&format!("curves-{metric}{place}")),
            format!("{metric} along the run{place}"),
            format!(
                "Line chart of {metric} over {across}{place}: the mean over seeds of {}, each with the band of its \
                 95 % interval.",
                names(arms.iter().map(|&(index, arm)| label(report, index, arm).0))
            ),
            canvas,
        ));
    }
    figures
}

/// Names in a sentence.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
