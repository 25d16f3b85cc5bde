//! Shortest paths of the disc through a maze, on a lattice of eighths of a cell.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Layout;

/// Lattice points per cell and axis.
const FINE: usize = 8;
/// How many lattice points of a path [`Geodesic::ahead`] looks ahead.
const LOOK: usize = 12;
/// Distance between the points at which a straight way is checked, in cells.
const SAMPLE: f64 = 1.0 / 16.0;
/// How much nearer than its radius the disc may come to a wall on a straight way: the lattice's
/// diagonals scrape corners by 0.012 at a radius of 0.1, along which it slides.
const SCRAPE: f64 = 0.015;

/// The points where a disc fits, joined to their eight neighbours.
///
/// A path on eight neighbours is at most 8.3 % longer than the shortest one in the plane.
#[derive(Clone, Debug)]
pub struct Geodesic {
    layout: Layout,
    radius: f64,
    columns: usize,
    open: Vec<bool>,
}

/// Distances from all lattice points to one point, for [`Geodesic::ahead`].
#[derive(Clone, Debug)]
pub struct Field(Vec<f64>);

#[derive(Clone, Copy, PartialEq)]
struct Reached {
    distance: f64,
    node: usize,
}

impl Eq for Reached {}

impl Ord for Reached {
    /// The nearest comes first out of a heap; among equals the one with the lowest index.
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance.total_cmp(&self.distance).then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Geodesic {
    /// The lattice of a maze for a disc of this radius.
    pub fn new(layout: &Layout, radius: f64) -> Self {
        let [width, height] = layout.size();
        let (columns, rows) = (width * FINE + 1, height * FINE + 1);
        let fits = |node: usize| {
            let [x, y] = point(node, columns);
            layout.clearance(x, y) >= radius
        };
        Self { layout: layout.clone(), radius, columns, open: (0..columns * rows).map(fits).collect() }
    }

    /// Length of the shortest path between two points in cells; nothing where there is none.
    pub fn distance(&self, from: [f64; 2], to: [f64; 2]) -> Option<f64> {
        let (start, end) = (self.nearest(from)?, self.nearest(to)?);
        let distances = self.distances(start);
        distances[end].is_finite().then_some(distances[end])
    }

    /// Points of a shortest path between two points, both ends included; none where there is none.
    pub fn path(&self, from: [f64; 2], to: [f64; 2]) -> Vec<[f64; 2]> {
        let (Some(start), Some(end)) = (self.nearest(from), self.nearest(to)) else { return Vec::new() };
        let distances = self.distances(end);
        if !distances[start].is_finite() {
            return Vec::new();
        }
        let mut path = vec![from];
        let mut node = start;
        while node != end {
            let ahead = self.neighbours(node).map(|(next, step)| (distances[next] + step, next));
            let best = ahead.min_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
            let Some((_, next)) = best else { break };
            node = next;
            path.push(point(node, self.columns));
        }
        path.push(to);
        path
    }

    /// Distances from everywhere to a point, infinite where there is no path.
    pub fn field(&self, to: [f64; 2]) -> Field {
        let unreachable = || vec![f64::INFINITY; self.open.len()];
        Field(self.nearest(to).map_or_else(unreachable, |end| self.distances(end)))
    }

    /// Where to head for from a point to get to where a field's distances lead: the furthest of the
    /// next lattice points of a shortest path up to which the way is straight. Nothing where there is
    /// no path.
    pub fn ahead(&self, field: &Field, from: [f64; 2]) -> Option<[f64; 2]> {
        let distances = &field.0;
        let mut node = self.nearest(from).filter(|start| distances[*start].is_finite())?;
        let mut aim = point(node, self.columns);
        for step in 0..LOOK {
            let ahead = self.neighbours(node).map(|(next, step)| (distances[next] + step, next));
            let best = ahead.min_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
            let Some((_, next)) = best.filter(|_| distances[node] > 0.0) else { break };
            if step > 0 && !self.straight(from, point(next, self.columns)) {
                break;
            }
            (node, aim) = (next, point(next, self.columns));
        }
        Some(aim)
    }

    /// Whether the disc gets from one point to another in a straight line, sliding along corners.
    pub fn straight(&self, from: [f64; 2], to: [f64; 2]) -> bool {
        let way = [to[0] - from[0], to[1] - from[1]];
        let pieces = (way[0].hypot(way[1]) / SAMPLE).ceil().max(1.0);
        (0..=pieces as usize).all(|piece| {
            let share = piece as f64 / pieces;
            let (x, y) = (from[0] + share * way[0], from[1] + share * way[1]);
            self.layout.clearance(x, y) >= self.radius - SCRAPE
        })
    }

    /// Distances from a lattice point to all, infinite where there is no path.
    fn distances(&self, start: usize) -> Vec<f64> {
        let mut distances = vec![f64::INFINITY; self.open.len()];
        distances[start] = 0.0;
        let mut heap = BinaryHeap::from([Reached { distance: 0.0, node: start }]);
        while let Some(Reached { distance, node }) = heap.pop() {
            if distance > distances[node] {
                continue;
            }
            for (next, step) in self.neighbours(node) {
                if distance + step < distances[next] {
                    distances[next] = distance + step;
                    heap.push(Reached { distance: distance + step, node: next });
                }
            }
        }
        distances
    }

    /// Open neighbours of a lattice point with the length of the step. The border of a maze is
    /// wall, so that no open point lies on the lattice's edge.
    fn neighbours(&self, node: usize) -> impl Iterator<Item = (usize, f64)> {
        let columns = self.columns as isize;
        let (straight, diagonal) = (1.0 / FINE as f64, std::f64::consts::SQRT_2 / FINE as f64);
        let steps = [
            (1, straight),
            (-1, straight),
            (columns, straight),
            (-columns, straight),
            (columns + 1, diagonal),
            (columns - 1, diagonal),
            (-columns + 1, diagonal),
            (-columns - 1, diagonal),
        ];
        let all = steps
            .into_iter()
            .filter_map(move |(offset, step)| Some((node.checked_add_signed(offset)?, step)));
        all.filter(|(next, _)| self.open.get(*next) == Some(&true))
    }

    /// The open lattice point nearest to a point in the maze.
    fn nearest(&self, [x, y]: [f64; 2]) -> Option<usize> {
        // Of two at the same distance the lower one, as below.
        let [column, row] = [x, y].map(|number| (FINE as f64 * number - 0.5).ceil().max(0.0) as usize);
        let rounded = row * self.columns + column;
        if column < self.columns && self.open.get(rounded) == Some(&true) {
            return Some(rounded);
        }
        let open = (0..self.open.len()).filter(|node| self.open[*node]);
        let away = |node: usize| {
            let [column, row] = point(node, self.columns);
            (column - x).hypot(row - y)
        };
        open.min_by(|left, right| away(*left).total_cmp(&away(*right)).then(left.cmp(right)))
    }
}

/// Coordinates of a lattice point.
fn point(node: usize, columns: usize) -> [f64; 2] {
    [(node % columns) as f64 / FINE as f64, (node / columns) as f64 / FINE as f64]
}

#[cfg(test)]
mod tests {
    use super::super::point::RADIUS;
    use super::*;

    #[test]
    fn paths_go_round_walls() {
        let layout = Layout::new("umaze").unwrap();
        let lattice = Geodesic::new(&layout, RADIUS);
        let distance = lattice.distance(layout.start(), layout.goal()).unwrap();
        // In the plane: around two corners of the wall in the middle.
        assert!(distance > 4.0 && distance < 6.0, "{distance}");
        let path = lattice.path(layout.start(), layout.goal());
        assert_eq!((path[0], path[path.len() - 1]), (layout.start(), layout.goal()));
        assert!(path.iter().all(|[x, y]| layout.clearance(*x, *y) >= RADIUS));
        let length: f64 =
            path.windows(2).map(|two| (two[0][0] - two[1][0]).hypot(two[0][1] - two[1][1])).sum();
        assert!((length - distance).abs() < 1e-9);
    }

    #[test]
    fn following_what_is_ahead_leads_to_the_goal_by_the_shortest_way() {
        for name in ["umaze", "medium", "giant"] {
            let layout = Layout::new(name).unwrap();
            let lattice = Geodesic::new(&layout, RADIUS);
            let field = lattice.field(layout.goal());
            let (mut place, mut walked) = (layout.start(), 0.0);
            for _ in 0..200 {
                let next = lattice.ahead(&field, place).unwrap();
                assert!(lattice.straight(place, next));
                walked += (next[0] - place[0]).hypot(next[1] - place[1]);
                place = next;
            }
            assert_eq!(place, layout.goal(), "{name}");
            assert!(walked <= lattice.distance(layout.start(), layout.goal()).unwrap() + 1e-9, "{name}");
        }
        let layout = Layout::new("xxxxx_xSxGx_xxxxx").unwrap();
        let lattice = Geodesic::new(&layout, RADIUS);
        assert_eq!(lattice.ahead(&lattice.field(layout.goal()), layout.start()), None);
        assert!(!lattice.straight(layout.start(), layout.goal()));
    }

    #[test]
    fn an_open_floor_is_as_long_as_its_diagonal() {
        let layout = Layout::new("open").unwrap();
        let lattice = Geodesic::new(&layout, RADIUS);
        let distance = lattice.distance([1.5, 5.5], [5.5, 1.5]).unwrap();
        assert!((distance - 32.0_f64.sqrt()).abs() < 1e-9);
        assert_eq!(lattice.distance([1.5, 5.5], [1.5, 5.5]), Some(0.0));
    }

    #[test]
    fn what_is_walled_off_is_out_of_reach() {
        let layout = Layout::new("xxxxx_xSxGx_xxxxx").unwrap();
        let lattice = Geodesic::new(&layout, RADIUS);
        assert_eq!(lattice.distance(layout.start(), layout.goal()), None);
        assert!(lattice.path(layout.start(), layout.goal()).is_empty());
    }
}
