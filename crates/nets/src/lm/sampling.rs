//! How the next token is drawn from logits.
//!
//! The order is that of transformers: bias, repetition penalty, minimum length, temperature, then the
//! truncations top-k, top-p and min-p, each of what the one before it has left.

mod choice;
mod truncate;

pub use choice::{Choice, Told};
pub(super) use choice::{Scratch, spread, tell};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::NetsError;

/// Rules by which tokens are drawn and generation ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// What logits are divided by; 0 takes the most probable token, the first among equals.
    pub temperature: f64,
    /// Only the k most probable tokens can be drawn, and those as probable as the last of them; 0 for
    /// all.
    pub top_k: usize,
    /// Only the fewest most probable tokens that together reach this probability can be drawn
    /// (Holtzman et al., 2020); 1 for all.
    pub top_p: f64,
    /// Only tokens at least this many times as probable as the most probable one can be drawn
    /// (Nguyen et al., 2024); 0 for all.
    pub min_p: f64,
    /// Positive logits of tokens that occur in the prompt or were drawn before are divided by this,
    /// negative ones multiplied (Keskar et al., 2019); 1 for no penalty.
    pub repetition_penalty: f64,
    /// Most steps, thoughts of a hook included.
    pub max_new: usize,
    /// Fewest tokens: before that, no token is drawn that would complete a stop sequence.
    pub min_new: usize,
    /// Sequences of tokens behind which a completion ends; they stay part of it.
    pub stop: Vec<Vec<u32>>,
    /// What is added to the logits of single tokens; minus infinity forbids one.
    pub bias: Vec<(u32, f32)>,
}

impl Default for Sampling {
    /// Draws from the model's own distribution, 64 tokens.
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            max_new: 64,
            min_new: 0,
            stop: Vec::new(),
            bias: Vec::new(),
        }
    }
}

impl Sampling {
    /// The most probable token at every step, until `stop` or for `max_new` steps.
    pub fn greedy(max_new: usize, stop: Option<u32>) -> Self {
        let stop = stop.map(|token| vec![token]).into_iter().collect();
        Self { temperature: 0.0, max_new, stop, ..Self::default() }
    }

    /// Checks the rules against a vocabulary.
    ///
    /// # Errors
    /// [`NetsError::Setting`] names the first rule that is out of range.
    pub fn validate(&self, vocabulary: usize) -> Result<(), NetsError> {
        let finite = |value: f64, holds: bool| value.is_finite() && holds;
        let penalty = self.repetition_penalty;
        let known = |id: u32| (id as usize) < vocabulary;
        let unknown = |ids: Vec<u32>| ids.into_iter().find(|id| !known(*id));
        expect(
            "temperature",
            self.temperature,
            finite(self.temperature, self.temperature >= 0.0),
            "at least 0",
        )?;
        expect("top_p", self.top_p, self.top_p > 0.0 && self.top_p <= 1.0, "above 0 and at most 1")?;
        expect("min_p", self.min_p, (0.0..=1.0).contains(&self.min_p), "in [0, 1]")?;
        expect("repetition_penalty", penalty, finite(penalty, penalty > 0.0), "above 0")?;
        expect("max_new", self.max_new, self.max_new > 0, "at least 1")?;
        expect("min_new", self.min_new, self.min_new <= self.max_new, "at most `max_new`")?;
        let empty = self.stop.iter().any(Vec::is_empty);
        expect("stop", "an empty sequence", !empty, "sequences of at least one token")?;
        if let Some(id) = unknown(self.stop.concat()) {
            return Err(NetsError::UnknownToken { place: "a stop sequence".to_owned(), id, vocabulary });
        }
        if let Some(id) = unknown(self.bias.iter().map(|(id, _)| *id).collect()) {
            return Err(NetsError::UnknownToken { place: "`bias`".to_owned(), id, vocabulary });
        }
        let bad = self.bias.iter().find(|(_, value)| value.is_nan() || *value == f32::INFINITY);
        expect("bias", bad.map_or(0.0, |(_, value)| *value), bad.is_none(), "numbers below infinity")
    }

    /// The probabilities `[V]` of the next token by these rules, behind `prompt` and the tokens `drawn`.
    ///
    /// # Errors
    /// [`NetsError::Logits`] if a logit is not a number or no token is left.
    pub fn distribution(&self, logits: &[f32], prompt: &[u32], drawn: &[u32]) -> Result<Vec<f32>, NetsError> {
        let seen = self.seen(logits.len(), prompt, drawn);
        let mut scratch = Scratch::default();
        scratch.process(self, logits, &seen, drawn)?;
        Ok(scratch.probabilities(self, logits.len()))
    }

    /// Draws the next token behind `prompt` and the tokens `drawn` from `logits [V]`, with one number
    /// from `random`, or none at temperature 0.
    ///
    /// # Errors
    /// As [`Sampling::distribution`].
    pub fn choose(
        &self,
        logits: &[f32],
        prompt: &[u32],
        drawn: &[u32],
        random: &mut ChaCha8Rng,
    ) -> Result<Choice, NetsError> {
        let seen = self.seen(logits.len(), prompt, drawn);
        Scratch::default().choose(self, logits, &seen, drawn, random)
    }

    /// Which tokens the repetition penalty falls on; none where there is no penalty.
    pub(super) fn seen(&self, vocabulary: usize, prompt: &[u32], drawn: &[u32]) -> Vec<bool> {
        if self.repetition_penalty == 1.0 {
            return Vec::new();
        }
        let mut seen = vec![false; vocabulary];
        prompt.iter().chain(drawn).for_each(|id| seen[*id as usize] = true);
        seen
    }

    /// Whether these tokens end with a stop sequence.
    pub(super) fn stops(&self, drawn: &[u32]) -> bool {
        self.stop.iter().any(|sequence| drawn.ends_with(sequence))
    }

    /// What the temperature divides by.
    fn divisor(&self) -> f32 {
        if self.temperature > 0.0 { self.temperature as f32 } else { 1.0 }
    }
}

fn expect(
    name: &'static str,
    value: impl ToString,
    holds: bool,
    need: &'static str,
) -> Result<(), NetsError> {
    if holds { Ok(()) } else { Err(NetsError::Setting { name, value: value.to_string(), need }) }
}

#[cfg(test)]
mod tests;
