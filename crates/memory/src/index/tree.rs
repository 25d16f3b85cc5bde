//! Few columns: a k-d tree (Bentley, 1975) over the weighted rows in 64-bit floats.

use std::num::NonZero;

use kiddo::{ImmutableKdTree, SquaredEuclidean};

use super::IndexError;
use super::blocks::Columns;

/// Share by which a radius is widened, far above the rounding of a sum of a dozen squares: the
/// tree may add them up in another order than [`Columns::squared_distance`].
const WIDER: f64 = 1.0 + 1e-12;

/// A tree of any number of columns.
pub(super) trait Tree: Send + Sync {
    /// Every row that may be among the `neighbours` nearest, at least as many, in any order.
    fn around(&self, query: &[f64], neighbours: usize) -> Vec<u32>;
}

impl<const K: usize> Tree for ImmutableKdTree<f64, K> {
    fn around(&self, query: &[f64], neighbours: usize) -> Vec<u32> {
        let (Ok(query), Some(neighbours)) = (<&[f64; K]>::try_from(query), NonZero::new(neighbours)) else {
            return Vec::new();
        };
        let nearest = self.query(query).nearest_n::<SquaredEuclidean<f64>>(neighbours).execute();
        let furthest = nearest.iter().map(|found| found.distance).fold(0.0, f64::max);
        // Which of several rows at the last distance the tree gave is left to it: ask for all.
        let radius = furthest * WIDER + f64::MIN_POSITIVE;
        let within = self.query(query).within::<SquaredEuclidean<f64>>(radius).unsorted().execute();
        within.into_iter().map(|found| found.item).collect()
    }
}

/// A tree over rows `[count, width]`, of at most [`super::TREE_COLUMNS`] columns.
pub(super) fn build(columns: &Columns, rows: &[f32]) -> Result<Box<dyn Tree>, IndexError> {
    match columns.width() {
        1 => grow::<1>(columns, rows),
        2 => grow::<2>(columns, rows),
        3 => grow::<3>(columns, rows),
        4 => grow::<4>(columns, rows),
        5 => grow::<5>(columns, rows),
        6 => grow::<6>(columns, rows),
        7 => grow::<7>(columns, rows),
        8 => grow::<8>(columns, rows),
        9 => grow::<9>(columns, rows),
        10 => grow::<10>(columns, rows),
        11 => grow::<11>(columns, rows),
        12 => grow::<12>(columns, rows),
        width => Err(IndexError::Tree { reason: format!("a tree of {width} columns is not provided for") }),
    }
}

fn grow<const K: usize>(columns: &Columns, rows: &[f32]) -> Result<Box<dyn Tree>, IndexError> {
    let place = |row: &[f32]| {
        let mut place = [0.0; K];
        place.iter_mut().zip(columns.weighted(row)).for_each(|(to, value)| *to = value);
        place
    };
    let places: Vec<[f64; K]> = rows.chunks_exact(K).map(place).collect();
    let tree = ImmutableKdTree::<f64, K>::new_from_slice(&places);
    Ok(Box::new(tree.map_err(|error| IndexError::Tree { reason: error.to_string() })?))
}
