//! Hyper-parameters of CoLaR.

use run::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sequence::{Labels, Pooling};
use crate::reasoning::{model::ModelConfig, supervised::SupervisedConfig};

/// Where a speed text holds the speed.
const PLACE: &str = "{c}";

/// Whether chains are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// They are.
    #[default]
    Colar,
    /// The chain is written out as tokens: the comparator. It is only fitted, not reinforced.
    Cot,
}

/// What the latent head is fitted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LatentLoss {
    /// The Gaussian's negative log-density, the mean over dimensions.
    Nll,
    /// The squared error of a draw minus a share of the entropy.
    #[default]
    SoftMse,
    /// The squared error of the mean: a head without variance, which cannot be reinforced.
    Mse,
}

/// How chains are compressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompressionConfig {
    /// Most tokens of a block; training draws from 1 to here.
    pub c_max: usize,
    /// How vectors of a block become one: their sum over the root of their number (`sqrt`, which keeps
    /// the variance) or their `mean`.
    pub pooling: Pooling,
    /// Which tokens the language head learns along the chain: a `random` one of the next block, or the
    /// `stop` alone.
    pub labels: Labels,
    /// What follows the question, with `{c}` in place of the speed.
    pub speed_text: String,
    /// What follows it where the speed is not told.
    pub auto_text: String,
    /// How often it is not told.
    pub auto: f64,
}

impl Default for CompressionConfig {
    fn default() -> Self {
        Self {
            c_max: 5,
            pooling: Pooling::Sqrt,
            labels: Labels::Random,
            speed_text: "@{c}".to_owned(),
            auto_text: "@auto".to_owned(),
            auto: 0.05,
        }
    }
}

impl CompressionConfig {
    /// What follows a question that is to be thought about at this speed.
    pub fn text(&self, speed: usize) -> String {
        self.speed_text.replace(PLACE, &speed.to_string())
    }

    /// All characters of such texts.
    pub fn symbols(&self) -> String {
        (1..=self.c_max).map(|speed| self.text(speed)).collect::<String>() + &self.auto_text
    }

    fn validate(&self) -> Result<(), String> {
        if self.c_max == 0 {
            return Err("`compression.c_max` is 0: a block has at least 1 token".to_owned());
        }
        if !(0.0..=1.0).contains(&self.auto) {
            return Err(format!("`compression.auto` is {}: it must be between 0 and 1", self.auto));
        }
        if !self.speed_text.contains(PLACE) {
            return Err(format!(
                "`compression.speed_text` is {:?}: without `{PLACE}` the speed cannot be chosen",
                self.speed_text
            ));
        }
        Ok(())
    }

    /// Refuses a speed that the model is never trained at.
    fn check(&self, key: &str, speed: usize) -> Result<(), String> {
        if (1..=self.c_max).contains(&speed) {
            return Ok(());
        }
        Err(format!(
            "`{key}` is {speed}, a speed that is never trained: choose one from 1 to `compression.c_max`, {}",
            self.c_max
        ))
    }
}

/// The latent head and its loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LatentConfig {
    /// Units of its two hidden layers; 0 for the model's width.
    pub hidden: usize,
    /// What it is fitted with: `nll`, `soft-mse` or `mse`.
    pub loss: LatentLoss,
    /// Weight of that loss beside the language loss.
    pub weight: f32,
    /// Weight of the entropy in `soft-mse`.
    pub entropy: f32,
    /// Least log-variance, in units of the embedding's variance.
    pub floor: f32,
    /// Weight of the language loss in a second pass that reads the predicted latents.
    pub second_pass: f32,
}

impl Default for LatentConfig {
    fn default() -> Self {
        Self {
            hidden: 0,
            loss: LatentLoss::SoftMse,
            weight: 1.0,
            entropy: 1e-3,
            floor: -8.0,
            second_pass: 0.0,
        }
    }
}

impl LatentConfig {
    fn validate(&self) -> Result<(), String> {
        for (name, value) in
            [("weight", self.weight), ("entropy", self.entropy), ("second_pass", self.second_pass)]
        {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("`latent.{name}` is {value}: it must be at least 0"));
            }
        }
        if self.floor.is_finite() {
            return Ok(());
        }
        Err(format!("`latent.floor` is {}: it must be a number", self.floor))
    }
}

/// How the fitted model is reinforced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReinforceConfig {
    /// Updates; 0 for none.
    pub updates: u64,
    /// Speed of the chains, at most `compression.c_max`.
    pub speed: usize,
    /// Questions of an update.
    pub prompts: usize,
    /// Chains for each question.
    pub group: usize,
    /// Temperature at which answers are drawn.
    pub temperature: f64,
    /// Whether the reward of a right answer is divided by the number of latents.
    pub punish_latent_length: bool,
    /// Questions to choose from.
    pub pool: usize,
    /// Chains by which those are found that the fitted model always answers right; 0 keeps them all.
    pub filter: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// How far a ratio may be from 1 before its gradient is cut.
    pub clip: f32,
    /// Updates on the chains of one update.
    pub epochs: usize,
    /// Limit of the global gradient norm.
    pub gradient_clip: f32,
}

impl Default for ReinforceConfig {
    fn default() -> Self {
        Self {
            updates: 80,
            speed: 2,
            prompts: 16,
            group: 8,
            temperature: 1.0,
            punish_latent_length: true,
            pool: 512,
            filter: 4,
            learning_rate: 3e-5,
            clip: 0.2,
            epochs: 1,
            gradient_clip: 1.0,
        }
    }
}

impl ReinforceConfig {
    fn validate(&self) -> Result<(), String> {
        if self.group < 2 {
            return Err(format!(
                "`rl.group` is {}: `colar` compares the chains of a group, so it must be at least 2",
                self.group
            ));
        }
        let positive = [
            ("prompts", self.prompts as f64),
            ("temperature", self.temperature),
            ("pool", self.pool as f64),
            ("learning_rate", self.learning_rate),
            ("clip", f64::from(self.clip)),
            ("epochs", self.epochs as f64),
            ("gradient_clip", f64::from(self.gradient_clip)),
        ];
        match positive.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((name, value)) => Err(format!("`rl.{name}` is {value}: it must be above 0")),
            None => Ok(()),
        }
    }
}

/// How the model is scored: greedy answers behind mean latents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpeedsConfig {
    /// The speed of `eval/accuracy` and `eval/length`.
    pub speed: usize,
    /// Speeds that have `eval/accuracy_c` and the like, ascending.
    pub speeds: Vec<usize>,
    /// Share of chains without a stop above which scoring a fitted model is an error.
    pub unstopped: f64,
}

impl Default for SpeedsConfig {
    fn default() -> Self {
        Self { speed: 2, speeds: vec![1, 2, 3, 5], unstopped: 0.5 }
    }
}

/// Hyper-parameters of CoLaR.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColarConfig {
    /// `colar`, or `cot` for chains in tokens.
    pub variant: Variant,
    /// Shape of the embedded model.
    pub model: ModelConfig,
    /// How worked solutions are fitted.
    pub supervised: SupervisedConfig,
    /// Updates on worked solutions.
    pub updates: u64,
    /// Whether the step size falls linearly to 0 over these.
    pub anneal: bool,
    /// How chains are compressed.
    pub compression: CompressionConfig,
    /// The latent head.
    pub latent: LatentConfig,
    /// Most latents of a chain.
    pub max_latents: usize,
    /// Most tokens of an answer behind its separator; where chains are tokens, beside the longest chain.
    pub max_answer: usize,
    /// How the fitted model is reinforced.
    pub rl: ReinforceConfig,
    /// How the model is scored.
    pub evaluation: SpeedsConfig,
}

impl Default for ColarConfig {
    fn default() -> Self {
        Self {
            variant: Variant::Colar,
            model: ModelConfig::default(),
            supervised: SupervisedConfig::default(),
            updates: 1_500,
            anneal: true,
            compression: CompressionConfig::default(),
            latent: LatentConfig::default(),
            max_latents: 24,
            max_answer: 8,
            rl: ReinforceConfig::default(),
            evaluation: SpeedsConfig::default(),
        }
    }
}

impl Config for ColarConfig {
    /// The values for a model of 1 billion parameters: up to 64 latents, 8 chains a question, a step
    /// size of 1e-6 in reinforcement.
    fn paper() -> Self {
        let rl = ReinforceConfig { learning_rate: 1e-6, ..ReinforceConfig::default() };
        let supervised =
            SupervisedConfig { batch: 32, learning_rate: 1e-4, warm_up: 100, ..SupervisedConfig::default() };
        let model = ModelConfig { context: 1_024, ..ModelConfig::default() };
        Self { max_latents: 64, max_answer: 16, supervised, rl, model, ..Self::default() }
    }

    fn validate(&self) -> Result<(), String> {
        self.model.validate()?;
        self.supervised.validate("supervised.")?;
        self.compression.validate()?;
        self.latent.validate()?;
        self.rl.validate()?;
        if self.max_latents == 0 || self.max_answer == 0 || self.updates == 0 {
            return Err("`max_latents`, `max_answer` and `updates` must be at least 1".to_owned());
        }
        self.compression.check("rl.speed", self.rl.speed)?;
        self.compression.check("evaluation.speed", self.evaluation.speed)?;
        for speed in &self.evaluation.speeds {
            self.compression.check("evaluation.speeds", *speed)?;
        }
        if self.reinforced() > 0 && self.latent.loss == LatentLoss::Mse {
            return Err(
                "colar: RL needs a stochastic latent head: set `latent.loss` to `nll` or `soft-mse`, or \
                        `rl.updates` to 0"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

impl ColarConfig {
    /// Updates of reinforcement.
    pub fn reinforced(&self) -> u64 {
        match self.variant {
            Variant::Colar => self.rl.updates,
            Variant::Cot => 0,
        }
    }
}
