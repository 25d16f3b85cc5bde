//! How it was run, and what the numbers mean.

use maud::{Markup, html};

use crate::{
    plot::number,
    report::{Arm, Report},
};

/// The command, the machine, and every arm's settings.
pub fn section(report: &Report) -> Markup {
    html! {
        section {
            h2 { "How it was run" }
            pre { code { (report.command) } }
            dl.facts.machine {
                div { dt { "Seeds" } dd { (number::seeds(&report.seeds)) } }
                div { dt { "Program" } dd { (report.program) } }
                div { dt { "Processor" } dd { (report.processor) } }
                div { dt { "Computation, all runs together" } dd { (number::duration(report.seconds)) } }
            }
            (arms(report))
        }
    }
}

fn arms(report: &Report) -> Markup {
    html! {
        div.scroll.cards {
            table {
                thead {
                    tr {
                        th scope="col" { "Arm" }
                        th scope="col" { "Method" }
                        th scope="col" { "World" }
                        th.number scope="col" { "Length of a run" }
                        th scope="col" { "Settings that differ from the preset" }
                    }
                }
                tbody {
                    @for (name, worlds, arm) in rows(report) {
                        tr {
                            th scope="row" { (name) }
                            td data-label="Method" { (arm.method) }
                            td data-label="World" { (worlds) }
                            td.number data-label="Length of a run" { (number::whole(arm.steps)) " " (arm.unit) }
                            td.settings data-label="Settings" {
                                @if arm.settings.is_empty() { "none" } @else { code { (arm.settings) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Name, worlds and settings of the arms. In a comparison an arm is a method in one of the worlds:
/// those that differ in nothing else share a row.
fn rows(report: &Report) -> Vec<(&str, String, &Arm)> {
    let world = |arm: &Arm| match (&arm.data, &arm.world) {
        (Some(data), Some(world)) => format!("{data}, evaluated in {world}"),
        (data, world) => data.clone().or_else(|| world.clone()).unwrap_or_else(|| "–".into()),
    };
    let mut rows: Vec<(&str, String, &Arm)> = Vec::new();
    for arm in &report.arms {
        let same = |row: &&mut (&str, String, &Arm)| {
            let other = row.2;
            (&arm.method, &arm.settings, arm.steps, &arm.unit)
                == (&other.method, &other.settings, other.steps, &other.unit)
        };
        let shared = if report.comparison.is_some() { rows.iter_mut().find(same) } else { None };
        match shared {
            Some(row) => {
                row.0 = &arm.method;
                row.1 = format!("{}, {}", row.1, world(arm));
            }
            None => rows.push((&arm.name, world(arm), arm)),
        }
    }
    rows
}

/// What the intervals are.
pub fn small_print(report: &Report) -> Markup {
    html! {
        footer {
            @if report.comparison.is_some() {
                p {
                    "Aggregates over worlds follow Agarwal et al., Deep Reinforcement Learning at the Edge of the \
                     Statistical Precipice (NeurIPS 2021): 95 % intervals by a percentile bootstrap that resamples \
                     runs within each world. The interquartile mean leaves out the best and the worst quarter of \
                     all runs; the optimality gap is the mean amount by which scores fall short of 1."
                }
            } @else {
                p {
                    "Conditions are judged by 90 % intervals that pair the arms by seed: a percentile bootstrap of \
                     10,000 resamples from five seeds up, Student’s t below; one seed gives no interval. A \
                     condition holds if its whole interval lies where it was asked to, does not hold if its whole \
                     interval lies outside, and is undecided otherwise; a bound counts the seeds inside instead. \
                     The claim holds if every condition that counts does. A failed sanity check makes it invalid."
                }
            }
            p {
                "Means and interquartile means of an arm, and the bands of the curves, have 95 % intervals over \
                 seeds. Everything on this page is drawn from report.json beside it."
            }
        }
    }
}
