//! One completion in the making.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::NetsError;
use crate::lm::sampling::{Sampling, Scratch, spread};

/// Why a completion ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// With a stop sequence.
    Stop,
    /// After the most tokens that were allowed, or at the end of the context.
    #[default]
    Length,
    /// A hook ended it.
    Interrupted,
}

/// A completion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// The tokens that were drawn, the stop sequence included.
    pub ids: Vec<u32>,
    /// Log-probability of each in nats, at the sampling temperature (1 where that is 0), by the logits
    /// as the hook left them: before bias, penalty, minimum length and truncation.
    pub log_probs: Vec<f32>,
    /// Entropy of the distribution of each over the whole vocabulary, in nats, at temperature 1, by the
    /// same logits.
    pub entropies: Vec<f32>,
    /// Steps that were thoughts of a hook, not tokens.
    pub thoughts: Vec<Thought>,
    /// Why it ended.
    pub ended: Ended,
}

/// A step in which no token was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thought {
    /// Number of tokens that were drawn before it.
    pub behind: usize,
    /// Entropy of the distribution over tokens in its place, in nats, at temperature 1.
    pub entropy: f32,
}

impl Generated {
    /// Notes a step without a token.
    fn think(&mut self, logits: &[f32]) {
        self.thoughts.push(Thought { behind: self.ids.len(), entropy: spread(logits).0 });
    }
}

/// What a row needs beside its completion.
pub(super) struct Row {
    random: ChaCha8Rng,
    /// Tokens that the repetition penalty falls on, `[V]` or empty.
    seen: Vec<bool>,
    scratch: Scratch,
    /// Steps that are left.
    pub room: usize,
    /// Whether it goes on.
    pub running: bool,
}

impl Row {
    /// One that has made no step.
    pub fn new(seen: Vec<bool>, room: usize, random: ChaCha8Rng) -> Self {
        Self { random, seen, scratch: Scratch::default(), room, running: true }
    }
}

/// The draw of one row in one step.
pub(super) struct Draw<'a> {
    pub row: &'a mut Row,
    pub generated: &'a mut Generated,
    /// Whether the step is a thought, so that nothing is drawn.
    pub thinking: bool,
    /// `[V]`.
    pub logits: &'a [f32],
    /// Where the distribution is written to, `[V]`.
    pub spread: Option<&'a mut [f32]>,
}

impl Draw<'_> {
    /// Draws.
    pub fn make(&mut self, sampling: &Sampling) -> Result<(), NetsError> {
        let (row, generated) = (&mut *self.row, &mut *self.generated);
        if self.thinking {
            generated.think(self.logits);
            return Ok(());
        }
        let choice = row.scratch.choose(sampling, self.logits, &row.seen, &generated.ids, &mut row.random)?;
        if let Some(spread) = &mut self.spread {
            row.scratch.spread(spread);
        }
        if let Some(seen) = row.seen.get_mut(choice.id as usize) {
            *seen = true;
        }
        generated.ids.push(choice.id);
        generated.log_probs.push(choice.told.log_prob);
        generated.entropies.push(choice.told.entropy);
        Ok(())
    }
}
