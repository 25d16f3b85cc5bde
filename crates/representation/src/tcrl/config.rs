//! Hyper-parameters of TCRL and of its ablations, heads and planners.

use learn::{
    optim::AdamSettings,
    planner::{PlannerSettings, Weighting},
};
use nets::{
    encoder::EncoderConfig,
    init::Init,
    mlp::{Activation, MlpConfig, Norm},
};
use settings::{Choice, Config, Refusal};

/// How far a predicted latent is from the encoded observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Distance {
    /// The negative cosine of the two.
    Cosine,
    /// The mean squared error.
    Mse,
}

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

/// Hyper-parameters of the representation: of the objective `tcrl` on any agent.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct ConsistencySettings {
    /// Adam's step size of the latent model; under the method `tcrl` that of every network.
    #[setting(3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Weight decay of the latent model, and under the method `tcrl` of the encoder.
    #[setting(1e-6, min = 0.0)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm over encoder and latent model.
    #[setting(10.0, above = 0.0)]
    pub gradient_clip: f32,
    /// Widths of the hidden layers of encoder and latent model. Under the method `tcrl`, actor and
    /// critics begin with a linear layer of the first width, layer normalisation and tanh; the other
    /// widths follow.
    #[setting([128, 128], paper = [512, 512, 512], min = 1)]
    pub hidden: Vec<usize>,
    /// Width of the latent.
    #[setting(32, paper = 50, min = 1)]
    pub latent_size: usize,
    /// Steps H of the latent rollout that is compared with the encoded observations.
    #[setting(5, min = 1)]
    pub horizon: usize,
    /// Decay of the loss along the rollout.
    #[setting(0.9, min = 0.0, max = 1.0)]
    pub rho: f64,
    /// Distance of predicted latents to encoded observations: `cosine`, or `mse` as an ablation.
    #[setting(Distance::Cosine)]
    pub distance: Distance,
    /// Whether latents are to be consistent; without, the reward alone trains them (ablation).
    #[setting(true)]
    pub consistency: bool,
    /// Weight of the consistency loss; 0 leaves it out.
    #[setting(1.0, min = 0.0)]
    pub consistency_coefficient: f64,
    /// Weight of the squared error of predicted rewards; 0 leaves it out.
    #[setting(1.0, min = 0.0)]
    pub reward_coefficient: f64,
    /// Whether targets come from the encoder's target copy; without, from the encoder as it is
    /// (ablation).
    #[setting(true)]
    pub ema: bool,
    /// Share of the encoder, and under the method `tcrl` of the critics, that flows into the target
    /// copies after every update.
    #[setting(0.005, min = 0.0, max = 1.0)]
    pub target_rate: f64,
}

impl ConsistencySettings {
    /// Weight of the consistency loss; 0 where there is none.
    pub(super) fn consistency_weight(&self) -> f64 {
        if self.consistency { self.consistency_coefficient } else { 0.0 }
    }

    /// Share of the encoder that flows into its target copy after every update.
    pub(super) fn encoder_rate(&self) -> f64 {
        if self.ema { self.target_rate } else { 1.0 }
    }

    /// Adam for encoder and latent model.
    pub(super) fn adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate).with_weight_decay(self.weight_decay)
    }

    /// The encoder of vector observations: ELU, orthogonal weights, zero biases.
    pub(super) fn encoder(&self) -> EncoderConfig {
        EncoderConfig::Mlp {
            hidden: self.hidden.clone(),
            output: self.latent_size,
            activation: Activation::Elu,
            norm: Norm::None,
            init: Init::Orthogonal { gain: 1.0 },
            flatten: false,
        }
    }
}

/// A perceptron with ELU, orthogonal weights and zero biases.
pub(super) fn perceptron(input: usize, hidden: &[usize], output: usize) -> MlpConfig {
    let init = Init::Orthogonal { gain: 1.0 };
    MlpConfig::new(input, hidden, output).with_activation(Activation::Elu).with_init(init, init)
}

/// Hyper-parameters of the planner in latent space.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct PlanConfig {
    /// Steps that are planned ahead.
    #[setting(5, min = 1)]
    pub horizon: usize,
    /// Rounds of sampling and refitting.
    #[setting(4, paper = 6, min = 1)]
    pub iterations: usize,
    /// Sequences drawn from the Gaussian in each round.
    #[setting(128, paper = 512, min = 1)]
    pub samples: usize,
    /// Best sequences, to which the Gaussian is refitted.
    #[setting(16, paper = 64, min = 1)]
    pub elites: usize,
    /// Sharpness of the elites' weights exp(temperature (v - v_max)).
    #[setting(0.5, above = 0.0)]
    pub temperature: f32,
    /// Sequences of the actor added in each round, as a share of `samples`.
    #[setting(0.05, min = 0.0, max = 1.0)]
    pub policy_share: f64,
    /// Standard deviation in the first round.
    #[setting(2.0)]
    pub initial_sigma: f32,
    /// Smallest standard deviation.
    #[setting(0.1, above = 0.0)]
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

    fn combinations(&self) -> Result<(), Refusal> {
        if self.elites > self.samples {
            let allowed = format!("at most `.samples`, which is {}", self.samples);
            return Err(Refusal::new("elites", self.elites, allowed));
        }
        if self.initial_sigma < self.min_sigma {
            let allowed = format!("at least `.min_sigma`, which is {}", self.min_sigma);
            return Err(Refusal::new("initial_sigma", self.initial_sigma, allowed));
        }
        Ok(())
    }
}

/// Hyper-parameters of TCRL.
///
/// Actions are meant to be repeated twice: add `+repeat=2` to the world.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct TcrlConfig {
    /// Copies of the world that act at once.
    #[setting(1, min = 1)]
    pub worlds: usize,
    /// Episodes of uniformly random actions before anything is learnt.
    #[setting(5, paper = 10)]
    pub random_episodes: u64,
    /// Environment steps, all copies together, per update.
    #[setting(1, paper = 2, min = 1)]
    pub update_every: u64,
    /// Windows per update.
    #[setting(128, paper = 512, min = 1)]
    pub batch: usize,
    /// Environment steps that are remembered.
    #[setting(200_000, paper = 1_000_000)]
    pub capacity: usize,
    /// The representation.
    #[setting(flatten)]
    pub objective: ConsistencySettings,
    /// Whether actor and critics read the observation itself, with no representation (ablation).
    #[setting(false)]
    pub raw: bool,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Replayed rewards summed before a target bootstraps.
    #[setting(3, min = 1)]
    pub n_step: usize,
    /// Standard deviation of the action noise at the start.
    #[setting(1.0, above = 0.0)]
    pub noise_start: f64,
    /// Standard deviation of the action noise in the end.
    #[setting(0.1, above = 0.0)]
    pub noise_end: f64,
    /// Share of the run over which the deviation falls linearly.
    #[setting(0.3, paper = 0.1, above = 0.0)]
    pub noise_share: f64,
    /// Bound of the action noise inside the losses.
    #[setting(0.3, above = 0.0)]
    pub noise_clip: f64,
    /// How values are learnt: `model-free`, or from imagined latents by `gae`, `mve` or `bp`.
    #[setting(ValueKind::ModelFree)]
    pub value: ValueKind,
    /// Steps that are imagined under `gae`, `mve` and `bp`.
    #[setting(5, min = 1)]
    pub imagined_steps: usize,
    /// Decay of the lambda-return under `gae`.
    #[setting(0.95, min = 0.0, max = 1.0)]
    pub lambda: f64,
    /// What acts: the actor (`none`), `mppi` guided by actor and critic, or `mppi` on predicted
    /// rewards alone (`dynamics`).
    #[setting(PlannerKind::None)]
    pub planner: PlannerKind,
    /// The planner in latent space.
    #[setting(group)]
    pub plan: PlanConfig,
}

impl TcrlConfig {
    /// Steps of the windows that an update draws.
    pub fn window(&self) -> usize {
        if self.raw { self.n_step } else { self.objective.horizon.max(self.n_step) }
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

    fn combinations(&self) -> Result<(), Refusal> {
        let reward = self.objective.reward_coefficient;
        if self.objective.hidden.is_empty() {
            return Err(Refusal::new("hidden", "[]", "a list of at least one width"));
        }
        if self.raw && self.planner != PlannerKind::None {
            let allowed = "none with `.raw`, which has no latent model";
            return Err(Refusal::new("planner", self.planner.name(), allowed));
        }
        if self.raw && self.value != ValueKind::ModelFree {
            let allowed = "model-free with `.raw`, which has no latent model";
            return Err(Refusal::new("value", self.value.name(), allowed));
        }
        if self.planner == PlannerKind::Dynamics && self.value != ValueKind::ModelFree {
            let allowed = "model-free with `.planner` at dynamics, which trains no values";
            return Err(Refusal::new("value", self.value.name(), allowed));
        }
        if !self.raw && self.objective.consistency_weight() == 0.0 && reward == 0.0 {
            let allowed = "above 0 without `.consistency`, since nothing else trains the encoder";
            return Err(Refusal::new("reward_coefficient", reward, allowed));
        }
        if self.planner == PlannerKind::Dynamics && reward == 0.0 {
            let allowed = "above 0 with `.planner` at dynamics, which plans on predicted rewards";
            return Err(Refusal::new("reward_coefficient", reward, allowed));
        }
        let least = (self.window() + 1) * self.worlds;
        match self.capacity < least {
            true => Err(Refusal::new("capacity", self.capacity, format!("at least {least}"))),
            false => Ok(()),
        }
    }
}
