//! TCRL: simplified temporal consistency (Zhao et al., 2023, "Simplified Temporal Consistency
//! Reinforcement Learning", arXiv 2306.09466).
//!
//! An encoder and a deterministic latent model are trained so that a latent rollout under the real
//! actions points where the slowly moving encoder puts the real observations, and predicts the
//! rewards on the way. Actor and critic read latents as they would read states. A planner in latent
//! space may act in their place.
//!
//! | loss | trains | passes through | takes as constants |
//! |---|---|---|---|
//! | consistency and reward (equation 1) | encoder, latent model | the whole rollout | the target encoder's latents |
//! | critic | critics | | latents, actor, target critics |
//! | actor | actor | critics | latents |
//!
//! Different here: windows may reach beyond the end of an episode, where they are masked, and values
//! are 0 behind a real end. Equation 1 also trains other agents' encoders, as the objective `tcrl`
//! ([`TemporalConsistency`]).

mod config;
mod method;
mod objective;
mod planner;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_parts;

use std::time::Instant;

use agents::{
    experience::Experience,
    update::{failure, update},
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::{
    LearnError,
    batch::{self, Windows},
    objective::Term,
    optim::Trained,
    policy_gradient::pathwise,
    returns::imagined_lambda_return,
    self_predictive::{geometric_weights, rollout_cosine, rollout_squared},
    td,
};
use nets::{
    Observed,
    distribution::TruncatedNormal,
    dynamics::LatentModel,
    ema,
    encoder::Encoder,
    heads::{Critic, DeterministicActor},
    host, noise,
};
use rand_chacha::ChaCha8Rng;
use run::{Mode, Progress, Result, Run, RunError};
use worlds::Actions;

use self::planner::LatentPlanner;
pub use self::{
    config::{ConsistencySettings, Distance, PlanConfig, PlannerKind, TcrlConfig, ValueKind},
    objective::TemporalConsistency,
};

/// Updates between two measurements of the representation.
const MEASURE_EVERY: u64 = 100;

/// Norms below this count as this in the cosine.
const FLOOR: f32 = 1e-12;

/// Simplified temporal consistency reinforcement learning.
pub struct Tcrl {
    config: TcrlConfig,
    device: Device,
    /// e: from observations to latents.
    encoder: Trained<Encoder>,
    encoder_target: Encoder,
    /// d and R: from a latent and an action to the next latent and the reward; nothing under `raw`.
    model: Option<Trained<LatentModel>>,
    actor: Trained<DeterministicActor>,
    /// Twin critics behind one trunk.
    critic: Trained<Critic>,
    critic_target: Critic,
    /// Standard deviation of the action noise.
    sigma: f64,
    planner: Option<LatentPlanner>,
    experience: Experience,
    /// Environment steps since the last update.
    pending: u64,
    updates: u64,
}

/// Networks that act, value and imagine together: all with graphs, or all without.
#[derive(Clone, Copy)]
struct Networks<'a> {
    model: &'a LatentModel,
    actor: &'a DeterministicActor,
    critic: &'a Critic,
    /// Standard deviation of the action noise.
    sigma: f64,
}

/// Replayed experience as actor and critic read it.
#[derive(Clone, Debug)]
struct Batch {
    /// Latents, `[B, d]`.
    latent: Tensor<2>,
    /// Actions, `[B, a]`.
    action: Tensor<2>,
    /// Discounted sum of n rewards, `[B]`.
    reward: Tensor<1>,
    /// gamma^n, 0 after a real end, `[B]`.
    discount: Tensor<1>,
    /// Latents n steps on, `[B, d]`.
    next: Tensor<2>,
}

impl Tcrl {
    /// Acts once in every copy of the world, at random at first, and makes the updates that are due.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        let exploring = run.meters().episodes < self.config.random_episodes;
        let before = run.steps();
        let actions = match exploring {
            true => self.experience.random_actions(run.random("policy")),
            false => self.act(run.random("policy"))?,
        };
        self.experience.step(&actions, run)?;
        if let Some(planner) = &mut self.planner {
            let reset = &self.experience.collector().outcome().reset;
            reset.iter().enumerate().filter(|(_, reset)| **reset).for_each(|(row, _)| planner.begin(row));
        }
        if !exploring {
            self.pending += run.steps() - before;
            while self.pending >= self.config.update_every {
                self.pending -= self.config.update_every;
                self.update(run)?;
            }
        }
        Ok(Progress::MAIN)
    }

    /// Noisy actions of the actor or the planner for every copy.
    fn act(&mut self, random: &mut ChaCha8Rng) -> Result<Actions> {
        let collector = self.experience.collector();
        let (input, layout) = (collector.observations().input(), self.experience.spec().input());
        let latent = self.encode(&batch::observe(input, layout, collector.rows(), &self.device));
        let (actor, critic, sigma) = (self.actor.inference(), self.critic.inference(), self.sigma);
        let values = match (&mut self.planner, &self.model) {
            (Some(planner), Some(model)) => {
                let networks = Networks { model: model.inference(), actor, critic, sigma };
                planner.act(&latent, networks, Mode::Sample, random).map_err(RunError::part)?
            }
            _ => host(noisy(actor.forward(latent), sigma, None, random)),
        };
        Ok(Actions::Continuous(values))
    }

    /// z = e(o) `[B, d]` without a graph: what actor and critic read.
    fn encode(&self, observed: &Observed) -> Tensor<2> {
        self.encoder.inference().forward(observed)
    }

    /// One step of every network on one batch of windows.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let window = self.config.window();
        if self.updates == 0 && !self.ready(window, run)? {
            return Ok(());
        }
        let random = run.random("replay");
        let windows = self.experience.masked_windows(self.config.batch, window, random, &self.device)?;
        self.sigma = self.config.noise(run.steps() as f64 / run.total_steps().max(1) as f64);
        if self.updates.is_multiple_of(MEASURE_EVERY) {
            self.measure(&windows, run)?;
        }

        let begun = Instant::now();
        self.improve_representation(&windows, run)?;
        let mut seconds = begun.elapsed().as_secs_f64();
        if self.config.has_actor() {
            let batch = self.latents(&windows);
            self.improve_critic(&batch, run)?;
            self.improve_actor(&batch, run)?;
            let rate = self.config.objective.target_rate;
            self.critic_target = ema::update(self.critic_target.clone(), self.critic.inference(), rate);
            run.count_updates("agent", 1);
        }
        let begun = Instant::now();
        self.follow();
        seconds += begun.elapsed().as_secs_f64();

        self.updates += 1;
        if self.model.is_some() {
            run.phase("model", seconds);
            run.count_updates("representation", 1);
        }
        Ok(())
    }

    /// Equation 1: one step of encoder and latent model.
    fn improve_representation(&mut self, windows: &Windows, run: &mut Run) -> Result<()> {
        let Some(model) = &mut self.model else { return Ok(()) };
        let objective = &self.config.objective;
        let start = self.encoder.module().forward(&windows.observation(0).autodiff());
        let target = |seen: &Observed| self.encoder_target.forward(seen);
        let terms = temporal_consistency(objective, model.module(), start, target, windows);
        let terms = terms.map_err(|error| failure(run, error))?;
        let means: Vec<_> =
            terms.into_iter().map(|term| (term.name, term.weight, term.loss.mean())).collect();
        let weighted = means.iter().map(|(_, weight, mean)| mean.clone() * *weight);
        let Some(loss) = weighted.reduce(|sum, term| sum + term) else { return Ok(()) };
        update(run, means[0].0, loss, &mut [model, &mut self.encoder], Some(objective.gradient_clip))?;
        for (name, _, mean) in means {
            run.log(&format!("loss/{name}"), f64::from(mean.inner().into_scalar::<f32>()))?;
        }
        Ok(())
    }

    /// The target encoder moves towards the encoder.
    fn follow(&mut self) {
        let rate = self.config.objective.encoder_rate();
        self.encoder_target = ema::update(self.encoder_target.clone(), self.encoder.inference(), rate);
    }

    /// The windows' first steps as actor and critic read them: their latents carry no graph, so that
    /// no gradient of theirs reaches the encoder.
    fn latents(&self, windows: &Windows) -> Batch {
        let (reward, discount) = n_step(windows, self.config.n_step, self.config.gamma);
        Batch {
            latent: self.encode(&windows.observation(0)),
            action: windows.action(0, 0),
            reward,
            discount,
            next: self.encode(&windows.observation(self.config.n_step)),
        }
    }

    fn improve_critic(&mut self, batch: &Batch, run: &mut Run) -> Result<()> {
        let loss = self.critic_loss(batch, run.random("noise"));
        let done = update(run, "critic", loss, &mut [&mut self.critic], None)?;
        run.log("loss/critic", f64::from(done.loss))
    }

    /// (Q_1(z, a) - y)^2 + (Q_2(z, a) - y)^2 with y = sum_{j<n} gamma^j r_j + gamma^n min_i Q_i^-(z_n, a'),
    /// Q^- the target critics and a' drawn with clipped noise around the actor's mean at z_n (section 4;
    /// Yarats et al., 2022). Under `gae` and `mve` y comes from imagined rewards, at every imagined latent.
    fn critic_loss(&self, batch: &Batch, random: &mut ChaCha8Rng) -> Tensor<1> {
        let (actor, critic, sigma) = (self.actor.inference(), &self.critic_target, self.sigma);
        if let (ValueKind::Gae | ValueKind::Mve, Some(model)) = (self.config.value, &self.model) {
            let networks = Networks { model: model.inference(), actor, critic, sigma };
            let imagined = imagined_targets(networks, &self.config, batch.latent.clone(), random);
            return squared_errors(self.critic.module(), imagined);
        }
        let mean = actor.forward(batch.next.clone());
        let action = noisy(mean, sigma, Some(self.config.noise_clip), random);
        let value = td::least(critic.forward(batch.next.clone(), action));
        let target = td::target(batch.reward.clone(), batch.discount.clone(), value);
        let (latent, action) = (batch.latent.clone(), batch.action.clone());
        squared_errors(self.critic.module(), Targets { latent, action, target })
    }

    fn improve_actor(&mut self, batch: &Batch, run: &mut Run) -> Result<()> {
        let loss = self.actor_loss(batch.latent.clone(), run.random("noise"));
        let done = update(run, "actor", loss, &mut [&mut self.actor], None)?;
        run.log("loss/actor", f64::from(done.loss))
    }

    /// -min_i Q_i(z, a) at a reparameterised noisy action a of the actor (section 4); under `bp` the
    /// negative imagined return, through model and target critics.
    fn actor_loss(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<1> {
        let (actor, sigma, latent) = (self.actor.module(), self.sigma, latent.autodiff());
        if let (ValueKind::Bp, Some(model)) = (self.config.value, &self.model) {
            let (model, critic) = (&frozen(model.inference()), &frozen(&self.critic_target));
            let networks = Networks { model, actor, critic, sigma };
            return pathwise(imagined_return(networks, &self.config, latent, random)).mean();
        }
        let action = noisy(actor.forward(latent.clone()), sigma, Some(self.config.noise_clip), random);
        pathwise(td::least(frozen(self.critic.inference()).forward(latent, action))).mean()
    }
}

/// Equation 1 for every window, `[B]` each: with zhat_0 = `start [B, d]` the encoder's latent of the
/// first observation and (zhat_{k+1}, rhat_k) = (d, R)(zhat_k, a_k) rolled out under the real actions,
///
/// - consistency: sum_{k<H} rho^k distance(zhat_{k+1}, e^-(o_{k+1})), the distance being -cos, and e^-,
///   the target encoder, being applied by `target`,
/// - reward: sum_{k<H} rho^k (rhat_k - r_k)^2.
///
/// The gradient runs through the whole rollout into the start, and not into the target. The terms'
/// weights carry the factor 1/H, which thereby scales the gradient and not what is reported.
fn temporal_consistency(
    settings: &ConsistencySettings,
    model: &LatentModel,
    start: Tensor<2>,
    target: impl FnOnce(&Observed) -> Tensor<2>,
    windows: &Windows,
) -> std::result::Result<Vec<Term>, LearnError> {
    let horizon = settings.horizon;
    let (latents, rewards) = model.rollout(start, objective::actions(windows, horizon)?.autodiff());
    let rho = geometric_weights(settings.rho as f32, horizon);
    let rho = batch::vector(&rho, &windows.mask.device()).autodiff();
    let inside = windows.mask.clone().narrow(1, 0, horizon).autodiff();
    let mut terms = Vec::new();
    if settings.consistency_weight() > 0.0 {
        let [rows, _, size] = latents.dims();
        let seen = target(&windows.futures()).reshape([rows, windows.length, size]);
        let seen = seen.narrow(1, 0, horizon).autodiff();
        let (inside, rho) = (inside.clone(), rho.clone());
        let distance = match settings.distance {
            Distance::Cosine => rollout_cosine(latents, seen, inside, rho, FLOOR).neg(),
            Distance::Mse => rollout_squared(latents, seen, inside, rho).div_scalar(size as f32),
        };
        let weight = (settings.consistency_weight() / horizon as f64) as f32;
        terms.push(Term { name: "consistency", weight, loss: distance.sum_dim(1).squeeze_dim(1) });
    }
    if settings.reward_coefficient > 0.0 {
        let real = windows.reward.clone().narrow(1, 0, horizon).autodiff();
        let error = (rewards - real).square() * inside * rho.unsqueeze::<2>();
        let weight = (settings.reward_coefficient / horizon as f64) as f32;
        terms.push(Term { name: "reward", weight, loss: error.sum_dim(1).squeeze_dim(1) });
    }
    Ok(terms)
}

/// Discounted sums of up to `n` rewards from each window's start, and the factor of the value of
/// the observation after them: gamma^m, or 0 where the episode has really ended, with m the number
/// of steps up to its end if that is less than n. Both `[B]`. Observation n of a window that ends
/// early is its last one.
fn n_step(windows: &Windows, n: usize, gamma: f64) -> (Tensor<1>, Tensor<1>) {
    let mask = windows.mask.clone().narrow(1, 0, n);
    let powers: Vec<f32> = (0..n).map(|step| gamma.powi(step as i32) as f32).collect();
    let powers = batch::vector(&powers, &mask.device()).unsqueeze::<2>();
    let reward = (windows.reward.clone().narrow(1, 0, n) * powers).sum_dim(1).squeeze_dim(1);
    // Steps outside the episode have mask and discount 0; there, the factor is 1.
    let inside = windows.discount.clone().narrow(1, 0, n) * gamma + (mask.neg() + 1.0);
    (reward, inside.prod_dim(1).squeeze_dim(1))
}

/// Where critics are fitted, and to what.
struct Targets {
    /// Latents, `[N, d]`.
    latent: Tensor<2>,
    /// Actions, `[N, a]`.
    action: Tensor<2>,
    /// Returns, `[N]`.
    target: Tensor<1>,
}

/// Mean over rows of (Q_1 - y)^2 + (Q_2 - y)^2.
fn squared_errors(critic: &Critic, Targets { latent, action, target }: Targets) -> Tensor<1> {
    let values = critic.forward(latent.autodiff(), action.autodiff());
    let [members, rows] = values.dims();
    let target = target.autodiff().reshape([1, rows]).expand([members, rows]);
    td::squared_error(values, target).sum_dim(0).mean()
}

/// Actions around `mean [B, a]` with noise of deviation `sigma`, clipped where asked.
fn noisy(mean: Tensor<2>, sigma: f64, clip: Option<f64>, random: &mut ChaCha8Rng) -> Tensor<2> {
    let device = mean.device();
    let draws = noise::normal(mean.dims(), &device.clone().without_autodiff(), random);
    let draws = if device.is_autodiff() { draws.autodiff() } else { draws };
    TruncatedNormal::new(mean, sigma).sample(draws, clip)
}

/// A copy that passes gradients on to its inputs and keeps none for its parameters.
fn frozen<M: Module>(module: &M) -> M {
    module.clone().train().no_grad()
}

/// T steps from a latent in the model, under the actor's noisy actions, and the action behind them.
struct Imagined {
    /// T + 1 latents `[B, d]`.
    latents: Vec<Tensor<2>>,
    /// T + 1 actions `[B, a]`.
    actions: Vec<Tensor<2>>,
    /// T rewards `[B]`.
    rewards: Vec<Tensor<1>>,
}

fn imagine(
    networks: Networks<'_>,
    config: &TcrlConfig,
    start: Tensor<2>,
    random: &mut ChaCha8Rng,
) -> Imagined {
    let mut act = |latent: &Tensor<2>| {
        noisy(networks.actor.forward(latent.clone()), networks.sigma, Some(config.noise_clip), random)
    };
    let action = act(&start);
    let (mut latents, mut actions, mut rewards) = (vec![start], vec![action], Vec::new());
    for step in 0..config.imagined_steps {
        let (next, reward) = networks.model.step(latents[step].clone(), actions[step].clone());
        actions.push(act(&next));
        latents.push(next);
        rewards.push(reward);
    }
    Imagined { latents, actions, rewards }
}

/// The returns that critics are fitted to at each of T imagined steps, T B rows with those of one step
/// together: lambda-returns under `gae`, the whole rest of the imagination (lambda 1) under `mve`.
fn imagined_targets(
    networks: Networks<'_>,
    config: &TcrlConfig,
    start: Tensor<2>,
    random: &mut ChaCha8Rng,
) -> Targets {
    let rows = start.dims()[0];
    let Imagined { latents, actions, rewards } = imagine(networks, config, start, random);
    let steps = rewards.len();
    let joined = |parts: &[Tensor<2>]| Tensor::cat(parts.to_vec(), 0);
    // Values of the latents that the steps led to.
    let value = td::least(networks.critic.forward(joined(&latents[1..]), joined(&actions[1..])));
    let value = value.reshape([steps, rows]).transpose();
    let reward = Tensor::stack(rewards, 1);
    let discount = reward.ones_like().mul_scalar(config.gamma);
    let lambda = if config.value == ValueKind::Gae { config.lambda } else { 1.0 };
    let target = imagined_lambda_return(reward, discount, value, lambda as f32);
    Targets {
        latent: joined(&latents[..steps]),
        action: joined(&actions[..steps]),
        target: target.transpose().reshape([steps * rows]),
    }
}

/// sum_{k<T} gamma^k r_k + gamma^T min_i Q_i(z_T, a_T), `[B]`, differentiable through the actions.
fn imagined_return(
    networks: Networks<'_>,
    config: &TcrlConfig,
    start: Tensor<2>,
    random: &mut ChaCha8Rng,
) -> Tensor<1> {
    let Imagined { mut latents, mut actions, rewards } = imagine(networks, config, start, random);
    let (latent, action) = (latents.swap_remove(rewards.len()), actions.swap_remove(rewards.len()));
    let value = td::least(networks.critic.forward(latent, action));
    // From the end to the front, so that the discount needs no powers.
    let step = |onward: Tensor<1>, reward: Tensor<1>| reward + onward.mul_scalar(config.gamma);
    rewards.into_iter().rev().fold(value, step)
}
