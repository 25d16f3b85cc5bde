//! What acts once trained: the actor on encoded observations, or a planner.

use agents::export;
use burn::tensor::{Device, Tensor};
use learn::batch;
use nets::{
    dynamics::LatentModel,
    encoder::Encoder,
    heads::{Critic, DeterministicActor},
    parameters,
    recipe::{self, Layer},
};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use worlds::{ActionSpace, Actions, Layout, Observations, Spec};

use super::{
    agent::noisy,
    planner::{LatentPlanner, PlanParts},
};

/// Networks and planner, without graphs.
#[derive(Clone)]
pub struct Acting {
    /// From observations to latents.
    pub encoder: Encoder,
    /// From latents to actions.
    pub actor: DeterministicActor,
    /// Model, critics and planner where a planner acts.
    pub planning: Option<Planning>,
    /// Standard deviation of the action noise.
    pub sigma: f64,
}

/// What a planner needs besides.
#[derive(Clone)]
pub struct Planning {
    /// Steps latents and rewards.
    pub model: LatentModel,
    /// Values the last latent.
    pub critic: Critic,
    /// The planners of all rows.
    pub planner: LatentPlanner,
}

/// The policy of a trained agent.
pub struct TcrlPolicy {
    acting: Acting,
    layout: Layout,
    space: ActionSpace,
    device: Device,
    /// Whether actor and critic have been trained.
    has_actor: bool,
}

impl TcrlPolicy {
    /// A policy of a world.
    pub fn new(acting: Acting, spec: &Spec, device: &Device, has_actor: bool) -> Self {
        Self {
            acting,
            layout: spec.input().clone(),
            space: spec.action.clone(),
            device: device.clone(),
            has_actor,
        }
    }
}

impl Acting {
    /// Actions `[rows, a]` in [-1, 1] for latents `[rows, d]`.
    ///
    /// # Errors
    /// The planner finds no sequence with a finite value.
    pub fn act(&mut self, latent: Tensor<2>, mode: Mode, random: &mut ChaCha8Rng) -> Result<Vec<f32>> {
        if let Some(Planning { model, critic, planner }) = &mut self.planning {
            let parts = PlanParts { model, actor: &self.actor, critic, sigma: self.sigma };
            return planner.act(&latent, parts, mode, random).map_err(RunError::part);
        }
        let mean = self.actor.forward(latent);
        let action = match mode {
            Mode::Greedy => mean,
            Mode::Sample => noisy(mean, self.sigma, None, random),
        };
        Ok(action.into_data().iter().collect())
    }
}

impl Policy for TcrlPolicy {
    fn begin(&mut self, _scope: Scope, rows: &[usize]) {
        if let Some(planning) = &mut self.acting.planning {
            rows.iter().for_each(|&row| planning.planner.begin(row));
        }
    }

    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let observed = batch::observe(observations.input(), &self.layout, observations.rows, &self.device);
        let latent = self.acting.encoder.forward(&observed);
        let actions = Actions::Continuous(self.acting.act(latent, mode, random)?);
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn export(&self) -> Result<Exported> {
        if !self.has_actor {
            return Err(RunError::Task(
                "`planner = dynamics` trains no actor, and a planner has no form that stands alone: \
                 train with `planner = none` or `mppi` to export"
                    .to_owned(),
            ));
        }
        let note = match self.acting.planning {
            Some(_) => {
                "The actor alone: the planner that acts in this program is not part of the file, so that \
                 scores may be lower."
            }
            None => "The greedy action, without the noise of training.",
        };
        let Acting { encoder, actor, .. } = &self.acting;
        let mut layers: Vec<Layer> = recipe::input(&self.layout).into_iter().collect();
        layers.extend(encoder.layers("encoder"));
        layers.extend(actor.layers("actor"));
        layers.push(export::to_world(&self.space));
        let mut arrays = parameters::export(encoder, "encoder");
        arrays.extend(parameters::export(actor, "actor"));
        export::exported(layers, arrays, note)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.acting.planning {
            Some(planning) => snapshot.put("plans", &planning.planner.warm_starts()),
            None => Ok(()),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.acting.planning {
            Some(planning) => planning.planner.set_warm_starts(&snapshot.get::<Vec<Vec<f32>>>("plans")?),
            None => Ok(()),
        }
    }
}
