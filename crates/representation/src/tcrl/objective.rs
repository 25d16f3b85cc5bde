//! Temporal consistency as an objective for any continuous-control agent.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use learn::{
    LearnError,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
};
use nets::{
    dynamics::LatentModel,
    encoder::{EncoderConfig, LatentShape},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use worlds::ActionSpace;

use super::{
    config::{ConsistencySettings, perceptron},
    temporal_consistency,
};

/// The name on the command line.
pub(super) const ID: &str = "tcrl";

/// The objective: a deterministic latent model whose rollout is to agree with the encoded future.
pub struct TemporalConsistency {
    settings: ConsistencySettings,
    model: Option<Trained<LatentModel>>,
}

impl TemporalConsistency {
    /// The latent model with its optimiser.
    ///
    /// # Errors
    /// It has not been built.
    pub(super) fn model(&self) -> Result<&Trained<LatentModel>, LearnError> {
        self.model.as_ref().ok_or(refusal("its model must be built before it is used"))
    }
}

learn::register_objective!(TemporalConsistency);

impl Named for TemporalConsistency {
    const ID: &'static str = ID;
    const SUMMARY: &'static str =
        "a latent rollout under the real actions is consistent with what was seen, and predicts rewards";
    type Config = ConsistencySettings;

    /// The latent model's optimiser is the objective's own.
    fn new(config: ConsistencySettings, _adam: &AdamSettings) -> Self {
        Self { settings: config, model: None }
    }
}

impl Objective for TemporalConsistency {
    fn id(&self) -> &'static str {
        ID
    }

    fn needs(&self) -> Needs {
        Needs {
            window: self.settings.horizon,
            actions: ActionKind::Continuous,
            images: false,
            rewards: self.settings.reward_coefficient > 0.0,
        }
    }

    fn edit(&self, spec: &mut NetworkSpec) {
        if spec.encoder == EncoderConfig::Identity {
            spec.encoder = self.settings.encoder();
        }
        spec.target_rate = self.settings.encoder_rate();
    }

    fn encoder_gradient(&self) -> EncoderGradient {
        EncoderGradient::ObjectiveOnly
    }

    fn rule(&self) -> UpdateRule {
        UpdateRule::Own { clip: Some(self.settings.gradient_clip) }
    }

    fn build(&mut self, shapes: &Shapes<'_>, random: &mut ChaCha8Rng) -> Result<(), LearnError> {
        let ActionSpace::Box { low, .. } = shapes.action else {
            return Err(refusal(
                "its model takes continuous actions, but the world's are discrete: use `spr`",
            ));
        };
        let LatentShape::Flat(latent) = shapes.latent else {
            return Err(refusal(
                "its model predicts a vector, but the encoder gives a map: use an `mlp` encoder, or `spr`",
            ));
        };
        self.model = Some(latent_model(&self.settings, latent, low.len(), shapes.device, random));
        Ok(())
    }

    fn terms(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        _random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        let target = |seen: &nets::Observed| taps.encode_target(seen);
        temporal_consistency(&self.settings, self.model()?.module(), taps.start(), target, windows)
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

/// A fresh model of latents of `latent` and actions of `action` numbers, on the training device.
pub(super) fn latent_model(
    settings: &ConsistencySettings,
    latent: usize,
    action: usize,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> Trained<LatentModel> {
    let model = LatentModel::new(latent, action, &perceptron(0, &settings.hidden, 0), device, random);
    Trained::new(model, settings.adam())
}

/// The first H actions of every window, `[B, H, a]`.
///
/// # Errors
/// The windows are shorter, or hold indices.
pub(super) fn actions(windows: &Windows, horizon: usize) -> Result<Tensor<3>, LearnError> {
    if windows.length < horizon {
        let (name, found) = ("steps of a window", windows.length);
        return Err(LearnError::Length { name, expected: horizon, found });
    }
    let actions = windows.actions.continuous();
    let actions =
        actions.ok_or(refusal("its model takes continuous actions, but the windows hold indices"))?;
    let width = actions.dims()[1];
    Ok(actions.reshape([windows.batch, windows.length, width]).narrow(1, 0, horizon))
}

fn refusal(reason: &'static str) -> LearnError {
    LearnError::Objective { id: ID, reason }
}
