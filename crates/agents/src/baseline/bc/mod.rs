//! Behaviour cloning (Pomerleau, 1989): the policy is fitted to recorded actions, by squared error or
//! likelihood over a box and by cross-entropy over indices, from vectors or images.
//!
//! With `top` below 1 only the episodes of the highest returns are cloned, a strong and simple
//! comparison for methods that learn from rewards (filtered cloning; Chen et al., 2021, section 5.1).

pub mod actor;
mod config;
mod method;

use std::sync::Arc;

use burn::{module::Module, tensor::Device};
use learn::optim::{AdamSettings, Trained};
use nets::{encoder::Encoder, observed::Observed, recipe::Layer};
use rand_chacha::ChaCha8Rng;
use run::{Mode, Result, Run, RunError, data::Data};
use worlds::{ActionSpace, Actions};

use self::actor::FittedActor;
pub use self::config::BcConfig;
use crate::{
    device,
    offline::policy::Acting,
    recorded::{OFFSET, Recorded},
    update::update,
};

/// Encoder and policy.
#[derive(Module, Debug)]
struct Cloner {
    encoder: Encoder,
    actor: FittedActor,
}

impl Acting for Cloner {
    fn act(&self, observed: &Observed, mode: Mode, random: &mut ChaCha8Rng) -> Actions {
        self.actor.act(self.encoder.forward(observed), mode, random)
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = self.encoder.layers(&format!("{prefix}.encoder"));
        layers.extend(self.actor.layers(&format!("{prefix}.actor")));
        layers
    }
}

/// Behaviour cloning.
pub struct Bc {
    config: BcConfig,
    device: Device,
    recorded: Recorded,
    space: ActionSpace,
    cloner: Trained<Cloner>,
}

impl Bc {
    /// Builds encoder and policy for a data set.
    ///
    /// # Errors
    /// The data has no actions, or no returns to choose episodes by, or the encoder does not fit it.
    pub fn new(config: BcConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let mut data = data.clone();
        if config.top < 1.0 {
            data.set = Arc::new(data.set.subset(&best(&data.set.returns(), config.top)?)?);
        }
        let recorded = Recorded::new(&data, config.normalise.then_some(OFFSET))?;
        let space = recorded.action()?.clone();
        let training = device.clone().autodiff();
        let random = run.random("init");
        let encoder = Encoder::new(&config.encoder, recorded.reading().layout(), &training, random);
        let encoder = encoder.map_err(RunError::part)?;
        let latent = encoder.latent().size();
        let actor = FittedActor::new(latent, &config.hidden, &space, config.fit, &training, random);
        let cloner = Trained::new(Cloner { encoder, actor }, AdamSettings::new(config.learning_rate));
        Ok(Self { config, device, recorded, space, cloner })
    }

    /// One update on recorded steps.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let (batch, gamma) = (self.config.batch, self.config.gamma);
        let batch = self.recorded.transitions(batch, 1, gamma, run.random("replay"), &self.device)?;
        let cloner = self.cloner.module();
        let latent = cloner.encoder.forward(&batch.observations.autodiff());
        let loss = cloner.actor.loss(latent, &batch.actions).mean();
        let done = update(run, "actor", loss, &mut [&mut self.cloner], None)?;
        run.log("loss/actor", f64::from(done.loss))?;
        run.count_updates("agent", 1);
        run.count_steps(1);
        Ok(())
    }
}

/// Which episodes are among the share `top` of the highest returns, at least one; of equal returns
/// the earlier episodes.
fn best(returns: &[f64], top: f64) -> Result<Vec<bool>> {
    if returns.is_empty() {
        return Err(RunError::Task(
            "`bc` chooses the best episodes by their returns, but the data has no rewards: set `top = 1`"
                .to_owned(),
        ));
    }
    let mut order: Vec<usize> = (0..returns.len()).collect();
    order.sort_by(|&left, &right| returns[right].total_cmp(&returns[left]));
    let count = (top * returns.len() as f64).ceil().max(1.0) as usize;
    let mut kept = vec![false; returns.len()];
    order.into_iter().take(count).for_each(|episode| kept[episode] = true);
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::small::{SMALL_CLONES, SWINGS};

    trials::small!("bc", SWINGS, &[SMALL_CLONES]);
    trials::small!(
        "bc",
        "data:cartpole/scripted,skill=0.5,steps=300,seed=1",
        &[&["top=0.5", "hidden=[8]", "batch=16"]]
    );

    #[test]
    fn the_best_share_is_rounded_up_and_ties_go_to_the_earlier() {
        let kept = |top| best(&[1.0, 3.0, 3.0, -2.0], top).expect("there are returns");
        assert_eq!(kept(0.25), [false, true, false, false]);
        assert_eq!(kept(0.3), [false, true, true, false]);
        assert_eq!(kept(1.0), [true; 4]);
        assert!(best(&[], 0.5).unwrap_err().to_string().contains("no rewards"));
    }
}
