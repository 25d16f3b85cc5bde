//! The form with a network, MapDQN: one head of stored forms per channel on shared layers.

use agents::{
    networks,
    state::{load_module, load_trained, save_module, save_trained},
    update::update,
    value_agent::{
        interaction::Interaction,
        memory::{Memory, Shape},
        network::{HeadShape, Interface, QNetwork},
    },
};
use burn::tensor::{Int, Tensor};
use learn::{batch, optim::Trained, reduce, td};
use nets::{Observed, ema, host};
use run::{AnyMethod, Policy, Progress, Result, Run, RunError, Snapshot, task::World};
use worlds::Spec;

use super::{
    Bootstrap, DeepSettings, OrchestratedConfig, Rates,
    channels::Channels,
    policy::{Actor, MapPolicy},
};

/// Environment steps in which the channels' sum is checked.
const CHECKED: u64 = 1_000;

/// Error at which the loss turns from square to linear.
const HUBER: f32 = 1.0;

/// What the targets of a batch are made from.
pub(super) struct TargetRule {
    /// beta_reg.
    pub beta_reg: f64,
    /// The next action at which channels bootstrap.
    pub bootstrap: Bootstrap,
    /// Range that values are cut to.
    pub range: (f64, f64),
}

impl TargetRule {
    /// Targets `[B, L]` in mapped space, numbers without a graph: per channel
    /// f(q + beta_reg (r + discount q' - q)), where q is the trained network's value of the action
    /// taken (`chosen`, `[B, L]`), and q' the target network's (`next`, `[B, A, L]`) of the action that
    /// is best by its aggregate. `reward` is `[B, L]`, `discount` `[B]`.
    pub fn targets(
        &self,
        channels: &Channels,
        chosen: &[f32],
        next: &[f32],
        reward: &[f32],
        discount: &[f32],
    ) -> Vec<f32> {
        let count = channels.count();
        let (low, high) = self.range;
        let mut targets = Vec::with_capacity(chosen.len());
        for (row, next) in next.chunks_exact(next.len() / discount.len().max(1)).enumerate() {
            let shared = channels.greedy(next);
            for (channel, mapping) in channels.mappings().iter().enumerate() {
                let value = |stored: f32| mapping.invert(f64::from(stored)).clamp(low, high);
                let action = channels.bootstrap(self.bootstrap, channel, shared, next);
                let future = value(next[action * count + channel]);
                let at = row * count + channel;
                let target = f64::from(reward[at]) + f64::from(discount[row]) * future;
                let now = value(chosen[at]);
                targets.push(mapping.apply(now + self.beta_reg * (target - now)) as f32);
            }
        }
        targets
    }
}

/// MapDQN.
pub struct Deep {
    settings: DeepSettings,
    rule: TargetRule,
    actor: Actor,
    network: Trained<QNetwork>,
    target: QNetwork,
    interaction: Interaction,
}

impl Deep {
    /// Builds networks, replay and worlds.
    ///
    /// # Errors
    /// The encoder or the replay does not fit the world.
    pub fn new(config: &OrchestratedConfig, world: &World, run: &mut Run) -> Result<Self> {
        let settings = config.deep.clone();
        let DeepSettings { values, copies, .. } = &settings;
        let channels = config.channels(values.gamma, settings.floor_steps, settings.clip_rewards);
        let interface = Interface::new(world, run)?;
        let layers = networks::normalised_layers(values.hidden);
        let spec = networks::spec_of(&networks::or_layers(&values.encoder, layers, world), world, 1.0);
        let head = HeadShape::plain(values.hidden, interface.actions, channels.count());
        let network = interface.network(&spec, head, run)?;
        let rule = TargetRule {
            beta_reg: if config.rates == Rates::Two { settings.beta_reg } else { 1.0 },
            bootstrap: config.bootstrap,
            range: channels.range(values.gamma),
        };
        // The replay holds one reward per channel.
        let rewards = (0..channels.count()).map(|channel| format!("channel {channel}")).collect();
        let divided = Spec { rewards, ..world.spec.clone() };
        let shape = Shape::new(values, settings.n_step, 0);
        let memory = Memory::new(&divided, copies.worlds, values.capacity, shape, None)?;
        Ok(Self {
            rule,
            target: ema::target_of(&network),
            network: Trained::new(network, values.adam()),
            interaction: Interaction::new(values, copies, memory, world, run)?,
            actor: Actor { channels, interface },
            settings,
        })
    }

    /// The last rewards divided over the channels.
    fn divide(&self, check_sum: bool) -> Result<Vec<f32>> {
        let reward = &self.interaction.outcome().reward;
        let channels = &self.actor.channels;
        let per_row = reward.len() / self.settings.copies.worlds;
        let mut divided = Vec::new();
        for (row, reward) in reward.iter().step_by(per_row.max(1)).enumerate() {
            let reward = f64::from(*reward);
            let checked = channels.check_sign(reward).and_then(|()| match check_sum {
                true => channels.check_sum(reward),
                false => Ok(()),
            });
            checked.map_err(|sentence| RunError::Task(format!("a step of copy {row}: {sentence}")))?;
            divided.extend((0..channels.count()).map(|channel| channels.reward(channel, reward) as f32));
        }
        Ok(divided)
    }

    /// Draws a batch and takes one step along the gradient of the loss.
    fn learn(&mut self, run: &mut Run) -> Result<()> {
        self.interaction.memory_mut().sample(0.0, run.random("replay"))?;
        let memory = self.interaction.memory();
        let Actor { channels, interface } = &self.actor;
        let (batch, actions) = memory.upload(&interface.layout, &interface.device)?;
        // The stored forms of the actions taken, and their targets, numbers without a graph.
        let chosen = self.stored(&batch.observations, actions);
        let (now, next) = (host(chosen.clone()), host(self.target.forward(&batch.next, None)));
        let drawn = &memory.transitions;
        let targets = self.rule.targets(channels, &now, &next, &drawn.reward, &drawn.discount);
        let targets = batch::matrix(&targets, drawn.rows, &interface.device);
        let aggregate = |row: &[f32]| channels.value(row.iter().map(|&part| f64::from(part)));
        let values: f64 = now.chunks_exact(channels.count()).map(aggregate).sum();
        run.log("diag/value", values / drawn.rows as f64)?;
        let total = reduce::mean(loss(chosen, targets));
        let done = update(run, "td", total, &mut [&mut self.network], self.settings.values.clip())?;
        if self.interaction.updated(run) {
            self.target = self.network.inference().clone();
        }
        run.log("loss/td", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// The trained network's stored forms of `actions`, `[B, L]` with their graph.
    fn stored(&self, observed: &Observed, actions: Tensor<1, Int>) -> Tensor<2> {
        let network = self.network.module();
        let mut latent = network.encode(&observed.clone().autodiff(), None);
        if self.settings.scale_gradient {
            let scale = 1.0 / (self.actor.channels.count() as f64).sqrt();
            latent = latent.clone() * scale + latent.detach() * (1.0 - scale);
        }
        td::distribution_at_action(network.head().forward(latent, None), actions.autodiff())
    }
}

impl AnyMethod for Deep {
    /// One step of every copy of the world, and the updates that are due.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let (actor, network) = (&self.actor, self.network.inference());
        let actions =
            self.interaction.step(run, |seen, epsilon, random| actor.act(network, seen, epsilon, random))?;
        let rewards = self.divide(run.steps() <= CHECKED)?;
        self.interaction.remember(&actions, Some(rewards))?;
        if self.settings.anneal {
            self.network.set_learning_rate(self.interaction.annealed(run));
        }
        for _ in 0..self.interaction.due() {
            self.learn(run)?;
        }
        Ok(Progress::MAIN)
    }

    /// A policy from a copy of the network; sampling explores as training last did.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        let network = self.network.inference().clone();
        Some(Box::new(MapPolicy { network, actor: self.actor.clone(), epsilon: self.interaction.epsilon() }))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        save_module(snapshot, "target", &self.target);
        self.interaction.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("network", &mut self.network)])?;
        self.target = load_module(arrays, "target", self.target.clone())?;
        self.interaction.load(snapshot)
    }
}

/// The loss per sample, `[B]`: the Huber errors of the stored forms `[B, L]`, summed over channels.
pub(super) fn loss(chosen: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    td::huber(chosen, targets.autodiff(), HUBER).sum_dim(1).squeeze_dim(1)
}
