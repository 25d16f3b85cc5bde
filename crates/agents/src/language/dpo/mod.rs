//! Direct preference optimisation (Rafailov et al., 2023, arXiv 2305.18290).
//!
//! Of two answers to a prompt the better one is made likelier than the worse one, relative to the
//! model at the start: a classifier whose logit is the log-ratio of policy and reference, so that no
//! reward is fitted. Here pairs come from answers that were drawn on the spot, of which the verifier
//! accepts one and refuses the other.

#[cfg(test)]
mod tests;

use learn::language::{
    preference::{Pair, dpo},
    tokens::{sequence_mean, sequence_sum},
};
use run::{Card, Need, Primary, Progress, Result, Run, Task};
use settings::{Choice, Config, Refusal};

use super::{
    group::{log_probs, report, scalar},
    learner::Language,
    rollout::{Drawing, RolloutConfig, Rollouts, answer, training},
    supervised::adamw,
    tuner::Tuner,
    tuning::Tuning,
};
use crate::update::update;

/// Where the answers of pairs come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Source {
    /// The model at the start, as in the paper.
    #[default]
    Reference,
    /// The policy as it is now (online preference optimisation; Guo et al., 2024).
    Policy,
}

/// Hyper-parameters of DPO.
///
/// The paper's values (appendix B): 64 pairs, beta 0.1, step size 1e-6.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DpoConfig {
    /// The model, its answers and its scores; each prompt with right and wrong answers gives a pair.
    #[setting(
        flatten,
        laptop = Tuning {
            rollout: RolloutConfig { prompts: 32, group: 4, ..RolloutConfig::default() },
            ..Tuning::default()
        },
        paper = Tuning {
            rollout: RolloutConfig { prompts: 64, group: 2, ..RolloutConfig::default() },
            ..Tuning::default()
        },
    )]
    pub tuning: Tuning,
    /// Whose answers they are: `reference` or `policy`.
    #[setting(Source::Reference)]
    pub source: Source,
    /// Scale of the implicit reward.
    #[setting(0.1, above = 0)]
    pub beta: f64,
    /// Probability that a preference is the wrong way round, below 0.5.
    #[setting(0.0, min = 0, below = 0.5)]
    pub smoothing: f64,
    /// Weight of the better answer's likelihood per token, beside the preference (Pang et al., 2024).
    #[setting(0.0, min = 0)]
    pub likelihood: f64,
    /// AdamW's step size.
    #[setting(3e-4, paper = 1e-6, above = 0)]
    pub learning_rate: f64,
    /// Limit of the global gradient norm.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
}

impl DpoConfig {
    fn combinations(&self) -> std::result::Result<(), Refusal> {
        self.tuning.compared_by(Dpo::CARD.id)
    }
}

/// Direct preference optimisation.
pub struct Dpo {
    config: DpoConfig,
    language: Language,
}

run::register!(crate::language::tuner::Tuned<Dpo>);

impl Tuner for Dpo {
    const CARD: Card = Card {
        id: "dpo",
        title: "Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
        paper: "Rafailov et al., 2023, arXiv 2305.18290",
        family: "reasoning",
        summary: "fits a language model to which of two answers is better",
        needs: &[Need::Problems],
        metrics: &[
            "loss/preference",
            "train/accuracy",
            "diag/pairs",
            "diag/margin",
            "diag/order",
            "diag/entropy",
            "diag/truncated",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 200,
        instead: "`bc`",
    };
    type Config = DpoConfig;

    fn build(config: DpoConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let adam = adamw(config.learning_rate, 0.0);
        let language = config.tuning.language(&Self::CARD, adam, task, run)?;
        Ok(Self { config, language })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let rollouts = self.answers(run)?;
        report(&rollouts, &rollouts.correct(), run)?;
        let pairs = pairs(&rollouts);
        run.log("diag/pairs", pairs.len() as f64)?;
        if !pairs.is_empty() {
            self.improve(&rollouts, &pairs, run)?;
            run.count_updates("policy", 1);
        }
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    fn language(&self) -> &Language {
        &self.language
    }

    fn language_mut(&mut self) -> &mut Language {
        &mut self.language
    }
}

impl Dpo {
    fn answers(&self, run: &mut Run) -> Result<Rollouts> {
        let Self { config, language } = self;
        if config.source == Source::Policy {
            return language.rollouts(&config.tuning.rollout, None, run);
        }
        let RolloutConfig { prompts, group, temperature, .. } = config.tuning.rollout;
        let given = training(&language.problems, prompts, run.random("problems"));
        let drawing = Drawing { temperature, max_new: language.max_new };
        let (codec, problems) = (&language.codec, &language.problems);
        answer(&language.reference, codec, problems, given, group, drawing, None, run.random("policy"))
    }

    /// One step on pairs of a better and a worse answer.
    fn improve(&mut self, rollouts: &Rollouts, pairs: &[[usize; 2]], run: &mut Run) -> Result<()> {
        let count = pairs.len();
        let indices: Vec<usize> =
            pairs.iter().map(|pair| pair[0]).chain(pairs.iter().map(|pair| pair[1])).collect();
        let batch = rollouts.batch(&indices);
        let log_prob = log_probs(self.language.policy.module(), &batch, 1.0)?;
        let device = log_prob.device();
        let mask = batch.mask(&device);
        let split = |log_prob, mask| {
            let sums = sequence_sum(log_prob, mask);
            Pair { chosen: sums.clone().narrow(0, 0, count), rejected: sums.narrow(0, count, count) }
        };
        let reference = log_probs(&self.language.reference, &batch, 1.0)?.autodiff();
        let chosen = sequence_mean(log_prob.clone(), mask.clone()).narrow(0, 0, count);
        let (beta, smoothing) = (self.config.beta as f32, self.config.smoothing as f32);
        let found = dpo(split(log_prob, mask.clone()), split(reference, mask), beta, smoothing);
        let loss = found.loss.mean() - chosen.mean().mul_scalar(self.config.likelihood as f32);
        run.log("diag/order", scalar(found.margin.clone().greater_elem(0.0).float().mean()))?;
        run.log("diag/margin", scalar(found.margin.mean()))?;
        let clip = Some(self.config.gradient_clip);
        let done = update(run, "preference", loss, &mut [&mut self.language.policy], clip)?;
        run.log("loss/preference", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}

/// The first right and the first wrong answer of every group that has both.
fn pairs(rollouts: &Rollouts) -> Vec<[usize; 2]> {
    let of_group = |group: usize| {
        let mut members = group * rollouts.group..(group + 1) * rollouts.group;
        let right = |index: &usize| rollouts.answers[*index].verdict.correct;
        let chosen = members.clone().find(right)?;
        Some([chosen, members.find(|index| !right(index))?])
    };
    (0..rollouts.problems.len()).filter_map(of_group).collect()
}
