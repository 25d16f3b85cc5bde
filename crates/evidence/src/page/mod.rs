//! A report as a page that can be looked at anywhere: one file, without scripts, that loads
//! nothing from elsewhere.

mod arms;
mod claim;
mod comparison;
mod files;
mod frame;
mod how;
mod overview;

pub use files::{FILES, PAGE, write, write_overview};
pub use overview::overview;

use maud::html;

use crate::{plot, report::Report};

/// The page of a claim or a comparison.
pub fn html(report: &Report) -> String {
    let headline = match &report.comparison {
        Some(_) => comparison::header(report),
        None => claim::header(report),
    };
    let content = html! {
        (headline)
        @if !report.conditions.is_empty() { (claim::conditions(report)) }
        @if let Some(found) = &report.comparison { (comparison::pictures(found)) }
        (curves(report))
        @if let Some(found) = &report.comparison { (comparison::table(found)) }
        (arms::section(report))
        (how::section(report))
        (how::small_print(report))
    };
    frame::page(&report.title, &content)
}

/// Learning curves and final numbers of the arms.
fn curves(report: &Report) -> maud::Markup {
    let draw = |format| {
        let mut figures = Vec::new();
        for metric in plot::measured(report) {
            figures.extend(plot::curves(report, metric, format));
            figures.extend(plot::intervals(report, metric, format));
        }
        figures
    };
    let wide = draw(plot::Format::Wide);
    let narrow = draw(plot::Format::Narrow);
    html! {
        @if !wide.is_empty() {
            section {
                h2 { @if report.comparison.is_some() { "World by world" } @else { "What was measured" } }
                @for (wide, narrow) in wide.iter().zip(&narrow) {
                    (frame::figure(wide, narrow, ""))
                }
            }
        }
    }
}
