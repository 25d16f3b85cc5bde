//! Implicit Q-learning (Kostrikov et al., 2022, arXiv 2110.06169): a state value fitted to an upper
//! expectile of the recorded actions' values stands in for the maximum over actions, so that no
//! action outside the data is ever valued; the policy clones recorded actions, weighted by the
//! exponential of their advantage.
//!
//! Over indices the same three losses serve, with one-hot actions and a categorical policy.

use burn::tensor::{Device, Tensor};
use learn::{
    batch::Transitions,
    optim::{AdamSettings, Trained, update},
    policy_gradient::weighted_likelihood,
    td,
};
use nets::{
    ema,
    heads::Critic,
    mlp::{Mlp, MlpConfig},
};
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, data::Data,
};
use settings::Config;
use worlds::ActionSpace;

use super::{
    bc::actor::{Fit, FittedActor, width},
    td3_bc::OFFSET,
};
use crate::{
    device,
    failure::failure,
    offline::{
        measure,
        policy::{RecordedPolicy, flat},
        rewards::{RewardConfig, Rewards},
    },
    recorded::Recorded,
    state::{arrays, load_module, load_trained, save_module, save_trained},
};

/// Hyper-parameters of implicit Q-learning.
///
/// The paper's values for locomotion (appendix B); mazes take `expectile = 0.9`, `beta = 10`, and
/// rewards with `shift = -1` instead of `by_range`.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct IqlConfig {
    /// Level of the expectile that the state value is fitted to: 0.7 for locomotion, 0.9 for mazes.
    #[setting(0.7)]
    pub expectile: f64,
    /// Inverse temperature of the advantage: 3 for locomotion, 10 for mazes.
    #[setting(3.0)]
    pub beta: f64,
    /// Largest weight of an action.
    #[setting(100.0)]
    pub limit: f64,
    /// Transitions of an update.
    #[setting(128, paper = 256)]
    pub batch: usize,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Share of the critics that flows into their slow copies per update.
    #[setting(0.005)]
    pub tau: f64,
    /// Adam's step size of all networks.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Whether the policy's step size falls to 0 along a cosine over the run's steps.
    #[setting(false, paper = true)]
    pub cosine: bool,
    /// Widths of the hidden layers.
    #[setting([64, 64], paper = [256, 256])]
    pub hidden: Vec<usize>,
    /// Whether states are normalised by the data's mean and deviation plus 0.001.
    #[setting(true, paper = false)]
    pub normalise: bool,
    /// How rewards are changed.
    #[setting(group, paper = RewardConfig { by_range: true, ..RewardConfig::default() })]
    pub rewards: RewardConfig,
}

impl IqlConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if !(self.expectile > 0.0 && self.expectile < 1.0) {
            return Err(format!("`expectile` is {}: it must lie between 0 and 1", self.expectile));
        }
        if !(self.beta.is_finite() && self.beta >= 0.0 && self.limit.is_finite() && self.limit > 0.0) {
            return Err("`beta` must be at least 0, and `limit` above 0".to_owned());
        }
        if self.batch == 0 || self.learning_rate <= 0.0 {
            return Err("`batch` must be at least 1, and `learning_rate` above 0".to_owned());
        }
        if !((0.0..=1.0).contains(&self.gamma) && self.tau > 0.0 && self.tau <= 1.0) {
            return Err("`gamma` must be between 0 and 1, and `tau` above 0 and at most 1".to_owned());
        }
        self.rewards.validate()
    }
}

/// Implicit Q-learning.
pub struct Iql {
    config: IqlConfig,
    device: Device,
    recorded: Recorded,
    space: ActionSpace,
    rewards: Rewards,
    actor: Trained<FittedActor>,
    value: Trained<Mlp>,
    critic: Trained<Critic>,
    slow_critic: Critic,
}

run::register!(Iql);

impl Method for Iql {
    const CARD: Card = Card {
        id: "iql",
        title: "Offline Reinforcement Learning with Implicit Q-Learning",
        paper: "Kostrikov et al., 2022, arXiv 2110.06169",
        family: "baseline",
        summary: "expectile values of recorded actions, and a policy that clones by their advantage",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &[
            "loss/value",
            "loss/critic",
            "loss/actor",
            "diag/value",
            "diag/advantage",
            "diag/weight",
            "eval/discounted",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 10_000,
        instead: "`bc`",
    };
    type Config = IqlConfig;

    fn build(config: IqlConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        let device = device::parse(run.device())?;
        let recorded = Recorded::new(data, config.normalise.then_some(OFFSET))?;
        let rewards = config.rewards.of(recorded.set())?;
        let (states, space) = (recorded.reading().layout().size(), recorded.action()?.clone());
        let training = device.clone().autodiff();
        let random = run.random("init");
        let actor = FittedActor::new(states, &config.hidden, &space, Fit::Gaussian, &training, random);
        let value = MlpConfig::new(states, &config.hidden, 1).init(&training, random);
        let shape = MlpConfig::new(states + width(&space), &config.hidden, 1);
        let critic = Critic::new(&shape, 2, None, &training, random);
        let adam = AdamSettings::new(config.learning_rate);
        Ok(Self {
            slow_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            value: Trained::new(value, adam),
            critic: Trained::new(critic, adam),
            config,
            device,
            recorded,
            space,
            rewards,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let (batch, gamma) = (self.config.batch, self.config.gamma);
        let mut batch = self.recorded.transitions(batch, 1, gamma, run.random("replay"), &self.device)?;
        batch.reward = self.rewards.apply(batch.reward);
        let recorded = self.slow_critic.forward(flat(&batch.observations), self.actions(&batch));
        let recorded = recorded.min_dim(0).reshape([batch.observations.rows()]);
        self.improve_value(&batch, recorded.clone(), run)?;
        self.improve_actor(&batch, recorded, run)?;
        self.improve_critic(&batch, run)?;
        self.slow_critic = ema::update(self.slow_critic.clone(), self.critic.inference(), self.config.tau);
        run.count_updates("agent", 1);
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let actor = self.actor.inference().clone();
        Some(Box::new(RecordedPolicy::new(actor, self.recorded.reading(), &self.space, &self.device)))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        measure::evaluate(self.policy(), self.config.gamma, protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let parts: [(&str, &dyn learn::optim::Trainable); 3] =
            [("actor", &self.actor), ("value", &self.value), ("critic", &self.critic)];
        save_trained(snapshot, &parts);
        save_module(snapshot, "slow-critic", &self.slow_critic);
        self.recorded.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.recorded.check(snapshot)?;
        let arrays = arrays(snapshot);
        let parts: &mut [(&str, &mut dyn learn::optim::Trainable)] =
            &mut [("actor", &mut self.actor), ("value", &mut self.value), ("critic", &mut self.critic)];
        load_trained(&arrays, parts)?;
        self.slow_critic = load_module(&arrays, "slow-critic", self.slow_critic.clone())?;
        Ok(())
    }
}

impl Iql {
    /// The state value as an expectile of the recorded actions' slow values `[B]` (equation 5).
    fn improve_value(&mut self, batch: &Transitions, recorded: Tensor<1>, run: &mut Run) -> Result<()> {
        let value = values(self.value.module(), flat(&batch.observations).autodiff());
        let mean = value.clone().inner().mean();
        let loss = td::expectile(recorded.autodiff() - value, self.config.expectile).mean();
        let done =
            update("value", loss, &mut [&mut self.value], None).map_err(|error| failure(run, error))?;
        run.log("loss/value", f64::from(done.loss))?;
        run.log("diag/value", f64::from(mean.into_scalar::<f32>()))
    }

    /// Weighted cloning (equation 7).
    fn improve_actor(&mut self, batch: &Transitions, recorded: Tensor<1>, run: &mut Run) -> Result<()> {
        let states = flat(&batch.observations);
        let advantage = recorded - values(self.value.inference(), states.clone());
        let weight = td::advantage_weight(advantage.clone(), self.config.beta, self.config.limit);
        let log_prob = self.actor.module().loss(states.autodiff(), &batch.actions).neg();
        let loss = weighted_likelihood(log_prob, weight.clone().autodiff()).mean();
        if self.config.cosine {
            let done = run.steps() as f64 / run.total_steps().max(1) as f64;
            let share = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
            self.actor.set_learning_rate(share * self.config.learning_rate);
        }
        let done =
            update("actor", loss, &mut [&mut self.actor], None).map_err(|error| failure(run, error))?;
        run.log("loss/actor", f64::from(done.loss))?;
        run.log("diag/advantage", f64::from(advantage.mean().into_scalar::<f32>()))?;
        run.log("diag/weight", f64::from(weight.mean().into_scalar::<f32>()))
    }

    /// One-step targets from the state value (equation 6).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let next = values(self.value.inference(), flat(&batch.next));
        let target = td::target(batch.reward.clone(), batch.discount.clone(), next).autodiff();
        let (states, actions) = (flat(&batch.observations).autodiff(), self.actions(batch).autodiff());
        let values = self.critic.module().forward(states, actions);
        // The sum of the two mean squared errors.
        let loss = td::squared_error(values, target.reshape([1, rows])).mean().mul_scalar(2.0);
        let done =
            update("critic", loss, &mut [&mut self.critic], None).map_err(|error| failure(run, error))?;
        run.log("loss/critic", f64::from(done.loss))
    }

    /// The recorded actions as vectors, one-hot for indices.
    fn actions(&self, batch: &Transitions) -> Tensor<2> {
        batch.actions.vectors(width(&self.space))
    }
}

/// State values `[B]`.
fn values(network: &Mlp, states: Tensor<2>) -> Tensor<1> {
    let [rows, _] = states.dims();
    network.forward(states).reshape([rows])
}
