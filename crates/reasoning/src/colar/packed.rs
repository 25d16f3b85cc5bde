//! What the model reads, several sequences of slots in one pass.

use burn::tensor::{Device, Int, Tensor, TensorData};
use learn::language::tokens::token_log_probs;
use nets::lm::{
    Decoder, LogitsOf, Pass, Place,
    latent::{Gaussian, LatentHead},
};
use run::{Result, RunError};

/// What a slot of the input holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The vectors of these tokens, added up with this weight each.
    Tokens(Vec<u32>, f32),
    /// A vector of its own, in units of the embedding's scale.
    Latent(Vec<f32>),
}

/// Something that was drawn, or is to be learnt, behind a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// The token.
    pub id: u32,
    /// Its log-probability when it was drawn; 0 where it was not.
    pub log_prob: f32,
}

/// One slot of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// What is read.
    pub content: Content,
    /// The token that the language head should say here.
    pub said: Option<Said>,
    /// Where the latent head should say the next slot's vector: its log-density when it was drawn, or 0.
    pub thought: Option<f32>,
}

impl Slot {
    /// One token behind which nothing is learnt.
    pub fn token(id: u32) -> Self {
        Self { content: Content::Tokens(vec![id], 1.0), said: None, thought: None }
    }

    /// The same where `id` follows, drawn with this log-probability.
    pub fn saying(mut self, id: u32, log_prob: f32) -> Self {
        self.said = Some(Said { id, log_prob });
        self
    }

    /// The same where the latent head says what comes next, drawn with this log-density.
    pub fn thinking(mut self, log_density: f32) -> Self {
        self.thought = Some(log_density);
        self
    }
}

/// Sequences of slots, padded on the right to T slots.
#[derive(Clone, Debug)]
pub struct Packed {
    rows: usize,
    slots: usize,
    /// Tokens of a row, padded to N, `[B, N]`.
    ids: Vec<i64>,
    /// What each token weighs in each slot, `[B, T, N]`.
    mix: Vec<f32>,
    /// Vectors of their own, in units of the embedding's scale, `[B, T, d]`; empty where there are none.
    latents: Vec<f32>,
    present: Vec<Vec<bool>>,
    /// `[B, T]`, 0 where nothing is said.
    labels: Vec<i64>,
    /// Where tokens are said, and where thoughts are, `[B, T]`.
    said: Vec<f32>,
    thought: Vec<f32>,
    /// Log-probabilities and log-densities from when they were drawn, `[B, T]`.
    said_before: Vec<f32>,
    thought_before: Vec<f32>,
}

/// What both heads say of the slots.
pub struct Spoken {
    /// Log-probability of every slot's label, `[B, T]`; of token 0 where there is none.
    pub log_probs: Tensor<2>,
    /// What the latent head predicts behind every slot.
    pub gaussian: Gaussian,
}

impl Packed {
    /// Packs sequences, of vectors with `width` elements.
    pub fn new(sequences: &[Vec<Slot>], width: usize) -> Self {
        let rows = sequences.len();
        let slots = sequences.iter().map(Vec::len).max().unwrap_or(0);
        let tokens_of = |slot: &Slot| match &slot.content {
            Content::Tokens(ids, _) => ids.len(),
            Content::Latent(_) => 0,
        };
        let count = |sequence: &Vec<Slot>| sequence.iter().map(tokens_of).sum::<usize>();
        let tokens = sequences.iter().map(count).max().unwrap_or(0).max(1);
        let own = sequences.iter().flatten().any(|slot| matches!(slot.content, Content::Latent(_)));
        let zeros = || vec![0.0; rows * slots];
        let mut packed = Self {
            rows,
            slots,
            ids: vec![0; rows * tokens],
            mix: vec![0.0; rows * slots * tokens],
            latents: vec![0.0; if own { rows * slots * width } else { 0 }],
            present: sequences.iter().map(|row| (0..slots).map(|slot| slot < row.len()).collect()).collect(),
            labels: vec![0; rows * slots],
            said: zeros(),
            thought: zeros(),
            said_before: zeros(),
            thought_before: zeros(),
        };
        for (row, sequence) in sequences.iter().enumerate() {
            let mut token = row * tokens;
            for (index, slot) in sequence.iter().enumerate() {
                packed.place(row * slots + index, slot, &mut token, tokens, width);
            }
        }
        packed
    }

    /// Puts a slot into its place, its tokens behind those of the row that are there.
    fn place(&mut self, at: usize, slot: &Slot, token: &mut usize, tokens: usize, width: usize) {
        match &slot.content {
            Content::Latent(values) => self.latents[at * width..][..width].copy_from_slice(values),
            Content::Tokens(ids, share) => {
                for id in ids {
                    self.ids[*token] = i64::from(*id);
                    self.mix[at * tokens + *token % tokens] = *share;
                    *token += 1;
                }
            }
        }
        if let Some(said) = slot.said {
            (self.labels[at], self.said[at], self.said_before[at]) = (i64::from(said.id), 1.0, said.log_prob);
        }
        if let Some(log_density) = slot.thought {
            (self.thought[at], self.thought_before[at]) = (1.0, log_density);
        }
    }

    /// What the model reads, `[B, T, d]`; gradients reach the embedding. `scale` is what latents are
    /// multiplied by.
    pub fn input(&self, decoder: &Decoder, scale: f32) -> Tensor<3> {
        let device = decoder.embedding().device();
        let tokens = self.ids.len() / self.rows.max(1);
        let ids: Tensor<2, Int> =
            Tensor::from_data(TensorData::new(self.ids.clone(), [self.rows, tokens]), &device);
        let mix = TensorData::new(self.mix.clone(), [self.rows, self.slots, tokens]);
        let input = Tensor::<3>::from_data(mix, &device).matmul(decoder.embed(ids));
        if self.latents.is_empty() {
            return input;
        }
        let latents = TensorData::new(self.latents.clone(), input.dims());
        input + Tensor::<3>::from_data(latents, &device).mul_scalar(scale)
    }

    /// The vector behind each slot, in units of `scale` and without gradient, `[B, T, d]`: what the
    /// latent head should say there. Zeros behind the last slot.
    pub fn targets(&self, input: &Tensor<3>, scale: f32) -> Tensor<3> {
        let [rows, slots, width] = input.dims();
        let input = input.clone().detach().div_scalar(scale);
        let none = Tensor::zeros([rows, 1, width], &input.device());
        Tensor::cat(vec![input.narrow(1, 1, slots - 1), none], 1)
    }

    /// States behind the final normalisation, `[B, T, d]`.
    ///
    /// # Errors
    /// A sequence is longer than the model's context.
    pub fn states(&self, decoder: &Decoder, input: Tensor<3>) -> Result<Tensor<3>> {
        let pass = Pass { logits: LogitsOf::None, ..Pass::default() };
        Ok(decoder.forward(input, &Place::of(&self.present), pass).map_err(RunError::part)?.last)
    }

    /// What both heads say at a temperature of the tokens.
    ///
    /// # Errors
    /// As [`Packed::states`].
    pub fn spoken(
        &self,
        decoder: &Decoder,
        head: &LatentHead,
        input: Tensor<3>,
        temperature: f64,
    ) -> Result<Spoken> {
        let states = self.states(decoder, input)?;
        let log_probs = self.log_probs(decoder, states.clone(), temperature);
        Ok(Spoken { log_probs, gaussian: head.forward(states) })
    }

    /// Log-probabilities of the labels, `[B, T]`.
    pub fn log_probs(&self, decoder: &Decoder, states: Tensor<3>, temperature: f64) -> Tensor<2> {
        let labels = TensorData::new(self.labels.clone(), [self.rows, self.slots]);
        let labels = Tensor::<2, Int>::from_data(labels, &states.device());
        token_log_probs(decoder.head(states).div_scalar(temperature as f32), labels)
    }

    /// 1 where a token is said, `[B, T]`.
    pub fn said(&self, device: &Device) -> Tensor<2> {
        self.table(&self.said, device)
    }

    /// 1 where a vector is, `[B, T]`.
    pub fn thought(&self, device: &Device) -> Tensor<2> {
        self.table(&self.thought, device)
    }

    /// Log-probabilities of tokens when they were drawn, `[B, T]`.
    pub fn said_before(&self, device: &Device) -> Tensor<2> {
        self.table(&self.said_before, device)
    }

    /// Log-densities of thoughts when they were drawn, `[B, T]`.
    pub fn thought_before(&self, device: &Device) -> Tensor<2> {
        self.table(&self.thought_before, device)
    }

    fn table(&self, values: &[f32], device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [self.rows, self.slots]), device)
    }
}
