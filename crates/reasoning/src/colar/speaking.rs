//! A model that thinks in latents, spoken to.

use std::ops::ControlFlow;

use agents::language::speaker::answer_aloud;
use rand_chacha::ChaCha8Rng;
use run::{Result, Speaker, Speech};

use super::{ChainForm, Colar};

impl Speaker for Colar {
    /// Thoughts are told first. A question that does not end with a speed is asked at that of evaluation;
    /// latents are drawn unless the temperature is 0.
    fn speak(
        &self,
        question: &str,
        speech: &Speech,
        random: &mut ChaCha8Rng,
        say: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<()> {
        let (thinker, codec) = (self.thinker(), &self.codec);
        if self.config.variant == ChainForm::Tokens {
            let prompt = codec.encode(question)?;
            return answer_aloud(thinker.decoder, codec, prompt, speech, None, random, say);
        }
        let compression = &self.config.compression;
        let mut texts = (1..=compression.c_max).map(|speed| compression.text(speed));
        let told = texts.any(|text| question.ends_with(&text)) || question.ends_with(&compression.auto_text);
        let text = if told { String::new() } else { compression.text(self.config.evaluation.speed) };
        let mut prompt = codec.encode(&format!("{question}{text}"))?;
        prompt.push(self.separator);
        let temperature = (speech.temperature > 0.0).then_some(speech.temperature);
        let mut hook = thinker.hook(1, temperature, random);
        let speech = Speech { max_new: self.config.max_latents + 1 + speech.max_new, ..*speech };
        answer_aloud(thinker.decoder, codec, prompt, &speech, Some(&mut hook), random, say)
    }
}
