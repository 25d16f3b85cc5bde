//! RENT, reinforcement learning via entropy minimisation (Prabhudesai et al., 2025, arXiv 2505.22660).
//!
//! No labels and no verifier: an answer is rewarded for the model's own confidence in it, minus the
//! mean entropy of the distributions from which its last tokens were drawn. Reinforced against the other
//! answers to the same prompt, reasoning that ends in a confident answer becomes likelier, which helps
//! as far as confidence and correctness agree inside a group. The entropies are those of the policy that
//! drew the answer, observed while it did, at temperature 1 over the whole vocabulary.

mod config;
mod direct;
mod reward;

use std::ops::Range;

use agents::language::{
    confidence::{correlation, noise},
    group::report,
    language::{Exam, Language, Plan},
    rollout::{Answer, Rollouts, training},
    tuner::Tuner,
};
use rand::seq::index::sample;
use run::{Card, Need, Primary, Progress, Protocol, Result, Run, Score, Scores, Task};
use worlds::text::Problem;

use self::reward::{confidence, settle};
pub use self::{
    config::{Objective, RentConfig, Reward, Setting},
    reward::Subset,
};

/// Where the subset of tokens begins and ends in each answer that has one.
type Spans = Vec<Option<Range<usize>>>;

/// Reinforcement learning via entropy minimisation.
pub struct Rent {
    config: RentConfig,
    language: Language,
    /// What a transductive run adapts to; empty otherwise.
    pool: Vec<Problem>,
}

run::register!(agents::language::tuner::Tuned<Rent>);

impl Tuner for Rent {
    const CARD: Card = Card {
        id: "rent",
        title: "Maximizing Confidence Alone Improves Reasoning",
        paper: "Prabhudesai et al., 2025, arXiv 2505.22660",
        family: "reasoning",
        summary: "reinforces the answers of a language model that it is confident of, without labels",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "loss/entropy",
            "train/accuracy",
            "diag/kl",
            "diag/entropy",
            "diag/correlation",
            "diag/start_correlation",
            "diag/start_correlation_*",
            "diag/unique_answers",
            "diag/clip_fraction",
            "diag/flat_groups",
            "diag/truncated",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 100,
        instead: "`ppo`",
    };
    type Config = RentConfig;

    fn build(config: RentConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let plan = Plan {
            model: &config.model,
            base: Some(&config.base),
            adam: config.update.adam(),
            max_new: config.rollout.max_new,
            evaluation: &config.evaluation,
        };
        let language = Language::new(&Self::CARD, &plan, task, run)?;
        let pool = match config.setting {
            Setting::Inductive => Vec::new(),
            Setting::Transductive => training(&language.problems, config.pool, &mut run.derived("pool", 0)),
        };
        Ok(Self { config, language, pool })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        if run.steps() == 0 && self.config.probe > 0 {
            self.look_ahead(run)?;
        }
        let (config, temperature) = (&self.config, self.config.rollout.temperature);
        let given = self.prompts(run);
        let rollouts = self.language.answers(given, &config.rollout, None, run.random("policy"))?;
        let (rewards, spans) = self.rewards(&rollouts, run)?;
        report(&rollouts, &rewards, run)?;
        self.language.watch(&rollouts, &rewards, temperature, config.update.beta, run)?;
        match config.objective {
            Objective::Reinforce => {
                let advantages = config.advantage.advantages(&rewards, rollouts.group, run)?;
                self.language.improve(&rollouts, &advantages.values, temperature, &config.update, run)?;
            }
            Objective::Direct => {
                direct::minimise(&mut self.language, &rollouts, &spans, temperature, &config.update, run)?;
            }
        }
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    /// Besides the common scores, `eval/over_majority`: greedy accuracy less that of the start's majority,
    /// the ceiling of a policy that is only sharper.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let mut scores = self.language.evaluate(protocol, None, run)?;
        if let (Some(own), Some(ceiling)) = (scores.get("eval/accuracy"), scores.get("eval/base_majority")) {
            let score = Score::of(&[own.mean - ceiling.mean]);
            scores.extend(score.map(|score| ("eval/over_majority".to_owned(), score)));
        }
        if !self.pool.is_empty() {
            let source = self.language.problems.clone();
            let problems = self.pool.iter().take(protocol.episodes).cloned().collect();
            let exam = Exam { prefix: "pool_", source: &source, problems, samples: true };
            scores.extend(self.language.examine(&exam, None, protocol.seed, run)?);
        }
        Ok(scores)
    }

    fn language(&self) -> &Language {
        &self.language
    }

    fn language_mut(&mut self) -> &mut Language {
        &mut self.language
    }
}

impl Rent {
    /// Problems of an update; from the pool each at most once.
    fn prompts(&self, run: &mut Run) -> Vec<Problem> {
        let (count, random) = (self.config.rollout.prompts, run.random("problems"));
        match self.config.setting {
            Setting::Inductive => training(&self.language.problems, count, random),
            Setting::Transductive => {
                sample(random, self.pool.len(), count).iter().map(|index| self.pool[index].clone()).collect()
            }
        }
    }

    /// The tokens of each answer that a subset chooses.
    fn spans(&self, subset: Subset, rollouts: &Rollouts) -> Result<Spans> {
        let (codec, marker) = (&self.language.codec, self.language.problems.world.marker());
        let span = |answer: &Answer| subset.of(answer, self.config.chunk, codec, marker);
        rollouts.answers.iter().map(span).collect()
    }

    /// The reward of each answer, and the tokens that it looks at.
    fn rewards(&self, rollouts: &Rollouts, run: &mut Run) -> Result<(Vec<f32>, Spans)> {
        let config = &self.config;
        let spans = self.spans(config.subset, rollouts)?;
        let rewards = match config.reward {
            Reward::Random => noise(rollouts.answers.len(), run.random("rewards")),
            Reward::Format => rollouts.of(|answer| f32::from(u8::from(answer.verdict.format))),
            Reward::Confidence => confidences(rollouts, &spans, [config.confidence, config.format])?,
        };
        Ok((rewards, spans))
    }

    /// Reports how well confidence in each subset agrees with correctness before anything is learnt.
    fn look_ahead(&self, run: &mut Run) -> Result<()> {
        let rollouts = self.language.probe(self.config.probe, &self.config.rollout, run)?;
        for (subset, name) in Subset::EVERY {
            let spans = self.spans(subset, &rollouts)?;
            // Where a subset is mostly undefined, there is nothing to compare.
            let Ok(rewards) = confidences(&rollouts, &spans, [1.0, 0.0]) else { continue };
            let Some(value) = correlation(&rollouts, &rewards) else { continue };
            run.log(&format!("diag/start_correlation_{name}"), value)?;
            if subset == self.config.subset {
                run.log("diag/start_correlation", value)?;
            }
        }
        Ok(())
    }
}

/// Confidence in the tokens of `spans` and the form of each answer, weighted.
fn confidences(
    rollouts: &Rollouts,
    spans: &[Option<Range<usize>>],
    [weight, format]: [f64; 2],
) -> Result<Vec<f32>> {
    let reward = |(answer, span): (&Answer, &Option<Range<usize>>)| {
        let form = format as f32 * f32::from(u8::from(answer.verdict.format));
        Some(weight as f32 * confidence(&answer.entropies, span.clone()?) + form)
    };
    let found: Vec<Option<f32>> = rollouts.answers.iter().zip(spans).map(reward).collect();
    let truncated: Vec<bool> = rollouts.answers.iter().map(|answer| !answer.ended).collect();
    settle(&found, &truncated, rollouts.group)
}
