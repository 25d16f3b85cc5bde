//! An answer told while it is drawn.

use std::ops::ControlFlow;

use burn::tensor::Tensor;

use super::{Step, StepHook};
use crate::lm::tokenizer::Tokenizer;

/// What a decoder writes in place of a character whose bytes are not complete.
const INCOMPLETE: char = '\u{fffd}';

/// Tells the first row of a batch piece by piece while it is drawn; around another hook, whatever that
/// does. A thought that is no token is told as `·` with its entropy in nats.
pub struct Telling<'a> {
    tokenizer: &'a dyn Tokenizer,
    inner: Option<&'a mut dyn StepHook>,
    say: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    /// Text of the tokens so far.
    text: String,
    /// Bytes of it that were told.
    told: usize,
}

impl<'a> Telling<'a> {
    /// Tells `say`, whose `Break` ends the batch.
    pub fn new(
        tokenizer: &'a dyn Tokenizer,
        inner: Option<&'a mut dyn StepHook>,
        say: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Self {
        Self { tokenizer, inner, say, text: String::new(), told: 0 }
    }

    /// Tells what an answer that ended within a character left over.
    pub fn finish(self) {
        if self.told < self.text.len() {
            // The answer is over, whatever the listener says.
            let _ = (self.say)(&self.text[self.told..]);
        }
    }

    fn show(&mut self, step: &Step<'_>) -> ControlFlow<()> {
        let row = &step.generated[0];
        if step.thinking[0] {
            let entropy = row.thoughts.last().map_or(0.0, |thought| thought.entropy);
            return (self.say)(&format!("·{entropy:.2} "));
        }
        let Ok(text) = self.tokenizer.shown(&row.ids) else { return ControlFlow::Continue(()) };
        // A character may take several tokens; it is told once it is whole.
        let (whole, told) = (text.trim_end_matches(INCOMPLETE).len(), self.told);
        let known = told <= whole && text.starts_with(&self.text[..told]);
        self.text = text;
        if !known || told == whole {
            return ControlFlow::Continue(());
        }
        self.told = whole;
        (self.say)(&self.text[told..whole])
    }
}

impl StepHook for Telling<'_> {
    fn logits(&mut self, step: &Step<'_>, logits: &mut [f32]) {
        if let Some(inner) = &mut self.inner {
            inner.logits(step, logits);
        }
    }

    fn thinks(&mut self, step: &Step<'_>, logits: &[f32], thinking: &mut [bool]) {
        if let Some(inner) = &mut self.inner {
            inner.thinks(step, logits, thinking);
        }
    }

    fn drawn(&mut self, step: &Step<'_>) -> ControlFlow<()> {
        if let Some(inner) = &mut self.inner {
            inner.drawn(step)?;
        }
        self.show(step)
    }

    fn input(&mut self, step: &Step<'_>, embeddings: Tensor<2>) -> Tensor<2> {
        match &mut self.inner {
            Some(inner) => inner.input(step, embeddings),
            None => embeddings,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::super::generate;
    use super::*;
    use crate::lm::{LmConfig, sampling::Sampling, tokenizer::CharacterTokenizer};

    /// Thinks twice, then says token 1, then ends.
    struct Pensive;

    impl StepHook for Pensive {
        fn logits(&mut self, step: &Step<'_>, logits: &mut [f32]) {
            if step.index >= 2 {
                logits[if step.index == 3 { 2 } else { 1 }] = 1e3;
            }
        }

        fn thinks(&mut self, step: &Step<'_>, _logits: &[f32], thinking: &mut [bool]) {
            thinking[0] = step.index < 2;
        }
    }

    #[test]
    fn thoughts_are_dots_with_their_entropy() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let config = LmConfig { layers: 1, ..LmConfig::small(3) };
        let decoder = config.init(&Device::flex(), random).expect("a valid shape");
        let tokenizer = CharacterTokenizer::new("ab$", '$').expect("an alphabet");
        let (mut told, mut inner) = (String::new(), Pensive);
        let mut say = |text: &str| {
            told.push_str(text);
            ControlFlow::Continue(())
        };
        let mut telling = Telling::new(&tokenizer, Some(&mut inner), &mut say);
        let sampling = Sampling { stop: vec![vec![2]], ..Sampling::default() };
        let found = generate(&decoder, &[vec![0]], &sampling, Some(&mut telling), random);
        telling.finish();
        let found = found.expect("a completion");
        assert_eq!((found[0].ids.as_slice(), found[0].thoughts.len()), (&[1, 2][..], 2));
        let thoughts: Vec<String> =
            found[0].thoughts.iter().map(|thought| format!("·{:.2} ", thought.entropy)).collect();
        assert_eq!(told, format!("{}b", thoughts.concat()));
    }

    #[test]
    fn a_listener_may_interrupt() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let config = LmConfig { layers: 1, ..LmConfig::small(3) };
        let decoder = config.init(&Device::flex(), random).expect("a valid shape");
        let tokenizer = CharacterTokenizer::new("ab$", '$').expect("an alphabet");
        let mut say = |_: &str| ControlFlow::Break(());
        let mut inner = Pensive;
        let mut telling = Telling::new(&tokenizer, Some(&mut inner), &mut say);
        let found = generate(&decoder, &[vec![0]], &Sampling::default(), Some(&mut telling), random);
        assert_eq!(found.expect("a completion")[0].thoughts.len(), 1);
    }
}
