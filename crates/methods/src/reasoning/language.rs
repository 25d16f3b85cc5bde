//! A language model in training, with what it is trained on and what it started as.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::Device;
use learn::optim::{AdamSettings, Trained};
use nets::lm::Decoder;
use run::{Card, Problems, Protocol, Result, Run, RunError, Scores, Snapshot, Task};

use super::{
    base::{self, BaseConfig, Start},
    codec::Codec,
    evaluation::{EvaluationConfig, Measures, measure},
    model::ModelConfig,
    rollout::{Drawing, RolloutConfig, Rollouts, answer, training},
    supervised::Corpus,
};
use crate::{
    device,
    state::{Arrays, load_module, load_trained, save_module, save_trained},
};

/// Parameters and optimiser of the policy in a snapshot.
const POLICY: &str = "policy";
/// Parameters of the model at the start in a snapshot.
const REFERENCE: &str = "reference";

/// What every language method works with.
pub struct Language {
    /// What it is trained on.
    pub problems: Problems,
    /// Between text and tokens.
    pub codec: Codec,
    /// Where tensors live, without automatic differentiation.
    pub device: Device,
    /// The model in training.
    pub policy: Trained<Decoder>,
    /// The model at the start, frozen: the reference of divergences.
    pub reference: Decoder,
    /// Most tokens of an answer.
    pub max_new: usize,
    evaluation: EvaluationConfig,
    /// What the reference is worth, by what it was scored on; recomputed where it is needed.
    worth: BTreeMap<(String, usize), Measures>,
}

/// What a language method is built from.
pub struct Plan<'a> {
    /// Shape of the embedded model.
    pub model: &'a ModelConfig,
    /// How it is trained beforehand; it starts untrained where nothing is said.
    pub base: Option<&'a BaseConfig>,
    /// Problems in worked solutions that the base is fitted to beside those of training.
    pub beside: Vec<(Problems, f64)>,
    /// The optimiser's settings.
    pub adam: AdamSettings,
    /// Most tokens of an answer; 0 for the longest solution.
    pub max_new: usize,
    /// How it is scored.
    pub evaluation: &'a EvaluationConfig,
}

impl Language {
    /// The model that a task and a plan describe.
    ///
    /// # Errors
    /// The task has no problems, a checkpoint cannot be used, or the problems are too long.
    pub fn new(card: &Card, plan: &Plan<'_>, task: &Task, run: &mut Run) -> Result<Self> {
        let problems: &Problems = task.require(card)?;
        let corpus = plan
            .beside
            .iter()
            .fold(Corpus::of(problems), |corpus, (other, weight)| corpus.with(other.clone(), *weight));
        let Start { codec, decoder, max_new } =
            base::start(task, run, &corpus, plan.model, plan.base, plan.max_new)?;
        let policy = match plan.model.lora() {
            Some(lora) => decoder.with_lora(&lora, run.random("adapters")).map_err(RunError::part)?,
            None => decoder.clone(),
        };
        Ok(Self {
            problems: problems.clone(),
            codec,
            device: device::parse(run.device())?,
            policy: Trained::new(policy, plan.adam),
            reference: decoder,
            max_new,
            evaluation: plan.evaluation.clone(),
            worth: BTreeMap::new(),
        })
    }

    /// Answers of the policy to training problems, drawn with the run's generators.
    ///
    /// # Errors
    /// A prompt has characters that are no tokens, or is too long for the model.
    pub fn rollouts(&self, config: &RolloutConfig, run: &mut Run) -> Result<Rollouts> {
        let given = training(&self.problems, config.prompts, run.random("problems"));
        let drawing = Drawing { temperature: config.temperature, max_new: self.max_new };
        let policy = self.policy.inference();
        answer(policy, &self.codec, &self.problems, given, config.group, drawing, None, run.random("policy"))
    }

    /// Scores the policy on held-out problems, beside the model at the start (`eval/base_*`), and notes
    /// some completions.
    ///
    /// # Errors
    /// A prompt of the problems has characters that are no tokens, or is too long for the model.
    pub fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let problems = protocol.problems.as_ref().unwrap_or(&self.problems).clone();
        let key = (problems.world.name().to_owned(), protocol.episodes);
        if !self.worth.contains_key(&key) {
            // Under a seed of its own, so that it is the same whenever it is looked at.
            let found = self.measure(&self.reference, &problems, protocol.episodes, 0, run)?;
            self.worth.insert(key.clone(), found);
        }
        let policy = self.policy.inference();
        let found = self.measure(policy, &problems, protocol.episodes, protocol.seed, run)?;
        for line in &found.shown {
            run.note(line.clone());
        }
        let mut scores = found.scores("");
        scores.extend(self.worth[&key].scores("base_"));
        Ok(scores)
    }

    fn measure(
        &self,
        decoder: &Decoder,
        problems: &Problems,
        count: usize,
        seed: u64,
        run: &Run,
    ) -> Result<Measures> {
        let given = problems.world.held_out(count);
        let random = &mut run.derived("eval-text", seed);
        measure(decoder, &self.codec, problems, &given, &self.evaluation, self.max_new, random)
    }

    /// Writes the policy, adapters merged, as a folder that Hugging Face transformers reads; true, since
    /// there always is one.
    ///
    /// # Errors
    /// The folder holds something already, or cannot be written.
    pub fn publish(&self, place: &Path) -> Result<bool> {
        self.codec.publish(self.policy.inference(), place).map(|()| true)
    }

    /// Writes the policy with its optimiser, and the reference.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[(POLICY, &self.policy)]);
        save_module(snapshot, REFERENCE, &self.reference);
        Ok(())
    }

    /// Takes both back.
    ///
    /// # Errors
    /// An array is missing or of another shape.
    pub fn load(&mut self, arrays: &Arrays) -> Result<()> {
        load_trained(arrays, &mut [(POLICY, &mut self.policy)])?;
        self.reference = load_module(arrays, REFERENCE, self.reference.clone())?;
        self.worth.clear();
        Ok(())
    }
}
