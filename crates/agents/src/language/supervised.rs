//! Fitting worked solutions.

use learn::{
    language::tokens,
    optim::{AdamSettings, Trained, Update},
};
use nets::lm::Decoder;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Problems, Result, Run};
use settings::Config;
use worlds::text::Split;

use super::{batch::Batch, codec::Codec};
use crate::update::update;

/// How worked solutions are fitted.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct SupervisedConfig {
    /// Worked solutions of an update.
    #[setting(64, min = 1)]
    pub batch: usize,
    /// AdamW's step size, after the warm-up.
    #[setting(2e-3, above = 0)]
    pub learning_rate: f64,
    /// Updates over which the step size rises from 0.
    #[setting(50)]
    pub warm_up: u64,
    /// AdamW's weight decay.
    #[setting(0.01, min = 0)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
}

impl SupervisedConfig {
    /// The optimiser's settings.
    pub fn adam(&self) -> AdamSettings {
        adamw(self.learning_rate, self.weight_decay)
    }

    /// The step size of an update, without any decay.
    pub fn rate(&self, step: u64) -> f64 {
        let risen = (step + 1) as f64 / self.warm_up.max(1) as f64;
        self.learning_rate * risen.min(1.0)
    }
}

/// AdamW with the constants that language models are usually trained with.
pub fn adamw(learning_rate: f64, weight_decay: f64) -> AdamSettings {
    AdamSettings { weight_decay, decoupled: true, beta_2: 0.98, ..AdamSettings::new(learning_rate) }
}

/// Sources of worked solutions, each with its weight.
#[derive(Clone)]
pub struct Corpus {
    parts: Vec<(Problems, f64)>,
    /// Characters that tokens are needed for besides those of the problems.
    symbols: String,
}

impl Corpus {
    /// One source.
    pub fn of(problems: &Problems) -> Self {
        Self { parts: vec![(problems.clone(), 1.0)], symbols: String::new() }
    }

    /// The same with another source of this weight beside the first, whose weight is 1.
    pub fn with(mut self, problems: Problems, weight: f64) -> Self {
        self.parts.push((problems, weight));
        self
    }

    /// The same where an embedded model has tokens for these characters too.
    pub fn with_symbols(mut self, symbols: &str) -> Self {
        self.symbols.push_str(symbols);
        self
    }

    /// Those characters.
    pub fn symbols(&self) -> &str {
        &self.symbols
    }

    /// The sources.
    pub fn sources(&self) -> Vec<&Problems> {
        self.parts.iter().map(|(problems, _)| problems).collect()
    }

    /// Names and weights: what the solutions depend on.
    pub fn description(&self) -> Vec<(String, f64)> {
        self.parts.iter().map(|(problems, weight)| (problems.world.name().to_owned(), *weight)).collect()
    }

    /// A source drawn by weight.
    fn draw(&self, random: &mut ChaCha8Rng) -> &Problems {
        let total: f64 = self.parts.iter().map(|part| part.1).sum();
        let mut left = random.random::<f64>() * total;
        for (problems, weight) in &self.parts {
            left -= weight;
            if left < 0.0 {
                return problems;
            }
        }
        &self.parts[0].0
    }

    /// Training prompts and their worked solutions as tokens.
    ///
    /// # Errors
    /// A character is no token.
    pub fn solutions(
        &self,
        codec: &Codec,
        count: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<(Vec<u32>, Vec<u32>)>> {
        let one = |_| {
            let world = &self.draw(random).world;
            let problem = world.draw(Split::Train, random);
            Ok((codec.prompt(&problem)?, codec.solution(&**world, &problem)?))
        };
        (0..count).map(one).collect()
    }
}

/// One update on worked solutions; prompts are read and not learnt.
///
/// # Errors
/// A solution is longer than the context, or the loss is not finite.
pub fn step(
    decoder: &mut Trained<Decoder>,
    solutions: &[(Vec<u32>, Vec<u32>)],
    config: &SupervisedConfig,
    run: &Run,
) -> Result<Update> {
    let pairs: Vec<(&[u32], &[u32])> =
        solutions.iter().map(|(prompt, solution)| (prompt.as_slice(), solution.as_slice())).collect();
    let batch = Batch::new(&pairs);
    let module = decoder.module();
    let device = module.embedding().device();
    let loss = tokens::sft(batch.logits(module)?, batch.targets(&device), batch.mask(&device));
    update(run, "sft", loss, &mut [decoder], Some(config.gradient_clip))
}
