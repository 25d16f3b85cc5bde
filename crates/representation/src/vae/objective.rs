//! The objective as agents take it.

use std::collections::BTreeMap;

use learn::{
    LearnError,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
};
use nets::{
    encoder::EncoderConfig,
    init::Init,
    mlp::{Activation, Norm},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;

use super::{VaeModel, VaeObjective, VaeSettings};

/// The name on the command line.
const ID: &str = "vae";

learn::register_objective!(VaeObjective);

impl Named for VaeObjective {
    const ID: &'static str = ID;
    const SUMMARY: &'static str = "what was seen can be made again from its latent";
    type Config = VaeSettings;

    /// The decoder's optimiser is the objective's own.
    fn new(config: VaeSettings, adam: &AdamSettings) -> Self {
        let (learning_rate, weight_decay) = (config.learning_rate, config.weight_decay);
        let adam = AdamSettings { learning_rate, weight_decay, decoupled: false, ..*adam };
        Self { settings: config, adam, model: None }
    }
}

impl VaeObjective {
    /// The modules with their optimiser.
    pub(super) fn model(&self) -> Result<&Trained<VaeModel>, LearnError> {
        let reason = "its decoder must be built before it is used";
        self.model.as_ref().ok_or(LearnError::Objective { id: ID, reason })
    }
}

impl Objective for VaeObjective {
    fn id(&self) -> &'static str {
        ID
    }

    fn needs(&self) -> Needs {
        Needs { window: 1, actions: ActionKind::Any, images: false, rewards: false }
    }

    fn edit(&self, spec: &mut NetworkSpec) {
        spec.target_rate = self.settings.target_rate;
        if spec.encoder == EncoderConfig::Identity {
            spec.encoder = EncoderConfig::Mlp {
                hidden: vec![self.settings.hidden],
                output: self.settings.size,
                activation: Activation::Relu,
                norm: Norm::None,
                init: Init::FanIn,
                flatten: false,
            };
        }
    }

    fn encoder_gradient(&self) -> EncoderGradient {
        EncoderGradient::Joint
    }

    fn rule(&self) -> UpdateRule {
        UpdateRule::Either { clip: None }
    }

    fn build(&mut self, shapes: &Shapes<'_>, random: &mut ChaCha8Rng) -> Result<(), LearnError> {
        let modules = self.modules(shapes.latent, shapes.layout, shapes.device, random);
        self.model = Some(Trained::new(modules, self.adam));
        Ok(())
    }

    fn terms(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        self.reconstruction(taps, windows, random)
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
