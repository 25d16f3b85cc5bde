//! Conditions and verdicts in words.

use crate::{
    claim::{Direction, Question, SlopeOver, Subject},
    report::Condition,
};

/// The arms and the metric of a question.
pub(super) fn about(question: &Question) -> String {
    let Some(subject) = question.subject() else {
        let Question::Study { claims, .. } = question else { return String::new() };
        return claims.join(", ");
    };
    let Subject { arm, versus, times, metric, at, .. } = subject;
    let arms = match versus {
        None => arm.clone(),
        Some(versus) if *times == 1.0 => format!("{arm} against {versus}"),
        Some(versus) => format!("{arm} against {times} times {versus}"),
    };
    let what = match question {
        Question::Reach { level, threshold } => {
            let side = match threshold.subject.direction {
                Direction::Above => "above",
                Direction::Below => "below",
            };
            return format!("{arms}: steps until {metric} is {side} {level}");
        }
        Question::Slope { over: SlopeOver::Step { .. }, .. } => format!("slope of {metric} over steps"),
        Question::Slope { .. } => format!("slope of {metric} ({})", at.name()),
        _ => format!("{metric} ({})", at.name()),
    };
    format!("{arms}: {what}")
}

/// What the number is compared with.
pub(super) fn asked(question: &Question) -> String {
    match question {
        Question::Difference(threshold) | Question::Ratio(threshold) => match threshold.subject.direction {
            Direction::Above => format!(">= {}", threshold.margin),
            Direction::Below => format!("<= {}", threshold.margin),
        },
        Question::Reach { threshold, .. } => format!(">= {}", threshold.margin),
        Question::Bound { low, high, share, .. } => {
            let seeds = match (share.inside, share.of) {
                (inside, of) if inside == of => "in every seed".to_owned(),
                (inside, of) => format!("in {inside} of {of} seeds"),
            };
            format!("{} {seeds}", between(*low, *high))
        }
        Question::Slope { low, high, .. } => between(*low, *high),
        Question::Study { claims, need } => format!("{need} of {} hold", claims.len()),
    }
}

fn between(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("in [{low}, {high}]"),
        (Some(low), None) => format!(">= {low}"),
        (None, Some(high)) => format!("<= {high}"),
        (None, None) => String::new(),
    }
}

/// Why a claim is invalid.
pub(super) fn invalid(condition: &Condition) -> String {
    format!("the experiment says nothing, because \"{}\" does not hold: {}", condition.text, found(condition))
}

/// Why a claim does not hold.
pub(super) fn fails(condition: &Condition) -> String {
    format!("\"{}\" does not hold: {}", condition.text, found(condition))
}

/// What would decide a claim.
pub(super) fn undecided(open: &[&Condition]) -> String {
    let Some(first) = open.first() else { return String::new() };
    let texts: Vec<String> = open.iter().map(|condition| format!("\"{}\"", condition.text)).collect();
    let texts = texts.join(" and ");
    if open.iter().any(|condition| condition.kind == "study") {
        return format!("{texts} depends on claims that are not decided");
    }
    if first.estimate.low.is_none() && first.estimate.high.is_none() && first.seeds_needed.is_none() {
        return format!("{texts} is open: so few seeds give no interval, run at least 5");
    }
    let needed: Option<Vec<usize>> = open.iter().map(|condition| condition.seeds_needed).collect();
    match needed.and_then(|seeds| seeds.into_iter().max()) {
        Some(seeds) => format!("{texts} is open: about {seeds} seeds would decide"),
        None => format!("{texts} is open, and more seeds would hardly decide: the estimate is at the margin"),
    }
}

fn found(condition: &Condition) -> String {
    let asked = &condition.asked;
    match (condition.kind.as_str(), condition.estimate.low, condition.estimate.high) {
        ("bound", ..) => {
            format!("{} seeds are {}", condition.seeds_inside, asked.split(" in ").next().unwrap_or(asked))
        }
        ("study", ..) => format!("{} claims hold, asked were {asked}", condition.estimate.value),
        (_, Some(low), Some(high)) => {
            format!("{:.4} [{low:.4}, {high:.4}] is not {asked}", condition.estimate.value)
        }
        _ => format!("{:.4} is not {asked}", condition.estimate.value),
    }
}
