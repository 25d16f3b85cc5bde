//! Settings of latent action policies and of what they are compared with.

use learn::{LearnError, schedule::Piecewise};
use nets::{encoder::EncoderConfig, unet::UNetConfig, vq::QuantiserConfig};
use settings::{Choice, Config};

pub use super::online_config::{OnlineConfig, RefitConfig};

/// Who learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Variant {
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
#[setting(check = Self::combinations)]
pub struct LapoConfig {
    /// Who learns: `lapo`, `no-bottleneck`, `no-fdm`, `idm` or `cloning`.
    #[setting(Variant::Lapo)]
    pub variant: Variant,
    /// Labelled transitions, drawn from the data set by the run's seed; at most as many as it has.
    #[setting(256)]
    pub labels: usize,
    /// How latent actions become actions: `offline` or `online`.
    #[setting(Decoding::Offline, paper = Decoding::Online)]
    pub decoding: Decoding,
    /// Frames before the current one that the two models read.
    #[setting(1)]
    pub past: usize,
    /// Trunk of the inverse model and of the policy.
    #[setting(EncoderConfig::Planes { channels: vec![32, 32] }, paper = EncoderConfig::Impala { width: 4 })]
    pub encoder: EncoderConfig,
    /// Features behind the trunk.
    #[setting(128, paper = 256)]
    pub hidden: usize,
    /// The bottleneck.
    #[setting(group, laptop = QuantiserConfig { slots: 2, dimensions: 8, codes: 16, decay: 0.97, ..QuantiserConfig::default() }, paper = QuantiserConfig::default())]
    pub quantiser: QuantiserConfig,
    /// Width of a latent action in the variant `no-bottleneck`.
    #[setting(128)]
    pub unquantised: usize,
    /// Size of the forward model.
    #[setting(group, laptop = UNetConfig { depth: 2, width: 16 }, paper = UNetConfig::default())]
    pub forward: UNetConfig,
    /// Training of the two models (stage `latent-actions`).
    #[setting(group, laptop = StageConfig { updates: 1_500, learning_rate: 3e-3, ..StageConfig::default() }, paper = StageConfig::default())]
    pub models: StageConfig,
    /// Training of the policy (stage `latent-policy`).
    #[setting(group, laptop = StageConfig { updates: 1_500, learning_rate: 1e-3, first: 0.01, last: 0.0, gradient_clip: 0.0, ..StageConfig::default() }, paper = StageConfig { updates: 60_000, learning_rate: 2e-4, warm_up: 1_000, first: 0.01, last: 0.0, gradient_clip: 0.0, ..StageConfig::default() })]
    pub policy: StageConfig,
    /// Training of the decoder from labels (stage `decode`).
    #[setting(group, paper = DecoderConfig::default())]
    pub decoder: DecoderConfig,
    /// Measurement of what the latents say about the actions.
    #[setting(group, paper = ProbeConfig::default())]
    pub probe: ProbeConfig,
    /// Acting in a world (stage `online`).
    #[setting(group, paper = OnlineConfig { steps: 4_000_000, ..OnlineConfig::default() })]
    pub online: OnlineConfig,
}

/// Length, batches and step size of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct StageConfig {
    /// Updates.
    #[setting(50_000)]
    pub updates: u64,
    /// Windows of an update.
    #[setting(128)]
    pub batch: usize,
    /// Largest step size of Adam.
    #[setting(3e-4)]
    pub learning_rate: f64,
    /// Updates over which the step size rises to it.
    #[setting(50)]
    pub warm_up: u64,
    /// Step size at the first update, as a share of the largest.
    #[setting(0.1)]
    pub first: f64,
    /// Step size behind the last update, as a share of the largest.
    #[setting(0.01)]
    pub last: f64,
    /// Limit of the global gradient norm; 0 for none.
    #[setting(2.0)]
    pub gradient_clip: f32,
}

/// A perceptron from latent actions to actions, and its training.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct DecoderConfig {
    /// Widths of its hidden layers.
    #[setting([192, 128, 64])]
    pub hidden: Vec<usize>,
    /// Updates.
    #[setting(500)]
    pub updates: u64,
    /// Labels of an update.
    #[setting(128)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3)]
    pub learning_rate: f64,
}

/// How the latents are probed for the true actions.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct ProbeConfig {
    /// Steps recorded in the evaluation world to test the probe on; 0 for no probe.
    #[setting(2_000)]
    pub steps: u64,
    /// Penalty on the probe's squared weights.
    #[setting(1e-3)]
    pub ridge: f64,
}

impl LapoConfig {
    fn combinations(&self) -> Result<(), String> {
        self.quantiser.validate().map_err(|error| format!("quantiser: {error}"))?;
        self.forward.validate().map_err(|error| format!("forward: {error}"))?;
        self.models.validate("models")?;
        self.policy.validate("policy")?;
        expect_positive(&[
            ("hidden", self.hidden),
            ("unquantised", self.unquantised),
            ("decoder.batch", self.decoder.batch),
            ("decoder.updates", self.decoder.updates as usize),
        ])?;
        if self.decoder.hidden.contains(&0) {
            return Err("`decoder.hidden` holds a 0, but every layer must be at least 1 wide".to_owned());
        }
        expect_above("decoder.learning_rate", self.decoder.learning_rate)?;
        expect_above("probe.ridge", self.probe.ridge)?;
        let supervised = matches!(self.variant, Variant::Idm | Variant::Cloning);
        if supervised && self.decoding == Decoding::Online {
            return Err(
                "`decoding` is online, but the variants `idm` and `cloning` have no latent actions to \
                        decode: use `offline`"
                    .to_owned(),
            );
        }
        if self.labels == 0 && self.decoding == Decoding::Offline {
            return Err("no labelled transitions: use online decoding (`decoding = \"online\"`) or supply \
                        labels (`labels` is 0)"
                .to_owned());
        }
        self.online.validate()
    }
}

impl StageConfig {
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

    fn validate(&self, name: &str) -> Result<(), String> {
        expect_positive(&[(&format!("{name}.batch"), self.batch)])?;
        expect_above(&format!("{name}.learning_rate"), self.learning_rate)?;
        if self.warm_up > self.updates {
            return Err(format!(
                "`{name}.warm_up` is {}, but the stage has only {} updates: make it at most as long",
                self.warm_up, self.updates
            ));
        }
        for (key, value) in [("first", self.first), ("last", self.last)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`{name}.{key}` is {value}, but must be between 0 and 1"));
            }
        }
        if self.gradient_clip.is_nan() || self.gradient_clip < 0.0 {
            return Err(format!("`{name}.gradient_clip` is {}, but must be at least 0", self.gradient_clip));
        }
        Ok(())
    }
}

pub(super) fn expect_positive(values: &[(&str, usize)]) -> Result<(), String> {
    match values.iter().find(|(_, value)| *value == 0) {
        Some((name, _)) => Err(format!("`{name}` is 0, but must be at least 1")),
        None => Ok(()),
    }
}

pub(super) fn expect_above(name: &str, value: f64) -> Result<(), String> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => Err(format!("`{name}` is {value}, but must be above 0")),
    }
}
