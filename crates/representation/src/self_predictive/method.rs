//! The objective as agents take it, and both forms as a method.

use std::collections::BTreeMap;

use agents::{baseline::dqn::Dqn, networks::flat_encoder};
use learn::{
    LearnError,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
};
use nets::{
    dynamics::Transition,
    encoder::EncoderConfig,
    init::{self, Init},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Run, Scores,
    Snapshot, Task, scores, task::World,
};
use worlds::ActionSpace;

use super::{
    Heads, Parts, Prediction, PredictionSettings, Predictor, Predictors, SelfPrediction,
    SelfPredictiveConfig, tabular::Tabular,
};

/// The name on the command line.
const ID: &str = "self-predictive";

learn::register_objective!(SelfPrediction);

impl Named for SelfPrediction {
    const ID: &'static str = ID;
    const SUMMARY: &'static str = "latents predict later ones, and the last of a window the earlier";
    type Config = PredictionSettings;

    fn new(config: PredictionSettings, adam: &AdamSettings) -> Self {
        Self { settings: config, adam: *adam, parts: None, actions: 0 }
    }
}

impl Objective for SelfPrediction {
    fn id(&self) -> &'static str {
        ID
    }

    fn needs(&self) -> Needs {
        Needs { window: self.settings.steps, actions: ActionKind::Discrete, images: false, rewards: false }
    }

    fn edit(&self, spec: &mut NetworkSpec) {
        spec.renormalise = true;
        spec.target_rate = self.settings.target_rate;
        if spec.encoder == EncoderConfig::Identity {
            spec.encoder = flat_encoder(self.settings.hidden);
        }
    }

    fn encoder_gradient(&self) -> EncoderGradient {
        EncoderGradient::Joint
    }

    fn rule(&self) -> UpdateRule {
        UpdateRule::Summed
    }

    fn build(&mut self, shapes: &Shapes<'_>, random: &mut ChaCha8Rng) -> Result<(), LearnError> {
        let ActionSpace::Discrete { count } = *shapes.action else {
            let reason =
                "its transition model takes one-hot actions, but the world's are continuous: use `tcrl`";
            return Err(LearnError::Objective { id: ID, reason });
        };
        self.actions = count;
        if self.settings.direction == Prediction::None {
            return Ok(());
        }
        let PredictionSettings { hidden, width, direction, predictor_speed, .. } = self.settings;
        let (latent, device) = (shapes.latent, shapes.device);
        let direction_of = |random: &mut ChaCha8Rng| {
            let head = init::linear(latent.size(), width, Init::FanIn, device, random);
            let transition = Transition::new(latent, count, hidden, device, random);
            let output = init::linear(width, width, Init::FanIn, device, random);
            (head, Predictor { transition, output })
        };
        let (head, predictor) = direction_of(random);
        let second = (direction == Prediction::Bidirectional).then(|| direction_of(random));
        let (second_head, second_predictor) = second.unzip();
        let fast = AdamSettings { learning_rate: self.adam.learning_rate * predictor_speed, ..self.adam };
        self.parts = Some(Parts {
            predictors: Trained::new(Predictors { forward: predictor, backward: second_predictor }, fast),
            heads: Trained::new(Heads { forward: head, backward: second_head }, self.adam),
        });
        Ok(())
    }

    fn terms(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        _random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        Ok(self.prediction_losses(taps, windows))
    }

    fn parts(&mut self) -> Vec<&mut dyn Trainable> {
        let parts = self.parts.iter_mut();
        parts
            .flat_map(|parts| {
                [&mut parts.predictors as &mut dyn Trainable, &mut parts.heads as &mut dyn Trainable]
            })
            .collect()
    }

    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        if let Some(parts) = &self.parts {
            parts.predictors.save(&format!("{prefix}-predictors"), out);
            parts.heads.save(&format!("{prefix}-heads"), out);
        }
    }

    fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError> {
        let Some(parts) = &mut self.parts else { return Ok(()) };
        parts.predictors.load(&format!("{prefix}-predictors"), arrays)?;
        parts.heads.load(&format!("{prefix}-heads"), arrays)
    }
}

/// A representation that learns to predict itself.
pub struct SelfPredictive {
    learner: Learner,
}

#[expect(clippy::large_enum_variant, reason = "a run has one")]
enum Learner {
    Tabular(Tabular),
    Deep(Dqn),
}

run::register!(SelfPredictive);

impl Method for SelfPredictive {
    const CARD: Card = Card {
        id: ID,
        title: "Understanding Self-Predictive Learning for Reinforcement Learning",
        paper: "Tang et al., 2023, ICML, arXiv 2212.03319",
        family: "representation",
        summary: "a representation that predicts itself, forward and backward: why it does not collapse",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "loss/forward",
            "loss/backward",
            "loss/td",
            "diag/min_eigenvalue",
            "diag/gram_drift",
            "diag/cosine",
            "diag/collapsed",
            "diag/trace",
            "diag/svd_capture",
            "diag/backward_cosine",
            "diag/rank",
            "diag/value",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "iterations (environment steps of the deep form)",
        steps: 50_000,
        instead: "`tcrl`: the transition models of `self-predictive` take one-hot actions",
    };
    type Config = SelfPredictiveConfig;

    fn build(config: SelfPredictiveConfig, task: &Task, run: &mut Run) -> run::Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let learner = match config.variant.table(world, &Self::CARD)? {
            Some(table) => Learner::Tabular(Tabular::new(&config.tabular, &table, run)?),
            None => Learner::Deep(Dqn::new(&config.deep, world, run)?),
        };
        Ok(Self { learner })
    }

    fn advance(&mut self, run: &mut Run) -> run::Result<Progress> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.advance(run).map(|()| Progress::MAIN),
            Learner::Deep(agent) => agent.advance(run),
        }
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        match &self.learner {
            Learner::Tabular(_) => None,
            Learner::Deep(agent) => agent.policy(),
        }
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> run::Result<Scores> {
        match &self.learner {
            Learner::Tabular(tabular) => Ok(tabular.scores()),
            Learner::Deep(_) => scores::of_policy(self.policy(), protocol, run),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> run::Result<()> {
        match &self.learner {
            Learner::Tabular(tabular) => tabular.save(snapshot),
            Learner::Deep(agent) => agent.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> run::Result<()> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.load(snapshot),
            Learner::Deep(agent) => agent.load(snapshot),
        }
    }
}
