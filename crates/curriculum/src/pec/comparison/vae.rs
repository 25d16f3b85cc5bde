//! Generative classification (van de Ven et al., 2021): one variational autoencoder per class, and
//! the class under which an input is most likely wins, by the importance-weighted bound.

use agents::{
    state::{load_trained, save_trained},
    update::update,
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::optim::{AdamSettings, Trained};
use nets::{
    host,
    mlp::{Mlp, MlpConfig},
    noise,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::super::{
    classifier::{Batch, Classifier},
    config::BaselineConfig,
    network::{inputs, nearest},
};

/// A normal encoder and a normal decoder of fixed deviation.
#[derive(Module, Debug)]
struct Vae {
    encoder: Mlp,
    decoder: Mlp,
}

/// Mean and logarithm of the deviation.
type Normal = (Tensor<2>, Tensor<2>);

impl Vae {
    fn posterior(&self, input: Tensor<2>) -> Normal {
        let both = self.encoder.forward(input);
        let [_, width] = both.dims();
        (both.clone().narrow(1, 0, width / 2), both.narrow(1, width / 2, width / 2))
    }

    /// Minus the evidence lower bound, up to a constant, per row `[B, 1]`.
    fn loss(&self, input: Tensor<2>, noise: Tensor<2>, deviation: f64) -> Tensor<2> {
        let (mean, log_deviation) = self.posterior(input.clone());
        let latent = mean.clone() + log_deviation.clone().exp() * noise;
        let error = (self.decoder.forward(latent) - input).square().sum_dim(1);
        let spread = log_deviation.clone().mul_scalar(2.0);
        let divergence = (mean.square() + spread.clone().exp() - spread).add_scalar(-1.0).sum_dim(1);
        error.mul_scalar(0.5 / (deviation * deviation)) + divergence.mul_scalar(0.5)
    }

    /// log p(x|z) + log p(z) - log q(z|x) with z from the posterior, up to constants that all
    /// classes share, per row.
    fn log_weight(
        &self,
        input: &Tensor<2>,
        (mean, log_deviation): &Normal,
        noise: Tensor<2>,
        deviation: f64,
    ) -> Vec<f32> {
        let latent = mean.clone() + log_deviation.clone().exp() * noise.clone();
        let error = (self.decoder.forward(latent.clone()) - input.clone()).square().sum_dim(1);
        let prior = latent.square().sum_dim(1);
        let posterior = noise.square().sum_dim(1).mul_scalar(0.5) + log_deviation.clone().sum_dim(1);
        host(error.mul_scalar(-0.5 / (deviation * deviation)) - prior.mul_scalar(0.5) + posterior)
    }
}

/// A variational autoencoder per class.
pub struct Generative {
    vaes: Vec<Trained<Vae>>,
    latent: usize,
    deviation: f64,
    samples: usize,
    parameters: usize,
    device: Device,
}

impl Generative {
    /// Autoencoders that start alike and together have about `parameters` parameters.
    pub fn new(
        config: &BaselineConfig,
        width: usize,
        classes: usize,
        parameters: usize,
        device: &Device,
        run: &mut Run,
    ) -> Self {
        let latent = config.vae_latent;
        let count = |h: usize| (2 * width + 3 * latent + 2) * h + 2 * latent + width;
        let hidden = nearest(count, parameters / classes.max(1));
        let (training, random) = (device.clone().autodiff(), run.random("init"));
        let vae = Vae {
            encoder: MlpConfig::new(width, &[hidden], 2 * latent).init(&training, random),
            decoder: MlpConfig::new(latent, &[hidden], width).init(&training, random),
        };
        let adam = AdamSettings::new(config.vae_learning_rate);
        Self {
            vaes: (0..classes).map(|_| Trained::new(vae.clone(), adam)).collect(),
            latent,
            deviation: config.vae_deviation,
            samples: config.vae_samples,
            parameters: classes * count(hidden),
            device: device.clone(),
        }
    }
}

impl Classifier for Generative {
    fn learn(&mut self, batch: &Batch<'_>, run: &mut Run) -> Result<()> {
        for (class, members) in batch.by_class() {
            let input = inputs(batch.train, &members, &self.device).autodiff();
            let noise =
                noise::normal([members.len(), self.latent], &self.device, run.random("noise")).autodiff();
            let loss = self.vaes[class].module().loss(input, noise, self.deviation).mean();
            let done = update(run, "vae", loss, &mut [&mut self.vaes[class]], None)?;
            run.log("loss/vae", f64::from(done.loss))?;
        }
        Ok(())
    }

    /// log mean over samples of the importance weights.
    fn scores(&self, examples: &Examples, seen: &[usize], random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let input = inputs(examples, &all, &self.device);
        let mut scores = vec![0.0; all.len() * seen.len()];
        for (place, &class) in seen.iter().enumerate() {
            let vae = self.vaes[class].inference();
            let posterior = vae.posterior(input.clone());
            let draws: Vec<Vec<f32>> = (0..self.samples)
                .map(|_| {
                    let noise = noise::normal([all.len(), self.latent], &self.device, random);
                    vae.log_weight(&input, &posterior, noise, self.deviation)
                })
                .collect();
            for row in 0..all.len() {
                scores[row * seen.len() + place] = log_mean(draws.iter().map(|draw| f64::from(draw[row])));
            }
        }
        Ok(scores)
    }

    fn parameters(&self) -> usize {
        self.parameters
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        for (class, vae) in self.vaes.iter().enumerate() {
            save_trained(snapshot, &[(&format!("vae-{class}"), vae)]);
        }
        Ok(())
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        let arrays = snapshot.arrays();
        for (class, vae) in self.vaes.iter_mut().enumerate() {
            load_trained(arrays, &mut [(&format!("vae-{class}"), vae)])?;
        }
        Ok(())
    }
}

/// ln of the mean of exponentials.
fn log_mean(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    let count = logs.clone().count() as f64;
    top + (logs.map(|log| (log - top).exp()).sum::<f64>() / count).ln()
}
