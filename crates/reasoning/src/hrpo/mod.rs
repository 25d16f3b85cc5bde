//! Hybrid latent reasoning by reinforcement learning (Yue et al., 2025, arXiv 2505.18454).
//!
//! While it thinks, the model reads beside every token it drew the distribution the token was drawn
//! from, as an expected embedding, in a share that a gate decides. Tokens are still drawn, so the policy
//! gradient applies, and no worked steps are needed. The gate begins almost shut, so that nothing that
//! the model can do is lost, and opens where it pays.
//!
//! Thinking ends with the answer marker; from there on tokens are read plain. The thinking states are
//! constants of the update, kept from the time the answers were drawn, which makes it one parallel pass.
//!
//! In the paper's order: the thinking state and the gate (`thinking_state`, `Mixing::mix`; section 3.2),
//! answers drawn with them (`Thinker`), and the update (`advance`, `improve`; section 3.3).

mod config;
mod evaluation;
mod method;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use agents::{
    language::{
        batch::Batch,
        group::{AdvantageConfig, log_probs, log_probs_from, reference_log_probs, report, scalar},
        learner::Language,
        rollout::{Answer, Rollouts},
    },
    update::update,
};
use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{
        Device, Tensor, TensorData,
        activation::{sigmoid, softmax, softplus},
    },
};
use learn::{
    language::{Divergence, Reduction, surrogate::kl},
    optim::{Trainable, Trained},
    reduce,
};
use nets::{
    host,
    init::{Init, linear},
    lm::{
        Decoder,
        generate::{Step, StepHook},
    },
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Progress, Result, Run, Scores};

pub use self::config::{GateConfig, HrpoConfig, HybridUpdateConfig, Reading};

/// Factor of the gate's exponent, c.
const SHARPNESS: f64 = 8.0;
/// Keeps the root's slope finite.
const EPSILON: f32 = 1e-8;
/// Added to the deviation of rewards in a group.
const OFFSET: f64 = 1e-4;
/// Updates without a signal after which the user is told.
const PATIENCE: u64 = 20;

/// Hybrid reasoning policy optimisation.
pub struct Hrpo {
    config: HrpoConfig,
    language: Language,
    inputs: Inputs,
    /// The answer marker's token.
    marker: u32,
    /// Updates in a row in which no group had answers of different reward.
    silent: u64,
    /// What the model and the gate at the start are worth, by what they were scored on.
    start: BTreeMap<(String, usize), Scores>,
}

// The thinking state and the gate (section 3.2).

/// The expected embedding `[B, d]` under `probabilities [B, V]`, over their Euclidean norm, `s = E p / |p|`,
/// so that it does not shrink where they are spread: of a sure prediction it is the embedding itself.
fn thinking_state(probabilities: Tensor<2>, embedding: Tensor<2>) -> Tensor<2> {
    let norm = probabilities.clone().square().sum_dim(1).sqrt();
    probabilities.matmul(embedding) / norm
}

/// The linear maps behind the gate, `[d, d]` each.
#[derive(Module, Debug)]
struct Maps {
    /// Towards how much of the openness is used, W_r and b_r.
    reset: Linear,
    /// Towards how much of the thinking state enters, W_i and b_i.
    input: Linear,
}

impl Maps {
    /// Draws the weights as linear layers usually are.
    fn new(width: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let mut map = || linear(width, width, Init::FanIn, device, random);
        Self { reset: map(), input: map() }
    }
}

/// How far each dimension is open, Λ `[d]`.
#[derive(Module, Debug)]
struct Openness {
    /// Λ.
    lambda: Param<Tensor<1>>,
}

impl Openness {
    /// Draws it so that the share of an embedding that is kept is a power of something uniform between
    /// the ends of `config`: `exp(-c softplus(-Λ) r) = u^r` for `Λ = -log(u^(-1/c) - 1)`.
    fn new(width: usize, config: &GateConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let draw = |_| {
            let share = config.r_min + (config.r_max - config.r_min) * random.random::<f64>();
            -(share.powf(-1.0 / SHARPNESS) - 1.0).ln() as f32
        };
        let lambda: Vec<f32> = (0..width).map(draw).collect();
        Self { lambda: Param::from_data(TensorData::new(lambda, [width]), device) }
    }
}

/// What is read while thinking, with the weights that decide it.
#[derive(Clone, Copy, Debug)]
enum Mixing<'a> {
    /// Embedding and thinking state, mixed by the gate.
    Gated {
        /// The gate's maps.
        maps: &'a Maps,
        /// How far it is open.
        openness: &'a Openness,
        /// Whether it is held shut, whatever its weights say.
        shut: bool,
    },
    /// The thinking state alone.
    Latent,
}

/// What the gate made of embeddings and thinking states.
#[derive(Clone, Debug)]
struct Mixed {
    /// What is read, `[N, d]`.
    input: Tensor<2>,
    /// The share a of the embedding in it, `[N, d]`; no gradient.
    kept: Tensor<2>,
}

impl Mixing<'_> {
    /// What is read in place of `embeddings [N, d]` beside `states [N, d]`: `a e + sqrt(1 - a² + 1e-8)
    /// (i s)` with `a = exp(-c softplus(-Λ) r)`, `r = sigmoid(W_r e + b_r)`, `i = sigmoid(W_i e + b_i)`.
    /// Where a is 1, nothing of the state enters.
    fn mix(self, embeddings: Tensor<2>, states: Tensor<2>) -> Mixed {
        let Self::Gated { maps, openness, shut } = self else {
            return Mixed { kept: states.zeros_like(), input: states };
        };
        let reset = sigmoid(maps.reset.forward(embeddings.clone()));
        let entering = sigmoid(maps.input.forward(embeddings.clone()));
        let slope = softplus(openness.lambda.val().neg(), 1.0).mul_scalar(-SHARPNESS as f32);
        let kept = (reset * slope.unsqueeze()).exp();
        let kept = if shut { kept.ones_like() } else { kept };
        // The constant is there for the slope; at the end of the range it would let 1e-4 through.
        let left = kept.clone().square().neg().add_scalar(1.0 + EPSILON).sqrt();
        let left = left.mask_fill(kept.clone().equal_elem(1.0), 0.0);
        let input = kept.clone() * embeddings + left * (entering * states);
        Mixed { input, kept: kept.without_autodiff() }
    }
}

/// A gate in training, with what it was at the start.
struct Gate {
    maps: Trained<Maps>,
    openness: Trained<Openness>,
    start: (Maps, Openness),
}

/// What the model reads while thinking.
enum Inputs {
    /// Tokens.
    Tokens,
    /// Thinking states.
    Latent,
    /// Both.
    Gated(Box<Gate>),
}

impl Inputs {
    /// How inputs are mixed, with gradients; nothing where they are plain tokens.
    fn trained(&self) -> Option<Mixing<'_>> {
        match self {
            Self::Tokens => None,
            Self::Latent => Some(Mixing::Latent),
            Self::Gated(gate) => Some(Mixing::Gated {
                maps: gate.maps.module(),
                openness: gate.openness.module(),
                shut: false,
            }),
        }
    }

    /// The same without gradients.
    fn inference(&self) -> Option<Mixing<'_>> {
        match self {
            Self::Gated(gate) => Some(Mixing::Gated {
                maps: gate.maps.inference(),
                openness: gate.openness.inference(),
                shut: false,
            }),
            other => other.trained(),
        }
    }
}

// Answers drawn while thinking.

/// The tokens of an answer that are thoughts: those before the marker.
fn thoughts(answer: &[u32], marker: u32) -> usize {
    answer.iter().position(|id| *id == marker).unwrap_or(answer.len())
}

/// Mixes thinking states into what a model reads until it writes the answer marker. The weights are
/// borrowed for as long as it lives, so no sequence ever meets two versions of the gate.
struct Thinker<'a> {
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
    fn new(mixing: Mixing<'a>, decoder: &Decoder, marker: u32, temperature: f64) -> Self {
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
    fn keeping(self) -> Self {
        Self { states: Some(Vec::new()), ..self }
    }

    /// The mean over thoughts and dimensions of the share that is not the embedding, 1 - a; nothing
    /// before the first thought.
    fn hybrid_ratio(&self) -> Option<f64> {
        (self.opened.1 > 0).then(|| self.opened.0 / self.opened.1 as f64)
    }

    /// The states it kept.
    fn into_states(self) -> Vec<Vec<f32>> {
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
        let kept = host(mixed.kept.clone().mean_dim(1));
        for (kept, _) in kept.iter().zip(thoughts).filter(|(_, thought)| **thought) {
            self.opened = (self.opened.0 + 1.0 - f64::from(*kept), self.opened.1 + 1);
        }
        let Some(all) = &mut self.states else { return };
        let values = host(states.clone());
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

/// A thinker as generation takes it.
fn hook<'h>(thinker: &'h mut Option<Thinker<'_>>) -> Option<&'h mut dyn StepHook> {
    thinker.as_mut().map(|thinker| thinker as &mut dyn StepHook)
}

// The update: group-relative, strictly on-policy, one step per batch of answers (section 3.3).

impl Hrpo {
    /// One update: answers are drawn with their thinking states, rewarded, compared in their groups, and
    /// learnt from.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let thinker = self.thinker(self.inputs.inference(), self.language.policy.inference());
        let mut thinker = thinker.map(Thinker::keeping);
        let rollouts = self.language.rollouts(&self.config.tuning.rollout, hook(&mut thinker), run)?;
        let opened = thinker.as_ref().and_then(Thinker::hybrid_ratio);
        let states = thinker.map(Thinker::into_states).unwrap_or_default();
        if let (Inputs::Gated(_), Some(opened)) = (&self.inputs, opened) {
            run.log("diag/hybrid_ratio", opened)?;
        }
        let count: usize = rollouts.answers.iter().map(|answer| thoughts(&answer.ids, self.marker)).sum();
        run.log("diag/thoughts", count as f64 / rollouts.answers.len().max(1) as f64)?;
        let sign = self.language.problems.world.marker();
        let rewards = rollouts.of(|answer| reward(answer, sign));
        report(&rollouts, &rewards, run)?;
        let advantage = AdvantageConfig { offset: OFFSET, ..AdvantageConfig::default() };
        let advantages = advantage.advantages(&rewards, rollouts.group, run)?;
        self.silent = if advantages.flat == advantages.groups { self.silent + 1 } else { 0 };
        if self.silent == PATIENCE {
            run.note(format!(
                "for {PATIENCE} updates all answers to a prompt have earned alike, so nothing is learnt: the base \
                 model is too weak or too strong for these problems (base.accuracy, or other problems)"
            ));
        }
        self.improve(&rollouts, &states, &advantages.values, run)?;
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    /// One step of the model and of what mixes its inputs down the mean over answers of
    /// `-(1 / |y|) sum of exp(log π - sg(log π)) A - β (exp(Δ) - Δ - 1)` with `Δ = log π_ref - log π`.
    /// Gradients reach the model, its embeddings and the gate; the thinking `states`, `[thoughts, d]` per
    /// answer, are constants.
    ///
    /// # Errors
    /// The loss is not finite; nothing has changed then.
    fn improve(
        &mut self,
        rollouts: &Rollouts,
        states: &[Vec<f32>],
        advantages: &[f32],
        run: &mut Run,
    ) -> Result<()> {
        let Self { config, language, inputs, .. } = self;
        let temperature = config.tuning.rollout.temperature;
        let config = &config.update;
        let all: Vec<usize> = (0..rollouts.answers.len()).collect();
        let batch = rollouts.batch(&all);
        let states: Vec<&[f32]> = states.iter().map(Vec::as_slice).collect();
        let decoder = language.policy.module();
        let log_prob = hybrid_log_probs(decoder, &batch, inputs.trained(), &states, temperature)?;
        let device = log_prob.device();
        let mask = batch.mask(&device);
        let advantage = Tensor::<1>::from_data(advantages, &device).reshape([advantages.len(), 1]);
        // 1 in value: the answers are the present policy's.
        let ratio = (log_prob.clone() - log_prob.clone().detach()).exp();
        let mut losses = (ratio * advantage).neg();
        if config.beta > 0.0 {
            let reference = reference_log_probs(&language.reference, rollouts, temperature)?;
            let reference = batch.padded(reference.iter().map(Vec::as_slice));
            let divergence = kl(log_prob, batch.spread(&reference, &device), Divergence::K3);
            run.log("diag/kl", scalar(reduce::masked_mean(divergence.clone(), mask.clone())))?;
            losses = losses + divergence.mul_scalar(config.beta as f32);
        }
        let loss = Reduction::Sequence.apply(losses, mask, language.max_new);
        let mut parts: Vec<&mut dyn Trainable> = vec![&mut language.policy];
        if let Inputs::Gated(gate) = inputs {
            parts.extend([&mut gate.maps as &mut dyn Trainable, &mut gate.openness]);
        }
        let done = update(run, "policy", loss, &mut parts, Some(config.gradient_clip))?;
        run.count_updates("policy", 1);
        run.log("loss/policy", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// What makes a model think that reads `mixing`; nothing where it reads plain tokens.
    fn thinker<'a>(&self, mixing: Option<Mixing<'a>>, decoder: &Decoder) -> Option<Thinker<'a>> {
        let temperature = self.config.tuning.rollout.temperature;
        mixing.map(|mixing| Thinker::new(mixing, decoder, self.marker, temperature))
    }
}

/// A right answer behind the only marker earns 1.
fn reward(answer: &Answer, marker: &str) -> f32 {
    let once = answer.text.matches(marker).count() == 1;
    f32::from(u8::from(answer.verdict.correct && once))
}

/// Log-probabilities of a batch's answers at a temperature, `[B, R]`, with the states kept of them, one
/// slice per answer, mixed in by the present gate; those of plain tokens without a mixing.
///
/// # Errors
/// A sequence is longer than the model's context.
fn hybrid_log_probs(
    decoder: &Decoder,
    batch: &Batch,
    mixing: Option<Mixing<'_>>,
    states: &[&[f32]],
    temperature: f64,
) -> Result<Tensor<2>> {
    let Some(mixing) = mixing else { return log_probs(decoder, batch, temperature) };
    let input = replayed(batch, decoder, mixing, states);
    Ok(log_probs_from(decoder, batch, batch.states_of(decoder, input)?, temperature))
}

/// What `decoder` reads of a batch of answers when the states kept of them are mixed in again by the
/// present gate, `[B, P + R - 1, d]`. `states` are one slice `[thoughts, d]` per answer; gradients reach
/// embeddings and gate, and the states are constants.
fn replayed(batch: &Batch, decoder: &Decoder, mixing: Mixing<'_>, states: &[&[f32]]) -> Tensor<3> {
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
