//! What was asked of the arms and what came out: every condition on an axis of its own.

use super::{
    Figure, Format,
    canvas::{Anchor, Area, Canvas, width_of, wrap},
    dots::interval,
    number,
    scale::Scale,
    stem,
};
use crate::report::{Condition, Report, Verdict};

/// Height of a condition's picture.
const ROW: f64 = 62.0;

/// All conditions below each other: text, picture, verdict.
pub fn conditions(report: &Report, format: Format) -> Figure {
    let wide = format == Format::Wide;
    let (width, characters) = if wide { (920.0, 48) } else { (380.0, 52) };
    let texts: Vec<Vec<String>> =
        report.conditions.iter().map(|condition| wrap(&condition.text, characters)).collect();
    let height = |lines: usize| {
        let text = lines as f64 * 17.0 + 20.0;
        if wide { text.max(ROW) + 14.0 } else { text + ROW + 32.0 }
    };
    let total = texts.iter().map(|lines| height(lines.len())).sum::<f64>() + 12.0;
    let mut canvas = Canvas::new(width, total);
    let mut top = 6.0;
    for (place, (condition, lines)) in report.conditions.iter().zip(&texts).enumerate() {
        for (index, line) in lines.iter().enumerate() {
            canvas.text("", (12.0, top + 24.0 + index as f64 * 17.0), Anchor::Start, line);
        }
        let text = 24.0 + lines.len() as f64 * 17.0;
        let (left, right, picture, badge) = if wide {
            (390.0, 750.0, top + 4.0, (772.0, top + 4.0 + ROW / 2.0))
        } else {
            (12.0, 368.0, top + text + 8.0, (22.0, top + text))
        };
        picture_of(&mut canvas, condition, Area { left, top: picture, right, bottom: picture + ROW });
        symbol(&mut canvas, condition.verdict, badge, 9.0);
        canvas.text("", (badge.0 + 17.0, badge.1 + 4.5), Anchor::Start, condition.verdict.words());
        top += height(lines.len());
        if place + 1 < report.conditions.len() {
            canvas.line("grid", (12.0, top - 3.0), (width - 12.0, top - 3.0));
        }
    }
    let described = report.conditions.iter().map(describe).collect::<Vec<_>>().join(" ");
    Figure::new(stem("conditions"), "What was asked and what came out".into(), described, canvas)
}

/// The picture of one condition alone.
pub(crate) fn row(condition: &Condition) -> Figure {
    let mut canvas = Canvas::new(380.0, ROW);
    picture_of(&mut canvas, condition, Area { left: 0.0, top: 0.0, right: 380.0, bottom: ROW });
    Figure::new("condition".into(), condition.text.clone(), describe(condition), canvas)
}

/// A condition's picture in a sentence.
fn describe(condition: &Condition) -> String {
    format!(
        "{}: estimate {}, asked {}: {}.",
        condition.text.trim_end_matches('.'),
        number::estimate(&condition.estimate),
        condition.asked,
        condition.verdict.words()
    )
}

/// The region that was asked for, shaded; in it, or not, the estimate with its interval. Above the
/// axis stands what came out, below it what was asked.
fn picture_of(canvas: &mut Canvas, condition: &Condition, area: Area) {
    let estimate = condition.estimate;
    let numbers =
        [Some(estimate.value), estimate.low, estimate.high, condition.asked_low, condition.asked_high];
    let finite = || numbers.into_iter().flatten().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    // Always linear: a distance from what was asked must look as large as it is.
    let scale = if low < high {
        Scale::linear(low, high, area.left + 2.0, area.right - 2.0).padded(0.2)
    } else {
        Scale::fitting(finite(), area.left + 2.0, area.right - 2.0)
    };
    let y = area.top + 32.0;
    let (top, bottom) = (y - 11.0, y + 11.0);
    canvas.open(&describe(condition));
    if condition.asked_low.is_some() || condition.asked_high.is_some() {
        let left = condition.asked_low.map_or(area.left, |end| scale.within(end));
        let right = condition.asked_high.map_or(area.right, |end| scale.within(end));
        canvas.rect("asked", Area { left, top, right: right.max(left + 1.0), bottom });
    }
    canvas.line("axis", (area.left, y), (area.right, y));
    let ends: Vec<(f64, f64)> = [condition.asked_low, condition.asked_high]
        .into_iter()
        .flatten()
        .filter(|end| end.is_finite())
        .map(|end| (end, scale.within(end)))
        .collect();
    for &(_, x) in &ends {
        canvas.line("edge", (x, top - 3.0), (x, bottom + 3.0));
    }
    asked_labels(canvas, &ends, area, bottom + 16.0);
    interval(canvas, &scale, y, &estimate, "ink");
    if estimate.value.is_finite() {
        let x = scale.within(estimate.value);
        let corners = [(x, y - 7.0), (x + 7.0, y), (x, y + 7.0), (x - 7.0, y)];
        canvas.path("mark inked", "", &corners, true);
        let text = number::parts(&estimate).0;
        let half = width_of(&text, 13.0) / 2.0;
        let place = x.clamp(area.left + half, (area.right - half).max(area.left + half));
        canvas.text("", (place, top - 7.0), Anchor::Middle, &text);
    }
    canvas.close();
}

/// Numbers at the ends of what was asked; two that would touch become one text.
fn asked_labels(canvas: &mut Canvas, ends: &[(f64, f64)], area: Area, y: f64) {
    let mut labels: Vec<(String, f64)> = ends.iter().map(|&(end, x)| (number::number(end), x)).collect();
    if let [(first, a), (second, b)] = &labels[..] {
        let room = (width_of(first, 12.0) + width_of(second, 12.0)) / 2.0 + 8.0;
        if b - a < room {
            labels = vec![(format!("{first} to {second}"), f64::midpoint(*a, *b))];
        }
    }
    for (text, x) in labels {
        let half = width_of(&text, 12.0) / 2.0;
        let place = x.clamp(area.left + half, (area.right - half).max(area.left + half));
        canvas.text("quiet small", (place, y), Anchor::Middle, &text);
    }
}

/// A verdict's sign: its shape says as much as its colour.
fn symbol(canvas: &mut Canvas, verdict: Verdict, (x, y): (f64, f64), r: f64) {
    let at = |points: &[(f64, f64)]| points.iter().map(|p| (x + r * p.0, y + r * p.1)).collect::<Vec<_>>();
    match verdict {
        Verdict::Holds => {
            canvas.circle("holds", (x, y), r);
            canvas.path("symbol", "", &at(&[(-0.45, 0.05), (-0.1, 0.4), (0.5, -0.35)]), false);
        }
        Verdict::DoesNotHold => {
            let square =
                Area { left: x - r * 0.9, top: y - r * 0.9, right: x + r * 0.9, bottom: y + r * 0.9 };
            canvas.rect("does-not-hold", square);
            canvas.path("symbol", "", &at(&[(-0.4, -0.4), (0.4, 0.4)]), false);
            canvas.path("symbol", "", &at(&[(-0.4, 0.4), (0.4, -0.4)]), false);
        }
        Verdict::Undecided => {
            canvas.path("undecided", "", &at(&[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)]), true);
            canvas.path("symbol", "", &at(&[(-0.4, 0.0), (0.4, 0.0)]), false);
        }
        Verdict::Invalid => {
            canvas.path("invalid", "", &at(&[(0.0, -1.15), (1.2, 0.95), (-1.2, 0.95)]), true);
            canvas.path("symbol", "", &at(&[(0.0, -0.4), (0.0, 0.2)]), false);
            canvas.path("symbol", "", &at(&[(0.0, 0.62), (0.0, 0.63)]), false);
        }
    }
}

/// A verdict's sign alone.
pub(crate) fn sign(verdict: Verdict) -> Figure {
    let mut canvas = Canvas::new(24.0, 24.0);
    symbol(&mut canvas, verdict, (12.0, 12.0), 9.5);
    Figure::new("verdict".into(), verdict.words().into(), verdict.words().into(), canvas)
}
