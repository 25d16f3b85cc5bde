//! What a trained language model says when it is spoken to.

use std::ops::ControlFlow;

use rand_chacha::ChaCha8Rng;

use crate::Result;

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speech {
    /// What logits are divided by; 0 takes the likeliest token.
    pub temperature: f64,
    /// Only as many of the likeliest tokens; 0 for all.
    pub top_k: usize,
    /// Only the fewest tokens that together have this probability.
    pub top_p: f64,
    /// Only tokens that are at least this times as probable as the likeliest.
    pub min_p: f64,
    /// What the logits of tokens that have occurred are divided by (multiplied where negative).
    pub repetition_penalty: f64,
    /// Most tokens of an answer.
    pub max_new: usize,
}

/// A model that answers prompts.
pub trait Speaker {
    /// Answers a prompt and hands every piece of text to `say` as it comes; a thought that is no token
    /// is written `·` with its entropy in nats. `Break` ends the answer.
    ///
    /// # Errors
    /// The prompt has characters that are no tokens or is too long, or a rule is out of range.
    fn speak(
        &self,
        prompt: &str,
        speech: &Speech,
        random: &mut ChaCha8Rng,
        say: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<()>;
}
