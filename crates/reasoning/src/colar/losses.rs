//! The loss of worked solutions.

use burn::tensor::Tensor;
use learn::{
    language::latent::{Dimensions, draw, log_density, soft_squared_error},
    reduce,
};
use nets::{
    lm::{
        Decoder,
        latent::{Gaussian, LatentHead},
    },
    noise,
};
use rand_chacha::ChaCha8Rng;
use run::Result;

use super::{
    config::{LatentConfig, LatentLoss},
    packed::Packed,
};

/// The parts of a loss.
pub struct Losses {
    /// Cross-entropy of labels and answers, the mean over them.
    pub language: Tensor<1>,
    /// The latent head's, the mean over blocks.
    pub latent: Tensor<1>,
    /// The language loss where the predicted latents are read, if it is wanted.
    pub second: Option<Tensor<1>>,
    /// Standard deviation that the latent head gives, the root of its mean variance.
    pub deviation: Tensor<1>,
}

impl Losses {
    /// Their weighted sum.
    pub fn total(&self, config: &LatentConfig) -> Tensor<1> {
        let sum = self.language.clone() + self.latent.clone().mul_scalar(config.weight);
        match &self.second {
            Some(second) => sum + second.clone().mul_scalar(config.second_pass),
            None => sum,
        }
    }
}

/// The losses of packed solutions. Gradients reach the decoder through what both heads read and through
/// its input, the latent head through its loss, and nothing through the targets. `scale` is the
/// embedding's standard deviation.
///
/// # Errors
/// A sequence is longer than the model's context.
pub fn losses(
    decoder: &Decoder,
    head: &LatentHead,
    packed: &Packed,
    scale: f32,
    config: &LatentConfig,
    random: &mut ChaCha8Rng,
) -> Result<Losses> {
    let input = packed.input(decoder, scale);
    let device = input.device();
    let targets = packed.targets(&input, scale);
    let spoken = packed.spoken(decoder, head, input.clone(), 1.0)?;
    let (said, thought) = (packed.said(&device), packed.thought(&device));
    let noise = noise::normal(input.dims(), &device, random);
    let each = fit(spoken.gaussian.clone(), targets, noise.clone(), config);
    let variance = spoken.gaussian.log_variance.clone().without_autodiff().exp();
    let variance = variance.mean_dim(2).squeeze_dim::<2>(2);
    let second = match config.second_pass > 0.0 {
        true => Some(second_pass(decoder, packed, input, spoken.gaussian, noise, scale)?),
        false => None,
    };
    Ok(Losses {
        language: reduce::masked_mean(spoken.log_probs.neg(), said),
        latent: reduce::masked_mean(each, thought.clone()),
        second,
        deviation: reduce::masked_mean(variance, thought.without_autodiff()).sqrt(),
    })
}

/// How badly a prediction fits its target, `[B, T]`.
fn fit(gaussian: Gaussian, target: Tensor<3>, noise: Tensor<3>, config: &LatentConfig) -> Tensor<2> {
    let Gaussian { mean, log_variance } = gaussian;
    match config.loss {
        LatentLoss::Nll => log_density(target, mean, log_variance, Dimensions::Mean).neg(),
        LatentLoss::SoftMse => soft_squared_error(mean, log_variance, target, noise, config.entropy),
        LatentLoss::Mse => (mean - target).square().mean_dim(2).squeeze_dim(2),
    }
}

/// The language loss where each latent is replaced by a draw from what was predicted for it.
fn second_pass(
    decoder: &Decoder,
    packed: &Packed,
    input: Tensor<3>,
    gaussian: Gaussian,
    noise: Tensor<3>,
    scale: f32,
) -> Result<Tensor<1>> {
    let [rows, slots, width] = input.dims();
    let device = input.device();
    // A slot is predicted where the one before it thinks; the second separator is, too, but it is read
    // as it is when the model thinks for itself.
    let thought = packed.thought(&device);
    let follows = thought.clone().narrow(1, 0, slots - 1) * thought.narrow(1, 1, slots - 1);
    let none = Tensor::zeros([rows, 1], &device);
    let replaced = Tensor::cat(vec![none, follows], 1).reshape([rows, slots, 1]);
    let drawn = draw(gaussian.mean, gaussian.log_variance, noise).mul_scalar(scale);
    let first = Tensor::zeros([rows, 1, width], &device);
    let drawn = Tensor::cat(vec![first, drawn.narrow(1, 0, slots - 1)], 1);
    let input = input * replaced.clone().neg().add_scalar(1.0) + drawn * replaced;
    let states = packed.states(decoder, input)?;
    Ok(reduce::masked_mean(packed.log_probs(decoder, states, 1.0).neg(), packed.said(&device)))
}
