//! How confident an answer is, as numbers on the host: nothing here has a gradient.

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

/// The confidence of some tokens: minus their mean entropy. A sum would reward short answers.
pub fn confidence(entropies: &[f32], tokens: Range<usize>) -> f32 {
    let chosen = &entropies[tokens];
    let sum: f64 = chosen.iter().map(|entropy| f64::from(*entropy)).sum();
    -(sum / chosen.len().max(1) as f64) as f32
}

/// Rewards of a batch from those that are defined: where none is, the lowest of its group; and the
/// lowest of the batch for `truncated` answers, which have no end to be confident about.
///
/// # Errors
/// More than half are undefined.
pub fn settle(found: &[Option<f32>], truncated: &[bool], group: usize) -> Result<Vec<f32>> {
    let undefined = found.iter().filter(|reward| reward.is_none()).count();
    if 2 * undefined > found.len() {
        return Err(RunError::Part(format!(
            "{undefined} of {} answers have no marker, so that the confidence of the tokens behind it is undefined: \
             set subset=last-chunk, or start from a model that keeps the form",
            found.len()
        )));
    }
    let lowest = |rewards: &[Option<f32>]| rewards.iter().flatten().copied().reduce(f32::min);
    let of_batch = lowest(found).unwrap_or_default();
    let mut rewards = Vec::with_capacity(found.len());
    for (found, truncated) in found.chunks(group).zip(truncated.chunks(group)) {
        let of_group = lowest(found).unwrap_or(of_batch);
        rewards.extend(found.iter().zip(truncated).map(|(reward, truncated)| match truncated {
            true => of_batch,
            false => reward.unwrap_or(of_group),
        }));
    }
    Ok(rewards)
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

    #[test]
    fn confidence_is_a_mean_and_no_sum() {
        let entropies = [1.0, 0.5, 0.25, 0.0, 0.5];
        assert_eq!(confidence(&entropies, 0..5), -0.45);
        assert_eq!(confidence(&entropies, 3..5), -0.25);
        assert_eq!(confidence(&entropies, 4..5), -0.5);
    }

    #[test]
    fn undefined_and_truncated_answers_get_the_lowest_reward() {
        let found = [Some(-0.1), None, Some(-0.3), Some(-0.2), Some(-0.9), Some(-0.4)];
        let whole = [false; 6];
        assert_eq!(settle(&found, &whole, 3).unwrap(), [-0.1, -0.3, -0.3, -0.2, -0.9, -0.4]);
        let mut cut = whole;
        cut[0] = true;
        cut[1] = true;
        assert_eq!(settle(&found, &cut, 3).unwrap(), [-0.9, -0.9, -0.3, -0.2, -0.9, -0.4]);
        // A whole group without a marker gets the lowest of the batch, so that it teaches nothing.
        let found = [None, None, Some(-0.3), Some(-0.2)];
        assert_eq!(settle(&found, &[false; 4], 2).unwrap(), [-0.3, -0.3, -0.3, -0.2]);
        let error = settle(&[None, None, Some(0.0)], &[false; 3], 3).unwrap_err().to_string();
        assert!(error.contains("2 of 3 answers have no marker"), "{error}");
    }
}
