//! CoLaR: compressed latent reasoning (Tan et al., 2025, arXiv 2505.16552).
//!
//! A chain of latents replaces the written one. Each stands for c tokens, whose vectors are added up and
//! divided by the root of c; c is drawn in training and told in the prompt, so that the speed of thought
//! can be chosen later. A second head says what the next latent is, as a Gaussian, and the language head
//! says one of the tokens in it, and the separator where the chain ends. Because latents are drawn,
//! chains can be compared and reinforced in groups, like written ones, and shorter right ones preferred.
//!
//! In the paper's order: compression (`Layout::slots`), the prediction of the next token and latent (`fit`,
//! `losses`), and reinforcement (`reinforce`, `Experience::step`). How the model thinks for itself stands
//! in `thinking`.

mod config;
mod evaluation;
mod method;
mod packed;
mod speaking;
#[cfg(test)]
mod tests;
mod thinking;

use agents::{
    language::{
        codec::Codec,
        group::{AdvantageConfig, scalar},
        supervised::{self, Corpus},
    },
    update::update,
};
use burn::tensor::Tensor;
use learn::{
    language::{
        Advantages,
        latent::{Dimensions, draw, log_density, soft_squared_error},
        length::per_length,
        surrogate::clipped,
    },
    optim::Trained,
    reduce,
};
use nets::{
    lm::{
        Decoder,
        latent::{Gaussian, LatentHead, embedding_scale},
    },
    noise,
};
use rand::{RngExt, seq::index};
use rand_chacha::ChaCha8Rng;
use run::{Problems, Progress, Result, Run, RunError};
use worlds::text::{Problem, Split};

pub use self::config::{
    ChainForm, ColarConfig, CompressionConfig, Labels, LatentConfig, LatentLoss, Pooling, ReinforceConfig,
    SpeedsConfig,
};
use self::{
    packed::{Content, Packed, Said, Slot},
    thinking::{Chain, Thinker, prompt},
};

/// Added to the deviation of rewards in a group.
const OFFSET: f64 = 1e-8;

/// Compressed latent reasoning.
pub struct Colar {
    config: ColarConfig,
    problems: Problems,
    corpus: Corpus,
    codec: Codec,
    separator: u32,
    policy: Trained<Decoder>,
    head: Trained<LatentHead>,
    /// Questions of reinforcement, the same whenever they are drawn.
    pool: Vec<Problem>,
    /// Which of them are left, once that is known.
    kept: Option<Vec<usize>>,
}

impl Colar {
    /// One update: on worked solutions first, on chains of the model's own then.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let stage = if run.steps() < self.config.updates {
            self.fit(run)?;
            "sft"
        } else {
            if self.kept.is_none() {
                self.begin_reinforcement(run)?;
            }
            if self.kept.as_ref().is_some_and(Vec::is_empty) {
                return Ok(Progress { stage: "rl", finished: true });
            }
            self.reinforce(run)?;
            "rl"
        };
        run.count_updates("policy", 1);
        run.count_steps(1);
        let finished = run.steps() >= self.config.updates + self.config.reinforced();
        Ok(Progress { stage, finished })
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.policy.set_learning_rate(rate);
        self.head.set_learning_rate(rate);
    }

    /// The model as it is now.
    fn thinker(&self) -> Thinker<'_> {
        Thinker {
            decoder: self.policy.inference(),
            head: self.head.inference(),
            codec: &self.codec,
            separator: self.separator,
            compression: &self.config.compression,
            max_latents: self.config.max_latents,
            max_answer: self.config.max_answer,
        }
    }
}

// Compression: a question with its speed, a chain in blocks, an answer.

impl Pooling {
    /// Weight of each vector in a block of so many: `e = sum of E[t] / sqrt(c)`, or the mean.
    fn share(self, count: usize) -> f32 {
        match self {
            Self::Sqrt => 1.0 / (count as f32).sqrt(),
            Self::Mean => 1.0 / count as f32,
        }
    }
}

/// A worked solution in tokens.
#[derive(Clone, Debug, PartialEq)]
struct Solution {
    /// The question and its speed.
    prompt: Vec<u32>,
    /// The worked steps, none of them a separator.
    chain: Vec<u32>,
    /// What follows the second separator, the end included.
    answer: Vec<u32>,
}

/// How a solution is laid out for fitting.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    /// Tokens of a block.
    speed: usize,
    /// How they become one vector.
    pooling: Pooling,
    /// What is learnt along the chain.
    labels: Labels,
    /// What stands before the chain, as a block of its own, and before the answer.
    separator: u32,
}

impl Layout {
    /// The slots of a solution: prompt, separator, blocks, separator, answer without its last token,
    /// which is only said. One number is drawn for every block, whichever labels are wanted.
    fn slots(&self, solution: &Solution, random: &mut ChaCha8Rng) -> Vec<Slot> {
        let mut slots: Vec<Slot> = solution.prompt.iter().map(|id| Slot::token(*id)).collect();
        slots.push(Slot::token(self.separator));
        for block in solution.chain.chunks(self.speed) {
            let label = block[random.random_range(0..block.len())];
            if let Some(before) = slots.last_mut() {
                before.thought = Some(0.0);
                before.said = (self.labels == Labels::Random).then_some(Said { id: label, log_prob: 0.0 });
            }
            let content = Content::Tokens(block.to_vec(), self.pooling.share(block.len()));
            slots.push(Slot { content, said: None, thought: None });
        }
        if let Some(last) = slots.last_mut() {
            *last = last.clone().saying(self.separator, 0.0).thinking(0.0);
        }
        let mut read = self.separator;
        for id in &solution.answer {
            slots.push(Slot::token(read).saying(*id, 0.0));
            read = *id;
        }
        slots
    }
}

impl Colar {
    /// A worked solution at a speed c that is drawn from 1 to its limit; `index` is its place in the batch.
    fn compressed(&self, index: usize, run: &mut Run) -> Result<Vec<Slot>> {
        let compression = &self.config.compression;
        let problem = self.problems.world.draw(Split::Train, run.random("problems"));
        let sample = run.steps() * self.config.supervised.batch as u64 + index as u64;
        let random = run.random("compression");
        let speed = random.random_range(1..=compression.c_max);
        let told = random.random::<f64>() >= compression.auto;
        let text = if told { compression.text(speed) } else { compression.auto_text.clone() };
        let layout = Layout {
            speed,
            pooling: compression.pooling,
            labels: compression.labels,
            separator: self.separator,
        };
        Ok(layout.slots(&self.solution(&problem, &text, sample)?, random))
    }

    /// A worked solution in tokens.
    fn solution(&self, problem: &Problem, text: &str, sample: u64) -> Result<Solution> {
        let chain = self.codec.encode(problem.steps.as_deref().unwrap_or_default())?;
        if chain.is_empty() {
            return Err(RunError::Task(format!(
                "colar: sample {sample} has no reasoning to compress: give worked steps with every problem"
            )));
        }
        let world = &self.problems.world;
        if chain.contains(&self.separator) {
            return Err(RunError::Task(format!(
                "colar: separator {:?} occurs inside the reasoning of sample {sample}: write that step without it",
                world.marker()
            )));
        }
        let answer = self.codec.ended(&format!("{}{}", problem.answer, world.end()))?;
        Ok(Solution { prompt: prompt(&self.codec, problem, text)?, chain, answer })
    }
}

// Fitting: what comes next, as tokens and as a latent.

impl Colar {
    /// One update on worked solutions: `L = L_language + w L_latent`.
    fn fit(&mut self, run: &mut Run) -> Result<()> {
        let left = match self.config.anneal {
            true => 1.0 - run.steps() as f64 / self.config.updates as f64,
            false => 1.0,
        };
        self.set_learning_rate(left * self.config.supervised.rate(run.steps()));
        let config = &self.config.supervised;
        if self.config.variant == ChainForm::Tokens {
            let solutions = self.corpus.solutions(&self.codec, config.batch, run.random("problems"))?;
            let done = supervised::step(&mut self.policy, &solutions, config, run)?;
            run.log("loss/sft", f64::from(done.loss))?;
            return run.log("diag/gradient_norm", f64::from(done.gradient_norm));
        }
        let sequences: Vec<Vec<Slot>> =
            (0..config.batch).map(|index| self.compressed(index, run)).collect::<Result<_>>()?;
        let decoder = self.policy.module();
        let packed = Packed::new(&sequences, decoder.config().width);
        let scale = embedding_scale(decoder.embedding());
        let (head, latent) = (self.head.module(), &self.config.latent);
        let losses = losses(decoder, head, &packed, scale, latent, run.random("noise"))?;
        run.log("loss/language", scalar(losses.language.clone()))?;
        run.log("loss/latent", scalar(losses.latent.clone()))?;
        if let Some(second) = &losses.second {
            run.log("loss/second_pass", scalar(second.clone()))?;
        }
        run.log("diag/deviation", scalar(losses.deviation.clone()))?;
        run.log("diag/scale", f64::from(scale))?;
        let clip = Some(config.gradient_clip);
        let done = update(run, "sft", losses.total(latent), &mut [&mut self.policy, &mut self.head], clip)?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}

/// The parts of a loss.
struct Losses {
    /// Cross-entropy of labels and answers, the mean over them.
    language: Tensor<1>,
    /// The latent head's, the mean over blocks.
    latent: Tensor<1>,
    /// The language loss where the predicted latents are read, if it is wanted.
    second: Option<Tensor<1>>,
    /// Standard deviation that the latent head gives, the root of its mean variance.
    deviation: Tensor<1>,
}

impl Losses {
    /// Their weighted sum.
    fn total(&self, config: &LatentConfig) -> Tensor<1> {
        let sum = self.language.clone() + self.latent.clone().mul_scalar(config.weight);
        match &self.second {
            Some(second) => sum + second.clone().mul_scalar(config.second_pass),
            None => sum,
        }
    }
}

/// The losses of packed solutions. Gradients reach the decoder through what both heads read and through
/// its input, the latent head through its loss, and nothing through the targets. `scale` is the
/// embedding's standard deviation s, by which targets `y = e / s` are divided.
///
/// # Errors
/// A sequence is longer than the model's context.
fn losses(
    decoder: &Decoder,
    head: &LatentHead,
    packed: &Packed,
    scale: f32,
    config: &LatentConfig,
    random: &mut ChaCha8Rng,
) -> Result<Losses> {
    let input = packed.input(decoder, scale);
    let device = input.device();
    let targets = packed.targets(&input, scale);
    let spoken = packed.spoken(decoder, head, input.clone(), 1.0)?;
    let (said, thought) = (packed.said(&device), packed.thought(&device));
    let noise = noise::normal(input.dims(), &device, random);
    let each = misfit(spoken.gaussian.clone(), targets, noise.clone(), config);
    let variance = spoken.gaussian.log_variance.clone().without_autodiff().exp();
    let variance = variance.mean_dim(2).squeeze_dim::<2>(2);
    let second = match config.second_pass > 0.0 {
        true => Some(second_pass(decoder, packed, input, spoken.gaussian, noise, scale)?),
        false => None,
    };
    Ok(Losses {
        language: reduce::masked_mean(spoken.log_probs.neg(), said),
        latent: reduce::masked_mean(each, thought.clone()),
        second,
        deviation: reduce::masked_mean(variance, thought.without_autodiff()).sqrt(),
    })
}

/// How badly a prediction N(μ, σ²) fits its target y, `[B, T]`: `-log N(y; μ, σ²)`, or
/// `(μ + σ ε - y)² - α H(μ, σ²)`, or `(μ - y)²`, each the mean over dimensions.
fn misfit(gaussian: Gaussian, target: Tensor<3>, noise: Tensor<3>, config: &LatentConfig) -> Tensor<2> {
    let Gaussian { mean, log_variance } = gaussian;
    match config.loss {
        LatentLoss::Nll => log_density(target, mean, log_variance, Dimensions::Mean).neg(),
        LatentLoss::SoftMse => soft_squared_error(mean, log_variance, target, noise, config.entropy),
        LatentLoss::Mse => (mean - target).square().mean_dim(2).squeeze_dim(2),
    }
}

/// The language loss where each latent is replaced by a draw from what was predicted for it.
fn second_pass(
    decoder: &Decoder,
    packed: &Packed,
    input: Tensor<3>,
    gaussian: Gaussian,
    noise: Tensor<3>,
    scale: f32,
) -> Result<Tensor<1>> {
    let [rows, slots, width] = input.dims();
    let device = input.device();
    // A slot is predicted where the one before it thinks; the second separator is, too, but it is read
    // as it is when the model thinks for itself.
    let thought = packed.thought(&device);
    let follows = thought.clone().narrow(1, 0, slots - 1) * thought.narrow(1, 1, slots - 1);
    let none = Tensor::zeros([rows, 1], &device);
    let replaced = Tensor::cat(vec![none, follows], 1).reshape([rows, slots, 1]);
    let drawn = draw(gaussian.mean, gaussian.log_variance, noise).mul_scalar(scale);
    let first = Tensor::zeros([rows, 1, width], &device);
    let drawn = Tensor::cat(vec![first, drawn.narrow(1, 0, slots - 1)], 1);
    let input = input * replaced.clone().neg().add_scalar(1.0) + drawn * replaced;
    let states = packed.states(decoder, input)?;
    Ok(reduce::masked_mean(packed.log_probs(decoder, states, 1.0).neg(), packed.said(&device)))
}

// Reinforcement: chains of the model's own, compared in groups.

impl Colar {
    /// Starts the optimiser afresh and looks for questions that are worth asking.
    fn begin_reinforcement(&mut self, run: &mut Run) -> Result<()> {
        self.policy = Trained::new(self.policy.inference().clone(), self.config.supervised.adam());
        self.head = Trained::new(self.head.inference().clone(), self.config.supervised.adam());
        let kept = self.unsettled(run)?;
        run.log("diag/kept", kept.len() as f64 / self.pool.len().max(1) as f64)?;
        if kept.is_empty() {
            run.note(format!(
                "all {} questions are always answered right: there is nothing to reinforce",
                self.pool.len()
            ));
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// The questions that are not always answered right.
    fn unsettled(&self, run: &mut Run) -> Result<Vec<usize>> {
        let rl = &self.config.rl;
        if rl.filter == 0 {
            return Ok((0..self.pool.len()).collect());
        }
        let random = run.random("policy");
        let temperature = Some(rl.temperature);
        let chains =
            self.thinker().think(&self.problems, &self.pool, rl.speed, rl.filter, temperature, random)?;
        let settled = |chains: &[Chain]| chains.iter().all(|chain| chain.correct);
        let open = chains.chunks(rl.filter).enumerate().filter(|(_, chains)| !settled(chains));
        Ok(open.map(|(index, _)| index).collect())
    }

    /// One update on chains of the model's own: drawn, rewarded, compared, and learnt from.
    fn reinforce(&mut self, run: &mut Run) -> Result<()> {
        // A loaded optimiser has the step size of its settings.
        self.set_learning_rate(self.config.rl.learning_rate);
        let rl = &self.config.rl;
        let kept = self.kept.as_deref().unwrap_or_default();
        let chosen = index::sample(run.random("questions"), kept.len(), rl.prompts.min(kept.len()));
        let given: Vec<Problem> = chosen.iter().map(|place| self.pool[kept[place]].clone()).collect();
        let thinker = self.thinker();
        let temperature = Some(rl.temperature);
        let chains =
            thinker.think(&self.problems, &given, rl.speed, rl.group, temperature, run.random("policy"))?;
        let prompts: Vec<Vec<u32>> =
            given.iter().map(|problem| thinker.prompt(problem, rl.speed)).collect::<Result<_>>()?;
        let rewards: Vec<f32> = chains.iter().map(|chain| reward(chain, rl.punish_latent_length)).collect();
        report(&chains, &rewards, run)?;
        let advantage = AdvantageConfig { offset: OFFSET, ..AdvantageConfig::default() };
        let advantages = advantage.advantages(&rewards, rl.group, run)?;
        let pairs: Vec<(&[u32], &Chain)> = chains
            .iter()
            .enumerate()
            .map(|(index, chain)| (prompts[index / rl.group].as_slice(), chain))
            .collect();
        let experience = Experience::new(&pairs, self.separator, self.policy.inference(), advantages);
        for _ in 0..rl.epochs {
            experience.step(&mut self.policy, &mut self.head, rl, run)?;
        }
        Ok(())
    }
}

/// The reward of a chain: 1 for a right answer, or the less the longer it is.
fn reward(chain: &Chain, punish: bool) -> f32 {
    let reward = f32::from(u8::from(chain.correct));
    if punish { per_length(reward, chain.length) } else { reward }
}

/// The packed chains of an update with their advantages.
struct Experience {
    /// The chains behind their prompts.
    packed: Packed,
    /// One for each.
    advantages: Advantages,
    /// What latents were multiplied by when they were read.
    scale: f32,
}

impl Experience {
    /// Chains of the present model, each behind its prompt.
    fn new(chains: &[(&[u32], &Chain)], separator: u32, decoder: &Decoder, advantages: Advantages) -> Self {
        let width = decoder.config().width;
        let slots = chains.iter().map(|(prompt, chain)| chain.slots(prompt, separator, width));
        let packed = Packed::new(&slots.collect::<Vec<_>>(), width);
        Self { packed, advantages, scale: embedding_scale(decoder.embedding()) }
    }

    /// One step down `-min(ρ A, clip(ρ, 1 - ε, 1 + ε) A)`, the mean over latents plus that over tokens. A
    /// latent's ρ is of densities' means over dimensions. The latents are constants, so that gradients
    /// reach what predicted them.
    ///
    /// # Errors
    /// The loss is not finite; nothing has changed then.
    fn step(
        &self,
        policy: &mut Trained<Decoder>,
        head: &mut Trained<LatentHead>,
        config: &ReinforceConfig,
        run: &mut Run,
    ) -> Result<()> {
        let packed = &self.packed;
        let input = packed.input(policy.module(), self.scale);
        let device = input.device();
        let targets = packed.targets(&input, self.scale);
        let spoken = packed.spoken(policy.module(), head.module(), input, config.temperature)?;
        let gaussian = spoken.gaussian;
        let densities = log_density(targets, gaussian.mean, gaussian.log_variance, Dimensions::Mean);
        let advantage = Tensor::<1>::from_data(self.advantages.values.as_slice(), &device);
        let advantage = advantage.reshape([self.advantages.values.len(), 1]);
        let surrogate = |now: Tensor<2>, before: Tensor<2>, mask: Tensor<2>| {
            // Where nothing was drawn a ratio could overflow.
            let now = now.mask_fill(mask.clone().equal_elem(0.0), 0.0);
            let found = clipped(now, before, advantage.clone(), config.clip, config.clip);
            let cut = scalar(reduce::masked_mean(found.clipped, mask.clone()));
            (reduce::masked_mean(found.loss, mask), cut)
        };
        let (latent, cut_latent) =
            surrogate(densities, packed.thought_before(&device), packed.thought(&device));
        let (answer, cut_answer) =
            surrogate(spoken.log_probs, packed.said_before(&device), packed.said(&device));
        run.log("loss/policy_latent", scalar(latent.clone()))?;
        run.log("loss/policy_answer", scalar(answer.clone()))?;
        run.log("diag/clip_fraction_latent", cut_latent)?;
        run.log("diag/clip_fraction_answer", cut_answer)?;
        let done = update(run, "policy", latent + answer, &mut [policy, head], Some(config.gradient_clip))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}

/// Reports what a batch of chains was like.
fn report(chains: &[Chain], rewards: &[f32], run: &mut Run) -> Result<()> {
    for (chain, reward) in chains.iter().zip(rewards) {
        run.episode(f64::from(*reward), chain.length as u64);
    }
    let latents: usize = chains.iter().map(|chain| chain.length).sum();
    run.log("diag/latents", latents as f64 / chains.len().max(1) as f64)?;
    run.log("train/accuracy", evaluation::share(chains, |chain| chain.correct))?;
    run.log("diag/unstopped", evaluation::share(chains, |chain| chain.thoughts.stop.is_none()))
}
