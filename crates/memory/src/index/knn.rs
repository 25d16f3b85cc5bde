//! The index: rows, weights, and one of two searches.

use rayon::prelude::*;

use super::blocks::Columns;
use super::scan::Scan;
use super::tree::{self, Tree};
use super::{Block, Fingerprint, IndexError};

/// Up to this many columns a k-d tree answers.
pub const TREE_COLUMNS: usize = 12;

/// Queries that one thread answers in a row with a tree.
const QUERIES: usize = 16;

/// A row of the index and how far it lies from the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The row's number.
    pub row: usize,
    /// Weighted Euclidean distance.
    pub distance: f64,
}

/// A candidate on its way to becoming a [`Neighbour`]: squared distance and row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub squared: f64,
    pub row: u32,
}

impl Candidate {
    /// Nearer first, and of two rows at the same distance the one with the lower number.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.squared.total_cmp(&other.squared).then(self.row.cmp(&other.row))
    }
}

enum Search {
    Tree(Box<dyn Tree>),
    Scan(Scan),
}

/// An exact index of nearest rows.
pub struct Knn {
    columns: Columns,
    /// Unweighted, `[count, width]`.
    rows: Vec<f32>,
    count: usize,
    normalised: Fingerprint,
    search: Search,
}

impl Knn {
    /// An index over the rows of these blocks, whose numbers were normalised as `normalised` says.
    ///
    /// # Errors
    /// A weight or a number is not usable, or the blocks differ in their rows.
    pub fn new(blocks: &[Block<'_>], normalised: Fingerprint) -> Result<Self, IndexError> {
        let columns: usize = blocks.iter().map(|block| block.width).sum();
        Self::build(blocks, normalised, columns <= TREE_COLUMNS)
    }

    pub(super) fn build(
        blocks: &[Block<'_>],
        normalised: Fingerprint,
        by_tree: bool,
    ) -> Result<Self, IndexError> {
        let (columns, rows) = Columns::of(blocks)?;
        let count = rows.len().checked_div(columns.width()).unwrap_or(0);
        if count >= u32::MAX as usize {
            return Err(IndexError::TooMany { rows: count });
        }
        let search = match by_tree {
            true => Search::Tree(tree::build(&columns, &rows)?),
            false => Search::Scan(Scan::new(&columns, &rows)),
        };
        Ok(Self { columns, rows, count, normalised, search })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What the rows were normalised with.
    pub fn normalised(&self) -> Fingerprint {
        self.normalised
    }

    /// The numbers of a row, all blocks one after the other, without weights.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.columns.width()..][..self.columns.width()]
    }

    /// The `neighbours` nearest rows of every query, nearest first, into `found`
    /// (`[queries, neighbours]`); of rows at the same distance those with the lowest numbers. A
    /// query has the same blocks as the rows, each `[queries, width]`.
    ///
    /// # Errors
    /// The query was normalised otherwise, has other blocks or an unusable number, or the index has
    /// fewer rows than are asked for.
    pub fn nearest(
        &self,
        query: &[&[f32]],
        neighbours: usize,
        normalised: Fingerprint,
        found: &mut Vec<Neighbour>,
    ) -> Result<(), IndexError> {
        if normalised != self.normalised {
            let (built, asked) = (self.normalised.to_string(), normalised.to_string());
            return Err(IndexError::Normaliser { built, asked });
        }
        if neighbours == 0 || neighbours > self.count {
            return Err(IndexError::TooFew { neighbours, rows: self.count });
        }
        let queries = self.columns.gather(query)?;
        let candidates = match &self.search {
            Search::Tree(tree) => self.by_tree(tree.as_ref(), &queries, neighbours),
            Search::Scan(scan) => scan.nearest(&self.columns, &self.rows, &queries, neighbours),
        };
        found.clear();
        found.extend(
            candidates.iter().map(|candidate| Neighbour {
                row: candidate.row as usize,
                distance: candidate.squared.sqrt(),
            }),
        );
        Ok(())
    }

    fn by_tree(&self, tree: &dyn Tree, queries: &[f32], neighbours: usize) -> Vec<Candidate> {
        let width = self.columns.width();
        let answer = |query: &[f32]| {
            let place: Vec<f64> = self.columns.weighted(query).collect();
            let near = tree.around(&place, neighbours).into_iter().map(|row| Candidate {
                squared: self.columns.squared_distance(query, self.row(row as usize)),
                row,
            });
            nearest(near.collect(), neighbours)
        };
        let chunks = queries.par_chunks(width * QUERIES);
        chunks.flat_map_iter(|chunk| chunk.chunks_exact(width).flat_map(answer)).collect()
    }
}

/// The nearest of the candidates in order.
pub(super) fn nearest(mut candidates: Vec<Candidate>, neighbours: usize) -> Vec<Candidate> {
    candidates.sort_unstable_by(Candidate::order);
    candidates.truncate(neighbours);
    candidates
}
