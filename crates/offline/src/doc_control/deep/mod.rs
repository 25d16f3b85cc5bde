//! The deep form: transformers over (reward, state, action), and codes for some steps of the future.
//!
//! Rewards, not returns to go, are tokens of the history; the reward of a step stands with the state
//! it led to, so that what is read at a state knows nothing of the step's own.

mod loss;
mod networks;
mod policy;

use agents::{
    device,
    failure::failure,
    state::{arrays, load_trained, save_trained},
    trajectories::Trajectories,
};
use burn::tensor::Device;
use learn::optim::{AdamSettings, Trained, update};
use nets::{attention::BlockConfig, trajectory::Rolling};
use rand_chacha::ChaCha8Rng;
use run::{Protocol, Result, Run, RunError, Scores, Snapshot, data::Data, scores, task::World};

use self::networks::{Networks, Sizes};
pub use self::policy::CodePolicy;
use super::config::{DeepConfig, DocControlConfig};

/// The transformers' blocks.
pub(super) fn block(config: &DeepConfig) -> BlockConfig {
    BlockConfig::new(config.width, config.heads).with_dropout(config.dropout)
}

/// The learner.
pub struct Deep {
    config: DocControlConfig,
    data: Trajectories,
    device: Device,
    networks: Trained<Networks>,
}

impl Deep {
    /// Draws the networks.
    ///
    /// # Errors
    /// The data do not fit, or a size is out of range.
    pub fn new(config: &DocControlConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let DeepConfig { context, future, return_scale, learning_rate, .. } = config.deep;
        let data = Trajectories::new(data, context - 1, future, return_scale)?;
        let device = device::parse(run.device())?;
        let sizes = Sizes {
            input: data.input(),
            actions: data.actions(),
            discrete: data.discrete(),
            longest: data.longest(),
        };
        let training = device.clone().autodiff();
        let networks = Networks::new(&config.deep, sizes, &training, run.random("init"));
        let networks = Trained::new(networks.map_err(RunError::part)?, AdamSettings::new(learning_rate));
        Ok(Self { config: config.clone(), data, device, networks })
    }

    /// One update.
    ///
    /// # Errors
    /// A loss is not finite.
    pub fn advance(&mut self, run: &mut Run) -> Result<()> {
        let deep = &self.config.deep;
        let steps = self.data.draw(deep.batch, run.random("replay"), &self.device)?;
        // Dropout has a stream of its own, so that its share changes no other draw.
        let mut dropout = run.random("dropout").clone();
        let drop = (deep.dropout > 0.0).then_some(&mut dropout);
        let terms = loss::terms(self.networks.module(), &self.config, &steps, run.random("codes"), drop)?;
        *run.random("dropout") = dropout;
        let named = [
            ("loss/policy", terms.policy.clone()),
            ("loss/value", terms.value.clone()),
            ("loss/posterior", terms.posterior.clone()),
            ("loss/prior", terms.prior.clone()),
            ("diag/energy_bound", terms.bound.clone()),
        ];
        let total = terms.policy + terms.value + terms.posterior * deep.beta + terms.prior - terms.bound;
        let clip = (deep.gradient_clip > 0.0).then_some(deep.gradient_clip);
        let done = update("total", total, &mut [&mut self.networks], clip);
        let done = done.map_err(|error| failure(run, error))?;
        for (name, term) in named {
            run.log(name, f64::from(term.inner().into_scalar::<f32>()))?;
        }
        run.log("loss/total", f64::from(done.loss))?;
        run.count_updates("networks", 1);
        run.count_steps(1);
        Ok(())
    }

    /// A policy from a copy of the networks.
    pub fn policy(&self) -> CodePolicy {
        let DeepConfig { context, future, hold, .. } = self.config.deep;
        let sizes = vec![1, self.data.input(), self.data.actions()];
        CodePolicy {
            networks: self.networks.inference().clone(),
            reading: self.data.recorded().reading().clone(),
            bounds: self.data.recorded().scale().clone(),
            device: self.device.clone(),
            discrete: self.data.discrete(),
            actions: self.data.actions(),
            context,
            hold,
            candidates: self.config.candidates,
            latent: self.config.deep.latent,
            rolling: Rolling::new(sizes, context - 1 + future),
            rows: Vec::new(),
            promised: Vec::new(),
        }
    }

    /// Complete episodes, and how far the mean return is from the mean value of the codes that were
    /// chosen at their starts.
    ///
    /// # Errors
    /// The world or the policy fails.
    pub fn evaluate(&self, world: &World, protocol: &Protocol, random: &mut ChaCha8Rng) -> Result<Scores> {
        let mut policy = self.policy();
        let mut found = scores::evaluate(&mut policy, world, protocol, random)?;
        let promised = policy.promised.iter().map(|value| f64::from(*value) * self.data.scale());
        let promised = promised.sum::<f64>() / policy.promised.len().max(1) as f64;
        if let Some(real) = found.get("eval/return").map(|score| score.mean) {
            let gap = (promised - real).abs();
            found.extend(scores::exact([("diag/promised", promised), ("diag/consistency_gap", gap)]));
        }
        Ok(found)
    }

    /// Writes the networks and their optimiser.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("networks", &self.networks)]);
        self.data.recorded().save(snapshot)
    }

    /// Takes them back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or data set.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.data.recorded().check(snapshot)?;
        load_trained(&arrays(snapshot), &mut [("networks", &mut self.networks)])
    }
}
