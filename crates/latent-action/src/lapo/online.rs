//! Stage `online`: reinforcement learning on top of the latent policy, whose decoder is refitted to
//! the actions that were really taken.

use agents::{
    baseline::ppo::{
        network::{Sampler, shuffle},
        rollout::Rollout,
    },
    device,
    failure::failure,
    state::{Arrays, load_trained, save_trained},
};
use burn::tensor::{Device, Tensor, activation};
use learn::{
    batch,
    normalise::{Divisor, advantages},
    optim::{Trained, update},
    policy_gradient,
    schedule::Piecewise,
};
use nets::{dynamics::FrameInverse, frames::FrameNetwork, mlp::Mlp, observed::Observed};
use run::{Collector, Result, Run, RunError, Snapshot, task::World};
use worlds::{ActionSpace, Actions, Array, Layout};

use super::{
    Lapo, LapoConfig, Networks,
    config::OnlineConfig,
    experience::Experience,
    frames::stack,
    two_heads::{Branch, TwoHeadedPolicy, supervised},
};

/// Proximal policy optimisation with two branches.
pub(super) struct Online {
    config: OnlineConfig,
    layout: Layout,
    /// Layout of what a rollout keeps of a frame: the trunk's output and the supervised branch's
    /// logits, neither of which changes while the rollout is learnt from.
    seen: Layout,
    actions: usize,
    device: Device,
    /// Step sizes of the policy's head, the value's head and the features.
    schedules: [Piecewise; 3],
    branch: Branch,
    collector: Collector,
    rollout: Rollout,
    experience: Experience,
    rollouts: u64,
}

impl Lapo {
    /// One rollout in the world and what is learnt from it.
    pub(super) fn act_and_learn(&mut self, run: &mut Run) -> Result<()> {
        let Some(online) = &mut self.online else {
            return Err(RunError::Task("the online stage needs `decoding = \"online\"`".to_owned()));
        };
        let done = self.position.done;
        if done == 0 {
            online.begin(self.policy.inference());
        }
        let before = run.steps();
        online.collect(self.policy.inference(), self.decoder.inference(), self.inverse.inference(), run)?;
        online.improve(done, run)?;
        if online.refits(done + run.steps() - before) {
            self.decoder = online.experience.fit(&self.config, self.actions, &self.device, run)?;
        }
        Ok(())
    }
}

impl Online {
    /// A branch beside the networks, in worlds that have not been acted in.
    ///
    /// # Errors
    /// The world cannot be made.
    pub fn new(config: &LapoConfig, world: &World, networks: &Networks, run: &mut Run) -> Result<Self> {
        let online = config.online.clone();
        let actions = match world.spec.action {
            ActionSpace::Discrete { count } => count,
            ActionSpace::Box { ref low, .. } => low.len(),
        };
        let device = device::parse(run.device())?;
        let training = device.clone().autodiff();
        let branch = Branch::new(&networks.policy, actions, &training, run.random("init"));
        let seen = Layout::Vector { size: networks.policy.encoder.latent().size() + actions };
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
            actions,
            device,
            branch,
        })
    }

    /// What acts now.
    pub fn policy(&self, policy: &Trained<FrameNetwork>, decoder: &Trained<Mlp>) -> TwoHeadedPolicy {
        let (network, decoder) = (policy.inference().clone(), decoder.inference().clone());
        TwoHeadedPolicy::new(network, decoder, self.branch.inference(), &self.layout, &self.device)
    }

    /// The stage begins: the features start from the latent policy's.
    fn begin(&mut self, policy: &FrameNetwork) {
        self.branch.begin(policy);
        let everywhere = vec![true; self.collector.rows()];
        self.experience.see(self.collector.observations().input(), &everywhere);
    }

    /// Fills the rollout, and takes down latent actions beside the actions taken.
    fn collect(
        &mut self,
        policy: &FrameNetwork,
        decoder: &Mlp,
        inverse: &FrameInverse,
        run: &mut Run,
    ) -> Result<()> {
        let sampler = Sampler { size: self.actions, discrete: true };
        let heads = self.branch.inference();
        let mut log_prob = Vec::new();
        self.rollout.clear();
        for step in 0..=self.config.rollout {
            let rows = self.collector.rows();
            let frames = stack(self.collector.observations().input(), &self.layout, 1, rows, &self.device);
            let (trunk, other) = supervised(policy, decoder, frames.all);
            let seen = Tensor::cat(vec![trunk.clone(), other.clone()], 1);
            let (logits, value) = heads.forward(trunk, other);
            let value: Vec<f32> = value.into_data().iter().collect();
            if step == self.config.rollout {
                self.rollout.finish(&value);
                break;
            }
            let logits: Vec<f32> = logits.into_data().iter().collect();
            let actions = sampler.sample(&logits, &[], run.random("policy"), &mut log_prob);
            self.collector.step(&actions, run)?;
            let outcome = self.collector.outcome();
            let channels = outcome.reward.len() / rows;
            let reward: Vec<f32> = outcome.reward.iter().copied().step_by(channels.max(1)).collect();
            let seen = Array::Float(seen.into_data().iter().collect());
            self.rollout.push(&seen, &actions, &log_prob, &value, &reward, outcome);
            self.experience.see(outcome.observations.input(), &outcome.reset);
            if let Actions::Discrete(taken) = &actions {
                self.experience.label(inverse, taken, &self.device);
            }
        }
        self.rollouts += 1;
        self.rollout.estimate_advantages(self.config.gamma, self.config.lambda)
    }

    /// Several passes of minibatch steps over the rollout, `done` steps into the stage.
    fn improve(&mut self, done: u64, run: &mut Run) -> Result<()> {
        let [policy, value, features] = &self.schedules;
        self.branch.policy.set_learning_rate(policy.value(done));
        self.branch.value.set_learning_rate(value.value(done));
        self.branch.features.set_learning_rate(features.value(done));
        let mut indices = self.rollout.taken();
        let size = indices.len().div_ceil(self.config.minibatches).max(1);
        for _ in 0..self.config.epochs {
            shuffle(&mut indices, run.random("minibatches"));
            for minibatch in indices.chunks(size) {
                self.step(minibatch, run)?;
            }
        }
        Ok(())
    }

    /// One step on a minibatch: the clipped surrogate, the clipped value loss and the entropy bonus.
    /// The supervised branch enters as numbers.
    fn step(&mut self, indices: &[usize], run: &mut Run) -> Result<()> {
        let config = &self.config;
        let batch = self.rollout.minibatch(indices, &self.seen, &self.device);
        let (Observed::Flat(seen), Some(actions)) = (batch.observations, batch.actions.indices()) else {
            return Err(RunError::Part("a rollout holds neither vectors nor indices".to_owned()));
        };
        let (rows, trunk) = (indices.len(), self.seen.size() - self.actions);
        let other = seen.clone().narrow(1, trunk, self.actions).autodiff();
        let (logits, value) = self.branch.modules().forward(seen.narrow(1, 0, trunk).autodiff(), other);
        let log = activation::log_softmax(logits, 1);
        let chosen = log.clone().gather(1, actions.autodiff().reshape([rows, 1])).reshape([rows]);
        let mut advantage = batch.advantage;
        advantages(&mut advantage, &vec![1.0; rows], 1e-8, Divisor::Sample).map_err(RunError::part)?;
        let upload = |values: &[f32]| batch::vector(values, &self.device).autodiff();
        let surrogate = policy_gradient::clipped(
            chosen,
            upload(&batch.log_prob),
            upload(&advantage),
            config.clip,
            config.clip,
        );
        let target = upload(&batch.target);
        let value_loss = policy_gradient::value_clip(value, upload(&batch.value), target, config.clip).mean();
        let entropy = policy_gradient::entropy(log).mean();
        let policy_loss = surrogate.loss.mean();
        let scalars = [
            ("loss/policy", policy_loss.clone()),
            ("loss/value", value_loss.clone()),
            ("diag/entropy", entropy.clone()),
            ("diag/clip_fraction", surrogate.clipped.mean()),
        ];
        let loss = policy_loss + value_loss.mul_scalar(config.value_coefficient)
            - entropy.mul_scalar(config.entropy_coefficient);
        let Branch { features, policy, value } = &mut self.branch;
        update("ppo", loss, &mut [features, policy, value], Some(config.gradient_clip))
            .map_err(|error| failure(run, error))?;
        run.count_updates("branch", 1);
        scalars.into_iter().try_for_each(|(name, scalar)| {
            run.log(name, f64::from(scalar.without_autodiff().into_scalar::<f32>()))
        })
    }

    /// Whether the decoder is fitted anew after this rollout, `done` steps into the stage.
    fn refits(&self, done: u64) -> bool {
        let refit = &self.config.refit;
        (refit.from + 1..refit.until).contains(&done)
            && (done < refit.dense_until || self.rollouts.is_multiple_of(refit.every))
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
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
    ///
    /// # Errors
    /// The snapshot is of another method or version.
    pub fn load(&mut self, snapshot: &Snapshot, arrays: &Arrays) -> Result<()> {
        let Branch { features, policy, value } = &mut self.branch;
        load_trained(
            arrays,
            &mut [("branch.features", features), ("branch.policy", policy), ("branch.value", value)],
        )?;
        self.rollouts = snapshot.get("rollouts")?;
        self.experience.load(snapshot, arrays)?;
        self.collector.load(snapshot)
    }
}
