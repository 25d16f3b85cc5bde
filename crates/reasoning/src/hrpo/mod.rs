//! Hybrid latent reasoning by reinforcement learning (Yue et al., 2025, arXiv 2505.18454).
//!
//! While it thinks, the model reads beside every token it drew the distribution the token was drawn
//! from, as an expected embedding, in a share that a gate decides. Tokens are still drawn, so the policy
//! gradient applies, and no worked steps are needed. The gate begins almost shut, so that nothing that
//! the model can do is lost, and opens where it pays.
//!
//! Thinking ends with the answer marker; from there on tokens are read plain. The thinking states are
//! constants of the update, kept from the time the answers were drawn, which makes it one parallel pass.

mod config;
mod gate;
mod thinking;
mod update;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::ControlFlow, path::Path};

use agents::{
    language::{
        codec::Codec,
        group::{AdvantageConfig, report},
        language::{Exam, Language, Plan},
        rollout::{Answer, Drawing, answer},
        speaker::answer_aloud,
    },
    state::{arrays, load_trained, save_trained},
};
use learn::optim::Trained;
use nets::lm::{Decoder, generate::StepHook};
use rand_chacha::ChaCha8Rng;
use run::{
    Card, Method, Need, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Speaker,
    Speech, Task, scores::exact,
};

pub use config::{HrpoConfig, HybridUpdateConfig, Reading};
pub use gate::{GateConfig, Maps, Mixing, Openness};

use thinking::{Thinker, mean_thoughts, of_answers};
use update::{Answered, hybrid_log_probs, improve};

/// The gate's maps in a snapshot.
const MAPS: &str = "gate-maps";
/// The gate's openness in a snapshot.
const OPENNESS: &str = "gate-openness";
/// Updates in a row without a signal, in a snapshot.
const SILENT: &str = "hrpo.silent";
/// Updates without a signal after which the user is told.
const PATIENCE: u64 = 20;
/// Added to the deviation of rewards in a group.
const OFFSET: f64 = 1e-4;
/// Problems on which a gate that is held shut is compared with plain tokens.
const COMPARED: usize = 16;

/// A gate in training, with what it was at the start.
pub struct Gate {
    maps: Trained<Maps>,
    openness: Trained<Openness>,
    start: (Maps, Openness),
}

/// What the model reads while thinking.
pub enum Inputs {
    /// Tokens.
    Tokens,
    /// Thinking states.
    Latent,
    /// Both.
    Gated(Box<Gate>),
}

impl Inputs {
    /// How inputs are mixed, with gradients; nothing where they are plain tokens.
    fn trained(&self) -> Option<Mixing<'_>> {
        match self {
            Self::Tokens => None,
            Self::Latent => Some(Mixing::Latent),
            Self::Gated(gate) => Some(Mixing::Gated {
                maps: gate.maps.module(),
                openness: gate.openness.module(),
                shut: false,
            }),
        }
    }

    /// The same without gradients.
    fn inference(&self) -> Option<Mixing<'_>> {
        match self {
            Self::Gated(gate) => Some(Mixing::Gated {
                maps: gate.maps.inference(),
                openness: gate.openness.inference(),
                shut: false,
            }),
            other => other.trained(),
        }
    }
}

/// Hybrid reasoning policy optimisation.
pub struct Hrpo {
    config: HrpoConfig,
    language: Language,
    inputs: Inputs,
    /// The answer marker's token.
    marker: u32,
    /// Updates in a row in which no group had answers of different reward.
    silent: u64,
    /// What the model and the gate at the start are worth, by what they were scored on.
    start: BTreeMap<(String, usize), Scores>,
}

run::register!(Hrpo);

impl Method for Hrpo {
    const CARD: Card = Card {
        id: "hrpo",
        title: "Hybrid Latent Reasoning via Reinforcement Learning",
        paper: "Yue et al., 2025, arXiv 2505.18454",
        family: "reasoning",
        summary: "reinforces a language model that reads a gated share of its own predictions while it thinks",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "train/accuracy",
            "diag/hybrid_ratio",
            "diag/thoughts",
            "diag/kl",
            "diag/entropy",
            "diag/flat_groups",
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
    type Config = HrpoConfig;

    fn build(config: HrpoConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let rates = &config.update;
        let plan = Plan {
            model: &config.model,
            base: Some(&config.base),
            adam: rates.adam(rates.learning_rate),
            max_new: config.rollout.max_new,
            evaluation: &config.evaluation,
        };
        let mut language = Language::new(&Self::CARD, &plan, task, run)?;
        language.policy = language.policy.sparing_vectors();
        let marker = marker(&language.codec, language.problems.world.marker())?;
        let inputs = match config.reading {
            Reading::Tokens => Inputs::Tokens,
            Reading::Latent => Inputs::Latent,
            Reading::Gated => Inputs::Gated(Box::new(gate(&config, &language, run))),
        };
        Ok(Self { config, language, inputs, marker, silent: 0, start: BTreeMap::new() })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let config = &self.config;
        let thinker = self.thinker(self.inputs.inference(), self.language.policy.inference());
        let mut thinker = thinker.map(Thinker::keeping);
        let rollouts = self.language.rollouts(&config.rollout, hook(&mut thinker), run)?;
        let opened = thinker.as_ref().and_then(Thinker::hybrid_ratio);
        let states = thinker.map(Thinker::into_states).unwrap_or_default();
        if let (Inputs::Gated(_), Some(opened)) = (&self.inputs, opened) {
            run.log("diag/hybrid_ratio", opened)?;
        }
        run.log("diag/thoughts", mean_thoughts(&rollouts, self.marker))?;
        let sign = self.language.problems.world.marker();
        let rewards = rollouts.of(|answer| reward(answer, sign));
        report(&rollouts, &rewards, run)?;
        let advantage = AdvantageConfig { offset: OFFSET, ..AdvantageConfig::default() };
        let advantages = advantage.advantages(&rewards, config.rollout.group, run)?;
        self.silent = if advantages.flat == advantages.groups { self.silent + 1 } else { 0 };
        if self.silent == PATIENCE {
            run.note(format!(
                "for {PATIENCE} updates all answers to a prompt have earned alike, so nothing is learnt: the base \
                 model is too weak or too strong for these problems (base.accuracy, or other problems)"
            ));
        }
        let temperature = config.rollout.temperature;
        let answered =
            Answered { rollouts: &rollouts, states: &states, advantages: &advantages.values, temperature };
        improve(&mut self.language, &mut self.inputs, &answered, &config.update, run)?;
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    /// Greedy answers are thought like drawn ones, with states made at the temperature of training.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let Self { language, inputs, config, .. } = self;
        let temperature = config.rollout.temperature;
        let decoder = language.policy.inference();
        let mut thinker =
            inputs.inference().map(|mixing| Thinker::new(mixing, decoder, self.marker, temperature));
        let mut scores = language.evaluate(protocol, hook(&mut thinker), run)?;
        let opened = thinker.as_ref().and_then(Thinker::hybrid_ratio);
        if let (Inputs::Gated(_), Some(opened)) = (&self.inputs, opened) {
            let start = self.at_start(protocol, run)?;
            let (ratio, accuracy) =
                (start["eval/start_hybrid_ratio"].mean, start["eval/start_accuracy"].mean);
            scores.extend(start);
            scores.extend(exact([
                ("eval/hybrid_ratio", opened),
                ("eval/hybrid_growth", opened - ratio),
                ("eval/start_gap", accuracy - scores["eval/base_accuracy"].mean),
            ]));
        }
        Ok(scores)
    }

    fn speaker(&self) -> Option<&dyn Speaker> {
        Some(self)
    }

    /// A folder has no place for a gate, so only what reads plain tokens can be published.
    fn publish(&self, place: &Path) -> Result<bool> {
        match self.inputs {
            Inputs::Tokens => self.language.publish(place),
            _ => Ok(false),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.language.save(snapshot)?;
        if let Inputs::Gated(gate) = &self.inputs {
            save_trained(snapshot, &[(MAPS, &gate.maps), (OPENNESS, &gate.openness)]);
        }
        snapshot.put(SILENT, &self.silent)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        self.language.load(&arrays)?;
        if let Inputs::Gated(gate) = &mut self.inputs {
            load_trained(&arrays, &mut [(MAPS, &mut gate.maps), (OPENNESS, &mut gate.openness)])?;
        }
        self.silent = snapshot.get(SILENT)?;
        self.start.clear();
        Ok(())
    }
}

impl Speaker for Hrpo {
    fn speak(
        &self,
        prompt: &str,
        speech: &Speech,
        random: &mut ChaCha8Rng,
        say: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<()> {
        let Language { policy, codec, .. } = &self.language;
        let prompt = codec.encode(prompt)?;
        let mut thinker = self.thinker(self.inputs.inference(), policy.inference());
        answer_aloud(policy.inference(), codec, prompt, speech, hook(&mut thinker), random, say)
    }
}

impl Hrpo {
    fn thinker<'a>(&self, mixing: Option<Mixing<'a>>, decoder: &Decoder) -> Option<Thinker<'a>> {
        let temperature = self.config.rollout.temperature;
        mixing.map(|mixing| Thinker::new(mixing, decoder, self.marker, temperature))
    }

    /// What the model and the gate at the start were worth (`eval/start_*`), and how far a gate that is
    /// held shut is from none: the largest difference of log-probabilities (`eval/shut_gap`).
    fn at_start(&mut self, protocol: &Protocol, run: &Run) -> Result<Scores> {
        let problems = protocol.problems.as_ref().unwrap_or(&self.language.problems).clone();
        let key = (problems.world.name().to_owned(), protocol.episodes);
        if let (Inputs::Gated(gate), false) = (&self.inputs, self.start.contains_key(&key)) {
            let (language, (maps, openness)) = (&self.language, &gate.start);
            let reference = &language.reference;
            let mixing = |shut| Some(Mixing::Gated { maps, openness, shut });
            let mut thinker = self.thinker(mixing(false), reference);
            let given = problems.world.held_out(protocol.episodes);
            let exam = Exam { prefix: "start_", source: &problems, problems: given, samples: true };
            let found = language.measure(reference, &exam, hook(&mut thinker), 0, run)?;
            let mut scores = found.scores(exam.prefix);
            let opened = thinker.as_ref().and_then(Thinker::hybrid_ratio).unwrap_or_default();
            let thinker = self.thinker(mixing(true), reference).map(Thinker::keeping);
            let gap = shut_gap(language, thinker, mixing(true), self.config.rollout.temperature, run)?;
            scores.extend(exact([("eval/start_hybrid_ratio", opened), ("eval/shut_gap", gap)]));
            self.start.insert(key.clone(), scores);
        }
        Ok(self.start.get(&key).cloned().unwrap_or_default())
    }
}

/// The largest difference, over tokens of the answers to some held-out problems, between what the model at
/// the start says with its gate held shut and without one.
fn shut_gap(
    language: &Language,
    mut thinker: Option<Thinker<'_>>,
    mixing: Option<Mixing<'_>>,
    temperature: f64,
    run: &Run,
) -> Result<f64> {
    let Language { reference, codec, problems, max_new, .. } = language;
    let given = problems.world.held_out(COMPARED);
    let drawing = Drawing { temperature, max_new: *max_new };
    let random = &mut run.derived("shut-gate", 0);
    let rollouts = answer(reference, codec, problems, given, 1, drawing, hook(&mut thinker), random)?;
    let states = thinker.map(Thinker::into_states).unwrap_or_default();
    let mut gap: f64 = 0.0;
    for piece in rollouts.pieces() {
        let batch = rollouts.batch(&piece);
        let states = of_answers(&states, &piece);
        let shut = hybrid_log_probs(reference, &batch, mixing, &states, temperature)?;
        let plain = hybrid_log_probs(reference, &batch, None, &[], temperature)?;
        let drawn = piece.iter().map(|answer| &rollouts.answers[*answer].log_probs);
        let rows = batch.rows(shut).into_iter().zip(batch.rows(plain)).zip(drawn);
        for ((shut, plain), drawn) in rows {
            let far = |values: &[f32]| {
                let apart = values.iter().zip(&plain).map(|(one, other)| f64::from((one - other).abs()));
                apart.fold(0.0, f64::max)
            };
            gap = gap.max(far(&shut)).max(far(drawn));
        }
    }
    Ok(gap)
}

/// A thinker as generation takes it.
fn hook<'h>(thinker: &'h mut Option<Thinker<'_>>) -> Option<&'h mut dyn StepHook> {
    thinker.as_mut().map(|thinker| thinker as &mut dyn StepHook)
}

/// A right answer behind the only marker earns 1.
fn reward(answer: &Answer, marker: &str) -> f32 {
    let once = answer.text.matches(marker).count() == 1;
    f32::from(u8::from(answer.verdict.correct && once))
}

/// The token of the answer marker.
fn marker(codec: &Codec, sign: &str) -> Result<u32> {
    match codec.encode(sign).as_deref() {
        Ok([marker]) => Ok(*marker),
        _ => Err(RunError::Task(format!(
            "hrpo: answer marker {sign:?} must be a single token of the tokenizer"
        ))),
    }
}

fn gate(config: &HrpoConfig, language: &Language, run: &Run) -> Gate {
    let (width, device) = (language.reference.config().width, &language.device);
    let random = &mut run.derived("gate", 0);
    let maps = Maps::new(width, device, random);
    let openness = Openness::new(width, &config.gate, device, random);
    let rates = &config.update;
    Gate {
        maps: Trained::new(maps.clone(), rates.adam(rates.maps_rate)).sparing_vectors(),
        openness: Trained::new(openness.clone(), rates.adam(rates.openness_rate)),
        start: (maps, openness),
    }
}
