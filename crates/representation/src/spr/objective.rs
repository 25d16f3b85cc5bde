//! The objective: predicted latents must point where the target encoder's latents do.

use std::collections::BTreeMap;

use agents::networks::flat_encoder;
use burn::{
    module::Module,
    nn::Linear,
    tensor::{Tensor, TensorData},
};
use learn::{
    LearnError, augment,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
    self_predictive::rollout_cosine,
};
use nets::{
    Observed,
    dynamics::Transition,
    encoder::EncoderConfig,
    init::{self, Init},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use worlds::ActionSpace;

use super::config::{SprSettings, SprVariant};

/// The name on the command line.
pub const ID: &str = "spr";

/// Smallest norm of a projection that is divided by.
const FLOOR: f32 = 1e-3;

/// The modules that the objective adds: the transition model h and the predictor q.
#[derive(Module, Debug)]
pub struct SprModel {
    /// Not in `k0`.
    pub transition: Option<Transition>,
    /// Not in `no-stopgrad`.
    pub predictor: Option<Linear>,
}

/// Self-predictive representations.
pub struct SprObjective {
    settings: SprSettings,
    adam: AdamSettings,
    model: Option<Trained<SprModel>>,
    actions: usize,
}

impl SprObjective {
    pub(super) fn model(&self) -> Result<&Trained<SprModel>, LearnError> {
        let reason = "its networks were not built before it was used";
        self.model.as_ref().ok_or(LearnError::Objective { id: ID, reason })
    }

    /// Latents that are compared, `[B, K, d]` with their graph: those the transition model rolls
    /// out from the first one, or in `k0` the first one itself.
    fn predictions(&self, model: &SprModel, taps: &dyn Taps, windows: &Windows) -> Tensor<3> {
        let start = taps.start();
        match &model.transition {
            None => start.unsqueeze_dim(1),
            Some(transition) => {
                let actions = windows.actions.vectors(self.actions).autodiff();
                transition.rollout(
                    start,
                    actions.reshape([windows.batch, windows.length, self.actions]),
                    true,
                )
            }
        }
    }

    /// Projected targets `[B K, d']` from newly augmented images: without graph from the target
    /// networks, in `no-stopgrad` with graph from the online ones.
    fn targets(&self, taps: &dyn Taps, windows: &Windows, random: &mut ChaCha8Rng) -> Tensor<2> {
        let observed = match self.settings.variant {
            SprVariant::K0 => windows.observation(0),
            _ => windows.futures(),
        };
        let observed = self.augment(observed, random);
        match self.settings.variant {
            SprVariant::NoStopgrad => taps.project(taps.encode(&observed)),
            _ => taps.project_target(taps.encode_target(&observed)).autodiff(),
        }
    }

    /// 1 for predicted steps that count: a step whose action ended the episode for good counts no
    /// more than those after it.
    fn mask(&self, windows: &Windows) -> Tensor<2> {
        match self.settings.variant {
            SprVariant::K0 => Tensor::ones([windows.batch, 1], &windows.discount.device()),
            _ => windows.discount.clone(),
        }
    }
}

learn::register_objective!(SprObjective);

impl Named for SprObjective {
    const ID: &'static str = ID;
    const SUMMARY: &'static str = "predicted latents must point where a target encoder puts what was seen";
    type Config = SprSettings;

    fn new(config: SprSettings, adam: &AdamSettings) -> Self {
        Self { settings: config, adam: *adam, model: None, actions: 0 }
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
        let slow = self.settings.variant == SprVariant::NoAug;
        spec.target_rate = if slow { self.settings.slow_rate } else { 1.0 };
        spec.dropout = if slow { self.settings.dropout } else { 0.0 };
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
            let reason =
                "its transition model takes one-hot actions, but the world's are continuous: use `tcrl`";
            return Err(LearnError::Objective { id: ID, reason });
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
        let model = self.model()?.module();
        let latents = self.predictions(model, taps, windows);
        let [rows, steps, size] = latents.dims();
        let projected = taps.project(latents.reshape([rows * steps, size]));
        let predicted = match &model.predictor {
            Some(predictor) => predictor.forward(projected),
            None => projected,
        };
        let targets = self.targets(taps, windows, random);
        let width = targets.dims()[1];
        let shape = [rows, steps, width];
        let (predicted, targets) = (predicted.reshape(shape), targets.reshape(shape));
        let mask = self.mask(windows);
        let cosine = self.cosine(predicted, targets.clone(), mask.clone());
        let agreement = cosine.clone().inner().sum() / mask.sum().clamp_min(1.0);
        let report = |name, value| Term { name, weight: 0.0, loss: value };
        Ok(vec![
            Term {
                name: ID,
                weight: self.settings.weight as f32,
                loss: cosine.sum_dim(1).neg().reshape([rows]),
            },
            report("diag/cosine", agreement),
            report("diag/rank", feature_rank(taps.start().inner())),
            report("diag/projection_std", spread(targets.inner().reshape([rows * steps, width]))),
        ])
    }

    fn augment(&self, observed: Observed, random: &mut ChaCha8Rng) -> Observed {
        match observed {
            Observed::Image(images) if self.settings.augments() => {
                let shifted = augment::random_shift(images, self.settings.shift, random);
                Observed::Image(augment::intensity(shifted, self.settings.intensity, random))
            }
            other => other,
        }
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

impl SprObjective {
    /// Cosines `[B, K]` (equation 5 of the paper, each step with weight 1), 0 where the mask is.
    fn cosine(&self, predicted: Tensor<3>, targets: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
        let (mask, steps) = (mask.autodiff(), predicted.dims()[1]);
        let weights = || Tensor::from_data(TensorData::new(vec![1.0_f32; steps], [steps]), &mask.device());
        let cosine = rollout_cosine(predicted.clone(), targets.clone(), mask.clone(), weights(), FLOOR);
        if self.settings.variant != SprVariant::NoStopgrad {
            return cosine;
        }
        // The cosine is symmetric: with the roles exchanged its gradient is that of the targets.
        let reversed = rollout_cosine(targets, predicted, mask.clone(), weights(), FLOOR);
        cosine + (reversed.clone() - reversed.detach())
    }
}

/// Effective number of directions among `latents [B, d]`: (Σ l)² / Σ l² over the eigenvalues l of
/// their covariance, by the traces of the Gram matrix and of its square. `[1]`.
pub(crate) fn feature_rank(latents: Tensor<2>) -> Tensor<1> {
    let centred = latents.clone() - latents.mean_dim(0);
    let gram = centred.clone().matmul(centred.clone().transpose());
    centred.square().sum().square() / gram.square().sum().clamp_min(1e-12)
}

/// Standard deviation over the batch of `projections [B, d]` of unit length, times the root of d:
/// 0 where all are the same, 1 where they point everywhere alike. `[1]`.
fn spread(projections: Tensor<2>) -> Tensor<1> {
    let width = projections.dims()[1];
    let norm = projections.clone().square().sum_dim(1).clamp_min(FLOOR * FLOOR).sqrt();
    let unit = projections / norm;
    let centred = unit.clone() - unit.mean_dim(0);
    (centred.square().mean_dim(0).sqrt().mean()).mul_scalar((width as f32).sqrt())
}
