//! Hyper-parameters of TCRL and of its ablations, heads and planners.

use learn::{
    optim::AdamSettings,
    planner::{PlannerSettings, Weighting},
};
use settings::{Choice, Config};

use super::objective::{ConsistencySettings, Distance};

/// How values are learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum ValueKind {
    /// n-step targets from replayed rewards: the paper's default.
    ModelFree,
    /// lambda-returns of imagined latents.
    Gae,
    /// Sums of imagined rewards up to the end of the imagination (model-based value expansion,
    /// Feinberg et al., 2018).
    Mve,
    /// n-step targets for the critic; the actor ascends the imagined return through the model.
    Bp,
}

/// What acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum PlannerKind {
    /// The actor alone.
    None,
    /// A planner in latent space that the actor guides and the critic extends.
    Mppi,
    /// A planner on predicted rewards alone; actor and critic are not trained.
    Dynamics,
}

/// Settings of the planner in latent space.
///
/// The paper's values.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct PlanConfig {
    /// Steps that are planned ahead.
    #[setting(5)]
    pub horizon: usize,
    /// Rounds of sampling and refitting.
    #[setting(4, paper = 6)]
    pub iterations: usize,
    /// Sequences drawn from the Gaussian in each round.
    #[setting(128, paper = 512)]
    pub samples: usize,
    /// Best sequences, to which the Gaussian is refitted.
    #[setting(16, paper = 64)]
    pub elites: usize,
    /// Sharpness of the elites' weights exp(temperature (v - v_max)).
    #[setting(0.5)]
    pub temperature: f32,
    /// Sequences of the actor added in each round, as a share of `samples`.
    #[setting(0.05)]
    pub policy_share: f64,
    /// Standard deviation in the first round.
    #[setting(2.0)]
    pub initial_sigma: f32,
    /// Smallest standard deviation.
    #[setting(0.1)]
    pub min_sigma: f32,
}

impl PlanConfig {
    /// What the planner itself takes.
    pub fn settings(&self) -> PlannerSettings {
        PlannerSettings {
            iterations: self.iterations,
            weighting: Weighting::Exponential { temperature: self.temperature },
            initial_sigma: self.initial_sigma,
            min_sigma: self.min_sigma,
            ..PlannerSettings::mppi(self.horizon, self.samples, self.elites, self.temperature)
        }
    }

    /// Number of the actor's sequences in each round.
    pub fn guides(&self) -> usize {
        (self.policy_share * self.samples as f64) as usize
    }
}

/// Hyper-parameters of TCRL.
///
/// The paper's values. Actions are meant to be repeated twice: add `+repeat=2` to the world.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct TcrlConfig {
    /// Copies of the world that act at once.
    #[setting(1)]
    pub worlds: usize,
    /// Episodes of uniformly random actions before anything is learnt.
    #[setting(5, paper = 10)]
    pub random_episodes: u64,
    /// Environment steps, all copies together, per update.
    #[setting(1, paper = 2)]
    pub update_every: u64,
    /// Windows per update.
    #[setting(128, paper = 512)]
    pub batch: usize,
    /// Environment steps that are remembered.
    #[setting(200_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Adam's step size, for every network.
    #[setting(3e-4)]
    pub learning_rate: f64,
    /// Weight decay of encoder and latent model.
    #[setting(1e-6)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm over encoder and latent model.
    #[setting(10.0)]
    pub gradient_clip: f32,
    /// Widths of the hidden layers of encoder and latent model. Actor and critics begin with a
    /// linear layer of the first width, layer normalisation and tanh; the other widths follow.
    #[setting([128, 128], paper = [512, 512, 512])]
    pub hidden: Vec<usize>,
    /// Width of the latent.
    #[setting(32, paper = 50)]
    pub latent_size: usize,
    /// Steps H of the latent rollout that is compared with the encoded observations.
    #[setting(5)]
    pub horizon: usize,
    /// Decay of the loss along the rollout.
    #[setting(0.9)]
    pub rho: f64,
    /// Distance of predicted latents to encoded observations: `cosine`, or `mse` as an ablation.
    #[setting(Distance::Cosine)]
    pub distance: Distance,
    /// Whether latents are to be consistent; without, the reward alone trains them (ablation).
    #[setting(true)]
    pub consistency: bool,
    /// Weight of the consistency loss.
    #[setting(1.0)]
    pub consistency_coefficient: f64,
    /// Weight of the squared error of predicted rewards.
    #[setting(1.0)]
    pub reward_coefficient: f64,
    /// Whether targets come from the encoder's slow copy; without, from the encoder as it is
    /// (ablation).
    #[setting(true)]
    pub ema: bool,
    /// Share of encoder and critics that flows into their slow copies after every update.
    #[setting(0.005)]
    pub target_rate: f64,
    /// Whether actor and critics read the observation itself, with no representation (ablation).
    #[setting(false)]
    pub raw: bool,
    /// Whether an ensemble of five stochastic models of observations learns beside the agent, which
    /// does not use it: `clock/ensemble_per_model` then says how many times the cost of the
    /// representation's update its update has.
    #[setting(false)]
    pub ensemble: bool,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Replayed rewards summed before a target bootstraps.
    #[setting(3)]
    pub n_step: usize,
    /// Standard deviation of the action noise at the start.
    #[setting(1.0)]
    pub noise_start: f64,
    /// Standard deviation of the action noise in the end.
    #[setting(0.1)]
    pub noise_end: f64,
    /// Share of the run over which the deviation falls linearly.
    #[setting(0.3, paper = 0.1)]
    pub noise_share: f64,
    /// Bound of the action noise inside the losses.
    #[setting(0.3)]
    pub noise_clip: f64,
    /// How values are learnt: `model-free`, or from imagined latents by `gae`, `mve` or `bp`.
    #[setting(ValueKind::ModelFree)]
    pub value: ValueKind,
    /// Steps that are imagined under `gae`, `mve` and `bp`.
    #[setting(5)]
    pub imagined_steps: usize,
    /// Decay of the lambda-return under `gae`.
    #[setting(0.95)]
    pub lambda: f64,
    /// What acts: the actor (`none`), `mppi` guided by actor and critic, or `mppi` on predicted
    /// rewards alone (`dynamics`).
    #[setting(PlannerKind::None)]
    pub planner: PlannerKind,
    /// The planner's settings.
    #[setting(group)]
    pub plan: PlanConfig,
}

impl TcrlConfig {
    /// Steps of the windows that an update draws.
    pub fn window(&self) -> usize {
        if self.raw { self.n_step } else { self.horizon.max(self.n_step) }
    }

    /// Whether actor and critic are trained.
    pub fn has_actor(&self) -> bool {
        self.planner != PlannerKind::Dynamics
    }

    /// Standard deviation of the action noise after a share of the run.
    pub fn noise(&self, progress: f64) -> f64 {
        let mix = (progress / self.noise_share).clamp(0.0, 1.0);
        (1.0 - mix) * self.noise_start + mix * self.noise_end
    }

    /// Adam for encoder and latent model.
    pub fn model_adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate).with_weight_decay(self.weight_decay)
    }

    /// The objective's settings.
    pub fn objective(&self) -> ConsistencySettings {
        ConsistencySettings {
            horizon: self.horizon,
            rho: self.rho,
            distance: self.distance,
            consistency_coefficient: if self.consistency { self.consistency_coefficient } else { 0.0 },
            reward_coefficient: self.reward_coefficient,
            ema: self.ema,
            target_rate: self.target_rate,
            hidden: self.hidden.clone(),
            latent: self.latent_size,
            adam: self.model_adam(),
            clip: self.gradient_clip,
        }
    }

    fn check_counts(&self) -> Result<(), String> {
        let counts = [
            ("worlds", self.worlds),
            ("update_every", self.update_every as usize),
            ("batch", self.batch),
            ("latent_size", self.latent_size),
            ("horizon", self.horizon),
            ("n_step", self.n_step),
            ("imagined_steps", self.imagined_steps),
            ("hidden", self.hidden.iter().copied().min().unwrap_or(0)),
        ];
        match counts.iter().find(|(_, count)| *count == 0) {
            Some((name, _)) => Err(format!("`{name}` must be at least 1")),
            None => Ok(()),
        }
    }

    fn check_ranges(&self) -> Result<(), String> {
        let shares = [
            ("gamma", self.gamma),
            ("lambda", self.lambda),
            ("rho", self.rho),
            ("target_rate", self.target_rate),
            ("plan.policy_share", self.plan.policy_share),
        ];
        for (name, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`{name}` is {value}: it must be between 0 and 1"));
            }
        }
        let positive = [
            ("learning_rate", self.learning_rate),
            ("gradient_clip", f64::from(self.gradient_clip)),
            ("noise_start", self.noise_start),
            ("noise_end", self.noise_end),
            ("noise_share", self.noise_share),
            ("noise_clip", self.noise_clip),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(format!("`{name}` is {value}: it must be above 0"));
            }
        }
        let weights = [
            ("weight_decay", self.weight_decay),
            ("consistency_coefficient", self.consistency_coefficient),
            ("reward_coefficient", self.reward_coefficient),
        ];
        for (name, value) in weights {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(format!("`{name}` is {value}: it must be at least 0"));
            }
        }
        Ok(())
    }

    fn check_combinations(&self) -> Result<(), String> {
        if self.raw && (self.planner != PlannerKind::None || self.value != ValueKind::ModelFree) {
            return Err("`raw` has no latent model: it goes with `planner = none` and `value = model-free`"
                .to_owned());
        }
        if self.raw && self.ensemble {
            return Err("`raw` has no representation that `ensemble` could be compared with: leave one off"
                .to_owned());
        }
        if self.planner == PlannerKind::Dynamics && self.value != ValueKind::ModelFree {
            return Err("`planner = dynamics` trains no values: leave `value` at `model-free`".to_owned());
        }
        let objective = self.objective();
        if !self.raw && objective.consistency_coefficient == 0.0 && objective.reward_coefficient == 0.0 {
            return Err("nothing trains the encoder: keep `consistency`, or a `reward_coefficient` above 0"
                .to_owned());
        }
        if self.planner == PlannerKind::Dynamics && self.reward_coefficient == 0.0 {
            return Err(
                "`planner = dynamics` plans on predicted rewards: `reward_coefficient` must be above 0"
                    .to_owned(),
            );
        }
        let least = (self.window() + 1) * self.worlds;
        if self.capacity < least {
            return Err(format!("`capacity` is {}: it must be at least {least}", self.capacity));
        }
        Ok(())
    }
}

impl TcrlConfig {
    fn combinations(&self) -> Result<(), String> {
        self.check_counts()?;
        self.check_ranges()?;
        self.check_combinations()?;
        self.plan.settings().validate().map_err(|error| format!("`plan`: {error}"))
    }
}
