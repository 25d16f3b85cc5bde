//! A tree of sums: draws an index in proportion to its value.

use super::prefetch::prefetch;

/// Children per node: eight f64 are one cache line.
const FAN: usize = 8;

/// Non-negative values with the sums of every group of eight, of every group of groups, and so on.
///
/// A change recomputes the sums above it from their children, so that the sums are a function of
/// the values alone: nothing drifts, and a tree rebuilt from the same values is the same tree.
#[derive(Clone, Debug, PartialEq)]
pub struct SumTree {
    count: usize,
    /// The values first, the root last; each level padded to whole groups.
    levels: Vec<Vec<f64>>,
}

impl SumTree {
    /// A tree of `count` zeros.
    pub fn new(count: usize) -> Self {
        let mut levels = Vec::new();
        let mut width = count.max(1);
        loop {
            let groups = width.div_ceil(FAN);
            levels.push(vec![0.0; groups * FAN]);
            if groups == 1 {
                return Self { count, levels };
            }
            width = groups;
        }
    }

    /// A tree of the given values, which must be finite and at least 0.
    pub fn from_values(values: &[f64]) -> Self {
        let mut tree = Self::new(values.len());
        tree.levels[0][..values.len()].copy_from_slice(values);
        for level in 1..tree.levels.len() {
            let (below, above) = tree.levels.split_at_mut(level);
            for (sum, group) in above[0].iter_mut().zip(below[level - 1].chunks_exact(FAN)) {
                *sum = group.iter().sum();
            }
        }
        tree
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values.
    pub fn values(&self) -> &[f64] {
        &self.levels[0][..self.count]
    }

    /// Sum of all values.
    pub fn total(&self) -> f64 {
        self.levels[self.levels.len() - 1].iter().sum()
    }

    /// Changes one value, which must be finite and at least 0; O(log n).
    pub fn set(&mut self, index: usize, value: f64) {
        self.levels[0][index] = value;
        let mut node = index;
        for level in 1..self.levels.len() {
            node /= FAN;
            let sum = self.levels[level - 1][node * FAN..][..FAN].iter().sum();
            self.levels[level][node] = sum;
        }
    }

    /// The index in whose share of `[0, total)` the target lies; never one of value 0 unless all
    /// are.
    pub fn find(&self, target: f64) -> usize {
        let mut found = [(target, 0)];
        self.descend(&mut found);
        found[0].1
    }

    /// Replaces each target by the rest within its index's share, and its number by the index.
    ///
    /// The targets go down the tree together, level by level, so that the processor waits for many
    /// cache lines at a time instead of for one after the other.
    pub fn descend(&self, targets: &mut [(f64, usize)]) {
        targets.iter_mut().for_each(|target| target.1 = 0);
        for (depth, level) in self.levels.iter().enumerate().rev() {
            let below = depth.checked_sub(1).map(|depth| self.levels[depth].as_slice());
            for (rest, node) in targets.iter_mut() {
                let group = &level[*node * FAN..][..FAN];
                let (child, passed) = pick(group, *rest);
                *rest -= passed;
                *node = *node * FAN + child;
                if let Some(below) = below {
                    prefetch(below, *node * FAN, FAN);
                }
            }
        }
    }
}

/// The child whose share holds the target, and the sum of those before it. Rounding can put a
/// target past the last share; it then falls into the last that is not empty.
fn pick(group: &[f64], target: f64) -> (usize, f64) {
    let (mut child, mut below, mut sum) = (0, 0.0, 0.0);
    for (index, &value) in group.iter().enumerate() {
        if value > 0.0 && target >= sum {
            (child, below) = (index, sum);
        }
        sum += value;
    }
    (child, below)
}
