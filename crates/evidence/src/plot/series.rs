//! What distinguishes one arm from another: a colour, a dash pattern and a marker.

use super::{canvas::Canvas, palette::SERIES};

/// Dash patterns, in units of the picture.
const DASHES: [&str; 5] = ["", "8 4", "2 3", "10 3 2 3", "14 5"];

/// Number of marker shapes; it shares no factor with the numbers of colours and dashes, so that
/// the three together repeat only after hundreds of arms.
const MARKERS: usize = 7;

/// How an arm is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style(pub usize);

impl Style {
    /// Class of its lines.
    pub fn stroke(self) -> String {
        format!("s{}", self.0 % SERIES)
    }

    /// Class of its areas.
    pub fn fill(self) -> String {
        format!("f{}", self.0 % SERIES)
    }

    pub fn dash(self) -> &'static str {
        DASHES[self.0 % DASHES.len()]
    }

    /// Its marker, with the given radius.
    pub fn mark(self, canvas: &mut Canvas, (x, y): (f64, f64), r: f64) {
        let class = format!("mark {}", self.fill());
        let turned =
            |corners: &[(f64, f64)]| corners.iter().map(|c| (x + r * c.0, y + r * c.1)).collect::<Vec<_>>();
        let corners = match self.0 % MARKERS {
            0 => return canvas.circle(&class, (x, y), r),
            1 => turned(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            2 => turned(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
            3 => turned(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
            4 => turned(&[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]),
            5 => turned(&PLUS),
            _ => turned(&STAR),
        };
        canvas.path(&class, "", &corners, true);
    }

    /// A piece of its line with a marker, as in a legend.
    pub fn sample(self, canvas: &mut Canvas, (x, y): (f64, f64), length: f64) {
        canvas.path(&format!("curve {}", self.stroke()), self.dash(), &[(x, y), (x + length, y)], false);
        self.mark(canvas, (x + length / 2.0, y), 4.5);
    }
}

const PLUS: [(f64, f64); 12] = [
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];

const STAR: [(f64, f64); 10] = [
    (0.0, -1.4),
    (0.35, -0.45),
    (1.33, -0.43),
    (0.57, 0.19),
    (0.82, 1.13),
    (0.0, 0.58),
    (-0.82, 1.13),
    (-0.57, 0.19),
    (-1.33, -0.43),
    (-0.35, -0.45),
];
