//! The decoded latent policy.

use agents::{baseline::ppo::network::Sampler, export};
use burn::tensor::Device;
use nets::{frames::FrameNetwork, mlp::Mlp, parameters, recipe, recipe::Layer};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result};
use worlds::{Actions, Layout, Observations};

use super::frames::{HALF, stack};

/// Acts by a network over one frame, and a decoder where the network's output is a latent action.
pub(super) struct DecodedPolicy {
    network: FrameNetwork,
    decoder: Option<Mlp>,
    layout: Layout,
    device: Device,
}

impl DecodedPolicy {
    /// A policy from inference copies.
    pub fn new(network: FrameNetwork, decoder: Option<Mlp>, layout: &Layout, device: &Device) -> Self {
        Self { network, decoder, layout: layout.clone(), device: device.clone() }
    }
}

impl Policy for DecodedPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let frames = stack(observations.input(), &self.layout, 1, observations.rows, &self.device);
        let output = self.network.forward(frames.all);
        let logits = match &self.decoder {
            Some(decoder) => decoder.forward(output),
            None => output,
        };
        Ok(choose(&logits.dims(), &logits.into_data().iter().collect::<Vec<f32>>(), mode, random))
    }

    fn export(&self) -> Result<Exported> {
        let mut layers: Vec<Layer> = recipe::input(&self.layout).into_iter().collect();
        layers.push(Layer::Shift { by: -HALF });
        layers.extend(self.network.layers("policy"));
        let mut arrays = parameters::export(&self.network, "policy");
        if let Some(decoder) = &self.decoder {
            layers.extend(decoder.layers("decoder"));
            arrays.extend(parameters::export(decoder, "decoder"));
        }
        layers.push(Layer::Argmax);
        export::exported(layers, arrays, "The most likely action: before argmax stand the logits.")
    }
}

/// Actions from logits `[rows, actions]` on the host.
pub(super) fn choose(dims: &[usize; 2], logits: &[f32], mode: Mode, random: &mut ChaCha8Rng) -> Actions {
    let sampler = Sampler { size: dims[1], discrete: true };
    match mode {
        Mode::Greedy => sampler.mode(logits),
        Mode::Sample => sampler.sample(logits, &[], random, &mut Vec::new()),
    }
}
