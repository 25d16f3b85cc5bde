//! A claim: what it says, its verdict, and its conditions.

use maud::{Markup, PreEscaped, html};

use super::frame::{counted, sign, tone};
use crate::{
    plot::{self, number},
    report::{Condition, Report, Verdict},
};

/// The claim in words and its verdict.
pub fn header(report: &Report) -> Markup {
    html! {
        header {
            p.kicker {
                "Claim " code { (report.id) }
                @if !report.paper.is_empty() { " · " (report.paper) }
                @if !report.source.is_empty() { " · " (report.source) }
            }
            h1 { (report.title) }
            @if let Some(verdict) = report.verdict {
                div class={ "verdict " (tone(verdict)) } {
                    (sign(verdict))
                    div {
                        strong { (headline(verdict)) }
                        span { (summary(report)) }
                        @if !report.remark.is_empty() { span { (report.remark) } }
                    }
                }
            }
            (facts(report))
        }
    }
}

/// How large the experiment was, in a line.
pub fn facts(report: &Report) -> Markup {
    html! {
        dl.facts {
            div { dt { "Preset" } dd { (report.preset) } }
            div { dt { "Arms" } dd { (report.arms.len()) } }
            div { dt { "Seeds" } dd { (report.seeds.len()) } }
            div { dt { "Computation" } dd { (number::duration(report.seconds)) } }
        }
    }
}

fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "The claim holds",
        Verdict::DoesNotHold => "The claim does not hold",
        Verdict::Undecided => "Undecided",
        Verdict::Invalid => "Invalid: the experiment says nothing",
    }
}

/// How many of the conditions that count came out.
fn summary(report: &Report) -> String {
    let gating: Vec<&Condition> = report.conditions.iter().filter(|condition| condition.gating).collect();
    let holding = gating.iter().filter(|condition| condition.verdict == Verdict::Holds).count();
    match gating.len() {
        0 => "No condition counts towards the verdict.".into(),
        1 => format!("The one condition that counts {}.", gating[0].verdict.words()),
        all if holding == all => format!("All {all} conditions that count hold."),
        all => format!("{holding} of the {all} conditions that count hold."),
    }
}

/// Every condition with its picture.
pub fn conditions(report: &Report) -> Markup {
    html! {
        section {
            h2 { "What was asked, and what came out" }
            ol.conditions {
                @for condition in &report.conditions { (one(condition)) }
            }
            p.legend {
                span.swatch style="background:var(--holds-soft);color:var(--holds)" {}
                "asked for · ◆ estimate with its 90 % interval · each picture has a scale of its own"
            }
        }
    }
}

fn one(condition: &Condition) -> Markup {
    let (value, interval) = number::parts(&condition.estimate);
    html! {
        li class={ "condition " (tone(condition.verdict)) } {
            div {
                h3 { (sign(condition.verdict)) span { (condition.text) } }
                p.about {
                    @if condition.sanity { span.tag { "sanity check" } }
                    @if !condition.gating { span.tag { "does not count" } }
                    span.tag { (condition.kind) }
                    (condition.about)
                }
            }
            div { (PreEscaped(plot::row(condition).inline("row"))) }
            dl {
                div { dt { "Verdict" } dd.tone { (condition.verdict.words()) } }
                div {
                    dt { "Estimate" }
                    dd {
                        (value)
                        @if let Some((low, high)) = interval { " [" (low) ", " (high) "]" }
                    }
                }
                div { dt { "Asked" } dd { (asked(&condition.asked)) } }
                @if !condition.seeds_inside.is_empty() {
                    div { dt { "Seeds inside" } dd { (condition.seeds_inside) } }
                }
                @if let Some(seeds) = condition.seeds_needed {
                    div { dt { "Would decide" } dd { "about " (counted(seeds, "seed")) } }
                }
            }
        }
    }
}

/// What was asked, with true signs of comparison and true minus signs.
pub fn asked(text: &str) -> String {
    let mut nice = text.replace(">=", "≥").replace("<=", "≤");
    for before in ["[", " "] {
        nice = nice.replace(&format!("{before}-"), &format!("{before}−"));
    }
    nice
}
