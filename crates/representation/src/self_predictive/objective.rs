//! The form on deep agents: latents predict later latents, and the last one the earlier.

use std::collections::BTreeMap;

use agents::networks::flat_encoder;
use burn::{
    module::Module,
    nn::Linear,
    tensor::{Tensor, TensorData},
};
use learn::{
    LearnError,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
    self_predictive::rollout_cosine,
};
use nets::{
    dynamics::Transition,
    encoder::EncoderConfig,
    init::{self, Init},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use worlds::ActionSpace;

use super::config::{Prediction, PredictionSettings};
use crate::spr::feature_rank;

/// The name on the command line.
pub const ID: &str = "self-predictive";

/// Smallest norm of a head's output that is divided by.
const FLOOR: f32 = 1e-3;

/// What predicts in one direction: a transition model on latents under actions, and a linear map
/// between its head's outputs.
#[derive(Module, Debug)]
pub struct Predictor {
    transition: Transition,
    output: Linear,
}

/// The predictors, which learn on the fast time scale.
#[derive(Module, Debug)]
pub struct Predictors {
    forward: Predictor,
    /// In `bidirectional` only.
    backward: Option<Predictor>,
}

/// The encoder's heads in which latents are compared, one for each direction.
#[derive(Module, Debug)]
pub struct Heads {
    forward: Linear,
    /// In `bidirectional` only.
    backward: Option<Linear>,
}

/// Modules with their optimisers.
struct Parts {
    predictors: Trained<Predictors>,
    heads: Trained<Heads>,
}

/// Bidirectional self-prediction beside an agent's own loss.
pub struct SelfPrediction {
    settings: PredictionSettings,
    adam: AdamSettings,
    /// Nothing before it is built, and in `none`.
    parts: Option<Parts>,
    actions: usize,
}

impl SelfPrediction {
    /// Agreement of predicted latents `[B, K, d]` with those of the target encoder, by step, 0 where
    /// `mask [B, K]` is: the prediction goes through the head and the predictor's output, the target
    /// through the same head without gradient.
    fn agreement(
        [head, stopped]: [&Linear; 2],
        predictor: &Predictor,
        predicted: Tensor<3>,
        targets: Tensor<3>,
        mask: Tensor<2>,
    ) -> Tensor<2> {
        let [rows, steps, size] = predicted.dims();
        let found = predictor.output.forward(head.forward(predicted.reshape([rows * steps, size])));
        let wanted = stopped.forward(targets.reshape([rows * steps, size])).autodiff();
        let width = wanted.dims()[1];
        let mask = mask.autodiff();
        let weights = Tensor::from_data(TensorData::new(vec![1.0_f32; steps], [steps]), &mask.device());
        let shape = [rows, steps, width];
        rollout_cosine(found.reshape(shape), wanted.reshape(shape), mask, weights, FLOOR)
    }

    /// Loss `[B]`, the squared distance of unit vectors (2 - 2 cos) averaged over K, and the mean
    /// cosine `[1]`.
    fn loss(cosine: Tensor<2>, mask: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
        let [rows, steps] = cosine.dims();
        let mean = cosine.clone().inner().sum() / mask.clone().sum().clamp_min(1.0);
        let distance = (mask.autodiff() - cosine).sum_dim(1).reshape([rows]);
        (distance * (2.0 / steps as f32), mean)
    }

    fn actions(&self, windows: &Windows) -> Tensor<3> {
        let vectors = windows.actions.vectors(self.actions).autodiff();
        vectors.reshape([windows.batch, windows.length, self.actions])
    }
}

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
        let report = |name, value| Term { name, weight: 0.0, loss: value };
        let rank = report("diag/rank", feature_rank(taps.start().inner()));
        let Some(parts) = &self.parts else { return Ok(vec![rank]) };
        let (predictors, heads, stopped) =
            (parts.predictors.module(), parts.heads.module(), parts.heads.inference());
        let weight = self.settings.weight as f32;
        let (actions, steps) = (self.actions(windows), windows.length);
        let targets = taps.encode_target(&windows.observations);
        let size = targets.dims()[1];
        let targets = targets.reshape([windows.batch, steps + 1, size]);

        // A step that ended the episode counts no more than those after it.
        let mask = windows.discount.clone();
        let predicted = predictors.forward.transition.rollout(taps.start(), actions.clone(), true);
        let pair = [&heads.forward, &stopped.forward];
        let later = targets.clone().narrow(1, 1, steps);
        let cosine = Self::agreement(pair, &predictors.forward, predicted, later, mask.clone());
        let (loss, mean) = Self::loss(cosine, mask.clone());
        let mut terms = vec![Term { name: "forward", weight, loss }, report("diag/cosine", mean), rank];

        let backward = (&predictors.backward, &heads.backward, &stopped.backward);
        if let (Some(predictor), Some(head), Some(stopped)) = backward {
            // The way back begins at the last step, so all of the window must lie in one episode.
            let mask = mask.min_dim(1).expand([windows.batch, steps]);
            let last = taps.encode(&windows.observation(steps));
            let predicted = predictor.transition.rollout(last, actions.flip([1]), true);
            let earlier = targets.narrow(1, 0, steps).flip([1]);
            let cosine = Self::agreement([head, stopped], predictor, predicted, earlier, mask.clone());
            let (loss, mean) = Self::loss(cosine, mask);
            terms.push(Term { name: "backward", weight, loss });
            terms.push(report("diag/backward_cosine", mean));
        }
        Ok(terms)
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
