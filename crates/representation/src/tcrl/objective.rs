//! Latent temporal consistency with a reward prediction (Zhao et al., 2023, equation 1), as an
//! objective for any continuous-control agent.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};
use learn::{
    LearnError,
    batch::Windows,
    objective::{
        ActionKind, EncoderGradient, Named, Needs, NetworkSpec, Objective, Shapes, Taps, Term, UpdateRule,
    },
    optim::{AdamSettings, Trainable, Trained},
    self_predictive::{geometric_weights, rollout_cosine, rollout_squared},
};
use nets::{
    dynamics::LatentModel,
    encoder::{EncoderConfig, LatentShape},
    init::Init,
    mlp::{Activation, MlpConfig, Norm},
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use settings::{Choice, Config};
use worlds::ActionSpace;

/// Norms below this count as this in the cosine.
const FLOOR: f32 = 1e-12;

/// How far a predicted latent is from the encoded observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Distance {
    /// The negative cosine of the two.
    Cosine,
    /// The mean squared error.
    Mse,
}

/// Settings of the objective.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct ConsistencySettings {
    /// Steps of the latent rollout, H.
    #[setting(5, min = 1)]
    pub horizon: usize,
    /// Decay of the loss along the rollout.
    #[setting(0.9, min = 0.0, max = 1.0)]
    pub rho: f64,
    /// Distance between prediction and target.
    #[setting(Distance::Cosine)]
    pub distance: Distance,
    /// Weight of the distance; 0 leaves the term out.
    #[setting(1.0, min = 0.0)]
    pub consistency_coefficient: f64,
    /// Weight of the squared error of predicted rewards; 0 leaves the term out.
    #[setting(1.0, min = 0.0)]
    pub reward_coefficient: f64,
    /// Whether targets come from the encoder's target copy rather than from the encoder as it is.
    #[setting(true)]
    pub ema: bool,
    /// Share of the encoder that flows into its target copy after every update.
    #[setting(0.005, min = 0.0, max = 1.0)]
    pub target_rate: f64,
    /// Widths of the hidden layers of encoder and latent model.
    #[setting([128, 128], paper = [512, 512, 512], min = 1)]
    pub hidden: Vec<usize>,
    /// Width of the latent.
    #[setting(32, paper = 50, min = 1)]
    pub latent: usize,
    /// The latent model's optimiser.
    #[setting(
        group,
        laptop = AdamSettings::new(3e-4).with_weight_decay(1e-6),
        paper = AdamSettings::new(3e-4).with_weight_decay(1e-6)
    )]
    pub adam: AdamSettings,
    /// Limit of the global gradient norm over encoder and latent model.
    #[setting(10.0, above = 0.0)]
    pub clip: f32,
}

impl ConsistencySettings {
    /// Shape of encoder and latent model: ELU, orthogonal weights, zero biases.
    pub fn mlp(&self, input: usize, output: usize) -> MlpConfig {
        let init = Init::Orthogonal { gain: 1.0 };
        MlpConfig::new(input, &self.hidden, output).with_activation(Activation::Elu).with_init(init, init)
    }

    /// The encoder of vector observations.
    pub fn encoder(&self) -> EncoderConfig {
        EncoderConfig::Mlp {
            hidden: self.hidden.clone(),
            output: self.latent,
            activation: Activation::Elu,
            norm: Norm::None,
            init: Init::Orthogonal { gain: 1.0 },
            flatten: false,
        }
    }
}

/// The objective: a deterministic latent model whose rollout is to agree with the encoded future.
pub struct TemporalConsistency {
    settings: ConsistencySettings,
    model: Option<Trained<LatentModel>>,
}

impl TemporalConsistency {
    /// The latent model without its graph.
    ///
    /// # Errors
    /// It has not been built.
    pub fn model(&self) -> Result<&LatentModel, LearnError> {
        Ok(self.trained()?.inference())
    }

    fn trained(&self) -> Result<&Trained<LatentModel>, LearnError> {
        self.model.as_ref().ok_or(LearnError::Objective {
            id: self.id(),
            reason: "its model must be built before it is used",
        })
    }

    /// The first H actions of every window, `[B, H, a]`.
    fn actions(&self, windows: &Windows) -> Result<Tensor<3>, LearnError> {
        let actions = windows.actions.continuous().ok_or(LearnError::Objective {
            id: self.id(),
            reason: "its model takes continuous actions, but the windows hold indices",
        })?;
        let width = actions.dims()[1];
        let actions = actions.reshape([windows.batch, windows.length, width]);
        Ok(actions.narrow(1, 0, self.settings.horizon))
    }

    /// Cosine of the latent that the model reaches from `start [B, d]` after H steps, open loop,
    /// with `target [B, d]`, the slow copy's latent of what was seen then; the mean over the
    /// windows that are that long, 1 where none is.
    ///
    /// # Errors
    /// The model has not been built, or the windows hold indices.
    pub fn open_loop_cosine(
        &self,
        start: Tensor<2>,
        target: Tensor<2>,
        windows: &Windows,
    ) -> Result<f32, LearnError> {
        let last = self.settings.horizon - 1;
        let (latents, _) = self.model()?.rollout(start, self.actions(windows)?);
        let device = target.device();
        let mask = windows.mask.clone().narrow(1, last, 1);
        let weight = Tensor::from_data(TensorData::new(vec![1.0_f32], [1]), &device);
        let count = mask.clone().sum().into_scalar::<f32>();
        let cosine = rollout_cosine(latents.narrow(1, last, 1), target.unsqueeze_dim(1), mask, weight, FLOOR);
        Ok(if count > 0.0 { cosine.sum().into_scalar::<f32>() / count } else { 1.0 })
    }
}

learn::register_objective!(TemporalConsistency);

impl Named for TemporalConsistency {
    const ID: &'static str = "tcrl";
    const SUMMARY: &'static str =
        "a latent rollout under the real actions is consistent with what was seen, and predicts rewards";
    type Config = ConsistencySettings;

    fn new(config: ConsistencySettings, adam: &AdamSettings) -> Self {
        Self { settings: config, model: None }
    }
}

impl Objective for TemporalConsistency {
    fn id(&self) -> &'static str {
        "tcrl"
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
        spec.target_rate = if self.settings.ema { self.settings.target_rate } else { 1.0 };
    }

    fn encoder_gradient(&self) -> EncoderGradient {
        EncoderGradient::ObjectiveOnly
    }

    fn rule(&self) -> UpdateRule {
        UpdateRule::Own { clip: Some(self.settings.clip) }
    }

    fn build(&mut self, shapes: &Shapes<'_>, random: &mut ChaCha8Rng) -> Result<(), LearnError> {
        let refuse = |reason| LearnError::Objective { id: "tcrl", reason };
        let ActionSpace::Box { low, .. } = shapes.action else {
            return Err(refuse(
                "its model takes continuous actions, but the world's are discrete: use `spr`",
            ));
        };
        let LatentShape::Flat(latent) = shapes.latent else {
            return Err(refuse(
                "its model predicts a vector, but the encoder gives a map: use an `mlp` encoder, or `spr`",
            ));
        };
        let shape = self.settings.mlp(0, 0);
        let model = LatentModel::new(latent, low.len(), &shape, shapes.device, random);
        self.model = Some(Trained::new(model, self.settings.adam));
        Ok(())
    }

    /// Sums along the rollout, `sum_k rho^k l_k`. The terms' weights carry the factor 1/H, which
    /// thereby scales the gradient and not what is reported.
    fn terms(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        _random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        let settings = &self.settings;
        let horizon = settings.horizon;
        if windows.length < horizon {
            return Err(LearnError::Length {
                name: "steps of a window",
                expected: horizon,
                found: windows.length,
            });
        }
        let actions = self.actions(windows)?.autodiff();
        let (latents, rewards) = self.trained()?.module().rollout(taps.start(), actions);
        let rho = geometric_weights(settings.rho as f32, horizon);
        let weights =
            Tensor::<1>::from_data(TensorData::new(rho, [horizon]), &windows.mask.device()).autodiff();
        let mask = windows.mask.clone().narrow(1, 0, horizon).autodiff();
        let mut terms = Vec::new();
        if settings.consistency_coefficient > 0.0 {
            let [batch, _, size] = latents.dims();
            let targets = taps.encode_target(&windows.futures()).reshape([batch, windows.length, size]);
            let targets = targets.narrow(1, 0, horizon).autodiff();
            let (mask, weights) = (mask.clone(), weights.clone());
            let distance = match settings.distance {
                Distance::Cosine => rollout_cosine(latents, targets, mask, weights, FLOOR).neg(),
                Distance::Mse => rollout_squared(latents, targets, mask, weights).div_scalar(size as f32),
            };
            terms.push(Term {
                name: "consistency",
                weight: (settings.consistency_coefficient / horizon as f64) as f32,
                loss: distance.sum_dim(1).squeeze_dim(1),
            });
        }
        if settings.reward_coefficient > 0.0 {
            let target = windows.reward.clone().narrow(1, 0, horizon).autodiff();
            let error = (rewards - target).square() * mask * weights.unsqueeze::<2>();
            terms.push(Term {
                name: "reward",
                weight: (settings.reward_coefficient / horizon as f64) as f32,
                loss: error.sum_dim(1).squeeze_dim(1),
            });
        }
        Ok(terms)
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
