//! Positions in the ring and what they need around them.

/// One stored entry: a row and the number of its push.
///
/// The step grows for ever, so a position whose entry has been overwritten is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub(crate) row: u32,
    pub(crate) step: u64,
}

impl Position {
    /// The stream, which is the row of the vector world.
    pub fn row(&self) -> usize {
        self.row as usize
    }

    /// How many entries were pushed to the stream before this one.
    pub fn step(&self) -> u64 {
        self.step
    }
}

/// What stands in for steps that an episode does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The nearest observation, action and extra columns of the episode, again and again.
    RepeatLast,
    /// Zeros.
    Zero,
}

/// What happens where a window meets the start or the end of its episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Such windows are not drawn: every window lies inside one episode.
    Exclude,
    /// The steps outside have mask 0; the nearest observation is repeated, actions are zero.
    Mask,
    /// The steps outside have mask 0 and are filled for use as data.
    Pad(Fill),
    /// The window runs on into the neighbouring episode; only the boundary entries (final
    /// observation, ignored action) have mask 0.
    Cross,
}

/// How many entries a position needs before and after itself in its stream.
///
/// A position `p` with span `(before, after)` gives the observations `p - before ..= p + after` and
/// so `before + after` steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Entries before the position, e.g. to burn in a recurrent state.
    pub before: usize,
    /// Entries after the position; the last one only lends its observation.
    pub after: usize,
    /// What happens at an episode's start and end.
    pub boundary: Boundary,
}

impl Span {
    /// What a transition over `steps` steps needs: the entries up to its bootstrap observation,
    /// or fewer where the episode ends first.
    pub fn transition(steps: usize) -> Self {
        Self { before: 0, after: steps, boundary: Boundary::Mask }
    }

    /// A window of `length` steps that begins at the position.
    pub fn window(length: usize, boundary: Boundary) -> Self {
        Self { before: 0, after: length, boundary }
    }
}
