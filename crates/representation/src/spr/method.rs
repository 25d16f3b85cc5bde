//! The objective as agents take it, and Rainbow with it as a method.

use std::collections::BTreeMap;

use agents::{baseline::rainbow::Rainbow, networks::flat_encoder};
use learn::{
    LearnError,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
};
use nets::{
    Observed,
    dynamics::Transition,
    encoder::EncoderConfig,
    init::{self, Init},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Run, Snapshot, Task,
    task::World,
};
use worlds::{ActionSpace, Layout};

use super::{SprConfig, SprModel, SprObjective, SprSettings, SprVariant};

/// The name on the command line.
pub(super) const ID: &str = "spr";

learn::register_objective!(SprObjective);

impl Named for SprObjective {
    const ID: &'static str = ID;
    const SUMMARY: &'static str = "predicted latents must point where a target encoder puts what was seen";
    type Config = SprSettings;

    fn new(config: SprSettings, adam: &AdamSettings) -> Self {
        Self { settings: config, adam: *adam, model: None, actions: 0 }
    }
}

impl SprObjective {
    /// Its modules with their optimiser.
    pub(super) fn model(&self) -> Result<&Trained<SprModel>, LearnError> {
        self.model.as_ref().ok_or(refusal("its networks were not built before it was used"))
    }
}

impl Objective for SprObjective {
    fn id(&self) -> &'static str {
        ID
    }

    fn needs(&self) -> Needs {
        let window = if self.settings.variant == SprVariant::K0 { 1 } else { self.settings.steps };
        Needs { window, actions: ActionKind::Discrete, images: self.settings.images, rewards: false }
    }

    fn edit(&self, spec: &mut NetworkSpec) {
        spec.renormalise = true;
        let apart = self.settings.variant == SprVariant::NoAug;
        spec.target_rate = if apart { self.settings.target_rate } else { 1.0 };
        spec.dropout = if apart { self.settings.dropout } else { 0.0 };
        if !self.settings.images && spec.encoder == EncoderConfig::Identity {
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
            return Err(refusal(
                "its transition model takes one-hot actions, but the world's are continuous: use `tcrl`",
            ));
        };
        let (variant, device, width) = (self.settings.variant, shapes.device, shapes.projection);
        let transition = (variant != SprVariant::K0)
            .then(|| Transition::new(shapes.latent, count, self.settings.hidden, device, random));
        let predictor = (variant != SprVariant::NoStopgrad)
            .then(|| init::linear(width, width, Init::FanIn, device, random));
        self.actions = count;
        self.model = Some(Trained::new(SprModel { transition, predictor }, self.adam));
        Ok(())
    }

    fn terms(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        self.prediction_loss(taps, windows, random)
    }

    fn augment(&self, observed: Observed, random: &mut ChaCha8Rng) -> Observed {
        self.augmented(observed, random)
    }

    fn doubt(&self, layout: &Layout) -> Option<&'static str> {
        let alone = !self.augments() || !matches!(layout, Layout::Image { .. });
        (alone && self.settings.variant != SprVariant::NoAug).then_some(
            "spr: without augmentation the targets are the inputs' own features, since the target encoder \
             equals the online one: `latent.variant = no-aug` makes it slow instead",
        )
    }

    fn parts(&mut self) -> Vec<&mut dyn Trainable> {
        self.model.iter_mut().map(|model| model as &mut dyn Trainable).collect()
    }

    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        if let Some(model) = &self.model {
            model.save(prefix, out);
        }
    }

    fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError> {
        self.model.as_mut().map_or(Ok(()), |model| model.load(prefix, arrays))
    }
}

fn refusal(reason: &'static str) -> LearnError {
    LearnError::Objective { id: ID, reason }
}

/// Rainbow with self-predictive representations.
pub struct Spr {
    agent: Rainbow,
}

run::register!(Spr);

impl Method for Spr {
    const CARD: Card = Card {
        id: ID,
        title: "Data-Efficient Reinforcement Learning with Self-Predictive Representations",
        paper: "Schwarzer et al., 2021, ICLR, arXiv 2007.05929",
        family: "representation",
        summary: "Rainbow whose encoder must predict its own latents several steps ahead",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "loss/td",
            "loss/spr",
            "diag/cosine",
            "diag/rank",
            "diag/projection_std",
            "diag/value",
            "diag/clipped",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 50_000,
        instead: "`tcrl`: the transition model of `spr` takes one-hot actions",
    };
    type Config = SprConfig;

    fn build(config: SprConfig, task: &Task, run: &mut Run) -> run::Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Ok(Self { agent: Rainbow::new(&config.rainbow, world, run)? })
    }

    fn advance(&mut self, run: &mut Run) -> run::Result<Progress> {
        self.agent.advance(run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        self.agent.policy()
    }

    fn save(&self, snapshot: &mut Snapshot) -> run::Result<()> {
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> run::Result<()> {
        self.agent.load(snapshot)
    }
}
