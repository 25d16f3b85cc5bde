//! A language model in training, with what it is trained on and what it started as.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::Device;
use learn::optim::{AdamSettings, Trained};
use nets::lm::{Decoder, generate::StepHook};
use rand_chacha::ChaCha8Rng;
use run::{Card, Problems, Protocol, Result, Run, RunError, Score, Scores, Snapshot, Task};
use worlds::text::Problem;

use super::{
    base::{self, BaseConfig, Start},
    codec::Codec,
    evaluation::{EvaluationConfig, Measures, measure},
    model::ModelConfig,
    rollout::{Drawing, RolloutConfig, Rollouts, answer, reborrow, training},
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
    /// What it is scored on besides.
    tests: Vec<Problems>,
    /// What the reference is worth, by what it was scored on; recomputed where it is needed.
    worth: BTreeMap<(String, usize), Measures>,
}

/// Problems to be scored on.
pub struct Exam<'a> {
    /// What stands before its measures' names.
    pub prefix: &'a str,
    /// Where the problems come from, and who grades the answers.
    pub source: &'a Problems,
    /// The problems, the same in every exam of this prefix, source and number.
    pub problems: Vec<Problem>,
    /// Whether answers are drawn besides the greedy ones.
    pub samples: bool,
}

/// What a [`Language`] is made from.
pub struct LanguagePlan<'a> {
    /// Shape of the embedded model.
    pub model: &'a ModelConfig,
    /// How it is trained beforehand; it starts untrained where nothing is said.
    pub base: Option<&'a BaseConfig>,
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
    pub fn new(card: &Card, plan: &LanguagePlan<'_>, task: &Task, run: &mut Run) -> Result<Self> {
        let problems: &Problems = task.require(card)?;
        let mut corpus = Corpus::of(problems);
        for beside in plan.base.iter().flat_map(|base| &base.beside) {
            corpus = corpus.with(Problems::open(&beside.problems)?, beside.weight);
        }
        let tests =
            plan.evaluation.tests.iter().map(|name| problems.to_score(name)).collect::<Result<_>>()?;
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
            tests,
            worth: BTreeMap::new(),
        })
    }

    /// Answers of the policy to training problems, drawn with the run's generators, under a hook if there
    /// is one.
    ///
    /// # Errors
    /// A prompt has characters that are no tokens, or is too long for the model.
    pub fn rollouts(
        &self,
        config: &RolloutConfig,
        hook: Option<&mut dyn StepHook>,
        run: &mut Run,
    ) -> Result<Rollouts> {
        let given = training(&self.problems, config.prompts, run.random("problems"));
        self.answers(given, config, hook, run.random("policy"))
    }

    /// Answers of the policy to these problems.
    ///
    /// # Errors
    /// As [`Language::rollouts`].
    pub fn answers(
        &self,
        given: Vec<Problem>,
        config: &RolloutConfig,
        hook: Option<&mut dyn StepHook>,
        random: &mut ChaCha8Rng,
    ) -> Result<Rollouts> {
        let drawing = Drawing { temperature: config.temperature, max_new: self.max_new };
        let policy = self.policy.inference();
        answer(policy, &self.codec, &self.problems, given, config.group, drawing, hook, random)
    }

    /// Scores the policy on held-out problems, beside the model at the start (`eval/base_*`) and as the
    /// difference to it (`eval/gain_*`), and notes some completions. The k-th of the tests that the
    /// configuration names gives `eval/test<k>_*`, their mean `eval/tests_accuracy`. A hook sees the
    /// policy's answers; the model at the start answers without.
    ///
    /// # Errors
    /// A prompt of the problems has characters that are no tokens, or is too long for the model.
    pub fn evaluate(
        &mut self,
        protocol: &Protocol,
        mut hook: Option<&mut dyn StepHook>,
        run: &mut Run,
    ) -> Result<Scores> {
        let source = protocol.problems.as_ref().unwrap_or(&self.problems).clone();
        let problems = source.world.held_out(protocol.episodes);
        let exam = Exam { prefix: "", source: &source, problems, samples: true };
        let mut scores = self.examine(&exam, hook.as_mut().map(reborrow), protocol.seed, run)?;
        let tests = self.tests.clone();
        for (index, source) in tests.iter().enumerate() {
            let (prefix, problems) =
                (format!("test{}_", index + 1), source.world.held_out(protocol.episodes));
            let exam = Exam { prefix: &prefix, source, problems, samples: false };
            scores.extend(self.examine(&exam, hook.as_mut().map(reborrow), protocol.seed, run)?);
        }
        for kind in ["", "base_", "gain_"] {
            let each =
                (1..=tests.len()).filter_map(|test| scores.get(&format!("eval/{kind}test{test}_accuracy")));
            let means: Vec<f64> = each.map(|score| score.mean).collect();
            if let Some(score) = Score::of(&means) {
                scores.insert(format!("eval/{kind}tests_accuracy"), score);
            }
        }
        Ok(scores)
    }

    /// Scores the policy, the model at the start and their difference on some problems.
    ///
    /// # Errors
    /// As [`Language::evaluate`].
    pub fn examine(
        &mut self,
        exam: &Exam<'_>,
        hook: Option<&mut dyn StepHook>,
        seed: u64,
        run: &mut Run,
    ) -> Result<Scores> {
        let key = (format!("{}{}", exam.prefix, exam.source.world.name()), exam.problems.len());
        if !self.worth.contains_key(&key) {
            // Under a seed of its own, so that it is the same whenever it is looked at.
            let found = self.measure(&self.reference, exam, None, 0, run)?;
            self.worth.insert(key.clone(), found);
        }
        let found = self.measure(self.policy.inference(), exam, hook, seed, run)?;
        for line in &found.shown {
            run.note(line.clone());
        }
        let (prefix, worth) = (exam.prefix, &self.worth[&key]);
        let mut scores = found.scores(prefix);
        scores.extend(worth.scores(&format!("base_{prefix}")));
        scores.extend(found.above(worth).scores(&format!("gain_{prefix}")));
        Ok(scores)
    }

    /// What a model is worth on some problems, with draws that follow from the run's seed and `seed`.
    ///
    /// # Errors
    /// As [`Language::evaluate`].
    pub fn measure(
        &self,
        decoder: &Decoder,
        exam: &Exam<'_>,
        hook: Option<&mut dyn StepHook>,
        seed: u64,
        run: &Run,
    ) -> Result<Measures> {
        let samples = if exam.samples { self.evaluation.samples } else { 0 };
        let config = EvaluationConfig { samples, ..self.evaluation.clone() };
        // Problems of another kind can need longer answers than those of training.
        let room = match exam.source.world.name() == self.problems.world.name() {
            true => self.max_new,
            false => self.max_new.max(exam.source.world.longest()[1]),
        };
        let random = &mut run.derived("eval-text", seed);
        measure(decoder, &self.codec, exam.source, &exam.problems, &config, room, hook, random)
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
