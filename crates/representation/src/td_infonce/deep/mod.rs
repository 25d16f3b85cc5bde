//! The deep form: goals reached without rewards, from transitions in any order.

mod critic;
mod policy;
mod settings;

use agents::{
    baseline::sac::actor::SquashedActor,
    device,
    experience::Experience,
    failure::failure,
    state::{arrays, load_module, load_trained, save_module, save_trained},
};
use burn::tensor::{Device, Tensor, activation::softmax};
use learn::{
    batch::matrix,
    contrastive::info_nce::{Labels, info_nce, td_info_nce},
    optim::{AdamSettings, Trained, update},
};
use memory::{Position, Relabel, Span, TransitionBatch};
use nets::{ema, mlp::MlpConfig, noise};
use run::{Mode, Policy, Result, Run, RunError, Snapshot, task::World};
use worlds::{Actions, Array, GoalSpace, Spec, noise::Autoregressive};

pub use self::settings::{Collect, DeepConfig};
use self::{critic::GoalCritic, policy::GoalPolicy};
use super::{Estimator, TdInfoNceConfig};

/// Correlation and deviation of smooth random actions.
const SMOOTH: [f64; 2] = [0.9, 0.6];

/// Actor, critic, worlds and memory.
pub(super) struct Deep {
    config: DeepConfig,
    monte_carlo: bool,
    bootstrap: bool,
    device: Device,
    /// Of the run's world.
    spec: Spec,
    goal: GoalSpace,
    goal_field: usize,
    experience: Experience,
    smooth: Autoregressive,
    actor: Trained<SquashedActor>,
    critic: Trained<GoalCritic>,
    slow_critic: GoalCritic,
    positions: Vec<Position>,
    goals: Vec<Position>,
    transitions: TransitionBatch,
    /// Whether it was said that rewards are ignored.
    noted: bool,
}

/// A minibatch on the device: B rows each.
struct Batch {
    observations: Tensor<2>,
    actions: Tensor<2>,
    next: Tensor<2>,
    /// Goals that the next observations achieve, or a future one's under Monte Carlo.
    positives: Tensor<2>,
    /// Goals of random observations, which the policy is asked to reach.
    goals: Tensor<2>,
}

impl Deep {
    /// Nothing collected yet.
    ///
    /// # Errors
    /// The world has no goals, or another kind of actions or observations than this form reads.
    pub(super) fn new(config: &TdInfoNceConfig, world: &World, run: &mut Run) -> Result<Self> {
        let estimator = config.estimator;
        if !matches!(estimator, Estimator::TdInfonce | Estimator::McInfonce) {
            return Err(RunError::Task(
                "the deep form of `td-infonce` has the estimators `td-infonce` and `mc-infonce`: set one of them, \
                 or use a world whose table is known"
                    .to_owned(),
            ));
        }
        let bootstrap = config.bootstrap;
        let config = config.deep.clone();
        let (goal, goal_field) = goal_space(&config, world)?;
        let Some(actions) = world.continuous() else {
            return Err(RunError::Task(format!(
                "the deep form of `td-infonce` needs continuous actions, and `{}` has discrete ones: try \
                 point-maze-umaze, or the tabular form",
                world.spec.name
            )));
        };
        let source = data_world(&config, world)?;
        let device = device::parse(run.device())?;
        let training = device.clone().autodiff();
        let (input, hidden) = (world.spec.input().size(), &config.hidden);
        let shape = MlpConfig::new(input + goal.size(), hidden, actions);
        let actor = SquashedActor::new(&shape, &training, run.random("init"));
        let critic = GoalCritic::new(
            (input + actions + goal.size(), goal.size()),
            (hidden, config.embedding),
            (config.normalise, config.temperature),
            &training,
            run.random("init"),
        );
        let experience = Experience::new(&source, config.worlds, config.capacity, run)?;
        let mut smooth = Autoregressive::new(config.worlds * actions, SMOOTH[0], SMOOTH[1]);
        smooth.begin(run.random("policy"));
        Ok(Self {
            monte_carlo: estimator == Estimator::McInfonce,
            bootstrap,
            slow_critic: ema::target_of(&critic),
            actor: Trained::new(actor, AdamSettings::new(config.actor_learning_rate)),
            critic: Trained::new(critic, AdamSettings::new(config.learning_rate)),
            spec: world.spec.clone(),
            device,
            goal,
            goal_field,
            experience,
            smooth,
            positions: Vec::new(),
            goals: Vec::new(),
            transitions: TransitionBatch::new(),
            noted: false,
            config,
        })
    }

    /// Acts once in every copy and learns from what is remembered.
    ///
    /// # Errors
    /// The world fails, all goals of a batch are the same, or a loss is not finite.
    pub(super) fn advance(&mut self, run: &mut Run) -> Result<()> {
        let actions = self.choose(run)?;
        self.experience.step(&actions, run)?;
        let outcome = self.experience.collector().outcome();
        if !self.noted && outcome.reward.iter().any(|reward| *reward != 0.0) {
            self.noted = true;
            run.note("`td-infonce` learns without rewards: those of this world are ignored");
        }
        if run.steps() < self.config.start_steps {
            return Ok(());
        }
        for _ in 0..self.config.updates * self.config.worlds {
            let batch = self.draw(run)?;
            self.improve_critic(&batch, run)?;
            self.improve_actor(&batch, run)?;
            let critic = self.critic.inference();
            self.slow_critic = ema::update(self.slow_critic.clone(), critic, self.config.tau);
            run.count_updates("agent", 1);
        }
        Ok(())
    }

    /// What acts now.
    pub(super) fn policy(&self) -> Box<dyn Policy> {
        Box::new(self.goal_policy())
    }

    fn goal_policy(&self) -> GoalPolicy {
        GoalPolicy::new(self.actor.inference().clone(), &self.spec, self.goal_field, &self.device)
    }

    fn choose(&mut self, run: &mut Run) -> Result<Actions> {
        match self.config.collect {
            Collect::Random => Ok(self.experience.random_actions(run.random("policy"))),
            Collect::Policy if run.steps() >= self.config.start_steps => {
                let observations = self.experience.collector().observations();
                self.goal_policy().choose(observations, Mode::Sample, run.random("policy"))
            }
            _ => {
                self.smooth.advance(run.random("policy"));
                let clipped = self.smooth.values.iter().map(|value| value.clamp(-1.0, 1.0) as f32);
                Ok(Actions::Continuous(clipped.collect()))
            }
        }
    }

    fn draw(&mut self, run: &mut Run) -> Result<Batch> {
        let (count, random) = (self.config.batch, run.random("replay"));
        let replay = self.experience.replay();
        replay.sample_uniform(count, Span::transition(1), random, &mut self.positions)?;
        replay.transitions(&self.positions, 1, 1.0, &mut self.transitions)?;
        let mut inputs = Array::Float(Vec::new());
        replay.goals(&self.positions, Relabel::Random, random, &mut self.goals)?;
        replay.observations(&self.goals, &mut inputs)?;
        let goals = achieved(&self.goal, &inputs, count);
        let first = &goals[..self.goal.size()];
        if goals.chunks(first.len()).all(|goal| goal == first) {
            return Err(RunError::Part(format!(
                "all {count} goals of a batch are the same, so that it has no negatives: collect transitions \
                 that move, or raise `deep.start_steps`"
            )));
        }
        let positives = if self.monte_carlo {
            let relabel = Relabel::Geometric { gamma: self.config.gamma };
            replay.goals(&self.positions, relabel, random, &mut self.goals)?;
            replay.observations(&self.goals, &mut inputs)?;
            achieved(&self.goal, &inputs, count)
        } else {
            achieved(&self.goal, &self.transitions.next, count)
        };
        let upload = |array: &Array| matrix(floats(array), count, &self.device);
        let Actions::Continuous(actions) = &self.transitions.actions else {
            return Err(RunError::Part("the memory holds no continuous actions".to_owned()));
        };
        Ok(Batch {
            observations: upload(&self.transitions.observations),
            actions: matrix(actions, count, &self.device),
            next: upload(&self.transitions.next),
            positives: matrix(&positives, count, &self.device),
            goals: matrix(&goals, count, &self.device),
        })
    }

    /// Both losses of the critic (the paper's equation 10), or the one of Monte Carlo.
    fn improve_critic(&mut self, batch: &Batch, run: &mut Run) -> Result<()> {
        let rows = self.config.batch;
        let goals = batch.goals.clone();
        // The goals moved on by one, so that no candidate is the goal its anchor is asked to reach.
        let random =
            Tensor::cat(vec![goals.clone().narrow(0, 1, rows - 1), goals.clone().narrow(0, 0, 1)], 0);
        let anchors = joined([&batch.observations, &batch.actions, &goals]).autodiff();
        let candidates = Tensor::cat(vec![batch.positives.clone(), random.clone()], 0).autodiff();
        let pairs = self.critic.module().forward(anchors, candidates);
        let accuracy = accuracy(pairs[0].clone().inner().narrow(1, 0, rows));
        let weights = if self.monte_carlo || !self.bootstrap {
            None
        } else {
            let noise = self.noise(rows, run);
            let (next_actions, _) = self.actor.inference().act(joined([&batch.next, &goals]), noise);
            let anchors = joined([&batch.next, &next_actions, &goals]);
            Some(softmax(self.slow_critic.smaller(anchors, random), 1).autodiff())
        };
        let losses = pairs.map(|logits| {
            let near = logits.clone().narrow(1, 0, rows);
            match &weights {
                Some(weights) => {
                    td_info_nce(near, logits.narrow(1, rows, rows), weights.clone(), self.config.gamma)
                }
                None => info_nce(near, Labels::Paired),
            }
        });
        let [first, second] = losses.map(Tensor::mean);
        let loss = (first + second).mul_scalar(0.5);
        let done =
            update("critic", loss, &mut [&mut self.critic], None).map_err(|error| failure(run, error))?;
        run.log("loss/critic", f64::from(done.loss))?;
        run.log("diag/accuracy", accuracy)
    }

    /// The actor makes its goal the most likely one among the batch's goals.
    fn improve_actor(&mut self, batch: &Batch, run: &mut Run) -> Result<()> {
        let rows = self.config.batch;
        let noise = self.noise(rows, run).autodiff();
        let (observations, goals) = (batch.observations.clone().autodiff(), batch.goals.clone().autodiff());
        let (actions, _) = self.actor.module().act(joined([&observations, &goals]), noise);
        let anchors = joined([&observations, &actions, &goals]);
        let logits = self.critic.module().smaller(anchors, goals);
        let mut loss = info_nce(logits, Labels::Paired).mean();
        let share = self.config.imitation;
        if share > 0.0 {
            let apart = (actions - batch.actions.clone().autodiff()).square().mean_dim(1).mean();
            loss = loss.mul_scalar(1.0 - share) + apart.mul_scalar(share);
        }
        let done =
            update("actor", loss, &mut [&mut self.actor], None).map_err(|error| failure(run, error))?;
        run.log("loss/actor", f64::from(done.loss))
    }

    fn noise(&self, rows: usize, run: &mut Run) -> Tensor<2> {
        noise::normal([rows, self.actor.module().dimensions()], &self.device, run.random("noise"))
    }

    pub(super) fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "slow-critic", &self.slow_critic);
        snapshot.put("smooth", &self.smooth)?;
        snapshot.put("noted", &self.noted)?;
        self.experience.save(snapshot)
    }

    pub(super) fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.slow_critic = load_module(&arrays, "slow-critic", self.slow_critic.clone())?;
        self.smooth = snapshot.get("smooth")?;
        self.noted = snapshot.get("noted")?;
        self.experience.load(snapshot)
    }
}

/// How goals relate to observations, and which field holds them.
fn goal_space(config: &DeepConfig, world: &World) -> Result<(GoalSpace, usize)> {
    let name = &world.spec.name;
    let known = worlds::goal(name)?;
    let (Some(mut goal), Some(field)) = (known, world.spec.goal_field()) else {
        return Err(RunError::Task(format!(
            "the deep form of `td-infonce` needs a world with goals, and `{name}` has none: try point-maze-umaze"
        )));
    };
    if !config.goal_map.is_empty() {
        goal.achieved.clone_from(&config.goal_map);
    }
    let (size, wanted) = (world.spec.input().size(), world.spec.fields[field].layout.size());
    if goal.size() != wanted {
        return Err(RunError::Task(format!(
            "`deep.goal_map` picks {} elements of an observation, but goals of `{name}` have {wanted}",
            goal.size()
        )));
    }
    if let Some(index) = goal.achieved.iter().find(|index| **index >= size) {
        return Err(RunError::Task(format!(
            "`deep.goal_map` names element {index}, but observations of `{name}` have {size}"
        )));
    }
    Ok((goal, field))
}

/// The world that transitions are collected in.
fn data_world(config: &DeepConfig, world: &World) -> Result<World> {
    if config.data_world.is_empty() {
        return Ok(world.clone());
    }
    let source = World::new(&config.data_world)?;
    world.check_same_spaces(&source)?;
    if config.collect == Collect::Policy && source.spec.goal_field() != world.spec.goal_field() {
        return Err(RunError::Task(format!(
            "`deep.collect=policy` follows the goals of `deep.data_world`, and `{}` has none: use smooth",
            source.spec.name
        )));
    }
    Ok(source)
}

fn joined<const N: usize>(parts: [&Tensor<2>; N]) -> Tensor<2> {
    Tensor::cat(parts.map(Tensor::clone).to_vec(), 1)
}

fn floats(array: &Array) -> &[f32] {
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => &[],
    }
}

/// The goals that `rows` observations have achieved.
fn achieved(goal: &GoalSpace, inputs: &Array, rows: usize) -> Vec<f32> {
    let values = floats(inputs);
    values.chunks((values.len() / rows).max(1)).flat_map(|input| goal.achieved(input)).collect()
}

/// Share of rows whose largest logit is that of their own candidate.
fn accuracy(logits: Tensor<2>) -> f64 {
    let [rows, columns] = logits.dims();
    let values: Vec<f32> = logits.into_data().iter().collect();
    let right = |(index, row): &(usize, &[f32])| row.iter().all(|value| *value <= row[*index]);
    values.chunks(columns).enumerate().filter(right).count() as f64 / rows as f64
}
