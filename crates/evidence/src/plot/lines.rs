//! Charts of lines with bands, each line named where it ends.

use super::{
    Format,
    canvas::{Anchor, Area, Canvas, width_of},
    scale::{Scale, of_steps, of_values},
    series::Style,
};

/// Markers along a line.
const MARKS: usize = 7;

/// Height that a label takes.
const LABEL: f64 = 17.0;

/// One line: its points and the band around it, all of one length.
#[derive(Debug)]
pub struct Line {
    pub name: String,
    pub x: Vec<f64>,
    pub middle: Vec<f64>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    pub style: Style,
}

impl Line {
    /// The points that can be drawn: those where all numbers are there and finite.
    fn points(&self) -> impl Iterator<Item = [f64; 4]> + '_ {
        let columns = self.x.iter().zip(&self.middle).zip(self.low.iter().zip(&self.high));
        columns.map(|((x, m), (l, h))| [*x, *m, *l, *h]).filter(|point| point.iter().all(|v| v.is_finite()))
    }
}

/// A chart in the making.
#[derive(Debug)]
pub struct Chart<'a> {
    pub lines: Vec<Line>,
    pub across: &'a str,
    pub up: &'a str,
    /// Whether the horizontal axis counts steps.
    pub steps: bool,
    /// Ends of the vertical axis, where they do not follow from the lines.
    pub range: Option<(f64, f64)>,
}

impl Chart<'_> {
    /// Draws the chart; nothing if there is no line of at least two points.
    pub fn draw(&self, format: Format) -> Option<Canvas> {
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.points().count() > 0).collect();
        if !lines.iter().any(|line| line.points().count() > 1) {
            return None;
        }
        let labels = lines.len() as f64 * LABEL;
        let (width, right, plot) = match format {
            Format::Wide => {
                let longest = lines.iter().map(|line| width_of(&line.name, 13.0)).fold(0.0, f64::max);
                (920.0, longest.min(250.0) + 56.0, labels.max(330.0))
            }
            Format::Narrow => (380.0, 26.0, labels.max(230.0)),
        };
        let legend = if format == Format::Narrow { labels + 12.0 } else { 0.0 };
        let area = Area { left: 62.0, top: 34.0, right: width - right, bottom: 34.0 + plot };
        let mut canvas = Canvas::new(width, area.bottom + 52.0 + legend);
        let (across, up) = self.scales(&lines, area);
        self.axes(&mut canvas, area, &across, &up);
        for line in &lines {
            band(&mut canvas, line, &across, &up);
        }
        for (index, line) in lines.iter().enumerate() {
            curve(&mut canvas, line, &across, &up, index);
        }
        name_lines(&mut canvas, &lines, area, &across, &up, format);
        Some(canvas)
    }

    fn scales(&self, lines: &[&Line], area: Area) -> (Scale, Scale) {
        // Step zero has no place on a logarithmic axis; it is the untrained agent.
        let x = || lines.iter().flat_map(|line| line.points().map(|point| point[0]));
        let positive = x().filter(|&x| !self.steps || x > 0.0);
        let mut across = Scale::fitting(positive, area.left, area.right);
        if !across.is_logarithmic() {
            across = Scale::fitting(x(), area.left, area.right);
        }
        let up = match self.range {
            Some((low, high)) => Scale::linear(low, high, area.bottom, area.top),
            None => {
                let middle: Vec<f64> =
                    lines.iter().flat_map(|line| line.points().map(|point| point[1])).collect();
                let ends = lines.iter().flat_map(|line| line.points().flat_map(|point| [point[2], point[3]]));
                Scale::fitting_with_ends(middle.iter().copied(), ends, area.bottom, area.top).padded(0.04)
            }
        };
        (across, up)
    }

    fn axes(&self, canvas: &mut Canvas, area: Area, across: &Scale, up: &Scale) {
        for tick in up.ticks(6, of_values) {
            let y = up.at(tick.value);
            canvas.line("grid", (area.left, y), (area.right, y));
            canvas.text("quiet small", (area.left - 8.0, y + 4.0), Anchor::End, &tick.label);
        }
        let room = if area.width() > 400.0 { 8 } else { 4 };
        for tick in across.ticks(room, if self.steps { of_steps } else { of_values }) {
            let x = across.at(tick.value);
            canvas.line("axis", (x, area.bottom), (x, area.bottom + 5.0));
            canvas.text("quiet small", (x, area.bottom + 19.0), Anchor::Middle, &tick.label);
        }
        canvas.line("axis", (area.left, area.bottom), (area.right, area.bottom));
        let logarithmic = |scale: &Scale| if scale.is_logarithmic() { " (logarithmic)" } else { "" };
        let up_label = format!("{}{}", self.up, logarithmic(up));
        canvas.fitted("quiet", (8.0, 18.0), Anchor::Start, &up_label, area.right - 8.0, 13.0);
        let label = format!("{}{}", self.across, logarithmic(across));
        let middle = f64::midpoint(area.left, area.right);
        canvas.fitted("quiet", (middle, area.bottom + 40.0), Anchor::Middle, &label, area.width(), 13.0);
    }
}

/// The line on the picture, without points closer than a unit: they would not be seen.
fn thinned(line: &Line, across: &Scale) -> Vec<[f64; 4]> {
    let all: Vec<[f64; 4]> =
        line.points().filter(|point| !across.is_logarithmic() || point[0] > 0.0).collect();
    let mut last = f64::NEG_INFINITY;
    let mut kept = Vec::new();
    for (index, point) in all.iter().enumerate() {
        let x = across.at(point[0]);
        if x - last >= 1.0 || index + 1 == all.len() {
            kept.push([x, point[1], point[2], point[3]]);
            last = x;
        }
    }
    kept
}

fn band(canvas: &mut Canvas, line: &Line, across: &Scale, up: &Scale) {
    let points = thinned(line, across);
    if points.iter().all(|point| point[2] == point[3]) {
        return;
    }
    let upper = points.iter().map(|point| (point[0], up.within(point[3])));
    let lower = points.iter().rev().map(|point| (point[0], up.within(point[2])));
    let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
    canvas.path(&format!("band {}", line.style.fill()), "", &outline, true);
}

fn curve(canvas: &mut Canvas, line: &Line, across: &Scale, up: &Scale, index: usize) {
    let points: Vec<(f64, f64)> =
        thinned(line, across).iter().map(|point| (point[0], up.within(point[1]))).collect();
    canvas.open(&line.name);
    canvas.path(&format!("curve {}", line.style.stroke()), line.style.dash(), &points, false);
    // Markers of neighbouring lines are shifted, so that lines on top of each other show.
    let stride = (points.len() / MARKS).max(1);
    let shift = index * stride / 3 % stride;
    for &point in points.iter().skip(shift).step_by(stride) {
        line.style.mark(canvas, point, 4.0);
    }
    canvas.close();
}

fn name_lines(canvas: &mut Canvas, lines: &[&Line], area: Area, across: &Scale, up: &Scale, format: Format) {
    let ends: Vec<(f64, f64)> = lines
        .iter()
        .map(|line| {
            thinned(line, across).last().map_or((area.right, area.bottom), |p| (p[0], up.within(p[1])))
        })
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|end| end.1).collect();
    let gap = if format == Format::Wide { LABEL } else { 13.0 };
    let places = spread(&wanted, gap, area.top + 4.0, area.bottom - 4.0);
    for (index, line) in lines.iter().enumerate() {
        let (x, y) = (area.right + 10.0, places[index]);
        canvas.line("leader", ends[index], (x - 2.0, y));
        if format == Format::Wide {
            line.style.sample(canvas, (x, y), 34.0);
            let room = canvas.size().0 - x - 42.0;
            canvas.fitted("", (x + 40.0, y + 4.5), Anchor::Start, &line.name, room, 13.0);
            continue;
        }
        let number = (index + 1).to_string();
        canvas.text("small", (x, y + 4.0), Anchor::Start, &number);
        let below = area.bottom + 64.0 + index as f64 * LABEL;
        canvas.text("small", (22.0, below + 4.0), Anchor::End, &number);
        line.style.sample(canvas, (30.0, below), 34.0);
        canvas.fitted("small", (72.0, below + 4.0), Anchor::Start, &line.name, 300.0, 12.0);
    }
}

/// Moves labels apart to at least `gap`, each as near to where it belongs as the others let it:
/// labels that would touch form a block about the mean of their places.
fn spread(wanted: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
    // Blocks of (number of labels, place of the first).
    let mut blocks: Vec<(usize, f64)> = Vec::new();
    for &label in &order {
        let mut block = (1, wanted[label]);
        while let Some(&(count, first)) = blocks.last() {
            if first + count as f64 * gap <= block.1 {
                break;
            }
            let (a, b) = (count as f64, block.0 as f64);
            block = (count + block.0, (a * first + b * (block.1 - a * gap)) / (a + b));
            blocks.pop();
        }
        let length = (block.0 - 1) as f64 * gap;
        block.1 = block.1.min(bottom - length).max(top);
        blocks.push(block);
    }
    // Blocks at the edges may touch again: one pass down, one up.
    let mut places: Vec<f64> =
        blocks.iter().flat_map(|&(count, first)| (0..count).map(move |i| first + i as f64 * gap)).collect();
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + gap);
    }
    let mut limit = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - gap;
    }
    let mut result = vec![0.0; wanted.len()];
    for (&label, place) in order.iter().zip(places) {
        result[label] = place;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn labels_that_would_touch_are_moved_apart_and_stay_in_order() {
        assert_eq!(spread(&[10.0, 100.0], 17.0, 0.0, 200.0), [10.0, 100.0]);
        let moved = spread(&[50.0, 49.0, 51.0], 10.0, 0.0, 200.0);
        assert_eq!(moved, [50.0, 40.0, 60.0]);
        let edge = spread(&[200.0, 200.0], 10.0, 0.0, 200.0);
        assert_eq!(edge, [190.0, 200.0]);
    }
}
