//! The form with a network, MapDQN: one head of stored forms per channel on shared layers.

use agents::{
    baseline::dqn::layers,
    device,
    failure::failure,
    networks,
    state::{arrays, load_module, load_trained, save_module, save_trained},
    value_agent::{
        checks::limit,
        memory::{Memory, Shape},
        network::{HeadShape, QNetwork},
        policy::host,
    },
};
use burn::tensor::{Int, Tensor};
use learn::{
    batch::{self, ActionBatch},
    optim::{Trained, update},
    reduce, td,
};
use memory::{ReplayConfig, TransitionBatch};
use nets::{Observed, ema, encoder::EncoderConfig};
use run::{Collector, Result, Run, RunError, Snapshot, task::World};
use worlds::{Outcome, Spec};

use super::{
    Bootstrap, Rates,
    channels::Channels,
    deep_settings::DeepSettings,
    policy::{Actor, MapPolicy, greedy},
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
            let shared = greedy(channels, next);
            for (channel, mapping) in channels.mappings().iter().enumerate() {
                let value = |stored: f32| mapping.invert(f64::from(stored)).clamp(low, high);
                let factor = self.bootstrap.factor(channels.weights()[channel]);
                let action = factor.map_or(shared, |factor| own_greedy(channels, channel, factor, next));
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

/// The action of a channel's largest value times `factor`, of stored forms `[A, L]`.
fn own_greedy(channels: &Channels, channel: usize, factor: f64, stored: &[f32]) -> usize {
    let mapping = channels.mappings()[channel];
    let values = stored.iter().skip(channel).step_by(channels.count());
    let (mut best, mut largest) = (0, f64::NEG_INFINITY);
    for (action, stored) in values.enumerate() {
        let value = factor * mapping.invert(f64::from(*stored));
        if value > largest {
            (best, largest) = (action, value);
        }
    }
    best
}

/// MapDQN.
pub struct MapAgent {
    settings: DeepSettings,
    rule: TargetRule,
    actor: Actor,
    network: Trained<QNetwork>,
    target: QNetwork,
    shape: Shape,
    memory: Memory,
    collector: Collector,
    /// Reused copy of an outcome with one reward per channel.
    split: Outcome,
    /// Environment steps since the last round of updates.
    owed: u64,
    updates: u64,
    /// Probability of a random action at the last step.
    epsilon: f64,
}

impl MapAgent {
    /// Builds networks, replay and worlds.
    ///
    /// # Errors
    /// The encoder or the replay does not fit the world.
    pub fn new(
        settings: &DeepSettings,
        channels: Channels,
        (rates, bootstrap): (Rates, Bootstrap),
        world: &World,
        run: &mut Run,
    ) -> Result<Self> {
        let mut settings = settings.clone();
        let actions = world.discrete().ok_or_else(|| {
            RunError::Task(format!("world `{}` has no discrete actions to learn values of", world.spec.name))
        })?;
        if settings.encoder == EncoderConfig::Identity && !world.images() {
            settings.encoder = layers(settings.hidden);
        }
        let first = settings.worlds * (settings.n_step + 1);
        settings.learning_starts = settings.learning_starts.max(first as u64);
        let layout = world.spec.input();
        let device = device::parse(run.device())?;
        let head = HeadShape {
            hidden: settings.hidden,
            actions,
            atoms: channels.count(),
            dueling: false,
            noisy: None,
        };
        let spec = networks::spec_of(&settings.encoder, world, 1.0);
        let training = device.clone().autodiff();
        let network =
            QNetwork::new(&spec, head, layout, &training, run.random("init")).map_err(RunError::part)?;
        let rule = TargetRule {
            beta_reg: if rates == Rates::Two { settings.beta_reg } else { 1.0 },
            bootstrap,
            range: channels.range(settings.gamma),
        };
        let divided = divided(&world.spec, channels.count());
        Ok(Self {
            rule,
            target: ema::target_of(&network),
            network: Trained::new(network, settings.adam()),
            shape: Shape {
                batch: settings.batch,
                steps: settings.n_step,
                gamma: settings.gamma as f32,
                window: 0,
            },
            memory: replay(&settings, &divided)?,
            collector: Collector::new(world, settings.worlds, run)?,
            split: Outcome::new(&divided, settings.worlds),
            actor: Actor { channels, layout: layout.clone(), device },
            owed: 0,
            updates: 0,
            epsilon: settings.epsilon.value(0),
            settings,
        })
    }

    /// One step of every copy of the world, and the updates that are due.
    ///
    /// # Errors
    /// The world fails, a reward does not fit its channels, or the loss is not finite.
    pub fn advance(&mut self, run: &mut Run) -> Result<()> {
        let before = run.steps();
        self.collect(run)?;
        if run.steps() < self.settings.learning_starts {
            return Ok(());
        }
        self.owed += run.steps() - before;
        if self.settings.anneal {
            let left = 1.0 - run.steps() as f64 / run.total_steps() as f64;
            self.network.set_learning_rate(self.settings.learning_rate * left.max(0.0));
        }
        while self.owed >= self.settings.train_every {
            self.owed -= self.settings.train_every;
            for _ in 0..self.settings.updates {
                self.learn(run)?;
            }
        }
        Ok(())
    }

    fn collect(&mut self, run: &mut Run) -> Result<()> {
        self.epsilon = self.settings.epsilon.value(run.steps());
        let observations = self.collector.observations();
        let network = self.network.inference();
        let actions = self.actor.act(network, observations, self.epsilon, run.random("policy"));
        self.collector.step(&actions, run)?;
        run.log("diag/epsilon", self.epsilon)?;
        self.divide(run.steps() <= CHECKED)?;
        self.memory.push(self.collector.before(), &actions, &self.split)
    }

    /// Copies the last outcome with its reward divided over the channels.
    fn divide(&mut self, check_sum: bool) -> Result<()> {
        let outcome = self.collector.outcome();
        self.split.clone_from(outcome);
        self.split.reward.clear();
        let channels = &self.actor.channels;
        let per_row = outcome.reward.len() / self.settings.worlds;
        for (row, reward) in outcome.reward.iter().step_by(per_row.max(1)).enumerate() {
            let reward = f64::from(*reward);
            let checked = channels.check_sign(reward).and_then(|()| match check_sum {
                true => channels.check_sum(reward),
                false => Ok(()),
            });
            checked.map_err(|sentence| RunError::Task(format!("a step of copy {row}: {sentence}")))?;
            let parts = (0..channels.count()).map(|channel| channels.reward(channel, reward) as f32);
            self.split.reward.extend(parts);
        }
        Ok(())
    }

    /// Draws a batch and takes one step along the gradient of the loss.
    fn learn(&mut self, run: &mut Run) -> Result<()> {
        self.memory.sample(&self.shape, 0.0, run.random("replay"))?;
        let batch = &self.memory.transitions;
        let (chosen, targets) = self.chosen_and_targets(batch)?;
        let channels = self.actor.channels.count();
        let aggregate = |row: &[f32]| self.actor.channels.value(row.iter().map(|&part| f64::from(part)));
        let values: f64 = host(chosen.clone().inner()).chunks_exact(channels).map(aggregate).sum();
        run.log("diag/value", values / batch.rows as f64)?;
        let total = reduce::mean(loss(chosen, targets));
        let done = update("td", total, &mut [&mut self.network], limit(self.settings.gradient_clip))
            .map_err(|error| failure(run, error))?;
        self.updates += 1;
        run.count_updates("network", 1);
        if self.updates.is_multiple_of(self.settings.target_every) {
            self.target = ema::update(self.target.clone(), self.network.inference(), 1.0);
        }
        run.log("loss/td", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// Stored forms of the actions taken, `[B, L]` with their graph, and their targets without one.
    fn chosen_and_targets(&self, batch: &TransitionBatch) -> Result<(Tensor<2>, Tensor<2>)> {
        let Actor { channels, layout, device } = &self.actor;
        let observed = batch::observe(&batch.observations, layout, batch.rows, device);
        let next = batch::observe(&batch.next, layout, batch.rows, device);
        let actions = ActionBatch::upload(&batch.actions, batch.rows, device)
            .indices()
            .ok_or_else(|| RunError::Part("the replay holds continuous actions".to_owned()))?;
        let chosen = self.forward(&observed, actions);
        let (now, next) = (host(chosen.clone().inner()), host(self.target.forward(&next, None)));
        let targets = self.rule.targets(channels, &now, &next, &batch.reward, &batch.discount);
        let targets = batch::matrix(&targets, batch.rows, device);
        Ok((chosen, targets))
    }

    /// The trained network's stored forms of `actions`, `[B, L]`.
    fn forward(&self, observed: &Observed, actions: Tensor<1, Int>) -> Tensor<2> {
        let network = self.network.module();
        let mut latent = network.encode(&observed.clone().autodiff(), None);
        if self.settings.scale_gradient {
            let scale = 1.0 / (self.actor.channels.count() as f64).sqrt();
            latent = latent.clone() * scale + latent.detach() * (1.0 - scale);
        }
        td::distribution_at_action(network.head().forward(latent, None), actions.autodiff())
    }

    /// A policy from a copy of the network; sampling explores as training last did.
    pub fn policy(&self) -> MapPolicy {
        let network = self.network.inference().clone();
        MapPolicy { network, actor: self.actor.clone(), epsilon: self.epsilon }
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice; the values all have a portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        save_module(snapshot, "target", &self.target);
        self.memory.save(snapshot);
        snapshot.put("map-agent", &(self.owed, self.updates, self.epsilon))?;
        self.collector.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("network", &mut self.network)])?;
        self.target = load_module(&arrays, "target", self.target.clone())?;
        self.memory.load(snapshot)?;
        (self.owed, self.updates, self.epsilon) = snapshot.get("map-agent")?;
        self.collector.load(snapshot)
    }
}

/// The loss per sample, `[B]`: the Huber errors of the stored forms `[B, L]`, summed over channels.
pub(super) fn loss(chosen: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    td::huber(chosen, targets.autodiff(), HUBER).sum_dim(1).squeeze_dim(1)
}

/// The world's description with one reward per channel.
fn divided(spec: &Spec, channels: usize) -> Spec {
    let rewards = (0..channels).map(|channel| format!("channel {channel}")).collect();
    Spec { rewards, ..spec.clone() }
}

/// The replay, long enough for the returns that are drawn from it.
fn replay(settings: &DeepSettings, spec: &Spec) -> Result<Memory> {
    let config = ReplayConfig::new(spec, settings.worlds, settings.capacity);
    let (length, needed) = (config.length(), settings.n_step + 1);
    if length < needed {
        return Err(RunError::Config(format!(
            "`deep.capacity` leaves {length} entries for each of {} worlds, but {} step returns need {needed}: \
             raise `deep.capacity`",
            settings.worlds, settings.n_step
        )));
    }
    Memory::new(config, None)
}
