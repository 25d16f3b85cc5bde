//! Autoencoders beside an agent's own loss (Yarats et al., 2021, "Improving Sample Efficiency in
//! Model-Free Reinforcement Learning from Images", AAAI, arXiv 1910.01741).
//!
//! A decoder must make the observation again from the agent's latent z, so that the encoder keeps what
//! can be seen whether or not values depend on it yet. The paper's SAC+AE is deterministic (`code =
//! point`): the squared error of the reconstruction, a penalty on z, and weight decay of the decoder
//! (equation 4, after Ghosh et al., 2020). The other form (`code = gaussian`), the paper's SAC+VAE, is
//! variational (Kingma and Welling, 2014): the decoder reads a draw of N(z, σ²), whose deviation a head on
//! z gives, and KL(N(z, σ²) ‖ N(0, 1)) takes the place of the penalty; β is its weight (Higgins et al.,
//! 2017). In both the agent reads z itself. Gradients of the critic and of the reconstruction reach the
//! encoder, the actor's does not.
//!
//! Different here: observations are vectors or small images, which are reconstructed as they are, not cut
//! to five bits; one optimiser step serves encoder and decoder; the encoder's target copy follows at the
//! agent's rate unless `target_rate` says otherwise. On `sac` and `td3` the objective takes a step of its
//! own before the critic's, on `dqn` and `rainbow` its loss is added to theirs.

mod config;
mod objective;
#[cfg(test)]
mod tests;

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Device, Tensor},
};
use learn::{
    LearnError,
    batch::Windows,
    decorrelation::Spectrum,
    objective::{Taps, Term},
    optim::{AdamSettings, Trained},
};
use nets::{
    Observed,
    decoder::Decoder,
    distribution::DiagonalGaussian,
    encoder::LatentShape,
    host,
    init::{self, Init},
    noise,
};
use rand_chacha::ChaCha8Rng;
use worlds::Layout;

pub use self::config::{CodeKind, VaeSettings};

/// Bounds of the logarithm of the code's standard deviation.
const LOG_STD: [f64; 2] = [-10.0, 2.0];

/// The modules that the objective adds.
#[derive(Module, Debug)]
struct VaeModel {
    decoder: Decoder,
    /// Nothing of a point.
    deviation: Option<Deviation>,
}

/// From a latent to the logarithm of its standard deviation: a linear layer, of a map the same one at
/// all its places.
#[derive(Module, Debug)]
struct Deviation {
    linear: Linear,
    /// Numbers of a channel.
    #[module(skip)]
    places: usize,
}

impl Deviation {
    fn new(latent: LatentShape, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let (channels, places) = match latent {
            LatentShape::Flat(size) => (size, 1),
            LatentShape::Map { channels, height, width } => (channels, height * width),
        };
        Self { linear: init::linear(channels, channels, Init::FanIn, device, random), places }
    }

    /// `[B, d] -> [B, d]`.
    fn forward(&self, latent: Tensor<2>) -> Tensor<2> {
        let [rows, size] = latent.dims();
        let channels = size / self.places;
        let apart: Tensor<3> = latent.reshape([rows, channels, self.places]).swap_dims(1, 2);
        let found = self.linear.forward(apart.reshape([rows * self.places, channels]));
        found.reshape([rows, self.places, channels]).swap_dims(1, 2).reshape([rows, size])
    }
}

/// The objective: what was seen can be made again from its latent.
pub struct VaeObjective {
    settings: VaeSettings,
    adam: AdamSettings,
    model: Option<Trained<VaeModel>>,
}

impl VaeObjective {
    /// The modules for these latents and observations.
    fn modules(
        &self,
        latent: LatentShape,
        layout: &Layout,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> VaeModel {
        let VaeSettings { hidden, channels, .. } = self.settings;
        let decoder = Decoder::new(latent.size(), layout, [hidden, channels], device, random);
        let gaussian = self.settings.code == CodeKind::Gaussian;
        VaeModel { decoder, deviation: gaussian.then(|| Deviation::new(latent, device, random)) }
    }

    /// The reconstruction's mean squared error `[B]` over the numbers of an observation, what the code
    /// costs `[B]`, and how many directions the latents use. Gradient reaches decoder, deviation and
    /// encoder.
    fn reconstruction(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        let model = self.model()?.module();
        let latent = taps.start();
        let [rows, size] = latent.dims();
        let spectrum = Spectrum::of(&host(latent.clone()), size, true);

        let (code, cost) = match &model.deviation {
            None => {
                let length = latent.clone().square().sum_dim(1).reshape([rows]).mul_scalar(0.5);
                let weight = self.settings.latent_weight as f32;
                (latent, Term { name: "latent", weight, loss: length })
            }
            Some(deviation) => {
                let log_std = deviation.forward(latent.clone()).clamp(LOG_STD[0], LOG_STD[1]);
                let posterior = DiagonalGaussian::new(latent, log_std);
                let divergence = posterior.kl(&posterior.standard_like()).sum_dim(1).reshape([rows]);
                let noise = noise::normal([rows, size], &divergence.device(), random);
                let weight = self.settings.kl_weight as f32;
                (posterior.sample(noise), Term { name: "kl", weight, loss: divergence })
            }
        };
        let error = squared_error(model.decoder.forward(code), windows.observation(0));
        let error = Term { name: "reconstruction", weight: self.settings.weight as f32, loss: error };
        let mut terms = vec![error, cost];
        // Latents that are not finite have no spectrum; the step refuses their loss, and says why.
        if let Ok(spectrum) = spectrum {
            let rank = Tensor::from_floats([spectrum.effective_rank() as f32], &windows.reward.device());
            terms.push(Term { name: "diag/effective_rank", weight: 0.0, loss: rank });
        }
        Ok(terms)
    }
}

/// Mean over the numbers of an observation, `[B]`.
fn squared_error(found: Observed, seen: Observed) -> Tensor<1> {
    let flat = |observed| match observed {
        Observed::Flat(flat) => flat,
        Observed::Image(image) => image.flatten::<2>(1, 3),
    };
    let error = flat(found) - flat(seen.autodiff());
    error.square().mean_dim(1).squeeze_dim(1)
}
