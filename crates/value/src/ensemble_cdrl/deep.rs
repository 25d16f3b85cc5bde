//! The form with networks: k categorical agents (Bellemare et al., 2017) that meet in their targets.

use agents::{
    device,
    failure::failure,
    networks,
    state::{arrays, load_module, load_trained, save_module, save_trained},
    value_agent::{
        checks::limit,
        loss::Values,
        network::{HeadShape, QNetwork},
        policy::{Actor, ValuePolicy},
    },
};
use burn::tensor::{Tensor, activation};
use learn::{
    batch::Transitions,
    optim::{Trainable, Trained, update},
    reduce,
    td::{self, Projection, Support},
};
use memory::{Boundary, Position, Replay, ReplayConfig, Span, TransitionBatch};
use nets::{Observed, ema};
use run::{Collector, Protocol, Result, Run, RunError, Scores, Snapshot, scores, task::World};
use settings::Config;
use worlds::{Actions, Array, Observations};

pub use super::deep_settings::DeepSettings;
use super::{Targets, grid::Grid, policy::JointPolicy, report::Report};

/// What a one-step transition needs of the replay.
const ONE_STEP: Span = Span { before: 0, after: 1, boundary: Boundary::Mask };

/// Draws from all agents' steps in search of an agent's own.
const ATTEMPTS: usize = 100;

/// The form with networks.
pub struct Deep {
    settings: DeepSettings,
    targets: Targets,
    shared: bool,
    support: Support,
    actor: Actor,
    /// One per agent, from initial weights of its own.
    networks: Vec<Trained<QNetwork>>,
    slow: Vec<QNetwork>,
    /// Row i is agent i's world.
    collector: Collector,
    /// Row i is agent i's memory.
    replay: Replay,
    positions: Vec<Position>,
    batch: TransitionBatch,
    /// Rounds so far, in each of which every agent acts once.
    rounds: u64,
    /// Steps of all agents that do not yet make a step per agent.
    uncounted: u64,
    epsilon: f64,
    report: Report,
}

impl Deep {
    /// Builds networks, replay and worlds.
    ///
    /// # Errors
    /// The encoder or the replay does not fit the world.
    pub fn new(
        settings: &DeepSettings,
        grid: &Grid,
        targets: Targets,
        (agents, shared): (usize, bool),
        world: &World,
        run: &mut Run,
    ) -> Result<Self> {
        let actions = world.discrete().ok_or_else(|| {
            RunError::Task(format!("world `{}` has no discrete actions to learn values of", world.spec.name))
        })?;
        let support = Support { low: grid.low as f32, high: grid.high as f32, atoms: grid.atoms };
        support.validate().map_err(RunError::part)?;
        let layout = world.spec.input();
        let device = device::parse(run.device())?;
        let spec = networks::spec_of(&settings.encoder(world.images()), world, 1.0);
        let head =
            HeadShape { hidden: settings.hidden, actions, atoms: grid.atoms, dueling: false, noisy: None };
        let training = device.clone().autodiff();
        let drawn = (0..agents).map(|_| QNetwork::new(&spec, head, layout, &training, run.random("init")));
        let members = drawn.collect::<std::result::Result<Vec<_>, _>>().map_err(RunError::part)?;
        let capacity = settings.capacity.saturating_mul(agents);
        Ok(Self {
            targets,
            shared,
            slow: members.iter().map(ema::target_of).collect(),
            networks: members.into_iter().map(|member| Trained::new(member, settings.adam())).collect(),
            collector: Collector::new(world, agents, run)?.counting_nothing(),
            replay: Replay::new(ReplayConfig::new(&world.spec, agents, capacity))?,
            positions: Vec::new(),
            batch: TransitionBatch::new(),
            actor: Actor {
                values: Values::Categorical(support),
                noisy: false,
                layout: layout.clone(),
                device,
            },
            support,
            rounds: 0,
            uncounted: 0,
            epsilon: settings.epsilon.value(0),
            report: Report::default(),
            settings: settings.clone(),
        })
    }

    /// A step of every agent, and the updates that are due.
    ///
    /// # Errors
    /// The world fails, or a loss is not finite.
    pub fn advance(&mut self, run: &mut Run) -> Result<()> {
        self.collect(run)?;
        self.rounds += 1;
        // One transition needs two entries.
        let begun = self.rounds >= self.settings.learning_starts.max(2);
        if begun && self.rounds.is_multiple_of(self.settings.train_every) {
            for agent in 0..self.networks.len() {
                self.learn(agent, run)?;
            }
        }
        if self.rounds.is_multiple_of(self.settings.target_every) {
            for (slow, network) in self.slow.iter_mut().zip(&self.networks) {
                *slow = ema::update(slow.clone(), network.inference(), 1.0);
            }
        }
        Ok(())
    }

    /// Every agent acts in its own world by its own values.
    fn collect(&mut self, run: &mut Run) -> Result<()> {
        self.epsilon = self.settings.epsilon.value(run.steps());
        let mut chosen = Vec::with_capacity(self.networks.len());
        for (agent, network) in self.networks.iter().enumerate() {
            let seen = row(self.collector.observations(), agent);
            let random = run.random("policy");
            if let Actions::Discrete(actions) =
                self.actor.act(network.inference(), &seen, self.epsilon, false, random)
            {
                chosen.extend(actions);
            }
        }
        let actions = Actions::Discrete(chosen);
        self.collector.step(&actions, run)?;
        run.log("diag/epsilon", self.epsilon)?;
        let outcome = self.collector.outcome();
        self.replay.push(self.collector.before(), &actions, outcome, &[])?;
        // Rows that only began an episode took no step.
        let agents = self.networks.len() as u64;
        self.uncounted += outcome.reset.iter().filter(|reset| !**reset).count() as u64;
        run.count_steps(self.uncounted / agents);
        self.uncounted %= agents;
        Ok(())
    }

    /// One agent draws a batch and takes one step along the gradient of its cross-entropy.
    fn learn(&mut self, agent: usize, run: &mut Run) -> Result<()> {
        self.draw(agent, run)?;
        let batch = Transitions::upload(&self.batch, &self.actor.layout, &self.actor.device);
        let actions = batch
            .actions
            .indices()
            .ok_or_else(|| RunError::Part("the replay holds continuous actions".to_owned()))?;
        let next = next_distribution(self.targets, agent, &self.slow, &self.support, &batch.next);
        let Projection { probabilities, clipped } =
            td::categorical_target(batch.reward, batch.discount, next, &self.support);
        self.report.clip(f64::from(clipped), 1.0);
        let output = self.networks[agent].module().forward(&batch.observations.autodiff(), None);
        let chosen = td::distribution_at_action(output, actions.autodiff());
        let log = activation::log_softmax(chosen, 1);
        let loss = reduce::mean(td::categorical_cross_entropy(probabilities.autodiff(), log));
        let mut parts: Vec<&mut dyn Trainable> = vec![&mut self.networks[agent]];
        let done = update("td", loss, &mut parts, limit(self.settings.gradient_clip))
            .map_err(|error| failure(run, error))?;
        run.count_updates("network", 1);
        run.log("loss/td", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// Draws a batch of an agent's own transitions, or of all agents' where the replay is shared.
    fn draw(&mut self, agent: usize, run: &mut Run) -> Result<()> {
        let (count, random) = (self.settings.batch, run.random("replay"));
        if self.shared {
            self.replay.sample_uniform(count, ONE_STEP, random, &mut self.positions)?;
        } else {
            self.positions.clear();
            let mut candidates = Vec::new();
            for _ in 0..ATTEMPTS {
                let among = count * self.networks.len();
                self.replay.sample_uniform(among, ONE_STEP, random, &mut candidates)?;
                self.positions.extend(candidates.iter().filter(|position| position.row() == agent));
                if self.positions.len() >= count {
                    break;
                }
            }
            self.positions.truncate(count);
        }
        if self.positions.len() < count {
            return Err(RunError::Config(format!(
                "agent {agent} has too few transitions to learn from: raise `deep.learning_starts` or \
                 `deep.capacity`"
            )));
        }
        let gamma = self.settings.gamma as f32;
        Ok(self.replay.transitions(&self.positions, 1, gamma, &mut self.batch)?)
    }

    /// Copies of all networks that act together; sampling explores as training last did.
    pub fn policy(&self) -> JointPolicy {
        let networks = self.networks.iter().map(|network| network.inference().clone()).collect();
        JointPolicy { networks, actor: self.actor.clone(), epsilon: self.epsilon }
    }

    /// Mean returns of the greedy policies; `eval/` scores are the joint policy's.
    ///
    /// # Errors
    /// The world fails.
    pub fn scores(
        &mut self,
        grid: &Grid,
        world: &World,
        protocol: &Protocol,
        run: &mut Run,
    ) -> Result<Scores> {
        let mut joint = scores::evaluate(&mut self.policy(), world, protocol, &mut run.derived("eval", 0))?;
        let mean = |scores: &Scores| scores.get("eval/return").map_or(0.0, |score| score.mean);
        let mut individual = Vec::with_capacity(self.networks.len());
        for (agent, network) in self.networks.iter().enumerate() {
            let network = network.inference().clone();
            let mut policy = ValuePolicy { network, actor: self.actor.clone(), epsilon: 0.0 };
            let mut random = run.derived("eval", agent as u64 + 1);
            individual.push(mean(&scores::evaluate(&mut policy, world, protocol, &mut random)?));
        }
        let value = mean(&joint);
        joint.extend(scores::exact(self.report.evaluated(&individual, value, grid, run)));
        Ok(joint)
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice; the values all have a portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        for (agent, (network, slow)) in self.networks.iter().zip(&self.slow).enumerate() {
            save_trained(snapshot, &[(&format!("network.{agent}"), network)]);
            save_module(snapshot, &format!("target.{agent}"), slow);
        }
        snapshot.put_replay("replay", &self.replay);
        snapshot.put("ensemble", &(self.rounds, self.uncounted, self.epsilon, &self.report))?;
        self.collector.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        for (agent, (network, slow)) in self.networks.iter_mut().zip(&mut self.slow).enumerate() {
            load_trained(&arrays, &mut [(&format!("network.{agent}"), network)])?;
            *slow = load_module(&arrays, &format!("target.{agent}"), slow.clone())?;
        }
        self.replay = snapshot.replay("replay", self.replay.config().clone())?;
        (self.rounds, self.uncounted, self.epsilon, self.report) = snapshot.get("ensemble")?;
        self.collector.load(snapshot)
    }
}

/// The next distributions `[B, N]` in an agent's targets, by the target networks of all agents, at
/// the observations `next`.
pub(super) fn next_distribution(
    targets: Targets,
    agent: usize,
    slow: &[QNetwork],
    support: &Support,
    next: &Observed,
) -> Tensor<2> {
    let probabilities = |network: &QNetwork| activation::softmax(network.forward(next, None), 2);
    let own = probabilities(&slow[agent]);
    let mixture = match targets {
        Targets::Own => own.clone(),
        Targets::Group | Targets::Action => {
            let each = slow.iter().enumerate().map(|(other, network)| match other == agent {
                true => own.clone(),
                false => probabilities(network),
            });
            mean(each).unwrap_or_else(|| own.clone())
        }
    };
    // The values of the mean distribution are the mean values.
    let action = td::greedy(support.action_values(mixture.clone()));
    let bootstrap = if targets == Targets::Group { mixture } else { own };
    td::distribution_at_action(bootstrap, action)
}

/// The running mean, which of equal members is each of them to the last bit.
fn mean(members: impl Iterator<Item = Tensor<3>>) -> Option<Tensor<3>> {
    members.enumerate().fold(None, |mean, (before, member)| match mean {
        None => Some(member),
        Some(mean) => Some(mean.clone() + (member - mean).div_scalar((before + 1) as f64)),
    })
}

/// One row of the observations.
fn row(observations: &Observations, row: usize) -> Observations {
    fn part<T: Clone>(values: &[T], rows: usize, row: usize) -> Vec<T> {
        let size = values.len() / rows;
        values[row * size..][..size].to_vec()
    }
    let fields = observations.fields.iter().map(|field| match field {
        Array::Float(values) => Array::Float(part(values, observations.rows, row)),
        Array::Byte(values) => Array::Byte(part(values, observations.rows, row)),
    });
    Observations { rows: 1, fields: fields.collect() }
}
