//! The method in a run: building, measuring, acting once trained, saving.

use agents::{
    device,
    experience::Experience,
    export,
    state::{load_module, load_trained, save_module, save_trained},
};
use burn::tensor::Device;
use learn::{
    batch::{self, Windows},
    optim::{AdamSettings, Trained},
    self_predictive::rollout_cosine,
};
use nets::{
    dynamics::LatentModel,
    ema,
    encoder::{Encoder, EncoderConfig},
    heads::{Critic, DeterministicActor},
    host, parameters,
    recipe::{self, Layer},
};
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, ActionScale, Card, Exported, Method, Mode, Need, ObservationNeed, Policy, Primary, Progress,
    Result, Run, RunError, Scope, Snapshot, Task, task::World,
};
use worlds::{ActionSpace, Actions, Layout, Observations};

use super::{
    FLOOR, Networks, Tcrl,
    config::{TcrlConfig, perceptron},
    noisy,
    objective::{self, latent_model},
    planner::LatentPlanner,
};

/// Episodes after which their lengths are judged.
const SHORT_EPISODES: u64 = 10;

run::register!(Tcrl);

impl Method for Tcrl {
    const CARD: Card = Card {
        id: objective::ID,
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
        let training = device.clone().autodiff();
        let width = world.continuous().unwrap_or(0);
        let encoder = match config.raw {
            true => EncoderConfig::Identity,
            false => config.objective.encoder(),
        };
        let encoder = Encoder::new(&encoder, world.spec.input(), &training, run.random("init"));
        let encoder = encoder.map_err(RunError::part)?;
        let latent = encoder.latent().size();
        let random = run.random("init");
        let model = (!config.raw).then(|| latent_model(&config.objective, latent, width, &training, random));
        let (actor, critic) = actor_critic(&config, latent, width, &training, run.random("init"));
        let adam = AdamSettings::new(config.objective.learning_rate);
        Ok(Self {
            encoder_target: ema::target_of(&encoder),
            encoder: Trained::new(encoder, config.objective.adam()),
            model,
            actor: Trained::new(actor, adam),
            critic_target: ema::target_of(&critic),
            critic: Trained::new(critic, adam),
            sigma: config.noise_start,
            planner: LatentPlanner::new(&config, width, config.worlds).map_err(RunError::part)?,
            experience: Experience::new(world, config.worlds, config.capacity, run)?,
            device,
            config,
            pending: 0,
            updates: 0,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iteration(run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let spec = self.experience.spec();
        Some(Box::new(TcrlPolicy {
            encoder: self.encoder.inference().clone(),
            model: self.model.as_ref().map(|model| model.inference().clone()),
            actor: self.actor.inference().clone(),
            critic: self.critic.inference().clone(),
            sigma: self.sigma,
            planner: self.planner.clone(),
            has_actor: self.config.has_actor(),
            layout: spec.input().clone(),
            space: spec.action.clone(),
            device: self.device.clone(),
        }))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let Self { encoder, actor, critic, .. } = self;
        save_trained(snapshot, &[("encoder", encoder), ("actor", actor), ("critic", critic)]);
        if let Some(model) = &self.model {
            save_trained(snapshot, &[("model", model)]);
        }
        save_module(snapshot, "encoder-target", &self.encoder_target);
        save_module(snapshot, "critic-target", &self.critic_target);
        snapshot.put("updates", &(self.pending, self.updates))?;
        snapshot.put("sigma", &self.sigma)?;
        let plans = self.planner.as_ref().map(LatentPlanner::warm_starts).unwrap_or_default();
        snapshot.put("plans", &plans)?;
        self.experience.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        let Self { encoder, actor, critic, .. } = self;
        load_trained(arrays, &mut [("encoder", encoder), ("actor", actor), ("critic", critic)])?;
        if let Some(model) = &mut self.model {
            load_trained(arrays, &mut [("model", model)])?;
        }
        self.encoder_target = load_module(arrays, "encoder-target", self.encoder_target.clone())?;
        self.critic_target = load_module(arrays, "critic-target", self.critic_target.clone())?;
        (self.pending, self.updates) = snapshot.get("updates")?;
        self.sigma = snapshot.get("sigma")?;
        if let Some(planner) = &mut self.planner {
            planner.set_warm_starts(&snapshot.get::<Vec<Vec<f32>>>("plans")?)?;
        }
        self.experience.load(snapshot)
    }
}

/// Fresh networks for latents of `latent` and actions of `action` numbers, on the training device:
/// orthogonal weights, ELU behind the trunks.
pub(super) fn actor_critic(
    config: &TcrlConfig,
    latent: usize,
    action: usize,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> (DeterministicActor, Critic) {
    let hidden = &config.objective.hidden;
    let (trunk, hidden) = (hidden.first().copied(), hidden.get(1..).unwrap_or_default());
    let actor = DeterministicActor::new(&perceptron(latent, hidden, action), trunk, device, random);
    let critic = Critic::new(&perceptron(latent + action, hidden, 1), 2, trunk, device, random);
    (actor, critic)
}

impl Tcrl {
    /// Whether an episode that holds a window has been seen; refuses worlds whose episodes are too
    /// short for one.
    pub(super) fn ready(&self, window: usize, run: &Run) -> Result<bool> {
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

    /// How well the latent model predicts windows that it has not been trained on in this update, and
    /// how much latents differ: the cosine of the latent that it reaches after H steps, open loop, with
    /// the target encoder's latent of what was seen then, over the windows that are that long.
    pub(super) fn measure(&self, windows: &Windows, run: &mut Run) -> Result<()> {
        let Some(model) = &self.model else { return Ok(()) };
        let horizon = self.config.objective.horizon;
        let start = self.encode(&windows.observation(0));
        let target = self.encoder_target.forward(&windows.observation(horizon));
        let spread = start.clone().var(0).sqrt().mean().into_scalar::<f32>();
        let actions = objective::actions(windows, horizon).map_err(RunError::part)?;
        let reached = model.inference().rollout(start, actions).0.narrow(1, horizon - 1, 1);
        let mask = windows.mask.clone().narrow(1, horizon - 1, 1);
        let count = mask.clone().sum().into_scalar::<f32>();
        let one = batch::vector(&[1.0], &self.device);
        let cosine = rollout_cosine(reached, target.unsqueeze_dim(1), mask, one, FLOOR);
        let cosine = if count > 0.0 { cosine.sum().into_scalar::<f32>() / count } else { 1.0 };
        run.log("diag/cosine", f64::from(cosine))?;
        run.log("diag/latent_std", f64::from(spread))
    }
}

/// What acts once trained: the actor on encoded observations, or a planner.
struct TcrlPolicy {
    encoder: Encoder,
    model: Option<LatentModel>,
    actor: DeterministicActor,
    critic: Critic,
    /// Standard deviation of the action noise.
    sigma: f64,
    planner: Option<LatentPlanner>,
    /// Whether actor and critic have been trained.
    has_actor: bool,
    layout: Layout,
    space: ActionSpace,
    device: Device,
}

impl Policy for TcrlPolicy {
    fn begin(&mut self, _scope: Scope, rows: &[usize]) {
        if let Some(planner) = &mut self.planner {
            rows.iter().for_each(|&row| planner.begin(row));
        }
    }

    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let observed = batch::observe(observations.input(), &self.layout, observations.rows, &self.device);
        let latent = self.encoder.forward(&observed);
        let values = match (&mut self.planner, &self.model) {
            (Some(planner), Some(model)) => {
                let networks =
                    Networks { model, actor: &self.actor, critic: &self.critic, sigma: self.sigma };
                planner.act(&latent, networks, mode, random).map_err(RunError::part)?
            }
            _ => {
                let mean = self.actor.forward(latent);
                host(if mode == Mode::Greedy { mean } else { noisy(mean, self.sigma, None, random) })
            }
        };
        Ok(ActionScale::new(&self.space).to_world(&Actions::Continuous(values)))
    }

    fn export(&self) -> Result<Exported> {
        if !self.has_actor {
            return Err(RunError::Task(
                "`planner = dynamics` trains no actor, and a planner has no form that stands alone: \
                 train with `planner = none` or `mppi` to export"
                    .to_owned(),
            ));
        }
        let note = match self.planner {
            Some(_) => {
                "The actor alone: the planner that acts in this program is not part of the file, so that \
                 scores may be lower."
            }
            None => "The greedy action, without the noise of training.",
        };
        let mut layers: Vec<Layer> = recipe::input(&self.layout).into_iter().collect();
        layers.extend(self.encoder.layers("encoder"));
        layers.extend(self.actor.layers("actor"));
        layers.push(export::to_world(&self.space));
        let mut arrays = parameters::export(&self.encoder, "encoder");
        arrays.extend(parameters::export(&self.actor, "actor"));
        export::exported(layers, arrays, note)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.planner {
            Some(planner) => snapshot.put("plans", &planner.warm_starts()),
            None => Ok(()),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.planner {
            Some(planner) => planner.set_warm_starts(&snapshot.get::<Vec<Vec<f32>>>("plans")?),
            None => Ok(()),
        }
    }
}
