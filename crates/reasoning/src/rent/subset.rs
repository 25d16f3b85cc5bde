//! The tokens of an answer that confidence is measured on.

use std::ops::Range;

use agents::language::{codec::Codec, rollout::Answer};
use run::{Result, RunError};
use settings::Choice;

/// The tokens of an answer whose entropy counts, its end token included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Subset {
    /// The last of them, where confidence says most about correctness.
    #[default]
    LastChunk,
    /// The first, the control.
    FirstChunk,
    /// Those behind the answer marker.
    Answer,
    /// All.
    All,
}

impl Subset {
    /// Every subset with its name.
    pub const EVERY: [(Subset, &'static str); 4] = [
        (Self::LastChunk, "last"),
        (Self::FirstChunk, "first"),
        (Self::Answer, "answer"),
        (Self::All, "all"),
    ];

    /// The tokens of an answer of `length`. A chunk is the share `chunk` of them, rounded up. `behind`
    /// is where the answer itself begins; nothing where no answer was marked.
    pub fn tokens(self, length: usize, chunk: f64, behind: Option<usize>) -> Option<Range<usize>> {
        let size = ((length as f64 * chunk).ceil() as usize).clamp(usize::from(length > 0), length);
        let range = match self {
            Self::LastChunk => length - size..length,
            Self::FirstChunk => 0..size,
            Self::Answer => behind?..length,
            Self::All => 0..length,
        };
        (!range.is_empty()).then_some(range)
    }

    /// The same of an answer of a model.
    ///
    /// # Errors
    /// A token is unknown.
    pub fn of(
        self,
        answer: &Answer,
        chunk: f64,
        codec: &Codec,
        marker: &str,
    ) -> Result<Option<Range<usize>>> {
        let behind = if self == Self::Answer { behind(&answer.ids, codec, marker)? } else { None };
        Ok(self.tokens(answer.ids.len(), chunk, behind))
    }
}

/// Number of tokens up to the first that completes the marker.
fn behind(ids: &[u32], codec: &Codec, marker: &str) -> Result<Option<usize>> {
    let marked = |count: usize| Ok::<_, RunError>(codec.text(&ids[..count])?.contains(marker));
    if !marked(ids.len())? {
        return Ok(None);
    }
    // What a beginning holds, a longer one holds too.
    let (mut without, mut with) = (0_usize, ids.len());
    while with - without > 1 {
        let middle = without.midpoint(with);
        if marked(middle)? {
            with = middle;
        } else {
            without = middle;
        }
    }
    Ok(Some(with))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_a_third_rounded_up() {
        let third = 1.0 / 3.0;
        let of = |subset: Subset, length| subset.tokens(length, third, Some(7));
        assert_eq!(of(Subset::LastChunk, 9), Some(6..9));
        assert_eq!(of(Subset::LastChunk, 15), Some(10..15));
        assert_eq!(of(Subset::LastChunk, 10), Some(6..10));
        assert_eq!(of(Subset::FirstChunk, 10), Some(0..4));
        assert_eq!(of(Subset::LastChunk, 1), Some(0..1));
        assert_eq!(of(Subset::All, 9), Some(0..9));
        assert_eq!(of(Subset::Answer, 9), Some(7..9));
        // Cut off right behind the marker, and without a marker.
        assert_eq!(of(Subset::Answer, 7), None);
        assert_eq!(Subset::Answer.tokens(9, third, None), None);
        assert_eq!(Subset::LastChunk.tokens(0, third, None), None);
    }
}
