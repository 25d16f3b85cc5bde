//! Hybrid reasoning as a method: its card, what it is made of, its voice and its snapshots.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path};

use agents::{
    language::{codec::Codec, learner::Language, speaker::answer_aloud},
    state::{load_trained, save_trained},
};
use learn::optim::Trained;
use rand_chacha::ChaCha8Rng;
use run::{
    Card, Method, Need, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Speaker,
    Speech, Task,
};

use super::{Gate, Hrpo, HrpoConfig, Inputs, Maps, Openness, Reading, hook};

/// The gate's maps in a snapshot.
const MAPS: &str = "gate-maps";
/// The gate's openness in a snapshot.
const OPENNESS: &str = "gate-openness";
/// Updates in a row without a signal, in a snapshot.
const SILENT: &str = "hrpo.silent";

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
        let adam = config.update.adam(config.update.learning_rate);
        let mut language = config.tuning.language(&Self::CARD, adam, task, run)?;
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
        self.advance(run)
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        self.scores(protocol, run)
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
        let arrays = snapshot.arrays();
        self.language.load(arrays)?;
        if let Inputs::Gated(gate) = &mut self.inputs {
            load_trained(arrays, &mut [(MAPS, &mut gate.maps), (OPENNESS, &mut gate.openness)])?;
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

/// The token of the answer marker.
pub(super) fn marker(codec: &Codec, sign: &str) -> Result<u32> {
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
