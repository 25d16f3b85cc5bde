//! The form with networks: k categorical agents (Bellemare et al., 2017) that meet in their targets.

use agents::{
    networks,
    state::{load_module, load_trained, save_module, save_trained},
    update::update,
    value_agent::{
        config::{Copies, ValueSettings},
        interaction::Interaction,
        memory::{Memory, Shape},
        network::{HeadShape, Interface, QNetwork},
        policy::{Actor, ValuePolicy, Values},
    },
};
use burn::tensor::{Tensor, activation};
use learn::{
    optim::Trained,
    reduce,
    td::{self, Projection, Support},
};
use nets::{Observed, ema};
use run::{
    AnyMethod, Policy, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, scores, task::World,
};
use settings::Config;
use worlds::{Actions, Array, Observations};

use super::{EnsembleConfig, Targets, grid::Grid, policy::JointPolicy, report::Report};

/// Draws from all agents' steps in search of an agent's own.
const ATTEMPTS: usize = 100;

/// The form with networks.
pub struct Deep {
    settings: ValueSettings,
    targets: Targets,
    shared: bool,
    grid: Grid,
    support: Support,
    actor: Actor,
    /// One per agent, from initial weights of its own.
    networks: Vec<Trained<QNetwork>>,
    /// Their target networks.
    target: Vec<QNetwork>,
    /// Row i is agent i's world and memory.
    interaction: Interaction,
    /// Rounds so far, in each of which every agent acts once.
    rounds: u64,
    /// Steps of all agents that do not yet make a step per agent.
    uncounted: u64,
    report: Report,
}

impl Deep {
    /// Builds networks, replay and worlds.
    ///
    /// # Errors
    /// The encoder or the replay does not fit the world.
    pub fn new(config: &EnsembleConfig, world: &World, run: &mut Run) -> Result<Self> {
        let EnsembleConfig { agents, targets, shared_buffer: shared, deep: settings, .. } = config;
        let grid = config.grid();
        let support = Support { low: grid.low as f32, high: grid.high as f32, atoms: grid.atoms };
        support.check()?;
        let interface = Interface::new(world, run)?;
        let layers = networks::one_layer(settings.hidden);
        let encoder = networks::or_layers(&settings.encoder, layers, world);
        let spec = networks::spec_of(&encoder, world, 1.0);
        let head = HeadShape::plain(settings.hidden, interface.actions, grid.atoms);
        let members = (0..*agents).map(|_| interface.network(&spec, head, run));
        let members = members.collect::<Result<Vec<_>>>()?;
        let capacity = settings.capacity.saturating_mul(*agents);
        let memory = Memory::new(&world.spec, *agents, capacity, Shape::new(settings, 1, 0), None)?;
        let copies = Copies { worlds: *agents, updates: 1 };
        Ok(Self {
            targets: *targets,
            shared: *shared,
            grid,
            support,
            actor: Actor { values: Values::Categorical(support), noisy: false, interface },
            target: members.iter().map(ema::target_of).collect(),
            networks: members.into_iter().map(|member| Trained::new(member, settings.adam())).collect(),
            interaction: Interaction::new(settings, &copies, memory, world, run)?.counting_nothing(),
            rounds: 0,
            uncounted: 0,
            report: Report::default(),
            settings: settings.clone(),
        })
    }

    /// Every agent acts in its own world by its own values.
    fn act(&mut self, run: &mut Run) -> Result<()> {
        let (actor, networks) = (&self.actor, &self.networks);
        let actions = self.interaction.step(run, |seen, epsilon, random| {
            let mut chosen = Vec::with_capacity(networks.len());
            for (agent, network) in networks.iter().enumerate() {
                let seen = row(seen, agent);
                if let Actions::Discrete(actions) =
                    actor.act(network.inference(), &seen, epsilon, false, random)
                {
                    chosen.extend(actions);
                }
            }
            Actions::Discrete(chosen)
        })?;
        self.interaction.remember(&actions, None)?;
        // Rows that only began an episode took no step.
        let (agents, reset) = (self.networks.len() as u64, &self.interaction.outcome().reset);
        self.uncounted += reset.iter().filter(|reset| !**reset).count() as u64;
        run.count_steps(self.uncounted / agents);
        self.uncounted %= agents;
        Ok(())
    }

    /// One agent draws a batch and takes one step along the gradient of its cross-entropy to the
    /// projection of r + gamma Z, with Z distributed as [`next_distribution`] says.
    fn learn(&mut self, agent: usize, run: &mut Run) -> Result<()> {
        self.draw(agent, run)?;
        let Interface { layout, device, .. } = &self.actor.interface;
        let (batch, actions) = self.interaction.memory().upload(layout, device)?;
        let next = next_distribution(self.targets, agent, &self.target, &self.support, &batch.next);
        let Projection { probabilities, clipped } =
            td::categorical_target(batch.reward, batch.discount, next, &self.support);
        self.report.clip(f64::from(clipped), 1.0);
        let output = self.networks[agent].module().forward(&batch.observations.autodiff(), None);
        let chosen = td::distribution_at_action(output, actions.autodiff());
        let log = activation::log_softmax(chosen, 1);
        let loss = reduce::mean(td::categorical_cross_entropy(probabilities.autodiff(), log));
        let done = update(run, "td", loss, &mut [&mut self.networks[agent]], self.settings.clip())?;
        run.count_updates("network", 1);
        run.log("loss/td", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// Draws a batch of an agent's own transitions, or of all agents' where the replay is shared.
    fn draw(&mut self, agent: usize, run: &mut Run) -> Result<()> {
        let (memory, random) = (self.interaction.memory_mut(), run.random("replay"));
        if self.shared {
            return memory.sample(0.0, random);
        }
        match memory.sample_row(agent, ATTEMPTS, random)? {
            true => Ok(()),
            false => Err(RunError::Config(format!(
                "agent {agent} has too few transitions to learn from: raise `deep.learning_starts` or \
                 `deep.capacity`"
            ))),
        }
    }

    fn joint_policy(&self) -> JointPolicy {
        let networks = self.networks.iter().map(|network| network.inference().clone()).collect();
        JointPolicy { networks, actor: self.actor.clone(), epsilon: self.interaction.epsilon() }
    }
}

impl AnyMethod for Deep {
    /// A step of every agent, and the updates that are due.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.act(run)?;
        self.rounds += 1;
        // One transition needs two entries.
        let begun = self.rounds >= self.settings.learning_starts.max(2);
        if begun && self.rounds.is_multiple_of(self.settings.train_every) {
            for agent in 0..self.networks.len() {
                self.learn(agent, run)?;
            }
        }
        if self.rounds.is_multiple_of(self.settings.target_every) {
            self.target = self.networks.iter().map(|network| network.inference().clone()).collect();
        }
        Ok(Progress::MAIN)
    }

    /// Copies of all networks that act together; sampling explores as training last did.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(self.joint_policy()))
    }

    /// Mean returns of the greedy policies; `eval/` scores are the joint policy's.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let Some(world) = &protocol.world else { return Ok(Scores::new()) };
        let mut joint =
            scores::evaluate(&mut self.joint_policy(), world, protocol, &mut run.derived("eval", 0))?;
        let mean = |scores: &Scores| scores.get("eval/return").map_or(0.0, |score| score.mean);
        let mut individual = Vec::with_capacity(self.networks.len());
        for (agent, network) in self.networks.iter().enumerate() {
            let network = network.inference().clone();
            let mut policy = ValuePolicy { network, actor: self.actor.clone(), epsilon: 0.0 };
            let mut random = run.derived("eval", agent as u64 + 1);
            individual.push(mean(&scores::evaluate(&mut policy, world, protocol, &mut random)?));
        }
        let value = mean(&joint);
        joint.extend(scores::exact(self.report.evaluated(&individual, value, &self.grid, run)));
        Ok(joint)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        for (agent, (network, target)) in self.networks.iter().zip(&self.target).enumerate() {
            save_trained(snapshot, &[(&format!("network.{agent}"), network)]);
            save_module(snapshot, &format!("target.{agent}"), target);
        }
        snapshot.put("ensemble", &(self.rounds, self.uncounted, &self.report))?;
        self.interaction.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        for (agent, (network, target)) in self.networks.iter_mut().zip(&mut self.target).enumerate() {
            load_trained(arrays, &mut [(&format!("network.{agent}"), network)])?;
            *target = load_module(arrays, &format!("target.{agent}"), target.clone())?;
        }
        (self.rounds, self.uncounted, self.report) = snapshot.get("ensemble")?;
        self.interaction.load(snapshot)
    }
}

/// The next distributions `[B, N]` in an agent's targets, by the target networks of all agents, at
/// the observations `next`: p_bar(x', a*) with p_bar = (1/k) sum_i p_i and a* = argmax Q_bar(x', .).
pub(super) fn next_distribution(
    targets: Targets,
    agent: usize,
    target: &[QNetwork],
    support: &Support,
    next: &Observed,
) -> Tensor<2> {
    let probabilities = |network: &QNetwork| activation::softmax(network.forward(next, None), 2);
    let own = probabilities(&target[agent]);
    let mixture = match targets {
        Targets::Own => own.clone(),
        Targets::Group | Targets::Action => {
            let each = target.iter().enumerate().map(|(other, network)| match other == agent {
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
