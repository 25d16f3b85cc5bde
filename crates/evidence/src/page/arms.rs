//! The arms in numbers.

use maud::{Markup, html};

use crate::{
    plot::{self, number},
    report::{Arm, Estimate, Metric, Report},
};

/// One table per measured quantity, and every seed's number for those who want it.
pub fn section(report: &Report) -> Markup {
    let measured = quantities(report);
    html! {
        @if !measured.is_empty() {
            section {
                h2 { "The arms in numbers" }
                @for (name, at) in &measured {
                    (table(report, name, at))
                }
                details {
                    summary { "Every seed’s number" }
                    @for (name, at) in &measured { (seeds(report, name, at)) }
                }
            }
        }
    }
}

/// Each metric with each way in which it became one number per run.
fn quantities(report: &Report) -> Vec<(&str, &str)> {
    let mut quantities = Vec::new();
    for metric in report.arms.iter().flat_map(|arm| &arm.metrics) {
        let quantity = (metric.name.as_str(), metric.at.as_str());
        if !quantities.contains(&quantity) {
            quantities.push(quantity);
        }
    }
    quantities
}

fn rows<'a>(report: &'a Report, name: &str, at: &str) -> Vec<(&'a Arm, &'a Metric)> {
    let find = |arm: &'a Arm| arm.metrics.iter().find(|metric| metric.name == name && metric.at == at);
    report.arms.iter().filter_map(|arm| Some((arm, find(arm)?))).collect()
}

fn table(report: &Report, name: &str, at: &str) -> Markup {
    let rows = rows(report, name, at);
    let first = report.arms.first().and_then(|arm| arm.world.as_deref());
    let shared = first.filter(|_| report.arms.iter().all(|arm| arm.world.as_deref() == first));
    let better = rows
        .iter()
        .find_map(|(_, metric)| metric.higher_is_better)
        .map(|higher| if higher { ", higher is better" } else { ", lower is better" });
    html! {
        div.scroll.cards {
            table {
                caption {
                    (name) " " (plot::way(at))
                    span.sub {
                        "over seeds" (better.unwrap_or_default())
                        @if let Some(world) = shared { ", in " (world) }
                    }
                }
                thead {
                    tr {
                        th scope="col" { "Arm" }
                        th.number scope="col" { "Mean, 95 % interval" }
                        th.number scope="col" { "Interquartile mean, 95 % interval" }
                        th.number scope="col" { "Seeds" }
                    }
                }
                tbody {
                    @for (arm, metric) in rows {
                        tr {
                            th scope="row" { (arm.name) @if shared.is_none() { (world(arm)) } }
                            (cell(&metric.mean, "Mean"))
                            (cell(&metric.iqm, "Interquartile mean"))
                            td.number data-label="Seeds" { (metric.per_seed.len()) }
                        }
                    }
                }
            }
        }
    }
}

/// The world under an arm's name, where the name does not say it already.
fn world(arm: &Arm) -> Markup {
    let shown = arm.world.as_deref().filter(|world| !arm.name.contains(world));
    html! { @if let Some(world) = shown { span.sub { (world) } } }
}

fn cell(estimate: &Estimate, label: &str) -> Markup {
    let (value, interval) = number::parts(estimate);
    html! {
        td.number data-label=(label) {
            span {
                b { (value) }
                @if let Some((low, high)) = interval { " " span.ends { "[" (low) ", " (high) "]" } }
            }
        }
    }
}

fn seeds(report: &Report, name: &str, at: &str) -> Markup {
    html! {
        div.scroll {
            table {
                caption { (name) " " (plot::way(at)) }
                thead {
                    tr {
                        th scope="col" { "Arm" }
                        @for seed in &report.seeds { th.number scope="col" { "seed " (seed) } }
                    }
                }
                tbody {
                    @for (arm, metric) in rows(report, name, at) {
                        tr {
                            th scope="row" { (arm.name) (world(arm)) }
                            @for value in &metric.per_seed { td.number { (number::number(*value)) } }
                        }
                    }
                }
            }
        }
    }
}
