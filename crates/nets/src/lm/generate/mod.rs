//! Completions of prompts, in batches.
//!
//! Every row has a stream of draws of its own, seeded from the generator that is passed in, in order
//! of the rows. So what a row draws depends on its prompt, the rules and its place in the batch alone,
//! never on the length of other rows, and the generator is advanced by the number of rows alone.
//!
//! On the CPU, models of up to some million parameters are computed on host memory
//! ([`host`]), others and everything on accelerators by tensors ([`tensors`]).

mod engine;
mod hook;
mod host;
mod row;
mod score;
mod telling;
mod tensors;

use std::ops::ControlFlow;

use burn::module::Module;
pub use hook::{Step, StepHook};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
pub use row::{Ended, Generated, Thought};
pub use score::{Scored, score};
pub use telling::Telling;

use super::{Decoder, sampling::Sampling};
use crate::NetsError;
use engine::{Engine, Inputs};
use host::Host;
use row::{Draw, Row};
use tensors::Tensors;

/// Rows times vocabulary from which on tokens are chosen on several threads.
const WIDE: usize = 1 << 14;

/// Completes every prompt by at most [`Sampling::max_new`] tokens, fewer where the model's context ends.
/// Gradients and dropout are off, adapters merged. Without a hook, rows that have ended cost nothing.
///
/// # Errors
/// [`NetsError::Setting`] for rules out of range, [`NetsError::EmptyPrompt`], [`NetsError::UnknownToken`]
/// and [`NetsError::TooLong`] for prompts that leave no room in the context, [`NetsError::Logits`] for
/// logits that are not numbers.
pub fn generate(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    sampling: &Sampling,
    hook: Option<&mut dyn StepHook>,
    random: &mut ChaCha8Rng,
) -> Result<Vec<Generated>, NetsError> {
    check(decoder, prompts, sampling)?;
    if prompts.is_empty() {
        return Ok(Vec::new());
    }
    let plain = decoder.merged().valid();
    if Host::serves(&plain) {
        complete(&mut Host::new(&plain), prompts, sampling, hook, random)
    } else {
        complete(&mut Tensors::new(plain), prompts, sampling, hook, random)
    }
}

/// A generator of its own for each of `rows`, seeded from `random`.
pub fn row_streams(rows: usize, random: &mut ChaCha8Rng) -> Vec<ChaCha8Rng> {
    let mut seed = [0_u8; 32];
    (0..rows)
        .map(|_| {
            random.fill_bytes(&mut seed);
            ChaCha8Rng::from_seed(seed)
        })
        .collect()
}

fn check(decoder: &Decoder, prompts: &[Vec<u32>], sampling: &Sampling) -> Result<(), NetsError> {
    let config = decoder.config();
    let (vocabulary, context) = (config.vocabulary, config.context);
    sampling.validate(vocabulary)?;
    for (row, prompt) in prompts.iter().enumerate() {
        if prompt.is_empty() {
            return Err(NetsError::EmptyPrompt { row });
        }
        if let Some(id) = prompt.iter().find(|id| **id as usize >= vocabulary) {
            return Err(NetsError::UnknownToken { place: format!("prompt {row}"), id: *id, vocabulary });
        }
        if prompt.len() >= context {
            return Err(NetsError::TooLong { length: prompt.len() + 1, context });
        }
    }
    Ok(())
}

fn complete(
    engine: &mut dyn Engine,
    prompts: &[Vec<u32>],
    sampling: &Sampling,
    mut hook: Option<&mut dyn StepHook>,
    random: &mut ChaCha8Rng,
) -> Result<Vec<Generated>, NetsError> {
    let rooms = prompts.iter().map(|prompt| sampling.max_new.min(engine.context() - prompt.len()));
    let streams = row_streams(prompts.len(), random);
    let vocabulary = engine.vocabulary();
    let rows = prompts.iter().zip(rooms).zip(streams);
    let rows =
        rows.map(|((prompt, room), random)| Row::new(sampling.seen(vocabulary, prompt, &[]), room, random));
    let mut batch = Batch {
        vocabulary,
        rows: rows.collect(),
        generated: vec![Generated::default(); prompts.len()],
        probabilities: Vec::new(),
        thinking: vec![false; prompts.len()],
    };
    engine.begin(prompts, sampling.max_new)?;
    for index in 0.. {
        batch.choose(engine, sampling, &mut hook, index)?;
        let go_on = match &mut hook {
            Some(hook) => hook.drawn(&batch.step(engine, index)),
            None => ControlFlow::Continue(()),
        };
        batch.finish(sampling, go_on);
        if batch.rows.iter().all(|row| !row.running) {
            break;
        }
        let (ids, running) = (batch.inputs(), batch.running());
        let inputs = match &mut hook {
            None => Inputs::Tokens(&ids),
            Some(hook) => {
                let embeddings = engine.embed(&ids);
                Inputs::Vectors(Box::new(hook.input(&batch.step(engine, index), embeddings)))
            }
        };
        engine.step(inputs, &running)?;
    }
    Ok(batch.generated)
}

/// All rows between two steps of the model.
struct Batch {
    vocabulary: usize,
    rows: Vec<Row>,
    generated: Vec<Generated>,
    /// `[B, V]`, where a hook may want them.
    probabilities: Vec<f32>,
    /// Rows whose present step is a thought.
    thinking: Vec<bool>,
}

impl Batch {
    /// Draws a token for every row that is running and not thinking.
    fn choose(
        &mut self,
        engine: &dyn Engine,
        sampling: &Sampling,
        hook: &mut Option<&mut dyn StepHook>,
        index: usize,
    ) -> Result<(), NetsError> {
        let mut logits = Vec::new();
        if let Some(hook) = hook {
            logits = engine.logits().concat();
            self.probabilities.resize(logits.len(), 0.0);
            self.thinking.fill(false);
            let mut thinking = self.thinking.clone();
            let step = self.step(engine, index);
            hook.logits(&step, &mut logits);
            hook.thinks(&step, &logits, &mut thinking);
            self.thinking = thinking;
        }
        let of_rows: Vec<&[f32]> = match hook {
            Some(_) => logits.chunks_exact(self.vocabulary).collect(),
            None => engine.logits(),
        };
        let mut spreads = self.probabilities.chunks_exact_mut(self.vocabulary);
        let rows = self.rows.iter_mut().zip(&mut self.generated).zip(&self.thinking).zip(of_rows);
        let draws = rows.map(|(((row, generated), thinking), logits)| Draw {
            row,
            generated,
            thinking: *thinking,
            logits,
            spread: spreads.next(),
        });
        let mut draws: Vec<Draw<'_>> = draws.filter(|draw| draw.row.running).collect();
        if draws.len() * self.vocabulary >= WIDE {
            draws.par_iter_mut().try_for_each(|draw| draw.make(sampling))
        } else {
            draws.iter_mut().try_for_each(|draw| draw.make(sampling))
        }
    }

    /// Ends the rows that end here.
    fn finish(&mut self, sampling: &Sampling, go_on: ControlFlow<()>) {
        let rows = self.rows.iter_mut().zip(&mut self.generated).zip(&self.thinking);
        for ((row, generated), thinking) in rows.filter(|((row, _), _)| row.running) {
            row.room -= 1;
            let ended = if !thinking && sampling.stops(&generated.ids) {
                Some(Ended::Stop)
            } else if row.room == 0 {
                Some(Ended::Length)
            } else if go_on.is_break() {
                Some(Ended::Interrupted)
            } else {
                None
            };
            if let Some(ended) = ended {
                (row.running, generated.ended) = (false, ended);
            }
        }
    }

    /// The tokens just drawn, 0 for rows that have drawn none.
    fn inputs(&self) -> Vec<u32> {
        self.generated.iter().map(|generated| generated.ids.last().copied().unwrap_or(0)).collect()
    }

    fn running(&self) -> Vec<bool> {
        self.rows.iter().map(|row| row.running).collect()
    }

    fn step<'a>(&'a self, engine: &'a dyn Engine, index: usize) -> Step<'a> {
        Step {
            index,
            rows: self.rows.len(),
            vocabulary: self.vocabulary,
            running: self.running(),
            thinking: &self.thinking,
            generated: &self.generated,
            probabilities: &self.probabilities,
            engine,
        }
    }
}

#[cfg(test)]
mod tests;
