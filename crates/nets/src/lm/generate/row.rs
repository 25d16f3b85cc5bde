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
    pub(super) fn think(&mut self, logits: &[f32]) {
        self.thoughts.push(Thought { behind: self.ids.len(), entropy: spread(logits).0 });
    }
}

/// What a row needs beside its completion.
pub(super) struct Row<'a> {
    prompt: &'a [u32],
    random: ChaCha8Rng,
    /// Tokens that the repetition penalty falls on, `[V]` or empty.
    seen: Vec<bool>,
    scratch: Scratch,
    /// Steps that are left.
    pub room: usize,
    /// Whether it goes on.
    pub running: bool,
}

impl<'a> Row<'a> {
    pub fn new(
        sampling: &Sampling,
        vocabulary: usize,
        prompt: &'a [u32],
        room: usize,
        random: ChaCha8Rng,
    ) -> Self {
        let seen = sampling.seen(vocabulary, prompt, &[]);
        Self { prompt, random, seen, scratch: Scratch::default(), room, running: true }
    }

    /// Draws the next token from `logits [V]` and writes the distribution it came from over `spread`.
    pub fn choose(
        &mut self,
        sampling: &Sampling,
        logits: &[f32],
        generated: &mut Generated,
        spread: Option<&mut [f32]>,
    ) -> Result<(), NetsError> {
        debug_assert!(!self.prompt.is_empty());
        let choice =
            self.scratch.choose(sampling, logits, &self.seen, &generated.ids, &mut self.random)?;
        if let Some(spread) = spread {
            self.scratch.spread(spread);
        }
        if let Some(seen) = self.seen.get_mut(choice.id as usize) {
            *seen = true;
        }
        generated.ids.push(choice.id);
        generated.log_probs.push(choice.told.log_prob);
        generated.entropies.push(choice.told.entropy);
        Ok(())
    }
}
