//! Which problems are learnt from and which are held out.

use serde::Serialize;

use crate::seed::fnv1a;

/// One prompt in this many is held out.
const HELD_OUT: u64 = 6;

/// A side of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Problems to learn from.
    Train,
    /// Held-out problems.
    Test,
}

impl Split {
    /// The side of this prompt: [`Split::Test`] where its FNV-1a hash, the upper half folded onto the
    /// lower, is a multiple of 6.
    ///
    /// Unfolded, the lowest bit of the hash would be the parity of the prompt's bytes, and held-out
    /// sums modulo 10 nearly all even.
    pub fn of(prompt: &str) -> Self {
        let hash = fnv1a(prompt.as_bytes());
        if (hash ^ (hash >> 32)).is_multiple_of(HELD_OUT) { Self::Test } else { Self::Train }
    }

    /// Share of all prompts that lie on this side.
    pub(super) fn share(self) -> f64 {
        match self {
            Self::Train => (HELD_OUT - 1) as f64 / HELD_OUT as f64,
            Self::Test => 1.0 / HELD_OUT as f64,
        }
    }
}
