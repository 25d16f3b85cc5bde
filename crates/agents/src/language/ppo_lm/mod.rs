//! Proximal policy optimisation of a language model (Ziegler et al., 2019, arXiv 1909.08593; Ouyang et
//! al., 2022).
//!
//! Every token is an action. The verifier's reward comes with the last one, the divergence from the
//! model at the start is charged at each, and a second model with a scalar head tells what is still to
//! come, from which generalised advantages are made.

mod critic;
#[cfg(test)]
mod tests;

use std::path::Path;

use burn::tensor::Tensor;
use learn::{
    language::surrogate::clipped,
    normalise::{Divisor, advantages},
    optim::Trained,
    policy_gradient::value_clip,
    reduce,
    returns::{Order, Rollout, Steps, gae},
};
use rand::seq::SliceRandom;
use run::{
    Card, Method, Need, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Speaker, Task,
};
use settings::Config;

use self::critic::Critic;
use super::{
    group::{log_probs, reference_log_probs, report, scalar},
    learner::Language,
    rollout::{RolloutConfig, Rollouts},
    supervised::adamw,
    tuning::Tuning,
};
use crate::{
    state::{load_trained, save_trained},
    update::update,
};

/// Hyper-parameters of PPO for language models.
///
/// The values of Ziegler et al.
#[derive(Clone, Debug, Config)]
pub struct PpoLmConfig {
    /// The model, its answers and its scores.
    #[setting(
        flatten,
        laptop = Tuning {
            rollout: RolloutConfig { prompts: 64, group: 2, ..RolloutConfig::default() },
            ..Tuning::default()
        },
        paper = Tuning {
            rollout: RolloutConfig { prompts: 256, group: 2, temperature: 0.7, ..RolloutConfig::default() },
            ..Tuning::default()
        },
    )]
    pub tuning: Tuning,
    /// Weight of the divergence from the model at the start, charged at every token; below 0 the model
    /// would be driven away from it.
    #[setting(0.0, paper = 0.1, min = 0)]
    pub beta: f64,
    /// Discount per token.
    #[setting(1.0, min = 0, max = 1)]
    pub gamma: f64,
    /// Decay of the generalised advantage estimate.
    #[setting(0.95, min = 0, max = 1)]
    pub lambda: f64,
    /// How far the probability ratio of a token, and its value, may move before the gradient is cut.
    #[setting(0.2, above = 0)]
    pub clip: f32,
    /// Passes over the answers.
    #[setting(2, paper = 4, min = 1)]
    pub epochs: usize,
    /// Steps that a pass is cut into.
    #[setting(2, paper = 8, min = 1)]
    pub minibatches: usize,
    /// AdamW's step size of the policy.
    #[setting(2e-4, paper = 1e-5, above = 0)]
    pub learning_rate: f64,
    /// AdamW's step size of the critic.
    #[setting(5e-4, paper = 1e-5, above = 0)]
    pub critic_rate: f64,
    /// Limit of the global gradient norm of each.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
}

/// Proximal policy optimisation of a language model.
pub struct PpoLm {
    config: PpoLmConfig,
    language: Language,
    critic: Trained<Critic>,
}

run::register!(PpoLm);

impl Method for PpoLm {
    const CARD: Card = Card {
        id: "ppo-lm",
        title: "Fine-Tuning Language Models from Human Preferences",
        paper: "Ziegler et al., 2019, arXiv 1909.08593",
        family: "reasoning",
        summary: "proximal policy optimisation over the tokens of a language model, with a value head",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "loss/value",
            "train/accuracy",
            "diag/kl",
            "diag/entropy",
            "diag/clip_fraction",
            "diag/truncated",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 200,
        instead: "`ppo`",
    };
    type Config = PpoLmConfig;

    fn build(config: PpoLmConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let adam = adamw(config.learning_rate, 0.0);
        let language = config.tuning.language(&Self::CARD, adam, task, run)?;
        let critic = Critic::new(&language.reference, run.random("init"));
        let critic = Trained::new(critic, adamw(config.critic_rate, 0.0));
        Ok(Self { config, language, critic })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let rollouts = self.language.rollouts(&self.config.tuning.rollout, None, run)?;
        let rewards = rollouts.correct();
        report(&rollouts, &rewards, run)?;
        let signals = self.signals(&rollouts, &rewards, run)?;
        let mut order: Vec<usize> = (0..rollouts.answers.len()).collect();
        let size = order.len().div_ceil(self.config.minibatches);
        for _ in 0..self.config.epochs {
            order.shuffle(run.random("minibatches"));
            for indices in order.chunks(size) {
                self.improve(&rollouts, indices, &signals, run)?;
            }
        }
        run.count_updates("policy", (self.config.epochs * self.config.minibatches) as u64);
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        self.language.evaluate(protocol, None, run)
    }

    fn speaker(&self) -> Option<&dyn Speaker> {
        Some(&self.language)
    }

    fn publish(&self, place: &Path) -> Result<bool> {
        self.language.publish(place)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("critic", &self.critic)]);
        self.language.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("critic", &mut self.critic)])?;
        self.language.load(arrays)
    }
}

/// What the tokens of an answer are learnt from, one number each.
struct Signal {
    value: Vec<f32>,
    advantage: Vec<f32>,
    target: Vec<f32>,
}

impl PpoLm {
    /// Values, advantages and targets of all tokens under the policy and critic that drew them.
    fn signals(&self, rollouts: &Rollouts, rewards: &[f32], run: &mut Run) -> Result<Vec<Signal>> {
        let charged = self.charges(rollouts, run)?;
        let mut values = Vec::new();
        for piece in rollouts.pieces() {
            let batch = rollouts.batch(&piece);
            values.extend(batch.rows(self.critic.inference().values(&batch)?));
        }
        let (gamma, lambda) = (self.config.gamma as f32, self.config.lambda as f32);
        let of_answer = |((value, mut reward), last): ((Vec<f32>, Vec<f32>), &f32)| {
            let steps = value.len();
            reward[steps - 1] += last;
            let mut discount = vec![gamma; steps];
            discount[steps - 1] = 0.0;
            let mut continues = vec![1.0; steps];
            continues[steps - 1] = 0.0;
            let next = [&value[1..], &[0.0][..]].concat();
            let extent = Rollout { steps, rows: 1, order: Order::BatchMajor };
            let seen =
                Steps { reward: &reward, discount: &discount, value_next: &next, continues: &continues };
            let found = gae(extent, seen, &value, &vec![1.0; steps], lambda).map_err(RunError::part)?;
            Ok(Signal { value, advantage: found.advantage, target: found.target })
        };
        values.into_iter().zip(charged).zip(rewards).map(of_answer).collect()
    }

    /// What the divergence from the model at the start costs at every token.
    fn charges(&self, rollouts: &Rollouts, run: &mut Run) -> Result<Vec<Vec<f32>>> {
        if self.config.beta == 0.0 {
            return Ok(rollouts.answers.iter().map(|answer| vec![0.0; answer.ids.len()]).collect());
        }
        let temperature = self.config.tuning.rollout.temperature;
        let reference = reference_log_probs(&self.language.reference, rollouts, temperature)?;
        let (mut sum, mut tokens) = (0.0, 0);
        let mut charge = |(own, other): (&f32, &f32)| {
            (sum, tokens) = (sum + f64::from(own - other), tokens + 1);
            -(self.config.beta as f32) * (own - other)
        };
        let pairs = rollouts.answers.iter().zip(reference);
        let charges = pairs
            .map(|(answer, other)| answer.log_probs.iter().zip(&other).map(&mut charge).collect())
            .collect();
        run.log("diag/kl", sum / f64::from(tokens.max(1)))?;
        Ok(charges)
    }

    /// One step of policy and critic on some of the answers.
    fn improve(
        &mut self,
        rollouts: &Rollouts,
        indices: &[usize],
        signals: &[Signal],
        run: &mut Run,
    ) -> Result<()> {
        let batch = rollouts.batch(indices);
        let clip = self.config.clip;
        let temperature = self.config.tuning.rollout.temperature;
        let log_prob = log_probs(self.language.policy.module(), &batch, temperature)?;
        let device = log_prob.device();
        let mask = batch.mask(&device);
        let old = indices.iter().map(|index| rollouts.answers[*index].log_probs.as_slice());
        let old = batch.spread(&batch.padded(old), &device);
        let mut advantage = batch.padded(indices.iter().map(|index| signals[*index].advantage.as_slice()));
        advantages(&mut advantage, batch.kept(), 1e-8, Divisor::Population).map_err(RunError::part)?;
        let advantage = batch.spread(&advantage, &device);
        let surrogate = clipped(log_prob, old, advantage, clip, clip);
        run.log("diag/clip_fraction", scalar(reduce::masked_mean(surrogate.clipped, mask.clone())))?;
        let loss = reduce::masked_mean(surrogate.loss, mask.clone());
        let [rows, columns] = batch.dims();
        let flat = |tensor: Tensor<2>| tensor.reshape([rows * columns]);
        let value = flat(self.critic.module().values(&batch)?);
        let of_signals = |part: fn(&Signal) -> &[f32]| {
            let rows = indices.iter().map(|index| part(&signals[*index]));
            flat(batch.spread(&batch.padded(rows), &device))
        };
        let value_old = of_signals(|signal| &signal.value);
        let target = of_signals(|signal| &signal.target);
        let value_loss = value_clip(value, value_old, target, clip).reshape([rows, columns]);
        let value_loss = reduce::masked_mean(value_loss, mask);
        let limit = Some(self.config.gradient_clip);
        let done = update(run, "policy", loss, &mut [&mut self.language.policy], limit)?;
        let fitted = update(run, "value", value_loss, &mut [&mut self.critic], limit)?;
        run.log("loss/policy", f64::from(done.loss))?;
        run.log("loss/value", f64::from(fitted.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}
