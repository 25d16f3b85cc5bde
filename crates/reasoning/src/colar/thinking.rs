//! Chains of latents that the model makes itself, and the answers behind them: at every slot the latent
//! head gives N(μ, σ²), and `s (μ + σ ε)` is read next, or `s μ`, until the language head's likeliest token
//! is the separator.

use agents::language::codec::Codec;
use burn::tensor::{Tensor, TensorData};
use nets::{
    host,
    lm::{
        Decoder,
        generate::{Ended, Generated, Step, StepHook, generate, row_streams},
        latent::{LatentHead, embedding_scale},
        sampling::Sampling,
    },
    noise::normal_values,
};
use rand_chacha::ChaCha8Rng;
use run::{Problems, Result, RunError};
use worlds::text::Problem;

use super::{
    config::CompressionConfig,
    packed::{Content, Slot},
};

/// Rows that think together at most.
const ROWS: usize = 128;

/// What a token's logit is lowered to where another is certain.
const IMPOSSIBLE: f32 = -1e9;

/// One chain of latents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thoughts {
    /// The latents in units of the embedding's scale, `[K, d]`.
    pub latents: Vec<f32>,
    /// Log-density of each, the mean over dimensions; none where means were taken.
    pub densities: Vec<f32>,
    /// Log-probability of the separator at the sampling temperature, where it ended the chain; none where
    /// the limit did.
    pub stop: Option<f32>,
    /// Whether the chain is over.
    over: bool,
}

/// A chain with its answer.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The chain.
    pub thoughts: Thoughts,
    /// Number of latents.
    pub length: usize,
    /// The separator and the answer's tokens.
    pub ids: Vec<u32>,
    /// Log-probability of each at the sampling temperature; the first says nothing.
    pub log_probs: Vec<f32>,
    /// Whether the answer is right and the chain came to an end by itself.
    pub correct: bool,
    /// Whether it can be read.
    pub format: bool,
    /// The answer as text.
    pub text: String,
}

impl Chain {
    /// The chain and its answer for one teacher-forced pass behind the `prompt`, which ends before the
    /// `separator`.
    pub fn slots(&self, prompt: &[u32], separator: u32, width: usize) -> Vec<Slot> {
        let mut slots: Vec<Slot> = prompt.iter().map(|id| Slot::token(*id)).collect();
        slots.push(Slot::token(separator));
        for (latent, density) in self.thoughts.latents.chunks_exact(width).zip(&self.thoughts.densities) {
            if let Some(before) = slots.last_mut() {
                before.thought = Some(*density);
            }
            slots.push(Slot { content: Content::Latent(latent.to_vec()), said: None, thought: None });
        }
        // A separator that the limit put there was not the model's choice.
        if let (Some(stop), Some(last)) = (self.thoughts.stop, slots.last_mut()) {
            *last = last.clone().saying(separator, stop);
        }
        for (read, (id, log_prob)) in self.ids.iter().zip(self.ids.iter().zip(&self.log_probs).skip(1)) {
            slots.push(Slot::token(*read).saying(*id, *log_prob));
        }
        slots
    }
}

/// A model that thinks.
pub struct Thinker<'a> {
    /// Its weights, without automatic differentiation.
    pub decoder: &'a Decoder,
    /// Its latent head, likewise.
    pub head: &'a LatentHead,
    /// Its tokens.
    pub codec: &'a Codec,
    /// What separates question, chain and answer.
    pub separator: u32,
    /// What says the speed.
    pub compression: &'a CompressionConfig,
    /// Most latents of a chain.
    pub max_latents: usize,
    /// Most tokens of an answer.
    pub max_answer: usize,
}

impl Thinker<'_> {
    /// The prompt of a problem at a speed, without the separator.
    ///
    /// # Errors
    /// A character is no token.
    pub fn prompt(&self, problem: &Problem, speed: usize) -> Result<Vec<u32>> {
        prompt(self.codec, problem, &self.compression.text(speed))
    }

    /// `group` chains with their answers for each of `given`: drawn at a temperature, or mean latents and
    /// the likeliest tokens.
    ///
    /// # Errors
    /// A prompt has characters that are no tokens, or is too long for the model.
    pub fn think(
        &self,
        problems: &Problems,
        given: &[Problem],
        speed: usize,
        group: usize,
        temperature: Option<f64>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Chain>> {
        let mut rows = Vec::with_capacity(given.len() * group);
        for problem in given {
            let mut prompt = self.prompt(problem, speed)?;
            prompt.push(self.separator);
            rows.extend(std::iter::repeat_n(prompt, group));
        }
        let sampling = Sampling {
            temperature: temperature.unwrap_or(0.0),
            max_new: self.max_latents + 1 + self.max_answer,
            stop: vec![vec![self.codec.end()]],
            ..Sampling::default()
        };
        let mut chains = Vec::with_capacity(rows.len());
        for piece in rows.chunks(ROWS) {
            let mut hook = self.hook(piece.len(), temperature, random);
            let generated = generate(self.decoder, piece, &sampling, Some(&mut hook), random);
            let generated = generated.map_err(RunError::part)?;
            for (generated, thoughts) in generated.into_iter().zip(hook.chains) {
                let problem = &given[chains.len() / group];
                chains.push(self.graded(problems, problem, generated, thoughts)?);
            }
        }
        Ok(chains)
    }

    /// What makes `rows` of generated text think.
    pub(super) fn hook(
        &self,
        rows: usize,
        temperature: Option<f64>,
        random: &mut ChaCha8Rng,
    ) -> Thinking<'_> {
        Thinking {
            head: self.head,
            scale: embedding_scale(self.decoder.embedding()),
            separator: self.separator,
            limit: self.max_latents,
            temperature: temperature.unwrap_or(1.0) as f32,
            streams: temperature.map(|_| row_streams(rows, random)),
            chains: vec![Thoughts::default(); rows],
        }
    }

    fn graded(
        &self,
        problems: &Problems,
        problem: &Problem,
        generated: Generated,
        thoughts: Thoughts,
    ) -> Result<Chain> {
        let text = self.codec.text(&generated.ids)?;
        let verdict = problems.world.verify(problem, &text);
        let right = verdict.correct && generated.ended == Ended::Stop;
        Ok(Chain {
            length: generated.thoughts.len(),
            correct: right && thoughts.stop.is_some(),
            format: verdict.format,
            ids: generated.ids,
            log_probs: generated.log_probs,
            thoughts,
            text,
        })
    }
}

/// A question and what follows it.
///
/// # Errors
/// A character is no token.
pub fn prompt(codec: &Codec, problem: &Problem, text: &str) -> Result<Vec<u32>> {
    let mut ids = codec.prompt(problem)?;
    ids.extend(codec.encode(text)?);
    Ok(ids)
}

/// Puts latents in place of tokens until the likeliest token is the separator.
pub(super) struct Thinking<'a> {
    head: &'a LatentHead,
    scale: f32,
    separator: u32,
    limit: usize,
    temperature: f32,
    /// The noise of each row; none for mean latents.
    streams: Option<Vec<ChaCha8Rng>>,
    chains: Vec<Thoughts>,
}

impl StepHook for Thinking<'_> {
    /// Ends chains, and leaves those rows no other token than the separator.
    fn logits(&mut self, step: &Step<'_>, logits: &mut [f32]) {
        let separator = self.separator as usize;
        let rows = self.chains.iter_mut().zip(logits.chunks_exact_mut(step.vocabulary));
        for ((chain, logits), row) in rows.zip(0..) {
            if !step.running[row] || chain.over {
                continue;
            }
            if logits.iter().all(|logit| *logit <= logits[separator]) {
                chain.stop = Some(log_prob(logits, separator, self.temperature));
                chain.over = true;
            }
            chain.over |= step.generated[row].thoughts.len() == self.limit;
            if chain.over {
                logits.fill(IMPOSSIBLE);
                logits[separator] = 0.0;
            }
        }
    }

    fn thinks(&mut self, _step: &Step<'_>, _logits: &[f32], thinking: &mut [bool]) {
        for (thinking, chain) in thinking.iter_mut().zip(&self.chains) {
            *thinking = !chain.over;
        }
    }

    fn input(&mut self, step: &Step<'_>, embeddings: Tensor<2>) -> Tensor<2> {
        let thinking = |row: &usize| step.thinking[*row] && step.running[*row];
        let rows: Vec<usize> = (0..step.rows).filter(thinking).collect();
        if rows.is_empty() {
            return embeddings;
        }
        let ([count, width], device) = (embeddings.dims(), embeddings.device());
        let gaussian = self.head.forward(step.last().unsqueeze_dim(1));
        let (mean, log_variance) = (host(gaussian.mean), host(gaussian.log_variance));
        let mut values = host(embeddings);
        for row in rows {
            let place = row * width..(row + 1) * width;
            let (mean, log_variance) = (&mean[place.clone()], &log_variance[place.clone()]);
            let noise = self.streams.as_mut().map(|streams| normal_values(width, &mut streams[row]));
            let chain = &mut self.chains[row];
            let latent = match &noise {
                None => mean.to_vec(),
                Some(noise) => {
                    chain.densities.push(density(log_variance, noise));
                    drawn(mean, log_variance, noise)
                }
            };
            for (value, latent) in values[place].iter_mut().zip(&latent) {
                *value = self.scale * latent;
            }
            chain.latents.extend(latent);
        }
        Tensor::from_data(TensorData::new(values, [count, width]), &device)
    }
}

fn drawn(mean: &[f32], log_variance: &[f32], noise: &[f64]) -> Vec<f32> {
    let one = |((mean, log_variance), noise): ((&f32, &f32), &f64)| {
        mean + ((0.5 * f64::from(*log_variance)).exp() * noise) as f32
    };
    mean.iter().zip(log_variance).zip(noise).map(one).collect()
}

/// Log-density of what this noise gives, the mean over dimensions.
pub(super) fn density(log_variance: &[f32], noise: &[f64]) -> f32 {
    let one = |(log_variance, noise): (&f32, &f64)| noise * noise + f64::from(*log_variance);
    let sum: f64 = log_variance.iter().zip(noise).map(one).sum();
    (-0.5 * (sum / noise.len() as f64 + std::f64::consts::TAU.ln())) as f32
}

/// Log-probability of a token under logits at a temperature.
fn log_prob(logits: &[f32], token: usize, temperature: f32) -> f32 {
    let scaled = |logit: f32| f64::from(logit / temperature);
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| (scaled(*logit) - scaled(most)).exp()).sum();
    (scaled(logits[token]) - scaled(most) - sum.ln()) as f32
}
