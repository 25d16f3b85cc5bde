//! RENT as a method: its card, what it is made of, and its scores.

use agents::language::{
    learner::{Exam, Language},
    rollout::training,
    tuner::Tuner,
};
use run::{Card, Need, Primary, Progress, Protocol, Result, Run, Score, Scores, Task};

use super::{Rent, RentConfig, Setting};

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
        let language = config.tuning.language(&Self::CARD, config.update.adam(), task, run)?;
        let pool = match config.setting {
            Setting::Inductive => Vec::new(),
            Setting::Transductive => training(&language.problems, config.pool, &mut run.derived("pool", 0)),
        };
        Ok(Self { config, language, pool })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.advance(run)
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
