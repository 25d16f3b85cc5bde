//! What every arm came to: mean, interval and seeds.

use super::{
    Figure, Format,
    curves::{groups, label, names},
    dots::{Dot, Panel, draw},
    stem,
};
use crate::report::{Metric, Report};

/// For every way in which the metric became one number per run, the mean of every arm with its
/// 95 % interval and a dot per seed. In a comparison one picture per world.
pub fn intervals(report: &Report, metric: &str, format: Format) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (world, arms) in groups(report) {
        let mut ways: Vec<&str> = Vec::new();
        for found in arms.iter().flat_map(|(_, arm)| &arm.metrics).filter(|found| found.name == metric) {
            if !ways.contains(&found.at.as_str()) {
                ways.push(&found.at);
            }
        }
        for at in ways {
            let of_way = |found: &&Metric| found.name == metric && found.at == at;
            let mut rows = Vec::new();
            let mut dots = Vec::new();
            for &(index, arm) in &arms {
                let Some(found) = arm.metrics.iter().find(of_way) else { continue };
                let (name, style) = label(report, index, arm);
                rows.push((name.to_owned(), style));
                dots.push(Dot { estimate: found.mean, seeds: &found.per_seed });
            }
            let place = world.filter(|w| !w.is_empty()).map(|w| format!(" in {w}")).unwrap_or_default();
            let title = format!("{metric}, {}{place}", way(at));
            let panel = Panel { title: String::new(), dots, range: None, reference: None };
            let described = format!(
                "{title}: the mean of {} as a dot with its 95 % interval, and a small dot for every seed.",
                names(rows.iter().map(|(name, _)| name.as_str()))
            );
            let canvas = draw(&rows, &[panel], format);
            figures.push(Figure::new(
                stem(&format!("intervals-{metric}-{at}{place}")),
                title,
                described,
                canvas,
            ));
        }
    }
    figures
}

/// How a run's series became one number, in words.
pub(crate) fn way(at: &str) -> &str {
    match at {
        "end" => "at the end",
        "best" => "at its best",
        "auc" => "averaged over the run",
        other => other,
    }
}
