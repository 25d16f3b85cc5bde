//! What acts and learns in the online stage: a branch of its own beside the frozen latent policy, the
//! worlds, and what they have shown.

use agents::{
    baseline::ppo::{network::Sampler, rollout::Rollout},
    device,
    state::{load_trained, save_trained},
};
use burn::{
    nn::Linear,
    tensor::{Device, Tensor, activation},
};
use learn::{
    optim::{AdamSettings, Trained},
    schedule::Piecewise,
};
use nets::{
    frames::FrameNetwork,
    init::{Init, linear},
    mlp::Mlp,
    observed::Observed,
};
use rand_chacha::ChaCha8Rng;
use run::{Collector, Result, Run, RunError, Snapshot, task::World};
use worlds::Layout;

use super::{LapoConfig, OnlineConfig, experience::Experience};

/// Proximal policy optimisation with two branches.
pub struct Online {
    pub config: OnlineConfig,
    pub layout: Layout,
    /// Layout of what a rollout keeps of a frame: the trunk's output and the supervised branch's
    /// logits, neither of which changes while the rollout is learnt from.
    pub seen: Layout,
    pub sampler: Sampler,
    pub device: Device,
    /// Step sizes of the policy's head, the value's head and the features.
    pub schedules: [Piecewise; 3],
    pub branch: Branch,
    pub collector: Collector,
    pub rollout: Rollout,
    pub experience: Experience,
    pub rollouts: u64,
}

impl Online {
    /// A branch beside the latent policy, in worlds that have not been acted in.
    ///
    /// # Errors
    /// The world cannot be made.
    pub fn new(config: &LapoConfig, world: &World, policy: &FrameNetwork, run: &mut Run) -> Result<Self> {
        let online = config.online.clone();
        let sampler = Sampler::new(&world.spec.action);
        let device = device::parse(run.device())?;
        let branch = Branch::new(policy, sampler.size, &device.clone().autodiff(), run.random("init"));
        let seen = Layout::Vector { size: policy.encoder.latent().size() + sampler.size };
        let layout = world.spec.input().clone();
        Ok(Self {
            schedules: online.schedules().map_err(RunError::part)?,
            collector: Collector::new(world, online.worlds, run)?,
            rollout: Rollout::new(&seen, &world.spec.action, online.rollout, online.worlds),
            experience: Experience::new(config.past, &layout, online.worlds),
            rollouts: 0,
            config: online,
            layout,
            seen,
            sampler,
            device,
            branch,
        })
    }

    /// The stage begins: the features start from the latent policy's.
    pub fn begin(&mut self, policy: &FrameNetwork) {
        self.branch.features.replace(policy.hidden.clone());
        let everywhere = vec![true; self.collector.rows()];
        self.experience.see(self.collector.observations().input(), &everywhere);
    }

    /// Writes everything.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let Branch { features, policy, value } = &self.branch;
        save_trained(
            snapshot,
            &[("branch.features", features), ("branch.policy", policy), ("branch.value", value)],
        );
        snapshot.put("rollouts", &self.rollouts)?;
        self.experience.save(snapshot)?;
        self.collector.save(snapshot)
    }

    /// Takes everything back.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let Branch { features, policy, value } = &mut self.branch;
        load_trained(
            snapshot.arrays(),
            &mut [("branch.features", features), ("branch.policy", policy), ("branch.value", value)],
        )?;
        self.rollouts = snapshot.get("rollouts")?;
        self.experience.load(snapshot)?;
        self.collector.load(snapshot)
    }
}

/// The branch that reinforcement learning trains: features that start from the latent policy's,
/// a policy head of zeros, a value head.
pub struct Branch {
    /// From the trunk to the features, which a ReLU follows.
    pub features: Trained<Linear>,
    /// From the features to the logits.
    pub policy: Trained<Linear>,
    /// From the features to the value.
    pub value: Trained<Linear>,
}

impl Branch {
    /// A branch beside `network` for `actions` actions. The step sizes are set before every update.
    fn new(network: &FrameNetwork, actions: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let [_, width] = network.hidden.weight.dims();
        let orthogonal = Init::Orthogonal { gain: std::f64::consts::SQRT_2 };
        let train = |module| Trained::new(module, AdamSettings::new(0.0));
        Self {
            features: train(network.hidden.clone()),
            policy: train(linear(width, actions, Init::Zero, device, random)),
            value: train(linear(width, 1, orthogonal, device, random)),
        }
    }

    /// The modules without gradient tracking.
    pub fn inference(&self) -> Heads {
        let Self { features, policy, value } = self;
        Heads([features, policy, value].map(|part| part.inference().clone()))
    }

    /// The modules with gradient tracking.
    pub fn modules(&self) -> Heads {
        let Self { features, policy, value } = self;
        Heads([features, policy, value].map(|part| part.module().clone()))
    }
}

/// The modules of a branch: features, policy, value.
pub struct Heads([Linear; 3]);

impl Heads {
    /// Logits `[B, A]` and values `[B]` of the trunk's output `[B, h]` and the other branch's logits
    /// `[B, A]`: the mean of both branches' logits.
    pub fn forward(&self, trunk: Tensor<2>, other: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        let Self([features, policy, value]) = self;
        let features = activation::relu(features.forward(trunk));
        let value = value.forward(features.clone()).squeeze_dim(1);
        ((policy.forward(features) + other).mul_scalar(0.5), value)
    }
}

/// The trunk's output `[B, h]` and the supervised branch's logits `[B, A]` for `frames [B, C, H, W]`.
/// Neither carries a gradient when the networks are inference copies.
pub fn supervised(network: &FrameNetwork, decoder: &Mlp, frames: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
    let trunk = network.encoder.forward(&Observed::Image(frames));
    let latent = network.output.forward(activation::relu(network.hidden.forward(trunk.clone())));
    (trunk, decoder.forward(latent))
}
