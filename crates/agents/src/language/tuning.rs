//! What every method is told that improves a model by its own answers.

use learn::optim::AdamSettings;
use run::{Card, Result, Run, Task};
use settings::{Config, Refusal};

use super::{
    base::BaseConfig,
    evaluation::EvaluationConfig,
    learner::{Language, LanguagePlan},
    model::ModelConfig,
    rollout::RolloutConfig,
};

/// The model that such a method starts from, the answers it learns from, and the scores it gets.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct Tuning {
    /// Shape of the embedded model.
    #[setting(group)]
    pub model: ModelConfig,
    /// How the embedded model is trained beforehand.
    #[setting(group)]
    pub base: BaseConfig,
    /// How training problems are answered.
    #[setting(group)]
    pub rollout: RolloutConfig,
    /// How the model is scored.
    #[setting(group)]
    pub evaluation: EvaluationConfig,
}

impl Tuning {
    /// The model that these settings and a task describe, with the optimiser of its method.
    ///
    /// # Errors
    /// As [`Language::new`].
    pub fn language(&self, card: &Card, adam: AdamSettings, task: &Task, run: &mut Run) -> Result<Language> {
        let plan = LanguagePlan {
            model: &self.model,
            base: Some(&self.base),
            adam,
            max_new: self.rollout.max_new,
            evaluation: &self.evaluation,
        };
        Language::new(card, &plan, task, run)
    }

    /// Checks that there is something to compare, for the method `id`.
    ///
    /// # Errors
    /// Groups have one answer.
    pub fn compared_by(&self, id: &str) -> std::result::Result<(), Refusal> {
        match self.rollout.group {
            0 | 1 => Err(Refusal::saying(
                "rollout.group",
                self.rollout.group,
                format!("`{id}` compares the answers of a group, so it must be at least 2"),
            )),
            _ => Ok(()),
        }
    }
}
