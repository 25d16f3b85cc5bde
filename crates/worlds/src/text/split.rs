//! Which problems are learnt from and which are held out.

use serde::Serialize;

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
    /// The lowest bit of FNV-1a is the parity of its bytes' lowest bits, so every held-out prompt
    /// has the same parity of odd characters. Under `ops=plus-minus` and an even modulus all
    /// held-out answers of one length therefore have one parity too.
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

/// The 64-bit FNV-1a hash (Fowler, Noll and Vo).
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
