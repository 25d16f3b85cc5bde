//! Group-relative policy optimisation over latents and answers.

use agents::{failure::failure, language::group::scalar};
use burn::tensor::Tensor;
use learn::{
    language::{
        Advantages,
        latent::{Dimensions, log_density},
        length::per_length,
        surrogate::clipped,
    },
    optim::{Trained, update},
    reduce,
};
use nets::lm::{
    Decoder,
    latent::{LatentHead, embedding_scale},
};
use run::{Result, Run};

use super::{config::ReinforceConfig, packed::Packed, thinking::Chain};

/// The reward of a chain: 1 for a right answer, or the less the longer it is.
pub fn reward(chain: &Chain, punish: bool) -> f32 {
    let reward = f32::from(u8::from(chain.correct));
    if punish { per_length(reward, chain.length) } else { reward }
}

/// The packed chains of an update with their advantages.
pub struct Experience {
    /// The chains behind their prompts.
    pub packed: Packed,
    /// One for each.
    pub advantages: Advantages,
    /// What latents were multiplied by when they were read.
    pub scale: f32,
}

impl Experience {
    /// Chains of the present model, each behind its prompt.
    pub fn new(
        chains: &[(&[u32], &Chain)],
        separator: u32,
        decoder: &Decoder,
        advantages: Advantages,
    ) -> Self {
        let width = decoder.config().width;
        let slots = chains.iter().map(|(prompt, chain)| chain.slots(prompt, separator, width));
        let packed = Packed::new(&slots.collect::<Vec<_>>(), width);
        Self { packed, advantages, scale: embedding_scale(decoder.embedding()) }
    }

    /// One step. The latents are constants, so that gradients reach what predicted them.
    ///
    /// # Errors
    /// The loss is not finite; nothing has changed then.
    pub fn step(
        &self,
        policy: &mut Trained<Decoder>,
        head: &mut Trained<LatentHead>,
        config: &ReinforceConfig,
        run: &mut Run,
    ) -> Result<()> {
        let packed = &self.packed;
        let input = packed.input(policy.module(), self.scale);
        let device = input.device();
        let targets = packed.targets(&input, self.scale);
        let spoken = packed.spoken(policy.module(), head.module(), input, config.temperature)?;
        let gaussian = spoken.gaussian;
        let densities = log_density(targets, gaussian.mean, gaussian.log_variance, Dimensions::Mean);
        let advantage = Tensor::<1>::from_data(self.advantages.values.as_slice(), &device);
        let advantage = advantage.reshape([self.advantages.values.len(), 1]);
        let surrogate = |now: Tensor<2>, before: Tensor<2>, mask: Tensor<2>| {
            // Where nothing was drawn a ratio could overflow.
            let now = now.mask_fill(mask.clone().equal_elem(0.0), 0.0);
            let found = clipped(now, before, advantage.clone(), config.clip, config.clip);
            let cut = scalar(reduce::masked_mean(found.clipped, mask.clone()));
            (reduce::masked_mean(found.loss, mask), cut)
        };
        let (latent, cut_latent) =
            surrogate(densities, packed.thought_before(&device), packed.thought(&device));
        let (answer, cut_answer) =
            surrogate(spoken.log_probs, packed.said_before(&device), packed.said(&device));
        run.log("loss/policy_latent", scalar(latent.clone()))?;
        run.log("loss/policy_answer", scalar(answer.clone()))?;
        run.log("diag/clip_fraction_latent", cut_latent)?;
        run.log("diag/clip_fraction_answer", cut_answer)?;
        let clip = Some(config.gradient_clip);
        let done = update("policy", latent + answer, &mut [policy, head], clip);
        let done = done.map_err(|error| failure(run, error))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}
