//! The deep forms: a value network and a second one for the policy or the average, each with a copy
//! that is renewed together every so many updates, which is one iteration of the scheme.

mod losses;
mod policy;

use agents::{
    baseline::dqn,
    device,
    failure::failure,
    networks,
    state::{arrays, load_module, load_trained, save_module, save_trained},
    value_agent::{
        Settings,
        memory::{Memory, Shape},
        network::{HeadShape, QNetwork},
        policy::{Actor, ValuePolicy},
    },
};
use burn::tensor::{Device, Tensor};
use learn::{
    batch::Transitions,
    optim::{Trainable, Trained, update},
    reduce, td,
};
use memory::ReplayConfig;
use nets::{Observed, ema, encoder::EncoderConfig};
use run::{Collector, Policy, Result, Run, RunError, Snapshot, task::World};
use worlds::Layout;

pub use self::losses::{Iteration, Second};
use self::policy::{Chooser, NetworkPolicy};
use super::config::{Kind, MdviConfig, Variant};

/// A trained network and its copy of the last iteration.
struct Pair {
    trained: Trained<QNetwork>,
    copy: QNetwork,
}

impl Pair {
    fn new(network: QNetwork, settings: &Settings) -> Self {
        Self { copy: ema::target_of(&network), trained: Trained::new(network, settings.adam) }
    }

    fn renew(&mut self) {
        self.copy = self.trained.inference().clone();
    }
}

/// A learner in one of the deep forms.
pub struct Deep {
    settings: Settings,
    iteration: Iteration,
    second_kind: Second,
    softmax: bool,
    layout: Layout,
    device: Device,
    values: Pair,
    /// The policy's logits, or the average of values; nothing without a regulariser.
    second: Option<Pair>,
    memory: Memory,
    collector: Collector,
    /// Environment steps since the last round of updates.
    owed: u64,
    updates: u64,
}

impl Deep {
    /// Builds networks, replay and worlds.
    ///
    /// # Errors
    /// The encoder or the replay does not fit the world.
    pub fn new(config: &MdviConfig, world: &World, run: &mut Run) -> Result<Self> {
        let regulariser = config.regulariser();
        let mut settings = config.agent();
        if settings.encoder == EncoderConfig::Identity && !world.images() {
            settings.encoder = dqn::layers(settings.hidden);
        }
        settings.learning_starts = settings.learning_starts.max(2 * settings.worlds as u64);
        let actions = world.discrete().ok_or_else(|| {
            RunError::Task(format!("world `{}` has no discrete actions to learn values of", world.spec.name))
        })?;
        let (layout, device) = (world.spec.input().clone(), device::parse(run.device())?);
        let spec = networks::spec_of(&settings.encoder, world, settings.target_rate);
        let head = HeadShape { hidden: settings.hidden, actions, atoms: 1, dueling: false, noisy: None };
        let network = |run: &mut Run| {
            let training = device.clone().autodiff();
            QNetwork::new(&spec, head, &layout, &training, run.random("init")).map_err(RunError::part)
        };
        let values = Pair::new(network(run)?, &settings);
        let second = match regulariser.none() {
            true => None,
            false => Some(Pair::new(network(run)?, &settings)),
        };
        let memory = Memory::new(ReplayConfig::new(&world.spec, settings.worlds, settings.capacity), None)?;
        Ok(Self {
            iteration: Iteration::new(regulariser, config.kind == Kind::Both),
            second_kind: match config.variant {
                Variant::MdIndirect => Second::Indirect,
                Variant::Da => Second::Average,
                Variant::Auto | Variant::Tabular | Variant::MdDirect => Second::Direct,
            },
            softmax: config.softmax(),
            values,
            second,
            memory,
            collector: Collector::new(world, settings.worlds, run)?,
            owed: 0,
            updates: 0,
            layout,
            device,
            settings,
        })
    }

    /// One step of every copy of the world, and the updates that are due.
    ///
    /// # Errors
    /// The world fails, or a loss is not finite.
    pub fn advance(&mut self, run: &mut Run) -> Result<()> {
        let before = run.steps();
        let observations = self.collector.observations();
        let epsilon = if self.softmax { 0.0 } else { self.settings.epsilon.value(before) };
        let chooser = self.chooser();
        let actions = chooser.act(self.acting(), observations, epsilon, run.random("policy"));
        self.collector.step(&actions, run)?;
        run.log("diag/epsilon", epsilon)?;
        self.memory.push(self.collector.before(), &actions, self.collector.outcome())?;
        if run.steps() < self.settings.learning_starts {
            return Ok(());
        }
        self.owed += run.steps() - before;
        while self.owed >= self.settings.train_every {
            self.owed -= self.settings.train_every;
            for _ in 0..self.settings.updates {
                self.learn(run)?;
            }
        }
        Ok(())
    }

    /// The network whose largest output is the best action.
    fn acting(&self) -> &QNetwork {
        self.second.as_ref().unwrap_or(&self.values).trained.inference()
    }

    fn chooser(&self) -> Chooser {
        let actor = Actor {
            values: self.settings.values,
            noisy: false,
            layout: self.layout.clone(),
            device: self.device.clone(),
        };
        Chooser { actor, scale: self.softmax.then(|| self.iteration.scale(self.second_kind)) }
    }

    /// A policy from a copy of the network that acts.
    pub fn policy(&self) -> Box<dyn Policy> {
        let chooser = self.chooser();
        let network = self.acting().clone();
        let values = ValuePolicy { network, actor: chooser.actor.clone(), epsilon: 0.0 };
        Box::new(NetworkPolicy { values, chooser })
    }

    /// Draws a batch and takes a step of each network; renews the copies where they are due.
    fn learn(&mut self, run: &mut Run) -> Result<()> {
        let gamma = self.settings.gamma as f32;
        let shape = Shape { batch: self.settings.batch, steps: 1, gamma, window: 0 };
        self.memory.sample(&shape, 0.0, run.random("replay"))?;
        let batch = Transitions::upload(&self.memory.transitions, &self.layout, &self.device);
        self.learn_values(&batch, run)?;
        self.learn_second(&batch, run)?;
        self.updates += 1;
        run.count_updates("network", 1);
        if self.updates.is_multiple_of(self.settings.target_every) {
            self.values.renew();
            self.second.iter_mut().for_each(Pair::renew);
        }
        Ok(())
    }

    fn learn_values(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let next_values = output(&self.values.copy, &batch.next);
        let next = match &self.second {
            Some(second) => {
                let policy =
                    self.iteration.policy(self.second_kind, output(second.trained.inference(), &batch.next));
                let previous = self.iteration.policy(self.second_kind, output(&second.copy, &batch.next));
                self.iteration.next_value(&policy, &previous, next_values)
            }
            None => next_values.max_dim(1).squeeze_dim(1),
        };
        let target = td::target(batch.reward.clone(), batch.discount.clone(), next);
        let actions = batch
            .actions
            .indices()
            .ok_or_else(|| RunError::Part("the replay holds continuous actions".to_owned()))?;
        let value = td::at_action(
            output(self.values.trained.module(), &batch.observations.clone().autodiff()),
            actions.autodiff(),
        );
        let mean = f64::from(value.clone().inner().mean().into_scalar::<f32>());
        let loss = losses::regression(&self.settings.values, value, target.autodiff());
        step("td", reduce::mean(loss), &mut self.values.trained, self.settings.gradient_clip, run)?;
        run.log("diag/value", mean)
    }

    fn learn_second(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let Some(second) = &mut self.second else { return Ok(()) };
        let values = output(&self.values.copy, &batch.observations);
        let previous = output(&second.copy, &batch.observations);
        let present = output(second.trained.module(), &batch.observations.clone().autodiff());
        let entropy = self.iteration.policy(self.second_kind, present.clone().inner()).entropy();
        let loss = self.iteration.loss(self.second_kind, present, previous, values);
        step("policy", reduce::mean(loss), &mut second.trained, self.settings.gradient_clip, run)?;
        run.log("diag/entropy", f64::from(entropy.mean().into_scalar::<f32>()))
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("values", &self.values.trained)]);
        save_module(snapshot, "values-copy", &self.values.copy);
        if let Some(second) = &self.second {
            save_trained(snapshot, &[("policy", &second.trained)]);
            save_module(snapshot, "policy-copy", &second.copy);
        }
        self.memory.save(snapshot);
        snapshot.put("mdvi", &(self.owed, self.updates))?;
        self.collector.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("values", &mut self.values.trained)])?;
        self.values.copy = load_module(&arrays, "values-copy", self.values.copy.clone())?;
        if let Some(second) = &mut self.second {
            load_trained(&arrays, &mut [("policy", &mut second.trained)])?;
            second.copy = load_module(&arrays, "policy-copy", second.copy.clone())?;
        }
        self.memory.load(snapshot)?;
        (self.owed, self.updates) = snapshot.get("mdvi")?;
        self.collector.load(snapshot)
    }
}

/// `[B, A]`: the network's numbers.
fn output(network: &QNetwork, observed: &Observed) -> Tensor<2> {
    network.forward(observed, None).squeeze_dim(2)
}

/// One step along the gradient of a loss.
fn step(
    term: &str,
    loss: Tensor<1>,
    part: &mut Trained<QNetwork>,
    clip: Option<f32>,
    run: &mut Run,
) -> Result<()> {
    let parts: &mut [&mut dyn Trainable] = &mut [part];
    let done = update(term, loss, parts, clip).map_err(|error| failure(run, error))?;
    run.log(&format!("loss/{term}"), f64::from(done.loss))?;
    run.log(&format!("diag/gradient_norm_{term}"), f64::from(done.gradient_norm))
}
