//! The nearest of a growing set of points, exactly.

use std::cmp::Ordering;

use crate::cluster::kmeans::squared_distance;

/// Points that wait before the tree is built anew; they are searched one by one.
const BUFFER: usize = 500;
/// Points below which a branch is searched one by one.
const LEAF: usize = 16;

/// Points in a k-d tree (Bentley, 1975) with a buffer of the newest ones. Among equally near points
/// the newest is the nearest.
///
/// The number of dimensions is known only at run time and tasks that were clipped onto a side of
/// their box share a coordinate, so the tree is one array split at medians.
#[derive(Clone, Debug)]
pub struct Nearest {
    dimensions: usize,
    points: Vec<f64>,
    /// Indices of the points in the tree: the median of a range splits it, recursively.
    order: Vec<usize>,
    /// The axis that the median at this place of `order` splits.
    axes: Vec<usize>,
}

impl Nearest {
    /// No points of `dimensions` numbers each.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, points: Vec::new(), order: Vec::new(), axes: Vec::new() }
    }

    /// The given points, rows of `dimensions` numbers.
    pub fn from_points(dimensions: usize, points: Vec<f64>) -> Self {
        let mut nearest = Self { points, ..Self::new(dimensions) };
        nearest.rebuild();
        nearest
    }

    /// All points, in the order in which they came.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len() / self.dimensions
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Adds a point; its index is the number of points before it.
    pub fn push(&mut self, point: &[f64]) {
        self.points.extend_from_slice(point);
        if self.len() - self.order.len() >= BUFFER {
            self.rebuild();
        }
    }

    /// Index of the point nearest to `target` among those from index `oldest` on.
    pub fn find(&self, target: &[f64], oldest: usize) -> Option<usize> {
        let mut best = Best { oldest, distance: f64::INFINITY, index: None };
        for index in self.order.len().max(oldest)..self.len() {
            best.offer(index, squared_distance(self.point(index), target));
        }
        self.search(0, self.order.len(), target, &mut best);
        best.index
    }

    fn point(&self, index: usize) -> &[f64] {
        &self.points[index * self.dimensions..][..self.dimensions]
    }

    fn search(&self, low: usize, high: usize, target: &[f64], best: &mut Best) {
        if high - low <= LEAF {
            for &index in &self.order[low..high] {
                best.offer(index, squared_distance(self.point(index), target));
            }
            return;
        }
        let middle = low + (high - low) / 2;
        let (index, axis) = (self.order[middle], self.axes[middle]);
        best.offer(index, squared_distance(self.point(index), target));
        let offset = target[axis] - self.point(index)[axis];
        let (near, far) = if offset < 0.0 {
            ((low, middle), (middle + 1, high))
        } else {
            ((middle + 1, high), (low, middle))
        };
        self.search(near.0, near.1, target, best);
        // An equally near point may be newer.
        if offset * offset <= best.distance {
            self.search(far.0, far.1, target, best);
        }
    }

    fn rebuild(&mut self) {
        self.order = (0..self.len()).collect();
        self.axes = vec![0; self.len()];
        let mut open = vec![(0, self.len())];
        while let Some((low, high)) = open.pop() {
            if high - low <= LEAF {
                continue;
            }
            let axis = self.widest(&self.order[low..high]);
            let (points, dimensions) = (&self.points, self.dimensions);
            let along = |left: &usize, right: &usize| -> Ordering {
                points[left * dimensions + axis].total_cmp(&points[right * dimensions + axis])
            };
            let middle = low + (high - low) / 2;
            self.order[low..high].select_nth_unstable_by(middle - low, along);
            self.axes[middle] = axis;
            open.extend([(low, middle), (middle + 1, high)]);
        }
    }

    /// The axis along which these points spread most.
    fn widest(&self, indices: &[usize]) -> usize {
        let spread = |axis: usize| {
            let values = indices.iter().map(|index| self.points[index * self.dimensions + axis]);
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            high - low
        };
        (0..self.dimensions).max_by(|left, right| spread(*left).total_cmp(&spread(*right))).unwrap_or(0)
    }
}

/// The nearest point so far.
struct Best {
    oldest: usize,
    distance: f64,
    index: Option<usize>,
}

impl Best {
    fn offer(&mut self, index: usize, distance: f64) {
        let nearer = distance < self.distance || (distance == self.distance && Some(index) > self.index);
        if index >= self.oldest && nearer {
            (self.distance, self.index) = (distance, Some(index));
        }
    }
}
