//! What can go wrong with an index, each in one sentence with its cure.

/// Errors of an index of nearest rows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum IndexError {
    /// A block's weight is not usable.
    #[error("the weight of `{block}` is {weight}: it must be a finite number above 0")]
    Weight {
        /// The block.
        block: String,
        /// Its weight.
        weight: f32,
    },
    /// Blocks of different numbers of rows, or a query of other blocks than the index.
    #[error("`{block}` has {found} numbers, but {expected} were expected: {rows} rows of {width} columns")]
    Shape {
        /// The block.
        block: String,
        /// Numbers that were expected.
        expected: usize,
        /// Numbers that came.
        found: usize,
        /// Rows of the other blocks.
        rows: usize,
        /// Columns of this block.
        width: usize,
    },
    /// A query with another number of blocks.
    #[error("the query has {found} blocks of columns, but the index has {expected}")]
    Blocks {
        /// Blocks of the index.
        expected: usize,
        /// Blocks of the query.
        found: usize,
    },
    /// A number that is no place: infinite, undefined, or beyond what 32-bit floats can square.
    #[error(
        "column {column} of `{block}` is {value} in row {row}: with its weight every number must stay below 1e15; remove the row, or normalise the column"
    )]
    Value {
        /// The block.
        block: String,
        /// Column within the block.
        column: usize,
        /// The row.
        row: usize,
        /// The number, without its weight.
        value: f32,
    },
    /// Fewer rows than neighbours asked for.
    #[error(
        "{neighbours} nearest rows were asked of an index of {rows}: ask for fewer, or index more data; at least 1 must be asked for"
    )]
    TooFew {
        /// Neighbours asked for.
        neighbours: usize,
        /// Rows of the index.
        rows: usize,
    },
    /// More rows than can be numbered.
    #[error("{rows} rows are more than the {} that an index can number: index a part of them", u32::MAX)]
    TooMany {
        /// Rows given.
        rows: usize,
    },
    /// Rows and query were normalised differently.
    #[error(
        "the rows of this index were normalised with other statistics ({built}) than the query ({asked}): normalise both alike, or build the index anew"
    )]
    Normaliser {
        /// The fingerprint of the rows' normaliser.
        built: String,
        /// That of the query's.
        asked: String,
    },
    /// The tree cannot be built.
    #[error("no tree can be built over the rows: {reason}")]
    Tree {
        /// What the tree says.
        reason: String,
    },
}
