//! A comparison: its statistics over all worlds.

use maud::{Markup, html};

use super::{
    claim::facts,
    frame::{counted, figure},
};
use crate::{
    plot::{self, Figure, Format, number},
    report::{Comparison, Report},
};

/// What was compared.
pub fn header(report: &Report) -> Markup {
    let Some(comparison) = &report.comparison else { return html! {} };
    html! {
        header {
            p.kicker {
                "Comparison · " (counted(comparison.methods.len(), "method")) " · "
                (counted(comparison.worlds.len(), "world"))
            }
            h1 { (report.title) }
            @if !report.remark.is_empty() { p { (report.remark) } }
            (facts(report))
        }
    }
}

/// Pictures over all worlds, each with a note on how to read it.
pub fn pictures(comparison: &Comparison) -> Markup {
    let aggregates = |format| Some(plot::aggregates(comparison, format));
    let (efficiency, profiles) =
        (|format| plot::efficiency(comparison, format), |format| plot::profiles(comparison, format));
    html! {
        section {
            h2 { "Over all worlds" }
            p.lead { "Worlds: " (comparison.worlds.join(", ")) ". " (comparison.normalisation) }
            (both(aggregates, "Right is better, except for the optimality gap, where left is."))
            (both(efficiency, "Scores of all worlds together, as training goes on."))
            (both(profiles, "A curve above another means: at that score, more runs do better."))
            (both(
                |format| plot::improvement(comparison, format),
                "An interval that leaves out the dashed line at one half tells the two methods apart.",
            ))
        }
    }
}

fn both(draw: impl Fn(Format) -> Option<Figure>, note: &str) -> Markup {
    html! {
        @if let (Some(wide), Some(narrow)) = (draw(Format::Wide), draw(Format::Narrow)) {
            (figure(&wide, &narrow, note))
        }
    }
}

/// The aggregates in numbers.
pub fn table(comparison: &Comparison) -> Markup {
    html! {
        section {
            h2 { "Aggregates in numbers" }
            div.scroll.cards {
                table {
                    thead {
                        tr {
                            th scope="col" { "Method" }
                            th.number scope="col" { "Median" }
                            th.number scope="col" { "Interquartile mean" }
                            th.number scope="col" { "Mean" }
                            th.number scope="col" { "Optimality gap" }
                        }
                    }
                    tbody {
                        @for entry in &comparison.methods {
                            tr {
                                th scope="row" { (entry.method) }
                                td.number data-label="Median" { (number::estimate(&entry.median)) }
                                td.number data-label="Interquartile mean" { (number::estimate(&entry.iqm)) }
                                td.number data-label="Mean" { (number::estimate(&entry.mean)) }
                                td.number data-label="Optimality gap" { (number::estimate(&entry.optimality_gap)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
