//! What acts once trained: the actor on encoded observations, or a planner.

use burn::tensor::{Device, Tensor};
use learn::batch;
use nets::{
    dynamics::LatentModel,
    encoder::Encoder,
    heads::{Critic, DeterministicActor},
    parameters,
};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use serde_json::{Value, json};
use worlds::{ActionSpace, Actions, Layout, Observations, Spec};

use super::{
    agent::noisy,
    planner::{LatentPlanner, PlanParts},
};
use crate::state::portable;

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
    /// Number of linear layers of the encoder, and of the actor behind its trunk.
    depth: [usize; 2],
}

impl TcrlPolicy {
    /// A policy of a world; `depth` is the number of linear layers of encoder and actor.
    pub fn new(acting: Acting, spec: &Spec, device: &Device, has_actor: bool, depth: [usize; 2]) -> Self {
        Self {
            acting,
            layout: spec.input().clone(),
            space: spec.action.clone(),
            device: device.clone(),
            has_actor,
            depth,
        }
    }

    fn recipe(&self) -> Value {
        let [encoder, actor] = self.depth;
        let mut layers = perceptron("encoder.mlp", encoder);
        layers.push(linear("actor.trunk.linear"));
        layers.push(json!({"op": "layer_norm", "gain": "actor.trunk.norm.gamma",
            "offset": "actor.trunk.norm.beta", "epsilon": 1e-5}));
        layers.push(json!({"op": "tanh"}));
        layers.extend(perceptron("actor.mlp", actor));
        layers.push(json!({"op": "tanh"}));
        let (low, high) = match &self.space {
            ActionSpace::Box { low, high } => (low.as_slice(), high.as_slice()),
            ActionSpace::Discrete { .. } => (&[][..], &[][..]),
        };
        let note = match self.acting.planning {
            Some(_) => "the actor alone: the planner that acted in training is not part of this file",
            None => "the actor's mean; linear layers compute x W + b with W of shape [inputs, outputs]",
        };
        json!({
            "layers": layers,
            "output": {"kind": "action", "range": [-1, 1], "low": low, "high": high},
            "note": note,
        })
    }
}

/// A linear layer of a recipe.
fn linear(name: &str) -> Value {
    json!({"op": "linear", "weight": format!("{name}.weight"), "bias": format!("{name}.bias")})
}

/// `depth` linear layers of a recipe with ELU between them.
fn perceptron(name: &str, depth: usize) -> Vec<Value> {
    let mut layers = Vec::new();
    for index in 0..depth {
        if index > 0 {
            layers.push(json!({"op": "elu"}));
        }
        layers.push(linear(&format!("{name}.layers.{index}")));
    }
    layers
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
        let mut weights = portable(parameters::export(&self.acting.encoder, "encoder"));
        weights.extend(portable(parameters::export(&self.acting.actor, "actor")));
        Ok(Exported { weights, recipe: self.recipe() })
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
