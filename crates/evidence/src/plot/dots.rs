//! Panels of dots with intervals: one row per name, one panel per quantity.

use super::{
    Format,
    canvas::{Anchor, Area, Canvas, width_of},
    number,
    scale::{Scale, of_values},
    series::Style,
};
use crate::report::Estimate;

/// Height of a row, and of one whose name stands above it.
const ROW: f64 = 34.0;
const TALL_ROW: f64 = 54.0;

/// One estimate of a panel, with the numbers that it was made from where they are to be shown.
#[derive(Debug)]
pub struct Dot<'a> {
    pub estimate: Estimate,
    pub seeds: &'a [f64],
}

/// One quantity of all rows.
#[derive(Debug)]
pub struct Panel<'a> {
    pub title: String,
    pub dots: Vec<Dot<'a>>,
    /// Ends of its axis, where they do not follow from the numbers.
    pub range: Option<(f64, f64)>,
    /// Where a vertical line is drawn to compare with.
    pub reference: Option<f64>,
}

/// Draws panels side by side where there is room, and below each other where not.
pub fn draw(names: &[(String, Style)], panels: &[Panel<'_>], format: Format) -> Canvas {
    let rows = names.len() as f64;
    let head = if panels.iter().all(|panel| panel.title.is_empty()) { 10.0 } else { 34.0 };
    if format == Format::Narrow {
        let height = head + rows * TALL_ROW + 36.0;
        let mut canvas = Canvas::new(380.0, panels.len() as f64 * height);
        for (index, panel) in panels.iter().enumerate() {
            let top = index as f64 * height + head;
            let area = Area { left: 14.0, top, right: 366.0, bottom: top + rows * TALL_ROW };
            panel.draw(&mut canvas, names, area, Names::Above);
        }
        return canvas;
    }
    let longest = names.iter().map(|(name, _)| width_of(name, 13.0)).fold(60.0, f64::max);
    let left = longest.min(if panels.len() > 1 { 170.0 } else { 270.0 }) + 22.0;
    let texts = panels.iter().flat_map(|panel| &panel.dots).map(|dot| number::estimate(&dot.estimate));
    let widest = texts.map(|text| width_of(&text, 13.0)).fold(0.0, f64::max);
    let numbers = if panels.len() == 1 { widest.clamp(100.0, 300.0) + 20.0 } else { 10.0 };
    let mut canvas = Canvas::new(920.0, head + rows * ROW + 30.0);
    let share = (920.0 - left) / panels.len() as f64;
    for (index, panel) in panels.iter().enumerate() {
        let from = left + index as f64 * share;
        let area =
            Area { left: from + 10.0, top: head, right: from + share - numbers, bottom: head + rows * ROW };
        let beside = if index == 0 { Names::Beside(left) } else { Names::No };
        panel.draw(&mut canvas, names, area, beside);
        if panels.len() == 1 {
            for (row, dot) in panel.dots.iter().enumerate() {
                let y = head + (row as f64 + 0.5) * ROW + 4.5;
                canvas.text("", (area.right + 16.0, y), Anchor::Start, &number::estimate(&dot.estimate));
            }
        }
    }
    canvas
}

/// Where a panel's rows have their names.
#[derive(Clone, Copy)]
enum Names {
    Beside(f64),
    Above,
    No,
}

impl Panel<'_> {
    fn scale(&self, area: Area) -> Scale {
        if let Some((low, high)) = self.range {
            return Scale::linear(low, high, area.left, area.right);
        }
        let of = |dot: &Dot<'_>| {
            let Estimate { value, low, high } = dot.estimate;
            [Some(value), low, high].into_iter().flatten().chain(dot.seeds.to_vec()).collect::<Vec<_>>()
        };
        Scale::fitting(self.dots.iter().flat_map(of).chain(self.reference), area.left, area.right)
            .padded(0.05)
    }

    fn draw(&self, canvas: &mut Canvas, names: &[(String, Style)], area: Area, place: Names) {
        let scale = self.scale(area);
        let most = if area.width() > 300.0 { 6 } else { 3 };
        for tick in scale.ticks(most, of_values) {
            let x = scale.at(tick.value);
            canvas.line("grid", (x, area.top - 4.0), (x, area.bottom));
            canvas.text("quiet small", (x, area.bottom + 18.0), Anchor::Middle, &tick.label);
        }
        canvas.line("axis", (area.left, area.bottom), (area.right, area.bottom));
        if let Some(reference) = self.reference {
            let x = scale.at(reference);
            canvas.line("reference", (x, area.top - 4.0), (x, area.bottom));
        }
        canvas.fitted("head", (area.left, area.top - 14.0), Anchor::Start, &self.title, area.width(), 14.0);
        let height = if matches!(place, Names::Above) { TALL_ROW } else { ROW };
        for (row, ((name, style), dot)) in names.iter().zip(&self.dots).enumerate() {
            let top = area.top + row as f64 * height;
            let y = match place {
                Names::Beside(right) => {
                    let at = (right - 8.0, top + height / 2.0 + 4.5);
                    canvas.fitted("", at, Anchor::End, name, right - 12.0, 13.0);
                    top + height / 2.0
                }
                Names::Above => {
                    let numbers = number::estimate(&dot.estimate);
                    let room = area.width() - width_of(&numbers, 12.0) - 10.0;
                    canvas.fitted("small", (area.left, top + 16.0), Anchor::Start, name, room, 12.0);
                    canvas.text("small quiet", (area.right, top + 16.0), Anchor::End, &numbers);
                    top + 37.0
                }
                Names::No => top + height / 2.0,
            };
            canvas.open(&format!("{name}: {}", number::estimate(&dot.estimate)));
            dot.draw(canvas, &scale, y, *style);
            canvas.close();
        }
    }
}

impl Dot<'_> {
    fn draw(&self, canvas: &mut Canvas, scale: &Scale, y: f64, style: Style) {
        for (index, &seed) in self.seeds.iter().enumerate().filter(|(_, seed)| seed.is_finite()) {
            // Seeds that agree would hide each other on one line.
            let shifted = y + ((index * 2 % 5) as f64 - 2.0) * 3.0;
            canvas.circle(
                &format!("seed {} {}", style.stroke(), style.fill()),
                (scale.within(seed), shifted),
                3.0,
            );
        }
        interval(canvas, scale, y, &self.estimate, &style.stroke());
        if self.estimate.value.is_finite() {
            style.mark(canvas, (scale.within(self.estimate.value), y), 6.0);
        }
    }
}

/// The whisker of an interval with its caps; nothing where the interval has no ends.
pub fn interval(canvas: &mut Canvas, scale: &Scale, y: f64, estimate: &Estimate, stroke: &str) {
    let (Some(low), Some(high)) = (estimate.low, estimate.high) else { return };
    if !(low.is_finite() && high.is_finite()) {
        return;
    }
    let (low, high) = (scale.within(low), scale.within(high));
    canvas.line(&format!("whisker {stroke}"), (low, y), (high, y));
    for x in [low, high] {
        canvas.line(&format!("cap {stroke}"), (x, y - 6.0), (x, y + 6.0));
    }
}
