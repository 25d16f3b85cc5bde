//! Vector quantisation with codes that follow an exponential moving average.

use crate::NetsError;
use crate::gradient::straight_through;
use crate::init::uniform;
use burn::module::{Module, RunningState};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use settings::Config;

/// Shape of a quantiser and how its codes move. The presets are the values of latent action policies
/// (Schmidt and Jiang, 2024).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Config)]
#[serde(deny_unknown_fields, default)]
pub struct QuantiserConfig {
    /// Codebooks, each with slots of its own.
    #[setting(2, min = 1)]
    pub codebooks: usize,
    /// Slots of a latent that share one codebook.
    #[setting(4, min = 1)]
    pub slots: usize,
    /// Numbers in a slot.
    #[setting(16, min = 1)]
    pub dimensions: usize,
    /// Codes of a codebook.
    #[setting(64, min = 1)]
    pub codes: usize,
    /// Share of the old statistics in the new ones, per batch.
    #[setting(0.999, min = 0.0, below = 1.0)]
    pub decay: f64,
    /// Added to every count in Laplace smoothing.
    #[setting(1e-5, above = 0.0)]
    pub smoothing: f64,
    /// Weight of the commitment loss.
    #[setting(0.05, min = 0.0)]
    pub commitment: f64,
}

impl QuantiserConfig {
    /// Width of a latent.
    pub fn size(&self) -> usize {
        self.codebooks * self.slots * self.dimensions
    }
}

/// Range of the first codes, in 1/codes (Schmidt and Jiang's published implementation).
const FIRST_CODES: f64 = 5.0;

/// Snaps every slot of a latent to the nearest code of its codebook; the codes are the moving
/// averages of what was snapped to them (van den Oord et al., 2017, appendix A.1), not parameters.
#[derive(Module, Debug)]
pub struct Quantiser {
    /// `[codebooks, codes, dimensions]`.
    running_codes: RunningState<Tensor<3>>,
    /// Moving average of how many slots of a batch each code got, `[codebooks, codes, 1]`.
    running_count: RunningState<Tensor<3>>,
    /// Moving average of their sum, `[codebooks, codes, dimensions]`.
    running_sum: RunningState<Tensor<3>>,
    #[module(skip)]
    config: QuantiserConfig,
}

/// A batch of latents after quantisation.
pub struct Quantised {
    /// The codes in place of the slots, `[B, size]`; the gradient passes straight through to the
    /// latent.
    pub latent: Tensor<2>,
    /// Index of each slot's code, `[codebooks, B slots]`, those of one latent together.
    pub indices: Tensor<2, Int>,
    /// Mean squared distance of the latents to their codes, which get no gradient, times the
    /// commitment weight, `[1]`.
    pub commitment: Tensor<1>,
    /// exp(entropy) of how often each codebook's codes are used in this batch, `[codebooks]`.
    pub perplexity: Tensor<1>,
}

impl Quantiser {
    /// Codes uniform on ±5/codes, counts 0, sums equal to the codes.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn new(config: QuantiserConfig, device: &Device, random: &mut ChaCha8Rng) -> Result<Self, NetsError> {
        config.check()?;
        let shape = [config.codebooks, config.codes, config.dimensions];
        let values = uniform(shape.iter().product(), FIRST_CODES / config.codes as f64, random);
        let codes = Tensor::from_data(TensorData::new(values, shape), device);
        let count = Tensor::zeros([config.codebooks, config.codes, 1], device);
        Ok(Self {
            running_codes: RunningState::new(codes.clone()),
            running_count: RunningState::new(count),
            running_sum: RunningState::new(codes),
            config,
        })
    }

    /// Width of a latent.
    pub fn size(&self) -> usize {
        self.config.size()
    }

    /// The shape it was built with.
    pub fn config(&self) -> &QuantiserConfig {
        &self.config
    }

    /// Quantises `latent [B, size]`, whose numbers are ordered by codebook, slot and dimension. With
    /// `train`, the codes then move; they stay as they are in evaluation.
    pub fn forward(&self, latent: Tensor<2>, train: bool) -> Quantised {
        let QuantiserConfig { codebooks, slots, dimensions, codes: count, .. } = self.config;
        let [rows, size] = latent.dims();
        let grouped = latent.reshape([rows, codebooks, slots, dimensions]).swap_dims(0, 1);
        let grouped: Tensor<3> = grouped.reshape([codebooks, rows * slots, dimensions]);
        let (points, codes) = (grouped.clone().detach(), self.running_codes.value());
        // The squared length of the point itself is the same for all codes.
        let lengths = codes.clone().square().sum_dim(2).swap_dims(1, 2);
        let distance = lengths - points.clone().matmul(codes.clone().swap_dims(1, 2)).mul_scalar(2.0);
        let indices: Tensor<2, Int> = distance.argmin(2).squeeze_dim(2);
        let chosen: Tensor<3> = indices.clone().one_hot::<3>(count).float();
        let snapped = chosen.clone().matmul(codes);
        if train {
            self.follow(points, chosen.clone());
        }
        let commitment = (grouped.clone() - snapped.clone()).square().mean();
        let ordered: Tensor<4> =
            straight_through(snapped, grouped).reshape([codebooks, rows, slots, dimensions]);
        Quantised {
            latent: ordered.swap_dims(0, 1).reshape([rows, size]),
            indices,
            commitment: commitment.mul_scalar(self.config.commitment),
            perplexity: perplexity(chosen),
        }
    }

    /// Counts, sums and with them the codes follow `points [codebooks, N, dimensions]` and their
    /// assignment `chosen [codebooks, N, codes]`, neither of which carries a gradient.
    fn follow(&self, points: Tensor<3>, chosen: Tensor<3>) {
        let QuantiserConfig { codes, decay, smoothing, .. } = self.config;
        let mix = |old: Tensor<3>, new: Tensor<3>| old.mul_scalar(decay) + new.mul_scalar(1.0 - decay);
        let count = mix(self.running_count.value(), chosen.clone().sum_dim(1).swap_dims(1, 2));
        let total = count.clone().sum_dim(1);
        let share = count.add_scalar(smoothing) / total.clone().add_scalar(codes as f64 * smoothing);
        let count = share * total;
        let sum = mix(self.running_sum.value(), chosen.swap_dims(1, 2).matmul(points));
        remember(&self.running_codes, sum.clone() / count.clone());
        remember(&self.running_count, count);
        remember(&self.running_sum, sum);
    }
}

fn remember(state: &RunningState<Tensor<3>>, value: Tensor<3>) {
    state.update(value.detach());
    // An update stays pending until it is asked for; until then, visitors would see the old value.
    state.value_sync();
}

/// exp(-Σ p log p) of the shares p that each code gets of `chosen [codebooks, N, codes]`.
fn perplexity(chosen: Tensor<3>) -> Tensor<1> {
    let share = chosen.mean_dim(1);
    let terms = share.clone() * share.add_scalar(1e-10).log();
    let entropy: Tensor<2> = terms.sum_dim(2).squeeze_dim(2);
    entropy.squeeze_dim::<1>(1).neg().exp()
}
