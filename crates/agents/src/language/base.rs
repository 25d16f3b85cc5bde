//! The model that post-training starts from: half trained on the spot, or published.
//!
//! The embedded base is a function of its problems, its shape, the stop rule and the seed alone, so
//! that all arms of a claim start from the same one, and it is trained once for all of them.

use std::sync::Arc;

use burn::tensor::Device;
use learn::optim::Trained;
use nets::lm::{Decoder, checkpoint, tokenizer::PublishedTokenizer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{
    Problems, Result, Run, RunError, Snapshot, Task,
    shared::{Key, product},
    task::Checkpoint,
};
use serde::{Deserialize, Serialize};
use settings::{Config, Value};

use super::{
    codec::Codec,
    model::ModelConfig,
    rollout::{Drawing, answer, training},
    supervised::{self, Corpus, SupervisedConfig},
};
use crate::{
    device,
    state::{load_module, save_module},
};

/// Problems whose prompts are checked before anything is trained.
const LOOKED_AT: usize = 256;
/// Parameters of the base in its snapshot.
const DECODER: &str = "decoder";

/// How the embedded base is trained: worked solutions until it is right often enough.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct BaseConfig {
    /// Share of drawn answers to held-out prompts that must be right for training to stop.
    #[setting(0.45, min = 0, max = 1)]
    pub accuracy: f64,
    /// Temperature at which these answers are drawn.
    #[setting(1.0, min = 0)]
    pub temperature: f64,
    /// Held-out prompts, one answer each.
    #[setting(256, min = 1)]
    pub prompts: usize,
    /// Updates between two looks.
    #[setting(20, min = 1)]
    pub every: u64,
    /// Updates after which training stops in any case.
    #[setting(3_000)]
    pub cap: u64,
    /// How worked solutions are fitted.
    #[setting(
        group,
        laptop = SupervisedConfig { learning_rate: 1e-3, ..SupervisedConfig::default() },
        paper = Self::default().supervised,
    )]
    pub supervised: SupervisedConfig,
    /// Other problems whose worked solutions are fitted besides.
    #[setting(Vec::new())]
    pub beside: Vec<Beside>,
}

/// Problems that a base learns from and training does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// A text world or a `.jsonl` file.
    pub problems: String,
    /// How often a solution is drawn from it, where those of the problems of training have weight 1.
    pub weight: f64,
}

impl Value for Beside {
    fn expected() -> String {
        "problems with a weight, such as { problems = \"arith,n=1\", weight = 0.5 }".to_owned()
    }

    fn check(&self) -> std::result::Result<(), String> {
        match self.weight.is_finite() && self.weight > 0.0 {
            true => Ok(()),
            false => Err(format!("`{}` has the weight {}: it must be above 0", self.problems, self.weight)),
        }
    }
}

/// A model to start from.
pub struct Start {
    /// Its tokens.
    pub codec: Codec,
    /// Its weights, without automatic differentiation.
    pub decoder: Decoder,
    /// Most tokens of an answer.
    pub max_new: usize,
}

/// The model that a task and its settings name: the published one where there is one, else the embedded
/// one, trained on worked solutions if `base` says how. `corpus` has the problems first.
///
/// # Errors
/// A checkpoint cannot be used, or a prompt and its answer are longer than the model's context.
pub fn start(
    task: &Task,
    run: &mut Run,
    corpus: &Corpus,
    model: &ModelConfig,
    base: Option<&BaseConfig>,
    max_new: usize,
) -> Result<Start> {
    let device = device::parse(run.device())?;
    let problems = corpus.sources()[0];
    let [prompt, solution] = problems.world.longest();
    let max_new = if max_new == 0 { solution } else { max_new };
    if let Some(checkpoint) = task.get::<Checkpoint>() {
        return published(checkpoint, problems, max_new, &device);
    }
    let codec = Codec::characters_and(&corpus.sources(), corpus.symbols())?;
    let needed = prompt + max_new.max(solution);
    if needed > model.context {
        return Err(RunError::Config(format!(
            "a prompt of `{}` and its answer have up to {needed} tokens, but `model.context` is {}: raise it or \
             use shorter problems",
            problems.name, model.context
        )));
    }
    let mut random = run.derived("base", 0);
    let decoder = match base {
        None => model.shape(codec.vocabulary()).init(&device, &mut random).map_err(RunError::part)?,
        Some(config) => {
            let warm = WarmStart { corpus, codec: &codec, model, config, max_new, device: &device };
            let (decoder, reached) = warm.shared(run.seed())?;
            run.note(format!(
                "the base model is right {:.1} % of the time after {} updates",
                100.0 * reached.accuracy,
                reached.updates
            ));
            if reached.accuracy < config.accuracy {
                run.note(format!(
                    "it was to be right {:.1} % of the time: raise base.cap for more updates",
                    100.0 * config.accuracy
                ));
            }
            decoder
        }
    };
    Ok(Start { codec, decoder, max_new })
}

/// A published model in its folder.
fn published(checkpoint: &Checkpoint, problems: &Problems, max_new: usize, device: &Device) -> Result<Start> {
    let loaded = checkpoint::load(&checkpoint.folder, device).map_err(RunError::part)?;
    let tokenizer = PublishedTokenizer::load(&checkpoint.folder).map_err(RunError::part)?;
    let codec = Codec::published(Arc::new(tokenizer), &checkpoint.folder, problems)?;
    loaded.decoder.check_tokens(codec.vocabulary()).map_err(RunError::part)?;
    check_prompts(&codec, problems, loaded.decoder.config().context)?;
    Ok(Start { codec, decoder: loaded.decoder, max_new })
}

/// Refuses problems whose prompts leave no room for an answer, by those that are looked at first.
fn check_prompts(codec: &Codec, problems: &Problems, context: usize) -> Result<()> {
    let drawn = training(problems, LOOKED_AT, &mut ChaCha8Rng::seed_from_u64(0));
    for problem in problems.world.held_out(LOOKED_AT).into_iter().chain(drawn) {
        let length = codec.prompt(&problem)?.len();
        if length >= context {
            let beginning: String = problem.prompt.chars().take(40).collect();
            return Err(RunError::Task(format!(
                "the prompt {beginning:?} of `{}` has {length} tokens, but the model's context holds {context}: use \
                 shorter problems or a model with a longer context",
                problems.name
            )));
        }
    }
    Ok(())
}

/// How far a base came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// Share of right answers at the last look.
    pub accuracy: f64,
    /// Updates made.
    pub updates: u64,
}

/// The training of an embedded base.
struct WarmStart<'a> {
    corpus: &'a Corpus,
    codec: &'a Codec,
    model: &'a ModelConfig,
    config: &'a BaseConfig,
    max_new: usize,
    device: &'a Device,
}

impl WarmStart<'_> {
    /// The base of this seed, trained here or before.
    fn shared(&self, seed: u64) -> Result<(Decoder, Reached)> {
        let shape = self.model.shape(self.codec.vocabulary());
        let corpus = (self.corpus.description(), self.corpus.symbols());
        let parts = (corpus, &shape, self.config.table(), self.max_new, seed);
        let kept = product(&Key::new("language-base", &parts)?, || {
            let (decoder, reached) = self.train(seed)?;
            let mut snapshot = Snapshot::new();
            save_module(&mut snapshot, DECODER, &decoder);
            snapshot.put("reached", &reached)?;
            Ok(snapshot)
        })?;
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let empty = shape.init(self.device, random).map_err(RunError::part)?;
        Ok((load_module(kept.arrays(), DECODER, empty)?, kept.get("reached")?))
    }

    /// Fits worked solutions until the stop rule or the cap ends it.
    fn train(&self, seed: u64) -> Result<(Decoder, Reached)> {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let shape = self.model.shape(self.codec.vocabulary());
        let decoder = shape.init(&self.device.clone().autodiff(), random).map_err(RunError::part)?;
        let mut decoder = Trained::new(decoder, self.config.supervised.adam());
        let mut reached = Reached { accuracy: 0.0, updates: 0 };
        while reached.updates < self.config.cap {
            decoder.set_learning_rate(self.config.supervised.rate(reached.updates));
            // An error here has no step of the run it happens in: that run has not begun.
            let blank = Run::new(seed, self.config.cap, "cpu");
            let solutions = self.corpus.solutions(self.codec, self.config.supervised.batch, random)?;
            supervised::step(&mut decoder, &solutions, &self.config.supervised, &blank)?;
            reached.updates += 1;
            if reached.updates.is_multiple_of(self.config.every) || reached.updates == self.config.cap {
                reached.accuracy = self.accuracy(decoder.inference(), seed)?;
                if reached.accuracy >= self.config.accuracy {
                    break;
                }
            }
        }
        Ok((decoder.inference().clone(), reached))
    }

    /// Share of right answers to held-out prompts, drawn alike at every look.
    fn accuracy(&self, decoder: &Decoder, seed: u64) -> Result<f64> {
        let problems = self.corpus.sources()[0];
        let held_out = problems.world.held_out(self.config.prompts);
        let drawing = Drawing { temperature: self.config.temperature, max_new: self.max_new };
        let random = &mut ChaCha8Rng::seed_from_u64(!seed);
        let found = answer(decoder, self.codec, problems, held_out, 1, drawing, None, random)?;
        let right = found.answers.iter().filter(|answer| answer.verdict.correct).count();
        Ok(right as f64 / found.answers.len().max(1) as f64)
    }
}
