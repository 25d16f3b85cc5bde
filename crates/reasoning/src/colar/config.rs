//! Hyper-parameters of CoLaR.

use agents::language::{model::ModelConfig, supervised::SupervisedConfig};
use settings::{Choice, Config, Refusal};

/// Where a speed text holds the speed.
const PLACE: &str = "{c}";

/// What chains are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum ChainForm {
    /// Latents: the method.
    #[default]
    #[choice("colar")]
    Latents,
    /// Tokens, as they are written: the comparator. It is only fitted, not reinforced.
    #[choice("cot")]
    Tokens,
}

/// How the vectors of a block become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Pooling {
    /// Their sum over the root of their number: of independent vectors it has the variance of one.
    #[default]
    Sqrt,
    /// Their mean, whose variance falls with their number.
    Mean,
}

/// What the language head learns along the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Labels {
    /// A token of the next block, drawn uniformly, and the separator behind the last one.
    #[default]
    Random,
    /// The separator behind the last block alone.
    Stop,
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
#[setting(check = Self::place)]
pub struct CompressionConfig {
    /// Most tokens of a block; training draws from 1 to here.
    #[setting(5, min = 1)]
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
    #[setting(0.05, min = 0, max = 1)]
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

    fn place(&self) -> Result<(), Refusal> {
        match self.speed_text.contains(PLACE) {
            true => Ok(()),
            false => {
                let why = format!("without `{PLACE}` the speed cannot be chosen");
                Err(Refusal::saying("speed_text", format!("{:?}", self.speed_text), why))
            }
        }
    }
}

/// The latent head and its loss.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct LatentConfig {
    /// Units of its two hidden layers; 0 for the model's width.
    #[setting(0)]
    pub hidden: usize,
    /// What it is fitted with: `nll`, `soft-mse` or `mse`.
    #[setting(LatentLoss::SoftMse)]
    pub loss: LatentLoss,
    /// Weight of that loss beside the language loss.
    #[setting(1.0, min = 0)]
    pub weight: f32,
    /// Weight of the entropy in `soft-mse`.
    #[setting(1e-3, min = 0)]
    pub entropy: f32,
    /// Least log-variance, in units of the embedding's variance.
    #[setting(-8.0)]
    pub floor: f32,
    /// Weight of the language loss in a second pass that reads the predicted latents.
    #[setting(0.0, min = 0)]
    pub second_pass: f32,
}

/// How the fitted model is reinforced.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct ReinforceConfig {
    /// Updates; 0 for none.
    #[setting(80)]
    pub updates: u64,
    /// Speed of the chains, at most `compression.c_max`.
    #[setting(2)]
    pub speed: usize,
    /// Questions of an update.
    #[setting(16, min = 1)]
    pub prompts: usize,
    /// Chains for each question, which are compared.
    #[setting(8, min = 2)]
    pub group: usize,
    /// Temperature at which answers are drawn.
    #[setting(1.0, above = 0)]
    pub temperature: f64,
    /// Whether the reward of a right answer is divided by the number of latents.
    #[setting(true)]
    pub punish_latent_length: bool,
    /// Questions to choose from.
    #[setting(512, min = 1)]
    pub pool: usize,
    /// Chains by which those are found that the fitted model always answers right; 0 keeps them all.
    #[setting(4)]
    pub filter: usize,
    /// Adam's step size.
    #[setting(3e-5, above = 0)]
    pub learning_rate: f64,
    /// How far a ratio may be from 1 before its gradient is cut.
    #[setting(0.2, above = 0)]
    pub clip: f32,
    /// Updates on the chains of one update.
    #[setting(1, min = 1)]
    pub epochs: usize,
    /// Limit of the global gradient norm.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
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
    #[setting(ChainForm::Latents)]
    pub variant: ChainForm,
    /// Shape of the embedded model.
    #[setting(group, paper = ModelConfig { context: 1_024, ..ModelConfig::default() })]
    pub model: ModelConfig,
    /// How worked solutions are fitted.
    #[setting(
        group,
        paper = SupervisedConfig { batch: 32, learning_rate: 1e-4, warm_up: 100, ..SupervisedConfig::default() },
    )]
    pub supervised: SupervisedConfig,
    /// Updates on worked solutions.
    #[setting(1_500, min = 1)]
    pub updates: u64,
    /// Whether the step size falls linearly to 0 over these.
    #[setting(true)]
    pub anneal: bool,
    /// How chains are compressed.
    #[setting(group)]
    pub compression: CompressionConfig,
    /// The latent head.
    #[setting(group)]
    pub latent: LatentConfig,
    /// Most latents of a chain.
    #[setting(24, paper = 64, min = 1)]
    pub max_latents: usize,
    /// Most tokens of an answer behind its separator; where chains are tokens, beside the longest chain.
    #[setting(8, paper = 16, min = 1)]
    pub max_answer: usize,
    /// How the fitted model is reinforced.
    #[setting(group, paper = ReinforceConfig { learning_rate: 1e-6, ..ReinforceConfig::default() })]
    pub rl: ReinforceConfig,
    /// How the model is scored.
    #[setting(group)]
    pub evaluation: SpeedsConfig,
}

impl ColarConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let most = self.compression.c_max;
        let scored = self.evaluation.speeds.iter().map(|speed| ("evaluation.speeds", *speed));
        let mut speeds = [("rl.speed", self.rl.speed), ("evaluation.speed", self.evaluation.speed)]
            .into_iter()
            .chain(scored);
        if let Some((key, speed)) = speeds.find(|(_, speed)| !(1..=most).contains(speed)) {
            let why = format!(
                "such a speed is never trained, so it must be between 1 and `.compression.c_max`, {most}"
            );
            return Err(Refusal::saying(key, speed, why));
        }
        if self.reinforced() > 0 && self.latent.loss == LatentLoss::Mse {
            let why = "reinforcement needs a latent head with a variance, so it must be `nll` or `soft-mse`, or \
                       `.rl.updates` 0";
            return Err(Refusal::saying("latent.loss", self.latent.loss.name(), why));
        }
        Ok(())
    }

    /// Updates of reinforcement.
    pub fn reinforced(&self) -> u64 {
        match self.variant {
            ChainForm::Latents => self.rl.updates,
            ChainForm::Tokens => 0,
        }
    }
}
