//! Behaviour cloning (Pomerleau, 1989): the policy is fitted to recorded actions, by squared error or
//! likelihood over a box and by cross-entropy over indices, from vectors or images.
//!
//! With `top` below 1 only the episodes of the highest returns are cloned, a strong and simple
//! comparison for methods that learn from rewards (filtered cloning; Chen et al., 2021, section 5.1).

pub mod actor;

use std::sync::Arc;

use burn::{module::Module, tensor::Device};
use learn::optim::{AdamSettings, Trained, update};
use nets::{
    encoder::{Encoder, EncoderConfig},
    observed::Observed,
    recipe::Layer,
};
use rand_chacha::ChaCha8Rng;
use run::{
    Card, DataActions, Method, Mode, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, data::Data,
};
use settings::Config;
use worlds::{ActionSpace, Actions};

use self::actor::{Fit, FittedActor};
use crate::{
    device,
    failure::failure,
    offline::{
        measure,
        policy::{Acting, RecordedPolicy},
    },
    recorded::Recorded,
    state::{arrays, load_trained, save_trained},
};

/// What is added to the deviation that states are divided by.
const OFFSET: f64 = 1e-3;

/// Hyper-parameters of behaviour cloning.
///
/// The networks of the methods that it is compared with.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct BcConfig {
    /// What is fitted to actions of a box: their `mean`, or a `gaussian`. Indices have a categorical
    /// distribution.
    #[setting(Fit::Mean)]
    pub fit: Fit,
    /// Share of the episodes that is cloned, those of the highest returns first; 1 clones all of
    /// them and needs no rewards.
    #[setting(1.0)]
    pub top: f64,
    /// Steps of an update.
    #[setting(128, paper = 256)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Widths of the policy's hidden layers.
    #[setting([64, 64], paper = [256, 256])]
    pub hidden: Vec<usize>,
    /// From observations to latents; identity for vectors, convolutions for images.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
    /// Whether vectors are normalised by the data's mean and deviation plus 0.001.
    #[setting(true)]
    pub normalise: bool,
    /// Discount of `eval/discounted`; nothing is learnt with it.
    #[setting(0.99)]
    pub gamma: f64,
}

impl BcConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if !(self.top > 0.0 && self.top <= 1.0) {
            return Err(format!("`top` is {}: it must be above 0 and at most 1", self.top));
        }
        if self.batch == 0 || self.learning_rate <= 0.0 {
            return Err("`batch` must be at least 1, and `learning_rate` above 0".to_owned());
        }
        if !(0.0..=1.0).contains(&self.gamma) {
            return Err(format!("`gamma` is {}: it must be between 0 and 1", self.gamma));
        }
        Ok(())
    }
}

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

run::register!(Bc);

impl Method for Bc {
    const CARD: Card = Card {
        id: "bc",
        title: "ALVINN: An Autonomous Land Vehicle in a Neural Network",
        paper: "Pomerleau, 1989",
        family: "baseline",
        summary: "clones recorded actions, of all episodes or of the best",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: false,
            observations: ObservationNeed::Any,
        }],
        metrics: &["loss/actor", "eval/discounted"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 10_000,
        instead: "data with actions",
    };
    type Config = BcConfig;

    fn build(config: BcConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
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

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let (batch, gamma) = (self.config.batch, self.config.gamma);
        let batch = self.recorded.transitions(batch, 1, gamma, run.random("replay"), &self.device)?;
        let cloner = self.cloner.module();
        let latent = cloner.encoder.forward(&batch.observations.autodiff());
        let loss = cloner.actor.loss(latent, &batch.actions).mean();
        let done =
            update("actor", loss, &mut [&mut self.cloner], None).map_err(|error| failure(run, error))?;
        run.log("loss/actor", f64::from(done.loss))?;
        run.count_updates("agent", 1);
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let cloner = self.cloner.inference().clone();
        Some(Box::new(RecordedPolicy::new(cloner, self.recorded.reading(), &self.space, &self.device)))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        measure::evaluate(self.policy(), self.config.gamma, protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("cloner", &self.cloner)]);
        self.recorded.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.recorded.check(snapshot)?;
        load_trained(&arrays(snapshot), &mut [("cloner", &mut self.cloner)])
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

    #[test]
    fn the_best_share_is_rounded_up_and_ties_go_to_the_earlier() {
        let kept = |top| best(&[1.0, 3.0, 3.0, -2.0], top).expect("there are returns");
        assert_eq!(kept(0.25), [false, true, false, false]);
        assert_eq!(kept(0.3), [false, true, true, false]);
        assert_eq!(kept(1.0), [true; 4]);
        assert!(best(&[], 0.5).unwrap_err().to_string().contains("no rewards"));
    }
}
