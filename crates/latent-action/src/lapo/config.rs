//! Settings of latent action policies and of what they are compared with.

use agents::baseline::ppo::Objective;
use learn::{LearnError, normalise::Divisor, schedule::Piecewise};
use nets::{encoder::EncoderConfig, unet::UNetConfig, vq::QuantiserConfig};
use settings::{Choice, Config, Refusal};

/// Who learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Learner {
    /// Latent action policies.
    #[default]
    Lapo,
    /// The same without quantisation: the latent action is any vector.
    NoBottleneck,
    /// The same without a forward model, so that the inverse model stays as it was drawn.
    NoFdm,
    /// An inverse model fitted to the labels, whose actions for all windows are then cloned.
    Idm,
    /// The policy network cloned from the labels alone.
    Cloning,
}

/// How latent actions become actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Decoding {
    /// From a few labelled transitions of the data set.
    #[default]
    Offline,
    /// From acting in a world: reinforcement learning on top of a decoder that is refitted to the
    /// actions taken.
    Online,
}

/// Settings of latent action policies.
///
/// The authors' values for Procgen's 64x64 pixels; the world has to be named.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::something_to_decode)]
pub struct LapoConfig {
    /// Who learns.
    #[setting(Learner::Lapo)]
    pub variant: Learner,
    /// Labelled transitions, drawn from the data set by the run's seed; at most as many as it has.
    #[setting(256)]
    pub labels: usize,
    /// How latent actions become actions.
    #[setting(Decoding::Offline, paper = Decoding::Online)]
    pub decoding: Decoding,
    /// Frames before the current one that the two models read.
    #[setting(1)]
    pub past: usize,
    /// Trunk of the inverse model and of the policy.
    #[setting(EncoderConfig::Planes { channels: vec![32, 32] }, paper = EncoderConfig::Impala { width: 4 })]
    pub encoder: EncoderConfig,
    /// Features behind the trunk.
    #[setting(128, paper = 256, min = 1)]
    pub hidden: usize,
    /// The bottleneck.
    // Codes of the published decay need some ten thousand updates to come into use: counts begin at
    // 0, and what they are divided by makes unused codes huge until it has faded.
    #[setting(group, laptop = QuantiserConfig { slots: 2, dimensions: 8, codes: 16, decay: 0.97, ..QuantiserConfig::default() })]
    pub quantiser: QuantiserConfig,
    /// Width of a latent action in the variant `no-bottleneck`.
    #[setting(128, min = 1)]
    pub unquantised: usize,
    /// Size of the forward model.
    #[setting(group, laptop = UNetConfig { depth: 2, width: 16 })]
    pub forward: UNetConfig,
    /// Training of the two models (stage `latent-actions`).
    #[setting(group, laptop = StageConfig { updates: 1_500, learning_rate: 3e-3, ..StageConfig::default() })]
    pub models: StageConfig,
    /// Training of the policy (stage `latent-policy`).
    #[setting(
        group,
        laptop = StageConfig { updates: 1_500, learning_rate: 1e-3, warm_up: 50, ..StageConfig::policy() },
        paper = StageConfig::policy()
    )]
    pub policy: StageConfig,
    /// Training of the decoder from labels (stage `decode`).
    #[setting(group)]
    pub decoder: DecoderConfig,
    /// Measurement of what the latents say about the actions.
    #[setting(group)]
    pub probe: ProbeConfig,
    /// Acting in a world (stage `online`).
    #[setting(group)]
    pub online: OnlineConfig,
}

/// Length, batches and step size of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
#[setting(check = Self::rise_fits)]
pub struct StageConfig {
    /// Updates.
    #[setting(50_000)]
    pub updates: u64,
    /// Windows of an update.
    #[setting(128, min = 1)]
    pub batch: usize,
    /// Largest step size of Adam.
    #[setting(3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Updates over which the step size rises to it.
    #[setting(50)]
    pub warm_up: u64,
    /// Step size at the first update, as a share of the largest.
    #[setting(0.1, min = 0.0, max = 1.0)]
    pub first: f64,
    /// Step size behind the last update, as a share of the largest.
    #[setting(0.01, min = 0.0, max = 1.0)]
    pub last: f64,
    /// Limit of the global gradient norm; 0 for none.
    #[setting(2.0, min = 0.0)]
    pub gradient_clip: f32,
}

/// A perceptron from latent actions to actions, and its training.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct DecoderConfig {
    /// Widths of its hidden layers.
    #[setting([192, 128, 64], min = 1)]
    pub hidden: Vec<usize>,
    /// Updates.
    #[setting(500, min = 1)]
    pub updates: u64,
    /// Labels of an update.
    #[setting(128, min = 1)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, above = 0.0)]
    pub learning_rate: f64,
}

/// How the latents are probed for the true actions.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct ProbeConfig {
    /// Steps recorded in the evaluation world to test the probe on; 0 for no probe.
    #[setting(2_000)]
    pub steps: u64,
    /// Penalty on the probe's squared weights.
    #[setting(1e-3, above = 0.0)]
    pub ridge: f64,
}

/// Proximal policy optimisation on top of the latent policy.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct OnlineConfig {
    /// The world to act in.
    #[setting("maze-levels")]
    pub world: String,
    /// Steps in it, of all copies together.
    #[setting(50_000, paper = 4_000_000)]
    pub steps: u64,
    /// Copies of the world that act at once.
    #[setting(64, min = 1)]
    pub worlds: usize,
    /// Steps of every copy between updates.
    #[setting(64, min = 1)]
    pub rollout: usize,
    /// Passes over a rollout.
    #[setting(3, min = 1)]
    pub epochs: usize,
    /// Minibatches that a pass is cut into.
    #[setting(8, min = 1)]
    pub minibatches: usize,
    /// Discount per step.
    #[setting(0.999, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Decay of the generalised advantage estimate.
    #[setting(0.95, min = 0.0, max = 1.0)]
    pub lambda: f64,
    /// How far the probability ratio may leave 1, and a value its old one, before the gradient is
    /// cut.
    #[setting(0.2, above = 0.0)]
    pub clip: f32,
    /// Weight of the entropy bonus.
    #[setting(0.0025)]
    pub entropy_coefficient: f64,
    /// Weight of the value loss.
    #[setting(0.5)]
    pub value_coefficient: f64,
    /// Limit of the global gradient norm.
    #[setting(0.5, above = 0.0)]
    pub gradient_clip: f32,
    /// Scale of the three step sizes.
    #[setting(1e-2, above = 0.0)]
    pub learning_rate: f64,
    /// Steps at which the step size of the policy's head leaves 0 and peaks at a quarter.
    #[setting([35_000, 50_000])]
    pub policy_head: [u64; 2],
    /// Steps at which the step size of the value's head leaves 0 and peaks at a quarter.
    #[setting([25_000, 50_000])]
    pub value_head: [u64; 2],
    /// Steps at which the step size of the features leaves 0 and peaks at a tenth.
    #[setting([50_000, 200_000])]
    pub features: [u64; 2],
    /// Step at which all three are back at 0.
    #[setting(4_000_000)]
    pub anneal: u64,
    /// When and how the decoder is fitted to what was done.
    #[setting(group)]
    pub refit: RefitConfig,
}

/// Refitting of the decoder while acting.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct RefitConfig {
    /// Steps before the first.
    #[setting(10_000)]
    pub from: u64,
    /// Steps up to which it is refitted after every rollout.
    #[setting(50_000)]
    pub dense_until: u64,
    /// Rollouts from one to the next afterwards.
    #[setting(20, min = 1)]
    pub every: u64,
    /// Steps after which it stays as it is.
    #[setting(400_000)]
    pub until: u64,
    /// Passes over everything collected.
    #[setting(3)]
    pub epochs: usize,
    /// Transitions of an update.
    #[setting(512, min = 1)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, above = 0.0)]
    pub learning_rate: f64,
    /// Share of the targets that is spread over all actions.
    #[setting(0.05, min = 0.0, max = 1.0)]
    pub smoothing: f64,
}

impl LapoConfig {
    /// Whether there are latent actions, which need decoding.
    pub(super) fn latent(&self) -> bool {
        !matches!(self.variant, Learner::Idm | Learner::Cloning)
    }

    /// Width of what the inverse model and the policy put out.
    pub(super) fn size(&self, actions: usize) -> usize {
        match self.variant {
            Learner::Lapo | Learner::NoFdm => self.quantiser.size(),
            Learner::NoBottleneck => self.unquantised,
            Learner::Idm | Learner::Cloning => actions,
        }
    }

    fn something_to_decode(&self) -> Result<(), Refusal> {
        match self.decoding {
            Decoding::Online if !self.latent() => Err(Refusal::new(
                "decoding",
                "online",
                format!("offline where `variant` is {}, without latent actions", self.variant.name()),
            )),
            Decoding::Offline if self.labels == 0 => Err(Refusal::saying(
                "labels",
                0,
                "there are no labelled transitions: use online decoding (`decoding = \"online\"`) or supply labels",
            )),
            _ => Ok(()),
        }
    }
}

impl StageConfig {
    /// The authors' values for the policy.
    fn policy() -> Self {
        Self {
            updates: 60_000,
            learning_rate: 2e-4,
            warm_up: 1_000,
            first: 0.01,
            last: 0.0,
            gradient_clip: 0.0,
            ..Self::default()
        }
    }

    /// The step size over the stage's updates.
    ///
    /// # Errors
    /// The rise is longer than the stage.
    pub fn schedule(&self, name: &'static str) -> Result<Piecewise, LearnError> {
        let rate = self.learning_rate;
        let knots = [(0, self.first * rate), (self.warm_up, rate), (self.updates + 1, self.last * rate)];
        Piecewise::new(name, &knots)
    }

    /// Limit of the global gradient norm.
    pub fn clip(&self) -> Option<f32> {
        (self.gradient_clip > 0.0).then_some(self.gradient_clip)
    }

    fn rise_fits(&self) -> Result<(), Refusal> {
        match self.warm_up <= self.updates {
            true => Ok(()),
            false => {
                Err(Refusal::new("warm_up", self.warm_up, format!("at most `.updates`, {}", self.updates)))
            }
        }
    }
}

impl OnlineConfig {
    /// What is minimised on a minibatch.
    pub(super) fn objective(&self) -> Objective {
        Objective {
            clip: self.clip,
            value_clip: Some(self.clip),
            value_coefficient: self.value_coefficient,
            entropy_coefficient: self.entropy_coefficient,
            gradient_clip: self.gradient_clip,
            standardise: Some(Divisor::Sample),
        }
    }

    /// The step sizes of the policy's head, the value's head and the features over the stage's
    /// steps in the world.
    ///
    /// # Errors
    /// Their steps fall.
    pub fn schedules(&self) -> Result<[Piecewise; 3], LearnError> {
        let curve = |name, [start, peak]: [u64; 2], share: f64| {
            Piecewise::new(
                name,
                &[(0, 0.0), (start, 0.0), (peak, share * self.learning_rate), (self.anneal, 0.0)],
            )
        };
        Ok([
            curve("online.policy_head", self.policy_head, 0.25)?,
            curve("online.value_head", self.value_head, 0.25)?,
            curve("online.features", self.features, 0.1)?,
        ])
    }

    fn combinations(&self) -> Result<(), Refusal> {
        let curves =
            [("policy_head", self.policy_head), ("value_head", self.value_head), ("features", self.features)];
        for (key, [start, peak]) in curves {
            if start > peak || peak > self.anneal {
                let allowed = format!("two steps that do not fall, up to `.anneal`, {}", self.anneal);
                return Err(Refusal::new(key, format!("[{start}, {peak}]"), allowed));
            }
        }
        let steps = self.worlds.saturating_mul(self.rollout);
        if self.minibatches > steps {
            let allowed = format!("at most `.worlds` times `.rollout`, {steps}");
            return Err(Refusal::new("minibatches", self.minibatches, allowed));
        }
        Ok(())
    }
}
