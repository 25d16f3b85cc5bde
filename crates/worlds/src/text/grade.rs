//! What a verifier says of a response, and the rules that all verifiers share.

use serde::Serialize;

/// A verifier's judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The answer is right and the format is kept.
    pub correct: bool,
    /// The response has one answer marker, after it an answer that can be read, then the end sign,
    /// and nothing else.
    pub format: bool,
    /// For each step written before the marker, whether it follows from the problem and the step
    /// before it; empty where the world cannot judge steps.
    pub steps: Vec<bool>,
    /// Index of the first character that leaves the worked solution: where a response stops short
    /// its length. None for the worked solution itself.
    pub first_wrong: Option<usize>,
}

/// A response taken apart at its marker and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// What stands before the first marker, or before the end where there is no marker.
    pub steps: &'a str,
    /// What stands between marker and end; none unless there is one marker and the response ends
    /// with its only end sign.
    pub answer: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes `response` apart.
    pub fn of(response: &'a str, marker: &str, end: &str) -> Self {
        let body = response.split_once(end).map_or(response, |(body, _)| body);
        let (steps, after) = match body.split_once(marker) {
            Some((steps, after)) => (steps, Some(after)),
            None => (body, None),
        };
        let ended = response.len() == body.len() + end.len();
        Self { steps, answer: after.filter(|after| ended && !after.contains(marker)) }
    }
}

/// The judgement of a response whose worked solution is the only one: `readable` says what can be
/// an answer at all.
pub(super) fn judge(
    response: &str,
    solution: &str,
    answer: &str,
    parts: Parts<'_>,
    readable: impl FnOnce(&str) -> bool,
    steps: Vec<bool>,
) -> Verdict {
    let format = parts.answer.is_some_and(readable);
    let correct = format && parts.answer == Some(answer);
    Verdict { correct, format, steps, first_wrong: first_difference(response, solution) }
}

/// Index of the first character in which `text` is not `expected`; none where they are equal.
pub(super) fn first_difference(text: &str, expected: &str) -> Option<usize> {
    let common = text.chars().zip(expected.chars()).take_while(|(left, right)| left == right).count();
    (text != expected).then_some(common)
}

/// The steps of a worked text, each closed by `;`, and whether the last one is closed.
pub(super) fn lines(text: &str) -> (Vec<&str>, bool) {
    let lines: Vec<&str> = text.split_terminator(';').collect();
    (lines, text.is_empty() || text.ends_with(';'))
}
