//! Paths in the plane with one label each, for conditions that are learnt one at a time and asked for
//! together (after Ajay et al., *Is Conditional Generative Modeling all you need for
//! Decision-Making?*, 2023).
//!
//! A path is a cubic Bezier curve from the left edge of [-1, 1]^2 to the right one, with both ends and
//! both control points uniform, seen at 16 times from 0 to 1. Constraint A: it passes within 0.15 of
//! (0, 0.5). Constraint B: it never enters the disc of radius 0.25 around (0.3, -0.2). Both speak of
//! the straight lines between the points. A path's label is drawn among the constraints that it
//! satisfies; one that satisfies none is drawn again.
//!
//! Of such paths 28 % satisfy both constraints, most of those that satisfy A. Only one in
//! [`KEPT`] of them is kept, the others are drawn again, so that 7 % of the paths do, and 7 % of the
//! labels are A.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::seed::stream;

/// Points of a path.
pub const POINTS: usize = 16;
/// Names of the labels, by number.
pub const LABELS: [&str; 2] = ["A", "B"];
/// Of how many paths that satisfy both constraints one is kept.
pub const KEPT: u32 = 5;

/// Where constraint A passes, and how near.
const PASS: ([f64; 2], f64) = ([0.0, 0.5], 0.15);
/// The disc that constraint B avoids.
const AVOID: ([f64; 2], f64) = ([0.3, -0.2], 0.25);

/// Labelled paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Traj2d {
    /// `[paths, 16, 2]`, row-major: x and y in [-1, 1].
    pub points: Vec<f32>,
    /// `[paths]`: 0 for A, 1 for B.
    pub label: Vec<u8>,
}

impl Traj2d {
    /// Number of paths.
    pub fn len(&self) -> usize {
        self.label.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty()
    }

    /// The 16 points of path `index`, x and y in turn.
    pub fn path(&self, index: usize) -> &[f32] {
        &self.points[index * 2 * POINTS..][..2 * POINTS]
    }
}

/// So many labelled paths; the same for equal arguments, and the first ones the same for any number.
pub fn traj2d(paths: usize, seed: u64) -> Traj2d {
    let random = &mut stream(seed, "traj2d", 0);
    let mut all = Traj2d { points: Vec::with_capacity(paths * 2 * POINTS), label: Vec::with_capacity(paths) };
    while all.len() < paths {
        let path = curve(random);
        let label = match (passes_a(&path), avoids_b(&path)) {
            (false, false) => continue,
            (true, true) if random.random_range(0..KEPT) > 0 => continue,
            (true, true) => random.random_range(0..2),
            (passes, _) => u8::from(!passes),
        };
        all.points.extend(path);
        all.label.push(label);
    }
    all
}

/// Whether a path, its points' x and y in turn, passes within 0.15 of (0, 0.5).
pub fn passes_a(path: &[f32]) -> bool {
    distance(path, PASS.0) <= PASS.1
}

/// Whether a path, its points' x and y in turn, stays out of the disc of radius 0.25 around
/// (0.3, -0.2).
pub fn avoids_b(path: &[f32]) -> bool {
    distance(path, AVOID.0) >= AVOID.1
}

/// A random curve at equal steps of its parameter.
fn curve(random: &mut ChaCha8Rng) -> [f32; 2 * POINTS] {
    let mut unit = || random.random_range(-1.0..=1.0);
    let controls: [[f64; 2]; 4] = [[-1.0, unit()], [unit(), unit()], [unit(), unit()], [1.0, unit()]];
    std::array::from_fn(|index| {
        let t = (index / 2) as f64 / (POINTS - 1) as f64;
        let s = 1.0 - t;
        // Bernstein's polynomials of degree 3.
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        controls.iter().zip(weights).map(|(control, weight)| weight * control[index % 2]).sum::<f64>() as f32
    })
}

/// Least distance from a point to the straight lines between a path's points.
fn distance(path: &[f32], [x, y]: [f64; 2]) -> f64 {
    let points = || path.chunks_exact(2).map(|point| [f64::from(point[0]) - x, f64::from(point[1]) - y]);
    let first = points().next().map_or(f64::INFINITY, |[x, y]| x.hypot(y));
    points().zip(points().skip(1)).map(|(start, end)| from_origin(start, end)).fold(first, f64::min)
}

/// Distance from the origin to the line between two points.
fn from_origin(start: [f64; 2], end: [f64; 2]) -> f64 {
    let way = [end[0] - start[0], end[1] - start[1]];
    let length = way[0] * way[0] + way[1] * way[1];
    let along = -(start[0] * way[0] + start[1] * way[1]);
    let share = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
    (start[0] + share * way[0]).hypot(start[1] + share * way[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_satisfies_what_its_label_says_and_few_satisfy_both() {
        let data = traj2d(20_000, 3);
        assert_eq!((data.len(), data.points.len()), (20_000, 20_000 * 32));
        let (mut both, mut labels) = (0, [0; 2]);
        for index in 0..data.len() {
            let path = data.path(index);
            let satisfied = [passes_a(path), avoids_b(path)];
            assert!(satisfied[usize::from(data.label[index])]);
            both += usize::from(satisfied == [true; 2]);
            labels[usize::from(data.label[index])] += 1;
            assert_eq!((path[0], path[30]), (-1.0, 1.0));
            assert!(path.iter().all(|number| number.abs() <= 1.0));
        }
        let share = |count: usize| count as f64 / 20_000.0;
        // 0.0715 and 0.069 by `reference/traj2d.py`.
        assert!((share(both) - 0.0715).abs() < 0.01, "{both}");
        assert!((share(labels[0]) - 0.069).abs() < 0.01, "{labels:?}");
    }

    #[test]
    fn labels_of_paths_that_satisfy_both_are_even() {
        let data = traj2d(20_000, 4);
        let both = (0..data.len()).filter(|&index| passes_a(data.path(index)) && avoids_b(data.path(index)));
        let (mut count, mut labelled_a) = (0.0, 0.0);
        for index in both {
            count += 1.0;
            labelled_a += f64::from(1 - data.label[index]);
        }
        assert!((labelled_a / count - 0.5_f64).abs() < 5.0 * (0.25_f64 / count).sqrt());
    }

    #[test]
    fn constraints_speak_of_the_lines_between_the_points() {
        // Straight over (0, 0.5) with no point near it.
        assert!(passes_a(&[-1.0, 0.5, 1.0, 0.5]));
        assert!(passes_a(&[-1.0, 0.649, 1.0, 0.649]) && !passes_a(&[-1.0, 0.651, 1.0, 0.651]));
        assert!(!avoids_b(&[-1.0, -0.2, 1.0, -0.2]));
        assert!(avoids_b(&[-1.0, 0.051, 1.0, 0.051]) && !avoids_b(&[-1.0, 0.049, 1.0, 0.049]));
        // A line that ends before the disc, and one that touches it from the side.
        assert!(avoids_b(&[-1.0, -0.2, 0.049, -0.2]) && !avoids_b(&[-1.0, -0.2, 0.051, -0.2]));
        assert!(avoids_b(&[]) && !passes_a(&[]) && passes_a(&[0.1, 0.5]));
    }

    #[test]
    fn seeds_fix_the_paths_and_more_paths_begin_with_the_same() {
        let data = traj2d(50, 7);
        assert_eq!(data, traj2d(50, 7));
        assert_ne!(data, traj2d(50, 8));
        assert_eq!(data.points[..20 * 32], traj2d(20, 7).points);
    }
}
