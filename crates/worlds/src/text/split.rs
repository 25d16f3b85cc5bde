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
    /// The side of this prompt: [`Split::Test`] where its FNV-1a hash is a multiple of 6.
    ///
    /// The lowest bit of FNV-1a is the parity of its bytes' lowest bits, so held-out prompts all have
    /// an even number of characters with an even code, or all an odd one. Sums modulo 10 inherit
    /// that: of `arith` 94 % of the held-out answers are even and 53 % of the others, under
    /// `ops=plus-minus` all and 40 %. Modulo 7 answers are spread evenly on both sides.
    pub fn of(prompt: &str) -> Self {
        if fnv1a(prompt.as_bytes()).is_multiple_of(HELD_OUT) { Self::Test } else { Self::Train }
    }

    /// Share of all prompts that lie on this side.
    pub(super) fn share(self) -> f64 {
        match self {
            Self::Train => (HELD_OUT - 1) as f64 / HELD_OUT as f64,
            Self::Test => 1.0 / HELD_OUT as f64,
        }
    }
}
