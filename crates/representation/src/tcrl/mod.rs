//! TCRL: simplified temporal consistency (Zhao et al., 2023, arXiv 2306.09466).
//!
//! An encoder and a deterministic latent model are trained so that a latent rollout under the real
//! actions points where the slowly moving encoder puts the real observations, and predicts the
//! rewards on the way. Actor and critic read latents as they would read states: no gradient of
//! theirs reaches the encoder. A planner in latent space may act in their place.

mod agent;
mod config;
mod ensemble;
mod imagination;
pub mod objective;
mod planner;
mod policy;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_ensemble;
#[cfg(test)]
mod tests_of_parts;

use std::time::Instant;

use agents::{
    device,
    experience::Experience,
    failure::failure,
    state::{arrays, load_module, load_trained, portable, save_module, save_trained},
};
use burn::tensor::{Device, Tensor};
use learn::{
    LearnError,
    batch::{self, Windows},
    objective::{Named, NetworkSpec},
    representation::{Representation, Setting},
};
use nets::encoder::EncoderConfig;
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Method, Mode, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, RunError,
    Snapshot, Task, task::World,
};
use worlds::Actions;

use self::{
    agent::{Agent, Batch},
    ensemble::Ensemble,
    planner::{LatentPlanner, PlanParts},
    policy::{Acting, Planning, TcrlPolicy},
};
pub use self::{
    config::{PlanConfig, PlannerKind, TcrlConfig, ValueKind},
    objective::{ConsistencySettings, Distance, TemporalConsistency},
};

/// Updates between two measurements of the representation.
const MEASURE_EVERY: u64 = 100;

/// Episodes after which their lengths are judged.
const SHORT_EPISODES: u64 = 10;

/// Simplified temporal consistency reinforcement learning.
pub struct Tcrl {
    config: TcrlConfig,
    device: Device,
    representation: Representation<TemporalConsistency>,
    agent: Agent,
    planner: Option<LatentPlanner>,
    /// What the representation's cost is compared with.
    ensemble: Option<Ensemble>,
    experience: Experience,
    /// Environment steps since the last update.
    pending: u64,
    updates: u64,
}

run::register!(Tcrl);

impl Method for Tcrl {
    const CARD: Card = Card {
        id: "tcrl",
        title: "Simplified Temporal Consistency Reinforcement Learning",
        paper: "Zhao, Zhao, Boney, Kannala and Pajarinen, 2023, arXiv 2306.09466",
        family: "representation",
        summary: "an encoder trained by latent temporal consistency alone, under an actor-critic or a planner",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Vector }],
        metrics: &[
            "loss/consistency",
            "loss/reward",
            "loss/critic",
            "loss/actor",
            "loss/ensemble",
            "diag/cosine",
            "diag/latent_std",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 15_000,
        instead: "`spr`",
    };
    type Config = TcrlConfig;

    fn build(config: TcrlConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Experience::check_horizon(&world.spec, config.window())?;
        let device = device::parse(run.device())?;
        let networks = NetworkSpec {
            encoder: EncoderConfig::Identity,
            renormalise: false,
            target_rate: config.target_rate,
            dropout: 0.0,
        };
        let objective = (!config.raw)
            .then(|| Box::new(TemporalConsistency::new(config.objective(), &config.model_adam())));
        let setting = Setting {
            layout: world.spec.input(),
            action: &world.spec.action,
            device: &device,
            adam: config.model_adam(),
        };
        let representation =
            Representation::new(networks, objective, &setting, run.random("init")).map_err(RunError::part)?;
        let width = world.continuous().unwrap_or(0);
        let training = device.clone().autodiff();
        let observation = world.spec.input().size();
        Ok(Self {
            ensemble: config.ensemble.then(|| {
                let random = run.random("ensemble");
                Ensemble::new(&config.objective(), observation, width, &training, random)
            }),
            agent: Agent::new(&config, representation.size(), width, &training, run.random("init")),
            planner: LatentPlanner::new(&config, width, config.worlds).map_err(RunError::part)?,
            experience: Experience::new(world, config.worlds, config.capacity, run)?,
            representation,
            device,
            config,
            pending: 0,
            updates: 0,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let exploring = run.meters().episodes < self.config.random_episodes;
        let before = run.steps();
        let actions =
            if exploring { self.experience.random_actions(run.random("policy")) } else { self.act(run)? };
        self.experience.step(&actions, run)?;
        if let Some(planner) = &mut self.planner {
            let reset = &self.experience.collector().outcome().reset;
            reset.iter().enumerate().filter(|(_, reset)| **reset).for_each(|(row, _)| planner.begin(row));
        }
        if exploring {
            return Ok(Progress::MAIN);
        }
        self.pending += run.steps() - before;
        while self.pending >= self.config.update_every {
            self.pending -= self.config.update_every;
            self.update(run)?;
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let planning = match (&self.planner, self.representation.objective()) {
            (Some(planner), Some(objective)) => Some(Planning {
                model: objective.model().ok()?.clone(),
                critic: self.agent.critic.inference().clone(),
                planner: planner.clone(),
            }),
            _ => None,
        };
        let acting = Acting {
            encoder: self.representation.encoder().clone(),
            actor: self.agent.actor.inference().clone(),
            planning,
            sigma: self.agent.sigma,
        };
        let has_actor = self.config.has_actor();
        Some(Box::new(TcrlPolicy::new(acting, self.experience.spec(), &self.device, has_actor)))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let mut out = Vec::new();
        self.representation.save("representation", &mut out);
        snapshot.put_arrays(portable(out));
        save_trained(snapshot, &[("actor", &self.agent.actor), ("critic", &self.agent.critic)]);
        save_module(snapshot, "critic-slow", &self.agent.target);
        if let Some(ensemble) = &self.ensemble {
            save_trained(snapshot, &[("ensemble", ensemble.members())]);
        }
        snapshot.put("updates", &(self.pending, self.updates))?;
        snapshot.put("sigma", &self.agent.sigma)?;
        let plans = self.planner.as_ref().map(LatentPlanner::warm_starts).unwrap_or_default();
        snapshot.put("plans", &plans)?;
        self.experience.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        self.representation.load("representation", &arrays).map_err(RunError::part)?;
        let Agent { actor, critic, target, .. } = &mut self.agent;
        load_trained(&arrays, &mut [("actor", actor), ("critic", critic)])?;
        *target = load_module(&arrays, "critic-slow", target.clone())?;
        if let Some(ensemble) = &mut self.ensemble {
            load_trained(&arrays, &mut [("ensemble", ensemble.members_mut())])?;
        }
        (self.pending, self.updates) = snapshot.get("updates")?;
        self.agent.sigma = snapshot.get("sigma")?;
        if let Some(planner) = &mut self.planner {
            planner.set_warm_starts(&snapshot.get::<Vec<Vec<f32>>>("plans")?)?;
        }
        self.experience.load(snapshot)
    }
}

impl Tcrl {
    /// Noisy actions of the actor or the planner for every copy.
    fn act(&mut self, run: &mut Run) -> Result<Actions> {
        let collector = self.experience.collector();
        let input = collector.observations().input();
        let layout = self.experience.spec().input();
        let latent =
            self.representation.encode(&batch::observe(input, layout, collector.rows(), &self.device));
        let random = run.random("policy");
        let values = match (&mut self.planner, self.representation.objective()) {
            (Some(planner), Some(objective)) => {
                let parts = PlanParts {
                    model: objective.model().map_err(RunError::part)?,
                    actor: self.agent.actor.inference(),
                    critic: self.agent.critic.inference(),
                    sigma: self.agent.sigma,
                };
                planner.act(&latent, parts, Mode::Sample, random).map_err(RunError::part)?
            }
            _ => self.agent.explore(latent, random),
        };
        Ok(Actions::Continuous(values))
    }

    /// One step of every network on one batch of windows.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let window = self.config.window();
        if self.updates == 0 && !self.ready(window, run)? {
            return Ok(());
        }
        let random = run.random("replay");
        let windows = self.experience.masked_windows(self.config.batch, window, random, &self.device)?;
        self.agent.sigma = self.config.noise(run.steps() as f64 / run.total_steps().max(1) as f64);
        if self.updates.is_multiple_of(MEASURE_EVERY) {
            self.measure(&windows, run)?;
        }
        let begun = Instant::now();
        let report = self.representation.train(&windows, run.random("noise"));
        let mut model = begun.elapsed().as_secs_f64();
        for (name, loss) in report.map_err(|error| failure(run, error))? {
            run.log(&format!("loss/{name}"), f64::from(loss))?;
        }
        if self.config.has_actor() {
            let report = self.improve(&windows, run.random("noise"));
            let report = report.map_err(|error| failure(run, error))?;
            run.log("loss/critic", f64::from(report.critic))?;
            run.log("loss/actor", f64::from(report.actor))?;
            run.count_updates("agent", 1);
        }
        let begun = Instant::now();
        self.representation.follow();
        model += begun.elapsed().as_secs_f64();
        self.updates += 1;
        if let Some(ensemble) = &mut self.ensemble {
            let loss = ensemble.compare(&windows, model, run);
            let loss = loss.map_err(|error| failure(run, error))?;
            run.log("loss/ensemble", f64::from(loss))?;
        }
        if !self.config.raw {
            run.phase("model", model);
            run.count_updates("representation", 1);
        }
        Ok(())
    }

    /// Whether an episode that holds a window has been seen; refuses worlds whose episodes are too
    /// short for one.
    fn ready(&self, window: usize, run: &Run) -> Result<bool> {
        let replay = self.experience.replay();
        let longest = replay.longest_episode();
        // The last step of an episode that still runs lacks the observation after it.
        if longest > window || replay.episodes().longest() == window {
            return Ok(true);
        }
        if run.meters().episodes < self.config.random_episodes.max(SHORT_EPISODES) {
            return Ok(false);
        }
        Err(RunError::Task(format!(
            "the longest of {} episodes of `{}` has {longest} steps, but `horizon` and `n_step` ask for {window}: \
             lower them",
            run.meters().episodes,
            self.experience.spec().name
        )))
    }

    /// One step of actor and critics on the windows' first steps.
    fn improve(
        &mut self,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> std::result::Result<agent::AgentReport, LearnError> {
        let (reward, discount) = n_step(windows, self.config.n_step, self.config.gamma);
        let batch = Batch {
            latent: self.representation.encode(&windows.observation(0)),
            action: windows.action(0, 0),
            reward,
            discount,
            next: self.representation.encode(&windows.observation(self.config.n_step)),
        };
        let model = match self.representation.objective() {
            Some(objective) => Some(objective.model()?),
            None => None,
        };
        self.agent.update(&batch, model, random)
    }

    /// How well the latent model predicts windows that it has not been trained on in this update,
    /// and how much latents differ.
    fn measure(&self, windows: &Windows, run: &mut Run) -> Result<()> {
        let Some(objective) = self.representation.objective() else { return Ok(()) };
        let start = self.representation.encode(&windows.observation(0));
        let target = self.representation.encode_slowly(&windows.observation(self.config.horizon));
        let spread = start.clone().var(0).sqrt().mean().into_scalar::<f32>();
        let cosine = objective.open_loop_cosine(start, target, windows).map_err(RunError::part)?;
        run.log("diag/cosine", f64::from(cosine))?;
        run.log("diag/latent_std", f64::from(spread))
    }
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
