//! Supervised fine-tuning: the model is fitted to worked solutions by likelihood, from nothing or from
//! a published model.

#[cfg(test)]
mod tests;

use run::{Card, Need, Primary, Progress, Result, Run, Task};
use settings::Config;

use super::{
    evaluation::EvaluationConfig,
    learner::{Language, LanguagePlan},
    model::ModelConfig,
    supervised::{self, Corpus, SupervisedConfig},
    tuner::Tuner,
};

/// Hyper-parameters of supervised fine-tuning.
///
/// For published models, the values that instruction tuning of small ones is usually done with.
#[derive(Clone, Debug, Config)]
pub struct SftConfig {
    /// Shape of the embedded model.
    #[setting(group)]
    pub model: ModelConfig,
    /// How worked solutions are fitted.
    #[setting(
        group,
        paper = SupervisedConfig { batch: 32, learning_rate: 1e-5, warm_up: 100, ..SupervisedConfig::default() },
    )]
    pub supervised: SupervisedConfig,
    /// Whether the step size falls linearly to 0 over the run.
    #[setting(true)]
    pub anneal: bool,
    /// Most tokens of an answer when it is scored; 0 for the longest solution of the problems.
    #[setting(0)]
    pub max_new: usize,
    /// How the model is scored.
    #[setting(group)]
    pub evaluation: EvaluationConfig,
}

/// Supervised fine-tuning.
pub struct Sft {
    config: SftConfig,
    language: Language,
    corpus: Corpus,
}

run::register!(crate::language::tuner::Tuned<Sft>);

impl Tuner for Sft {
    const CARD: Card = Card {
        id: "sft",
        title: "Training language models to follow instructions with human feedback, step 1",
        paper: "Ouyang et al., 2022, arXiv 2203.02155",
        family: "reasoning",
        summary: "fits a language model to worked solutions",
        needs: &[Need::Problems],
        metrics: &["loss/sft", "diag/gradient_norm", "eval/*"],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 1_000,
        instead: "`bc`",
    };
    type Config = SftConfig;

    fn build(config: SftConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let plan = LanguagePlan {
            model: &config.model,
            base: None,
            adam: config.supervised.adam(),
            max_new: config.max_new,
            evaluation: &config.evaluation,
        };
        let language = Language::new(&Self::CARD, &plan, task, run)?;
        let corpus = Corpus::of(&language.problems);
        Ok(Self { config, language, corpus })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let Self { config, language, corpus } = self;
        let left = match config.anneal {
            true => (1.0 - run.steps() as f64 / run.total_steps().max(1) as f64).max(0.0),
            false => 1.0,
        };
        language.policy.set_learning_rate(left * config.supervised.rate(run.steps()));
        let solutions = corpus.solutions(&language.codec, config.supervised.batch, run.random("problems"))?;
        let done = supervised::step(&mut language.policy, &solutions, &config.supervised, run)?;
        run.log("loss/sft", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
        run.count_updates("policy", 1);
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
