//! Intuitor as a method: its card and what it is made of.

use agents::language::{codec::Codec, learner::Language, supervised::Corpus, tuner::Tuner};
use rand_chacha::ChaCha8Rng;
use run::{Card, Need, Primary, Progress, Result, Run, Task};

use super::{Intuitor, IntuitorConfig};

/// Worked solutions among whose tokens those in use are looked for.
const SOLUTIONS: usize = 1_024;

run::register!(agents::language::tuner::Tuned<Intuitor>);

impl Tuner for Intuitor {
    const CARD: Card = Card {
        id: "intuitor",
        title: "Learning to Reason without External Rewards",
        paper: "Zhao et al., 2025, arXiv 2505.19590",
        family: "reasoning",
        summary: "reinforces the answers of a language model by its own certainty, without labels",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "train/accuracy",
            "diag/self_certainty",
            "diag/self_certainty_support",
            "diag/top_probability",
            "diag/kl",
            "diag/entropy",
            "diag/correlation",
            "diag/start_correlation",
            "diag/start_correlation_*",
            "diag/unique_answers",
            "diag/empty",
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
    type Config = IntuitorConfig;

    fn build(config: IntuitorConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let language = config.tuning.language(&Self::CARD, config.update.adam(), task, run)?;
        let (corpus, tokens) = (Corpus::of(&language.problems), language.reference.config().vocabulary);
        let support = support(&corpus, &language.codec, tokens, &mut run.derived("support", 0))?;
        Ok(Self { config, language, support })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.advance(run)
    }

    fn language(&self) -> &Language {
        &self.language
    }

    fn language_mut(&mut self) -> &mut Language {
        &mut self.language
    }
}

/// 1 at the tokens that worked solutions are made of, and 0 at the others, `[V]`.
///
/// # Errors
/// A character is no token.
pub(super) fn support(
    corpus: &Corpus,
    codec: &Codec,
    tokens: usize,
    random: &mut ChaCha8Rng,
) -> Result<Vec<f32>> {
    let mut support = vec![0.0; tokens];
    for (_, solution) in corpus.solutions(codec, SOLUTIONS, random)? {
        for token in solution {
            if let Some(seen) = support.get_mut(token as usize) {
                *seen = 1.0;
            }
        }
    }
    Ok(support)
}
