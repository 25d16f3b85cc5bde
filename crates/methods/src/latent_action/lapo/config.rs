//! Settings of latent action policies and of what they are compared with.

use learn::{LearnError, schedule::Piecewise};
use nets::{encoder::EncoderConfig, unet::UNetConfig, vq::QuantiserConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::online_config::{OnlineConfig, RefitConfig};

/// Who learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decoding {
    /// From a few labelled transitions of the data set.
    #[default]
    Offline,
    /// From acting in a world: reinforcement learning on top of a decoder that is refitted to the
    /// actions taken.
    Online,
}

/// Settings of latent action policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LapoConfig {
    /// Who learns: `lapo`, `no-bottleneck`, `no-fdm`, `idm` or `cloning`.
    pub variant: Variant,
    /// Labelled transitions, drawn from the data set by the run's seed; at most as many as it has.
    pub labels: usize,
    /// How latent actions become actions: `offline` or `online`.
    pub decoding: Decoding,
    /// Frames before the current one that the two models read.
    pub past: usize,
    /// Trunk of the inverse model and of the policy.
    pub encoder: EncoderConfig,
    /// Features behind the trunk.
    pub hidden: usize,
    /// The bottleneck.
    pub quantiser: QuantiserConfig,
    /// Width of a latent action in the variant `no-bottleneck`.
    pub unquantised: usize,
    /// Size of the forward model.
    pub forward: UNetConfig,
    /// Training of the two models (stage `latent-actions`).
    pub models: StageConfig,
    /// Training of the policy (stage `latent-policy`).
    pub policy: StageConfig,
    /// Training of the decoder from labels (stage `decode`).
    pub decoder: DecoderConfig,
    /// Measurement of what the latents say about the actions.
    pub probe: ProbeConfig,
    /// Acting in a world (stage `online`).
    pub online: OnlineConfig,
}

/// Length, batches and step size of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageConfig {
    /// Updates.
    pub updates: u64,
    /// Windows of an update.
    pub batch: usize,
    /// Largest step size of Adam.
    pub learning_rate: f64,
    /// Updates over which the step size rises to it.
    pub warm_up: u64,
    /// Step size at the first update, as a share of the largest.
    pub first: f64,
    /// Step size behind the last update, as a share of the largest.
    pub last: f64,
    /// Limit of the global gradient norm; 0 for none.
    pub gradient_clip: f32,
}

/// A perceptron from latent actions to actions, and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// Widths of its hidden layers.
    pub hidden: Vec<usize>,
    /// Updates.
    pub updates: u64,
    /// Labels of an update.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f64,
}

/// How the latents are probed for the true actions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProbeConfig {
    /// Steps recorded in the evaluation world to test the probe on; 0 for no probe.
    pub steps: u64,
    /// Penalty on the probe's squared weights.
    pub ridge: f64,
}

impl Default for LapoConfig {
    /// Small networks and few updates, for mazes of one pixel per tile.
    fn default() -> Self {
        let stage = StageConfig { updates: 1_500, learning_rate: 1e-3, ..StageConfig::default() };
        Self {
            variant: Variant::Lapo,
            labels: 256,
            decoding: Decoding::Offline,
            past: 1,
            encoder: EncoderConfig::Planes { channels: vec![32, 32] },
            hidden: 128,
            // Codes of the published decay need some ten thousand updates to come into use: counts
            // begin at 0, and what they are divided by makes unused codes huge until it has faded.
            quantiser: QuantiserConfig {
                slots: 2,
                dimensions: 8,
                codes: 16,
                decay: 0.97,
                ..QuantiserConfig::default()
            },
            unquantised: 128,
            forward: UNetConfig { depth: 2, width: 16 },
            models: StageConfig { learning_rate: 3e-3, ..stage },
            policy: StageConfig { first: 0.01, last: 0.0, gradient_clip: 0.0, ..stage },
            decoder: DecoderConfig::default(),
            probe: ProbeConfig::default(),
            online: OnlineConfig::default(),
        }
    }
}

impl Default for StageConfig {
    /// The authors' values of the models.
    fn default() -> Self {
        Self {
            updates: 50_000,
            batch: 128,
            learning_rate: 3e-4,
            warm_up: 50,
            first: 0.1,
            last: 0.01,
            gradient_clip: 2.0,
        }
    }
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self { hidden: vec![192, 128, 64], updates: 500, batch: 128, learning_rate: 1e-3 }
    }
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self { steps: 2_000, ridge: 1e-3 }
    }
}

impl run::Config for LapoConfig {
    /// The authors' values for Procgen's 64x64 pixels; the world has to be named.
    fn paper() -> Self {
        let models = StageConfig::default();
        Self {
            decoding: Decoding::Online,
            encoder: EncoderConfig::Impala { width: 4 },
            hidden: 256,
            quantiser: QuantiserConfig::default(),
            forward: UNetConfig::default(),
            models,
            policy: StageConfig {
                updates: 60_000,
                learning_rate: 2e-4,
                warm_up: 1_000,
                first: 0.01,
                last: 0.0,
                gradient_clip: 0.0,
                ..models
            },
            online: OnlineConfig { steps: 4_000_000, ..OnlineConfig::default() },
            ..Self::default()
        }
    }

    fn validate(&self) -> Result<(), String> {
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
