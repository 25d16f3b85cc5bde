//! Tokens as they come.

use std::{
    io::{self, Write},
    ops::ControlFlow,
};

use burn::tensor::Tensor;
use nets::lm::{
    generate::{Step, StepHook},
    tokenizer::Tokenizer,
};

/// What a decoder writes in place of a character whose bytes are not complete.
const INCOMPLETE: char = '\u{fffd}';

/// Writes the first row of a batch while it is drawn; around another hook, whatever that does.
pub struct Stream<'a, W: Write> {
    tokenizer: &'a dyn Tokenizer,
    inner: Option<&'a mut dyn StepHook>,
    out: W,
    /// Text of the tokens so far.
    text: String,
    /// Bytes of it that were written.
    written: usize,
    failure: Option<io::Error>,
}

impl<'a, W: Write> Stream<'a, W> {
    /// Writes to `out`.
    pub fn new(tokenizer: &'a dyn Tokenizer, out: W) -> Self {
        Self { tokenizer, inner: None, out, text: String::new(), written: 0, failure: None }
    }

    /// Ends the line; tells what could not be written before.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failure.take() {
            // A reader that has gone away is no failure.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            Some(_) => Ok(()),
            None => writeln!(self.out, "{}", &self.text[self.written..]).and_then(|()| self.out.flush()),
        }
    }

    fn show(&mut self, step: &Step<'_>) -> io::Result<()> {
        let row = &step.generated[0];
        if step.thinking[0] {
            let entropy = row.thoughts.last().map_or(0.0, |thought| thought.entropy);
            write!(self.out, "·{entropy:.2} ")?;
            return self.out.flush();
        }
        let Ok(text) = self.tokenizer.shown(&row.ids) else { return Ok(()) };
        // A character may take several tokens; it is shown once it is whole.
        let whole = text.trim_end_matches(INCOMPLETE);
        let shown = &self.text[..self.written];
        if let Some(new) = whole.strip_prefix(shown) {
            self.out.write_all(new.as_bytes())?;
            self.out.flush()?;
            self.written = whole.len();
            self.text = text;
        }
        Ok(())
    }
}

impl<W: Write> StepHook for Stream<'_, W> {
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
        if let Err(error) = self.show(step) {
            self.failure = Some(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
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
    use nets::lm::{LmConfig, generate::generate, sampling::Sampling, tokenizer::CharacterTokenizer};

    use super::*;

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
        let mut random = worlds::seed::stream(1, "test", 0);
        let config = LmConfig { layers: 1, ..LmConfig::small(3) };
        let decoder = config.init(&Device::flex(), &mut random).expect("a valid shape");
        let tokenizer = CharacterTokenizer::new("ab$", '$').expect("an alphabet");
        let mut out = Vec::new();
        let mut inner = Pensive;
        let mut stream = Stream::new(&tokenizer, &mut out);
        stream.inner = Some(&mut inner);
        let sampling = Sampling { stop: vec![vec![2]], ..Sampling::default() };
        let found = generate(&decoder, &[vec![0]], &sampling, Some(&mut stream), &mut random);
        stream.finish().expect("written");
        let found = found.expect("a completion");
        assert_eq!((found[0].ids.as_slice(), found[0].thoughts.len()), (&[1, 2][..], 2));
        let text = String::from_utf8(out).expect("text");
        let thoughts: Vec<String> =
            found[0].thoughts.iter().map(|thought| format!("·{:.2} ", thought.entropy)).collect();
        assert_eq!(text, format!("{}b\n", thoughts.concat()));
    }
}
