//! A model that thinks in latents, spoken to.

use std::ops::ControlFlow;

use agents::language::speaker::answer_aloud;
use rand_chacha::ChaCha8Rng;
use run::{Result, Speaker, Speech};

use super::{Colar, config::Variant};

impl Speaker for Colar {
    /// A prompt that does not end with a speed gets that of evaluation.
    fn speak(
        &self,
        prompt: &str,
        speech: &Speech,
        random: &mut ChaCha8Rng,
        say: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<()> {
        let thinker = self.thinker();
        match self.config.variant {
            Variant::Cot => {
                let prompt = self.codec.encode(prompt)?;
                answer_aloud(thinker.decoder, &self.codec, prompt, speech, None, random, say)
            }
            Variant::Colar => thinker.speak(prompt, self.config.evaluation.speed, speech, random, say),
        }
    }
}
