//! Pictures of statistics across methods and worlds, after Agarwal et al. (NeurIPS 2021).

use super::{
    Figure, Format,
    curves::{line, names},
    dots::{Dot, Panel, draw},
    lines::{Chart, Line},
    series::Style,
};
use crate::report::{Aggregate, Comparison, Estimate};

fn methods(comparison: &Comparison) -> Vec<(String, Style)> {
    comparison.methods.iter().enumerate().map(|(index, entry)| (entry.method.clone(), Style(index))).collect()
}

fn listed(comparison: &Comparison) -> String {
    names(comparison.methods.iter().map(|entry| entry.method.as_str()))
}

/// Four panels: median, interquartile mean, mean and optimality gap of every method.
pub fn aggregates(comparison: &Comparison, format: Format) -> Figure {
    let panel = |title: &str, of: fn(&Aggregate) -> Estimate| Panel {
        title: title.into(),
        dots: comparison.methods.iter().map(|entry| Dot { estimate: of(entry), seeds: &[] }).collect(),
        range: None,
        reference: None,
    };
    let panels = [
        panel("Median", |entry| entry.median),
        panel("Interquartile mean", |entry| entry.iqm),
        panel("Mean", |entry| entry.mean),
        panel("Optimality gap ↓", |entry| entry.optimality_gap),
    ];
    Figure::new(
        "aggregates".into(),
        "Aggregate scores over all worlds".into(),
        format!(
            "Median, interquartile mean, mean and optimality gap of the normalised scores of {}, each with its \
             95 % interval. Less is better for the optimality gap only.",
            listed(comparison)
        ),
        draw(&methods(comparison), &panels, format),
    )
}

/// Performance profiles: the share of runs that score above each threshold.
pub fn profiles(comparison: &Comparison, format: Format) -> Option<Figure> {
    let lines = comparison.methods.iter().enumerate().map(|(index, entry)| {
        let of = |pick: fn(&Estimate) -> f64| entry.profile.iter().map(pick).collect();
        Line {
            name: entry.method.clone(),
            x: comparison.thresholds.clone(),
            middle: of(|share| share.value),
            low: of(|share| share.low.unwrap_or(share.value)),
            high: of(|share| share.high.unwrap_or(share.value)),
            style: Style(index),
        }
    });
    let chart = Chart {
        lines: lines.collect(),
        across: "normalised score",
        up: "share of runs above the score",
        steps: false,
        range: Some((0.0, 1.0)),
    };
    Some(Figure::new(
        "profiles".into(),
        "Performance profiles".into(),
        format!(
            "For every normalised score the share of the runs of {} that are above it, with 95 % bands. Higher \
             is better.",
            listed(comparison)
        ),
        chart.draw(format)?,
    ))
}

/// Probability of improvement of every pair that was compared, against one half.
pub fn improvement(comparison: &Comparison, format: Format) -> Option<Figure> {
    if comparison.improvements.is_empty() {
        return None;
    }
    let style = |method: &str| {
        Style(comparison.methods.iter().position(|entry| entry.method == method).unwrap_or_default())
    };
    let pairs = &comparison.improvements;
    let rows: Vec<(String, Style)> = pairs
        .iter()
        .map(|pair| (format!("{} over {}", pair.method, pair.versus), style(&pair.method)))
        .collect();
    let panel = Panel {
        title: String::new(),
        dots: pairs.iter().map(|pair| Dot { estimate: pair.probability, seeds: &[] }).collect(),
        range: Some((0.0, 1.0)),
        reference: Some(0.5),
    };
    Some(Figure::new(
        "improvement".into(),
        "Probability that a run of the first method scores higher".into(),
        format!(
            "Probability that a run of the first method scores above one of the second in the same world, with \
             95 % intervals and a line at one half: {}.",
            names(rows.iter().map(|(name, _)| name.as_str()))
        ),
        draw(&rows, &[panel], format),
    ))
}

/// Sample efficiency: the interquartile mean along the run.
pub fn efficiency(comparison: &Comparison, format: Format) -> Option<Figure> {
    let lines = comparison.methods.iter().enumerate();
    let lines = lines.map(|(index, entry)| line(&entry.method, Style(index), &entry.efficiency)).collect();
    let chart = Chart {
        lines,
        across: "steps",
        up: "interquartile mean of normalised scores",
        steps: true,
        range: None,
    };
    Some(Figure::new(
        "efficiency".into(),
        "Sample efficiency".into(),
        format!(
            "Interquartile mean of the normalised scores of {} over steps, with 95 % bands.",
            listed(comparison)
        ),
        chart.draw(format)?,
    ))
}
