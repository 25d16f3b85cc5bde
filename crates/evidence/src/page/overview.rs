//! Many claims on one page.

use maud::{Markup, PreEscaped, html};

use super::{
    claim::asked,
    frame::{self, counted, sign, tone},
};
use crate::{
    plot::{self, number},
    report::{Condition, Report, Verdict},
};

/// One row per report: its verdict, its first condition that counts, and a link to its page, which
/// is expected at `<id>/report.html` beside this one.
pub fn overview(reports: &[Report]) -> String {
    let verdicts = [Verdict::Holds, Verdict::DoesNotHold, Verdict::Undecided, Verdict::Invalid];
    let count = |verdict| reports.iter().filter(|report| report.verdict == Some(verdict)).count();
    let seconds: f64 = reports.iter().map(|report| report.seconds).sum();
    let content = html! {
        header {
            p.kicker {
                (counted(reports.len(), "claim")) " · " (number::duration(seconds)) " of computation"
            }
            h1 { "Claims, run again" }
            ul.tally {
                @for verdict in verdicts {
                    li class=(tone(verdict)) { (sign(verdict)) b { (count(verdict)) } " " (verdict.words()) }
                }
            }
        }
        ol.claims { @for report in reports { (row(report)) } }
        footer {
            p {
                "Beside each claim the first of its conditions that count: shaded what was asked for, ◆ the \
                 estimate with its 90 % interval. The claim’s own page has the others."
            }
        }
    };
    frame::page("Claims, run again", &content)
}

fn row(report: &Report) -> Markup {
    let key = report.conditions.iter().find(|condition| condition.gating).or(report.conditions.first());
    html! {
        li class=[report.verdict.map(tone)] {
            @match report.verdict {
                Some(verdict) => { div.badge { (sign(verdict)) (verdict.words()) } }
                None => { div { "comparison" } }
            }
            div {
                a href={ (encoded(&report.id)) "/report.html" } { (report.title) }
                span.sub {
                    (report.id)
                    @if !report.paper.is_empty() { " · " (report.paper) }
                    " · " (counted(report.seeds.len(), "seed")) " · " (number::duration(report.seconds))
                }
                @if !report.remark.is_empty() { span.sub { (report.remark) } }
            }
            div { @if let Some(condition) = key { (estimate(condition)) } }
        }
    }
}

fn estimate(condition: &Condition) -> Markup {
    html! {
        (PreEscaped(plot::row(condition).inline("row")))
        span.sub { (number::estimate(&condition.estimate)) ", asked " (asked(&condition.asked)) }
    }
}

/// An id as part of a link.
fn encoded(id: &str) -> String {
    let mut link = String::new();
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => link.push(byte.into()),
            _ => link.push_str(&format!("%{byte:02X}")),
        }
    }
    link
}
