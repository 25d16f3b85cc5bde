//! What can go wrong, each in one sentence with its cure.

/// Errors of the memory.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MemoryError {
    /// A setting that cannot work.
    #[error("memory setting `{setting}` is wrong: {reason}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The ring does not fit in memory.
    #[error(
        "a replay of {entries} entries needs {mebibytes} MiB, which cannot be allocated; lower the capacity"
    )]
    TooLarge {
        /// Entries asked for.
        entries: usize,
        /// What they need.
        mebibytes: usize,
    },
    /// An array whose size or kind differs from what was declared.
    #[error("{what} has {found}, but was declared with {expected}")]
    Shape {
        /// Which array.
        what: String,
        /// What it should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// Outcomes were pushed out of order or left out.
    #[error(
        "row {row} ended its episode at the previous push but is not reset in this one; push every outcome of the vector world, in order"
    )]
    Order {
        /// The row.
        row: usize,
    },
    /// No episode of a data set holds such a window.
    #[error(
        "no episode of the data set has {needed} steps, the longest has {longest}: shorten the window or record longer episodes"
    )]
    TooShort {
        /// Steps of the window.
        needed: usize,
        /// Steps of the longest episode.
        longest: usize,
    },
    /// No position can be drawn.
    #[error(
        "no position has {before} steps before and {after} after it: the replay holds {entries} entries and its longest episode is {longest} steps; collect more or shorten the window"
    )]
    NothingValid {
        /// Entries needed before the position.
        before: usize,
        /// Entries needed after the position.
        after: usize,
        /// Entries stored.
        entries: usize,
        /// Steps of the longest stored episode, the running ones included.
        longest: usize,
    },
    /// A position that was overwritten, or that lacks the entries asked for.
    #[error(
        "position at step {step} of row {row} cannot give {before} steps before and {after} after it: steps {oldest} to {pushed} are stored; draw it again with the span that is read"
    )]
    Unavailable {
        /// The position's row.
        row: usize,
        /// The position's step.
        step: u64,
        /// Entries needed before the position.
        before: usize,
        /// Entries needed after the position.
        after: usize,
        /// The oldest stored step.
        oldest: u64,
        /// The number of steps pushed so far.
        pushed: u64,
    },
    /// A window longer than the span its positions were drawn for.
    #[error("a window of {length} steps does not fit into a span of {before} before and {after} after")]
    Length {
        /// Steps of the window.
        length: usize,
        /// The span's entries before the position.
        before: usize,
        /// The span's entries after the position.
        after: usize,
    },
    /// A priority that is negative or not finite.
    #[error("priority {value} (number {index} of the batch) is not a finite number of at least 0")]
    Priority {
        /// Its place in the batch.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A selection of complete episodes that is empty.
    #[error(
        "there is no episode to draw from: none of the {stored} complete episodes is selected; collect until one has ended, or select at least one"
    )]
    NoTrajectory {
        /// Complete episodes known.
        stored: usize,
    },
    /// Fewer than two segments to compare.
    #[error(
        "no two segments of {length} steps can be compared: the longest of {episodes} complete episodes has {longest} steps; collect longer episodes or shorten the segments"
    )]
    NoPair {
        /// Steps of a segment.
        length: usize,
        /// Complete episodes that segments may come from.
        episodes: usize,
        /// Steps of the longest of them.
        longest: usize,
    },
    /// Two parts of a batch that differ in what they hold.
    #[error(
        "{what} of the second source has {found} where the first has {expected}: mixed sources hold the same fields and columns"
    )]
    Unlike {
        /// Which array.
        what: String,
        /// What the first source gives.
        expected: String,
        /// What the second gives.
        found: String,
    },
    /// A row acts by a decision that was never made.
    #[error(
        "row {row} acts at the start of an episode without a decision: choose one with the first step of every episode"
    )]
    Undecided {
        /// The row.
        row: usize,
    },
    /// A reservoir that was never offered anything.
    #[error("the reservoir is empty: offer it rows before drawing from it")]
    Empty,
    /// Saved bytes that cannot be read back.
    #[error("the saved {what} cannot be restored: {reason}")]
    Saved {
        /// What was saved.
        what: &'static str,
        /// What is wrong with the bytes.
        reason: String,
    },
}

impl MemoryError {
    pub(crate) fn setting(setting: &'static str, reason: impl Into<String>) -> Self {
        Self::Setting { setting, reason: reason.into() }
    }

    pub(crate) fn saved(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Saved { what, reason: reason.into() }
    }

    pub(crate) fn length(what: impl Into<String>, expected: usize, found: usize) -> Self {
        Self::Shape {
            what: what.into(),
            expected: format!("{expected} elements"),
            found: format!("{found} elements"),
        }
    }
}
