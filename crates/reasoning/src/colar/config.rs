//! Hyper-parameters of CoLaR.

use agents::language::{model::ModelConfig, supervised::SupervisedConfig};
use settings::{Choice, Config};

use super::sequence::{Labels, Pooling};

/// Where a speed text holds the speed.
const PLACE: &str = "{c}";

/// Whether chains are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Variant {
    /// They are.
    #[default]
    Colar,
    /// The chain is written out as tokens: the comparator. It is only fitted, not reinforced.
    Cot,
}

/// What the latent head is fitted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
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
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct CompressionConfig {
    /// Most tokens of a block; training draws from 1 to here.
    #[setting(5)]
    pub c_max: usize,
    /// How vectors of a block become one: their sum over the root of their number (`sqrt`, which keeps
    /// the variance) or their `mean`.
    #[setting(Pooling::Sqrt)]
    pub pooling: Pooling,
    /// Which tokens the language head learns along the chain: a `random` one of the next block, or the
    /// `stop` alone.
    #[setting(Labels::Random)]
    pub labels: Labels,
    /// What follows the question, with `{c}` in place of the speed.
    #[setting("@{c}")]
    pub speed_text: String,
    /// What follows it where the speed is not told.
    #[setting("@auto")]
    pub auto_text: String,
    /// How often it is not told.
    #[setting(0.05)]
    pub auto: f64,
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

    fn combinations(&self) -> Result<(), String> {
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
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct LatentConfig {
    /// Units of its two hidden layers; 0 for the model's width.
    #[setting(0)]
    pub hidden: usize,
    /// What it is fitted with: `nll`, `soft-mse` or `mse`.
    #[setting(LatentLoss::SoftMse)]
    pub loss: LatentLoss,
    /// Weight of that loss beside the language loss.
    #[setting(1.0)]
    pub weight: f32,
    /// Weight of the entropy in `soft-mse`.
    #[setting(1e-3)]
    pub entropy: f32,
    /// Least log-variance, in units of the embedding's variance.
    #[setting(-8.0)]
    pub floor: f32,
    /// Weight of the language loss in a second pass that reads the predicted latents.
    #[setting(0.0)]
    pub second_pass: f32,
}

impl LatentConfig {
    fn combinations(&self) -> Result<(), String> {
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
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct ReinforceConfig {
    /// Updates; 0 for none.
    #[setting(80)]
    pub updates: u64,
    /// Speed of the chains, at most `compression.c_max`.
    #[setting(2)]
    pub speed: usize,
    /// Questions of an update.
    #[setting(16)]
    pub prompts: usize,
    /// Chains for each question.
    #[setting(8)]
    pub group: usize,
    /// Temperature at which answers are drawn.
    #[setting(1.0)]
    pub temperature: f64,
    /// Whether the reward of a right answer is divided by the number of latents.
    #[setting(true)]
    pub punish_latent_length: bool,
    /// Questions to choose from.
    #[setting(512)]
    pub pool: usize,
    /// Chains by which those are found that the fitted model always answers right; 0 keeps them all.
    #[setting(4)]
    pub filter: usize,
    /// Adam's step size.
    #[setting(3e-5)]
    pub learning_rate: f64,
    /// How far a ratio may be from 1 before its gradient is cut.
    #[setting(0.2)]
    pub clip: f32,
    /// Updates on the chains of one update.
    #[setting(1)]
    pub epochs: usize,
    /// Limit of the global gradient norm.
    #[setting(1.0)]
    pub gradient_clip: f32,
}

impl ReinforceConfig {
    fn combinations(&self) -> Result<(), String> {
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
#[derive(Clone, Debug, PartialEq, Config)]
pub struct SpeedsConfig {
    /// The speed of `eval/accuracy` and `eval/length`.
    #[setting(2)]
    pub speed: usize,
    /// Speeds that have `eval/accuracy_c` and the like, ascending.
    #[setting([1, 2, 3, 5])]
    pub speeds: Vec<usize>,
    /// Share of chains without a stop above which scoring a fitted model is an error.
    #[setting(0.5)]
    pub unstopped: f64,
}

/// Hyper-parameters of CoLaR.
///
/// The values for a model of 1 billion parameters: up to 64 latents, 8 chains a question, a step
/// size of 1e-6 in reinforcement.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct ColarConfig {
    /// `colar`, or `cot` for chains in tokens.
    #[setting(Variant::Colar)]
    pub variant: Variant,
    /// Shape of the embedded model.
    #[setting(group, paper = ModelConfig { context: 1_024, ..ModelConfig::default() })]
    pub model: ModelConfig,
    /// How worked solutions are fitted.
    #[setting(group, paper = SupervisedConfig { batch: 32, learning_rate: 1e-4, warm_up: 100, ..SupervisedConfig::default() })]
    pub supervised: SupervisedConfig,
    /// Updates on worked solutions.
    #[setting(1_500)]
    pub updates: u64,
    /// Whether the step size falls linearly to 0 over these.
    #[setting(true)]
    pub anneal: bool,
    /// How chains are compressed.
    #[setting(group, paper = CompressionConfig::default())]
    pub compression: CompressionConfig,
    /// The latent head.
    #[setting(group, paper = LatentConfig::default())]
    pub latent: LatentConfig,
    /// Most latents of a chain.
    #[setting(24, paper = 64)]
    pub max_latents: usize,
    /// Most tokens of an answer behind its separator; where chains are tokens, beside the longest chain.
    #[setting(8, paper = 16)]
    pub max_answer: usize,
    /// How the fitted model is reinforced.
    #[setting(group, paper = ReinforceConfig { learning_rate: 1e-6, ..ReinforceConfig::default() })]
    pub rl: ReinforceConfig,
    /// How the model is scored.
    #[setting(group, paper = SpeedsConfig::default())]
    pub evaluation: SpeedsConfig,
}

impl ColarConfig {
    fn combinations(&self) -> Result<(), String> {
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
