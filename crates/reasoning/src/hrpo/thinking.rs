//! Thinking states: made while an answer is drawn, kept, and read again in the update.

use agents::language::{batch::Batch, rollout::Rollouts};
use burn::tensor::{Tensor, TensorData, activation::softmax};
use nets::lm::{
    Decoder,
    generate::{Step, StepHook},
};

use super::gate::{Mixed, Mixing};

/// The expected embedding `[B, d]` under `probabilities [B, V]`, over their Euclidean norm, so that it does
/// not shrink where they are spread: of a sure prediction it is the embedding itself.
pub fn thinking_state(probabilities: Tensor<2>, embedding: Tensor<2>) -> Tensor<2> {
    let norm = probabilities.clone().square().sum_dim(1).sqrt();
    probabilities.matmul(embedding) / norm
}

/// The tokens of an answer that are thoughts: those before the marker.
pub fn thoughts(answer: &[u32], marker: u32) -> usize {
    answer.iter().position(|id| *id == marker).unwrap_or(answer.len())
}

/// Mixes thinking states into what a model reads until it writes the answer marker. The weights are
/// borrowed for as long as it lives, so no sequence ever meets two versions of the gate.
pub struct Thinker<'a> {
    mixing: Mixing<'a>,
    /// `[V, d]`, without gradient.
    embedding: Tensor<2>,
    marker: u32,
    /// At which predictions become thinking states.
    temperature: f64,
    /// This step's, `[B, V]`.
    logits: Vec<f32>,
    /// Rows of the present piece that have not written the marker.
    thinking: Vec<bool>,
    /// Where the present piece begins among all answers.
    first: usize,
    /// Thinking states of every answer, `[its thoughts, d]`, where they are kept.
    states: Option<Vec<Vec<f32>>>,
    /// Sum over thoughts of the mean of 1 - a, and their number.
    opened: (f64, u64),
}

impl<'a> Thinker<'a> {
    /// One for answers of `decoder`, which has no gradient.
    pub fn new(mixing: Mixing<'a>, decoder: &Decoder, marker: u32, temperature: f64) -> Self {
        Self {
            mixing,
            embedding: decoder.embedding(),
            marker,
            temperature,
            logits: Vec::new(),
            thinking: Vec::new(),
            first: 0,
            states: None,
            opened: (0.0, 0),
        }
    }

    /// The same, keeping the thinking states.
    pub fn keeping(self) -> Self {
        Self { states: Some(Vec::new()), ..self }
    }

    /// The mean over thoughts and dimensions of the share that is not the embedding, 1 - a; nothing
    /// before the first thought.
    pub fn hybrid_ratio(&self) -> Option<f64> {
        (self.opened.1 > 0).then(|| self.opened.0 / self.opened.1 as f64)
    }

    /// The states it kept.
    pub fn into_states(self) -> Vec<Vec<f32>> {
        self.states.unwrap_or_default()
    }

    fn begin(&mut self, rows: usize) {
        self.first += self.thinking.len();
        self.thinking = vec![true; rows];
        if let Some(states) = &mut self.states {
            states.resize(self.first + rows, Vec::new());
        }
    }

    /// Rows that read a mixture next.
    fn thoughts_of(&mut self, step: &Step<'_>) -> Vec<bool> {
        let rows = self.thinking.iter_mut().zip(step.generated).zip(&step.running);
        rows.map(|((thinking, generated), running)| {
            *thinking &= generated.ids.last() != Some(&self.marker);
            *thinking && *running
        })
        .collect()
    }

    /// The thinking states of this step, `[B, d]`.
    fn states(&self, step: &Step<'_>) -> Tensor<2> {
        let data = TensorData::new(self.logits.clone(), [step.rows, step.vocabulary]);
        let logits = Tensor::<2>::from_data(data, &self.embedding.device());
        thinking_state(softmax(logits.div_scalar(self.temperature as f32), 1), self.embedding.clone())
    }

    fn note(&mut self, thoughts: &[bool], states: &Tensor<2>, mixed: &Mixed) {
        let kept: Vec<f32> = mixed.kept.clone().mean_dim(1).into_data().iter().collect();
        for (kept, _) in kept.iter().zip(thoughts).filter(|(_, thought)| **thought) {
            self.opened = (self.opened.0 + 1.0 - f64::from(*kept), self.opened.1 + 1);
        }
        let Some(all) = &mut self.states else { return };
        let values: Vec<f32> = states.clone().into_data().iter().collect();
        let rows = values.chunks_exact(states.dims()[1]).zip(thoughts).zip(&mut all[self.first..]);
        for ((values, _), kept) in rows.filter(|((_, thought), _)| **thought) {
            kept.extend_from_slice(values);
        }
    }
}

impl StepHook for Thinker<'_> {
    fn logits(&mut self, step: &Step<'_>, logits: &mut [f32]) {
        if step.index == 0 {
            self.begin(step.rows);
        }
        self.logits.clear();
        self.logits.extend_from_slice(logits);
    }

    fn input(&mut self, step: &Step<'_>, embeddings: Tensor<2>) -> Tensor<2> {
        let thoughts = self.thoughts_of(step);
        if !thoughts.contains(&true) {
            return embeddings;
        }
        let states = self.states(step);
        let mixed = self.mixing.mix(embeddings.clone(), states.clone());
        self.note(&thoughts, &states, &mixed);
        choose(&thoughts, embeddings, mixed.input)
    }
}

/// Rows of `mixed` where there is a thought, of `embeddings` elsewhere, all `[N, d]`.
fn choose(thoughts: &[bool], embeddings: Tensor<2>, mixed: Tensor<2>) -> Tensor<2> {
    let [rows, width] = embeddings.dims();
    let mask: Vec<f32> = thoughts.iter().map(|thought| f32::from(u8::from(*thought))).collect();
    let mask = Tensor::<2>::from_data(TensorData::new(mask, [rows, 1]), &embeddings.device());
    embeddings.mask_where(mask.equal_elem(1.0).expand([rows, width]), mixed)
}

/// What `decoder` reads of a batch of answers when the states kept of them are mixed in again by the
/// present gate, `[B, P + R - 1, d]`. `states` are one slice `[thoughts, d]` per answer; gradients reach
/// embeddings and gate, and the states are constants.
pub fn replayed(batch: &Batch, decoder: &Decoder, mixing: Mixing<'_>, states: &[&[f32]]) -> Tensor<3> {
    let embeddings = decoder.embed(batch.input(&decoder.embedding().device()));
    let [rows, length, width] = embeddings.dims();
    let (prompt, steps) = (batch.prompt_columns(), length - batch.prompt_columns());
    if steps == 0 {
        return embeddings;
    }
    let (mut padded, mut thoughts) = (Vec::with_capacity(rows * steps * width), Vec::new());
    for states in states {
        let count = states.len() / width;
        thoughts.extend((0..steps).map(|step| step < count));
        padded.extend_from_slice(states);
        padded.resize(padded.len() + (steps - count) * width, 0.0);
    }
    let read = embeddings.clone().narrow(1, prompt, steps).reshape([rows * steps, width]);
    let states = Tensor::from_data(TensorData::new(padded, [rows * steps, width]), &read.device());
    let mixed = mixing.mix(read.clone(), states).input;
    let read = choose(&thoughts, read, mixed).reshape([rows, steps, width]);
    Tensor::cat(vec![embeddings.narrow(1, 0, prompt), read], 1)
}

/// The states kept of these answers.
pub fn of_answers<'s>(states: &'s [Vec<f32>], answers: &[usize]) -> Vec<&'s [f32]> {
    answers.iter().map(|answer| states[*answer].as_slice()).collect()
}

/// The mean number of thoughts of an answer.
pub fn mean_thoughts(rollouts: &Rollouts, marker: u32) -> f64 {
    let total: usize = rollouts.answers.iter().map(|answer| thoughts(&answer.ids, marker)).sum();
    total as f64 / rollouts.answers.len().max(1) as f64
}
