//! Finding the rows of a data set that lie nearest to a query, exactly.
//!
//! Rows are made of named blocks of columns, each with a weight: the distance between two rows is
//! `sqrt(sum over columns of (weight (x - y))²)`. Up to [`TREE_COLUMNS`] columns a k-d tree
//! answers; beyond, where every branch of a tree would be visited anyway, all rows are scanned in
//! the expanded form |x|² - 2 x·y + |y|². Both settle their few last candidates by the direct
//! distance in 64-bit floats, so that they agree to the bit, and neither the number of threads nor
//! the processor's instruction set shows in the answer.

mod blocks;
mod error;
mod knn;
mod scan;
mod tree;

#[cfg(test)]
mod tests;

pub use blocks::{Block, Fingerprint};
pub use error::IndexError;
pub use knn::{Knn, Neighbour, TREE_COLUMNS};
