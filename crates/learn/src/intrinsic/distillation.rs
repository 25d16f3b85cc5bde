//! Random network distillation.

use std::collections::BTreeMap;

use burn::{
    module::Module,
    tensor::{Tensor, TensorData},
};
use memory::Normaliser;
use nets::{
    encoder::{Encoder, EncoderConfig},
    host,
    init::Init,
    mlp::{Mlp, MlpConfig},
    observed::Observed,
    parameters::{self, NamedArray},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use settings::{Config, Refusal};
use worlds::{Array, Layout};

use super::{BonusSettings, Intrinsic, NamedBonus, Place};
use crate::{
    LearnError, batch,
    optim::{AdamSettings, Trainable, Trained, update},
    td,
};

/// Largest magnitude of a normalised observation.
const CLIP: f32 = 5.0;

/// Smallest deviation that observations are divided by.
const FLOOR: f64 = 1e-4;

/// Settings of the bonus `rnd`.
///
/// The paper's are those of its Atari experiments (appendix A.3 and A.4); the paper weighs the world's
/// reward by 2 and the bonus by 1.
#[derive(Clone, Debug, Config)]
pub struct RandomDistillationConfig {
    /// What every bonus is told.
    #[setting(flatten, paper = BonusSettings { scale: 0.5, ..BonusSettings::paper() })]
    pub bonus: BonusSettings,
    /// Widths of the hidden layers of both networks; the predictor has two more of the last one's.
    #[setting([64], paper = [512], min = 1)]
    pub hidden: Vec<usize>,
    /// Numbers that are predicted.
    #[setting(32, paper = 512, min = 1)]
    pub outputs: usize,
    /// Adam's step size of the predictor.
    #[setting(1e-3, paper = 1e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Share of what was collected that the predictor learns from, so that copies of the world do not
    /// make everything familiar at once.
    #[setting(1.0, paper = 0.25, above = 0.0, max = 1.0)]
    pub share: f32,
}

/// The squared error, averaged over a row's numbers, with which `prediction` copies `target`, both
/// `[B, k]`: what novelty is measured by, `[B]`. No gradient enters the target.
pub fn prediction_error(prediction: Tensor<2>, target: Tensor<2>) -> Tensor<1> {
    td::squared_error(prediction, target.detach()).mean_dim(1).squeeze_dim::<1>(1)
}

/// A network from observations to the numbers that are predicted.
#[derive(Module, Debug)]
struct Network {
    encoder: Encoder,
    layers: Mlp,
}

impl Network {
    fn forward(&self, observed: &Observed) -> Tensor<2> {
        self.layers.forward(self.encoder.forward(observed))
    }
}

/// The error of a network that learns to copy a fixed random one, on what was arrived at (Burda et
/// al., 2018, arXiv 1810.12894): small where the agent has often been.
pub struct RandomDistillation {
    config: RandomDistillationConfig,
    place: Place,
    target: Network,
    predictor: Trained<Network>,
    /// Of every element of the observations.
    statistics: Normaliser,
}

crate::register_bonus!(RandomDistillation);

impl NamedBonus for RandomDistillation {
    const ID: &'static str = "rnd";
    const SUMMARY: &'static str =
        "the error with which a network copies a random one, on what was arrived at (Burda et al., 2018)";
    type Config = RandomDistillationConfig;

    fn new(config: RandomDistillationConfig, place: &Place) -> Result<Self, Refusal> {
        let mut random = ChaCha8Rng::seed_from_u64(place.seed);
        let deeper =
            [&config.hidden[..], &[config.hidden.last().copied().unwrap_or(config.outputs); 2]].concat();
        let mut network = |hidden: &[usize], device| {
            // Convolutions for images; the encoder fits since it is made for the layout.
            let encoder = EncoderConfig::for_layout(&place.layout);
            let encoder = Encoder::new(&encoder, &place.layout, device, &mut random)
                .map_err(|error| Refusal::saying("name", Self::ID, error.to_string()))?;
            let inside = Init::Orthogonal { gain: std::f64::consts::SQRT_2 };
            let layers = MlpConfig::new(encoder.latent().size(), hidden, config.outputs)
                .with_init(inside, Init::Orthogonal { gain: 1.0 })
                .init(device, &mut random);
            Ok::<_, Refusal>(Network { encoder, layers })
        };
        let target = network(&config.hidden, &place.device)?;
        let predictor = network(&deeper, &place.device.clone().autodiff())?;
        let predictor = Trained::new(predictor, AdamSettings::new(config.learning_rate));
        let statistics = Normaliser::new(place.layout.size(), FLOOR, CLIP)
            .map_err(|error| Refusal::saying("name", Self::ID, error.to_string()))?;
        Ok(Self { config, place: place.clone(), target, predictor, statistics })
    }
}

impl RandomDistillation {
    /// Observations as numbers in the order of the network's input, and their shape.
    fn numbers(&self, observations: &Array, rows: usize) -> (Vec<f32>, Vec<usize>) {
        match batch::observe(observations, &self.place.layout, rows, &self.place.device) {
            Observed::Flat(values) => (host(values.clone()), values.dims().to_vec()),
            Observed::Image(planes) => (host(planes.clone()), planes.dims().to_vec()),
        }
    }

    /// Observations on a common scale: rewards of novelty depend on scales as little else does, and
    /// a random network cannot adapt.
    fn whitened(&self, observations: &Array, rows: usize) -> Result<Observed, LearnError> {
        let (mut values, shape) = self.numbers(observations, rows);
        self.statistics.normalise(&mut values)?;
        let data = TensorData::new(values, shape);
        Ok(match self.place.layout {
            Layout::Image { .. } => Observed::Image(Tensor::from_data(data, &self.place.device)),
            Layout::Vector { .. } => Observed::Flat(Tensor::from_data(data, &self.place.device)),
        })
    }
}

impl Intrinsic for RandomDistillation {
    fn settings(&self) -> &BonusSettings {
        &self.config.bonus
    }

    fn visit(&mut self, observations: &Array, rows: usize) -> Result<(), LearnError> {
        let (values, _) = self.numbers(observations, rows);
        Ok(self.statistics.update(&values)?)
    }

    fn novelty(&self, observations: &Array, rows: usize) -> Result<Vec<f32>, LearnError> {
        let observed = self.whitened(observations, rows)?;
        let prediction = self.predictor.inference().forward(&observed);
        Ok(host(prediction_error(prediction, self.target.forward(&observed))))
    }

    fn learn(
        &mut self,
        observations: &Array,
        rows: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Option<f32>, LearnError> {
        let observed = self.whitened(observations, rows)?;
        let target = self.target.forward(&observed).autodiff();
        let prediction = self.predictor.module().forward(&observed.autodiff());
        let mut loss = prediction_error(prediction, target);
        if self.config.share < 1.0 {
            let keep: Vec<f32> =
                (0..rows).map(|_| f32::from(u8::from(random.random::<f32>() < self.config.share))).collect();
            let kept = keep.iter().sum::<f32>().max(1.0);
            loss = loss * batch::vector(&keep, &self.place.device).autodiff() * (rows as f32 / kept);
        }
        Ok(Some(update("bonus", loss.mean(), &mut [&mut self.predictor], None)?.loss))
    }

    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        self.predictor.save(&format!("{prefix}-predictor"), out);
        out.extend(parameters::export(&self.target, &format!("{prefix}-target")));
    }

    fn state(&self) -> Vec<u8> {
        serde_json::to_vec(&self.statistics).unwrap_or_default()
    }

    fn load(
        &mut self,
        prefix: &str,
        arrays: &BTreeMap<String, NamedArray>,
        state: &[u8],
    ) -> Result<(), LearnError> {
        self.predictor.load(&format!("{prefix}-predictor"), arrays)?;
        self.target = parameters::import(self.target.clone(), &format!("{prefix}-target"), arrays)?;
        self.statistics = serde_json::from_slice(state)
            .map_err(|_| LearnError::Saved { what: "statistics of observations" })?;
        Ok(())
    }
}
