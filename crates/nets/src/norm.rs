//! Normalisation layers whose mode is part of the call.

mod spectral;

pub use spectral::{SpectralNorm, is_state, iterate, spectral};

use crate::init::parameter;
use burn::module::{Module, Param, RunningState};
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Tensor};

/// Batch normalisation over channels (Ioffe and Szegedy, 2015) of `[B, C, H, W]` maps.
///
/// Whether the batch's or the running statistics are used is an argument of
/// [`BatchNorm::forward`], not a consequence of the device. `clone` shares the running statistics
/// with the original; `module.valid()` and [`crate::ema::target_of`] make independent copies.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Gain, `[C]`.
    pub gamma: Param<Tensor<1>>,
    /// Offset, `[C]`.
    pub beta: Param<Tensor<1>>,
    /// Running mean, `[C]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running variance (with Bessel's correction), `[C]`.
    pub running_variance: RunningState<Tensor<1>>,
    #[module(skip)]
    momentum: f64,
    #[module(skip)]
    epsilon: f64,
}

impl BatchNorm {
    /// Normalisation of `channels` channels: gain 1, offset 0, running mean 0 and variance 1, the
    /// new batch's share in the running statistics 0.1, epsilon 1e-5.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            gamma: parameter(vec![1.0; channels], [channels], device),
            beta: parameter(vec![0.0; channels], [channels], device),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_variance: RunningState::new(Tensor::ones([channels], device)),
            momentum: 0.1,
            epsilon: 1e-5,
        }
    }

    /// Normalises `input [B, C, H, W]`. With `train` by the batch's statistics, which also enter
    /// the running ones; without, by the running statistics, which stay as they are.
    pub fn forward(&self, input: Tensor<4>, train: bool) -> Tensor<4> {
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        if !train {
            let mean = self.running_mean.value();
            let variance = self.running_variance.value();
            return batch_norm(input, gamma, beta, mean, variance, self.epsilon);
        }
        let [rows, _, height, width] = input.dims();
        let count = (rows * height * width) as f64;
        let result = batch_norm_train(input, gamma, beta, self.epsilon);
        let bessel = count / (count - 1.0).max(1.0);
        self.remember(&self.running_mean, result.mean);
        self.remember(&self.running_variance, result.variance.mul_scalar(bessel));
        result.output
    }

    fn remember(&self, state: &RunningState<Tensor<1>>, batch: Tensor<1>) {
        let old = state.value();
        let new = old.mul_scalar(1.0 - self.momentum).add(batch.detach().mul_scalar(self.momentum));
        state.update(new.detach());
        // An update stays pending until it is asked for; until then, visitors would see the old
        // value.
        state.value_sync();
    }
}

/// Instance normalisation of `[B, C, H, W]` maps (Ulyanov et al., 2016): every channel of every
/// image by its own mean and variance, then a gain and an offset per channel.
#[derive(Module, Debug)]
pub struct InstanceNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
}

/// Added to the variance in instance normalisation.
const INSTANCE_EPSILON: f64 = 1e-5;

impl InstanceNorm {
    /// Normalisation of `channels` channels: gain 1, offset 0, epsilon 1e-5.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            gamma: parameter(vec![1.0; channels], [channels], device),
            beta: parameter(vec![0.0; channels], [channels], device),
        }
    }

    /// Normalises `input`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [rows, channels, height, width] = input.dims();
        let flat = input.reshape([rows, channels, height * width]);
        let centred = flat.clone() - flat.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let normal = centred / variance.add_scalar(INSTANCE_EPSILON).sqrt();
        let shape = [1, channels, 1];
        let scaled = normal * self.gamma.val().reshape(shape) + self.beta.val().reshape(shape);
        scaled.reshape([rows, channels, height, width])
    }
}

/// Division by the root mean square over the last dimension, then a gain per element (Zhang and
/// Sennrich, 2019).
#[derive(Module, Debug)]
pub struct RmsNorm {
    pub(crate) gamma: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

/// Added to the mean square, unless another number is given.
const RMS_EPSILON: f64 = 1e-5;

impl RmsNorm {
    /// Normalisation of vectors of `width` elements: gain 1, epsilon 1e-5.
    pub fn new(width: usize, device: &Device) -> Self {
        Self::with_epsilon(width, RMS_EPSILON, device)
    }

    /// The same with another epsilon.
    pub fn with_epsilon(width: usize, epsilon: f64, device: &Device) -> Self {
        Self { gamma: parameter(vec![1.0; width], [width], device), epsilon }
    }

    /// x / sqrt(mean x² + epsilon) times the gain, over the last dimension.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let mut shape = [1; D];
        shape[D - 1] = input.dims()[D - 1];
        let root = input.clone().square().mean_dim(D - 1).add_scalar(self.epsilon).sqrt();
        input / root * self.gamma.val().reshape(shape)
    }
}

/// Added to the range in [`renormalise`].
pub const RENORMALISE_EPSILON: f64 = 1e-5;

/// Rescales every row of `map [B, d]` to [0, 1] by its own minimum and maximum:
/// (z - min z)/(max z - min z + 1e-5), over all channels and positions (Schwarzer et al., 2021).
pub fn renormalise(map: Tensor<2>) -> Tensor<2> {
    let least = map.clone().min_dim(1);
    let range = map.clone().max_dim(1) - least.clone();
    (map - least) / range.add_scalar(RENORMALISE_EPSILON)
}
