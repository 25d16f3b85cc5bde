//! The decoded latent policy.

use agents::{baseline::ppo::network::Sampler, export};
use burn::tensor::Device;
use nets::{frames::FrameNetwork, host, mlp::Mlp, parameters, recipe, recipe::Layer};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result, RunError};
use worlds::{Actions, Layout, Observations};

use super::{
    frames::{HALF, stack},
    online::{Heads, supervised},
};

/// Acts by inference copies of a network over one frame, of a decoder where the network's output is a
/// latent action, and of the branch beside them where there is one.
pub(super) struct DecodedPolicy {
    pub network: FrameNetwork,
    pub decoder: Option<Mlp>,
    pub heads: Option<Heads>,
    pub layout: Layout,
    pub device: Device,
}

impl Policy for DecodedPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let frames = stack(observations.input(), &self.layout, 1, observations.rows, &self.device).all;
        let logits = match (&self.decoder, &self.heads) {
            (None, _) => self.network.forward(frames),
            (Some(decoder), None) => decoder.forward(self.network.forward(frames)),
            (Some(decoder), Some(heads)) => {
                let (trunk, other) = supervised(&self.network, decoder, frames);
                heads.forward(trunk, other).0
            }
        };
        let sampler = Sampler { size: logits.dims()[1], discrete: true };
        let logits = host(logits);
        Ok(match mode {
            Mode::Greedy => sampler.mode(&logits),
            Mode::Sample => sampler.sample(&logits, &[], random, &mut Vec::new()),
        })
    }

    fn export(&self) -> Result<Exported> {
        if self.heads.is_some() {
            return Err(RunError::Task(
                "a latent policy decoded online adds the logits of two branches, which the exported form has no \
                 layer for: export one decoded offline"
                    .to_owned(),
            ));
        }
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
