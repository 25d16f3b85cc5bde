//! Trained models that are spoken to.

use std::ops::ControlFlow;

use nets::lm::{
    Decoder,
    generate::{StepHook, Telling, generate},
    sampling::Sampling,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError, Speaker, Speech};

use super::{codec::Codec, learner::Language};

/// The rules by which tokens are drawn, where each of `ends` ends an answer.
pub fn sampling(speech: &Speech, ends: &[u32]) -> Sampling {
    let Speech { temperature, top_k, top_p, min_p, repetition_penalty, max_new } = *speech;
    let stop = ends.iter().map(|id| vec![*id]).collect();
    Sampling { temperature, top_k, top_p, min_p, repetition_penalty, max_new, stop, ..Sampling::default() }
}

/// Answers the tokens of a prompt under a hook and hands every piece of text to `say`.
///
/// # Errors
/// The prompt is too long, or a rule is out of range.
pub fn answer_aloud<'a>(
    decoder: &Decoder,
    codec: &'a Codec,
    prompt: Vec<u32>,
    speech: &Speech,
    hook: Option<&'a mut (dyn StepHook + 'a)>,
    random: &mut ChaCha8Rng,
    say: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<()> {
    let sampling = sampling(speech, &[codec.end()]);
    let mut telling = Telling::new(&**codec.tokenizer(), hook, say);
    let told = generate(decoder, &[prompt], &sampling, Some(&mut telling), random);
    told.map_err(RunError::part)?;
    telling.finish();
    Ok(())
}

impl Speaker for Language {
    fn speak(
        &self,
        prompt: &str,
        speech: &Speech,
        random: &mut ChaCha8Rng,
        say: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<()> {
        let prompt = self.codec.encode(prompt)?;
        answer_aloud(self.policy.inference(), &self.codec, prompt, speech, None, random, say)
    }
}
