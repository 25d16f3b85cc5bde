//! A language model in a folder, with what it takes to write to it and read from it.

use std::path::Path;

use agents::language::speaker::sampling;
use burn::tensor::Device;
use nets::lm::{
    Decoder, checkpoint,
    generate::{Generated, StepHook, generate},
    tokenizer::{PublishedTokenizer, Tokenizer},
};
use rand_chacha::ChaCha8Rng;
use run::Speech;

use crate::{failure::Failure, parse};

/// A model and its tokenizer.
pub struct LanguageModel {
    /// The model.
    pub decoder: Decoder,
    tokenizer: Option<Box<dyn Tokenizer>>,
    ends: Vec<u32>,
    place: String,
}

impl LanguageModel {
    /// Loads a checkpoint's folder: `config.json`, `model.safetensors` or its shards and, where texts
    /// are wanted, `tokenizer.json`.
    pub fn load(folder: &Path) -> Result<Self, Failure> {
        let place = folder.display().to_string();
        if is_run(folder) {
            return Err(Failure::usage(format!(
                "`{place}` is the folder of a run: write its model with `latentrl export` and name that folder"
            )));
        }
        if !folder.is_dir() {
            return Err(Failure::usage(format!("there is no folder `{place}`: name that of a checkpoint")));
        }
        let loaded = checkpoint::load(folder, &Device::flex())?;
        let tokenizer = match folder.join("tokenizer.json").is_file() {
            true => Some(Box::new(PublishedTokenizer::load(folder)?) as Box<dyn Tokenizer>),
            false => None,
        };
        let mut ends = loaded.end;
        if let Some(tokenizer) = &tokenizer {
            loaded.decoder.check_tokens(tokenizer.vocabulary())?;
            ends.extend(tokenizer.ends().into_iter().filter(|id| !ends.contains(id)).collect::<Vec<_>>());
        }
        Ok(Self { decoder: loaded.decoder, tokenizer, ends, place })
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> Result<&dyn Tokenizer, Failure> {
        self.tokenizer.as_deref().ok_or_else(|| {
            Failure::usage(format!(
                "`{}` has no tokenizer.json: copy the one that was published with it, or use --ids",
                self.place
            ))
        })
    }

    /// How a token is written, its number where there is no tokenizer.
    pub fn name(&self, id: u32) -> String {
        self.tokenizer.as_ref().and_then(|it| it.name(id)).unwrap_or_else(|| id.to_string())
    }

    /// The text of tokens without special ones, if there is a tokenizer.
    pub fn shown(&self, ids: &[u32]) -> Result<Option<String>, Failure> {
        Ok(self.tokenizer.as_ref().map(|tokenizer| tokenizer.shown(ids)).transpose()?)
    }

    /// Tokens from one of the two ways in which they are given.
    pub fn tokens(&self, text: Option<&str>, ids: Option<&Tokens>) -> Result<Vec<u32>, Failure> {
        match (ids, text) {
            (Some(ids), _) => Ok(ids.0.clone()),
            (None, text) => Ok(self.tokenizer()?.encode_whole(text.unwrap_or_default())?),
        }
    }

    /// Completes prompts; the tokens that end a text end a completion.
    pub fn complete(
        &self,
        prompts: &[Vec<u32>],
        drawing: &Drawing,
        hook: Option<&mut dyn StepHook>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Generated>, Failure> {
        Ok(generate(&self.decoder, prompts, &sampling(&drawing.speech(), &self.ends), hook, random)?)
    }
}

/// Tokens as `--ids` takes them.
#[derive(Clone, Debug)]
pub struct Tokens(pub Vec<u32>);

/// Reads them.
pub fn tokens(text: &str) -> Result<Tokens, String> {
    parse::tokens(text).map(Tokens)
}

/// How tokens are drawn.
#[derive(clap::Args)]
pub struct Drawing {
    /// Most tokens to draw
    #[arg(long, value_name = "N", default_value = "128", value_parser = parse::positive_count, allow_negative_numbers = true)]
    pub max_new: usize,
    /// What logits are divided by; 0 takes the most probable token
    #[arg(long, value_name = "T", default_value_t = 1.0, allow_negative_numbers = true)]
    pub temperature: f64,
    /// Draw from the K most probable tokens only; 0 for all
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub top_k: usize,
    /// Draw from the fewest tokens only that together have probability P
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_negative_numbers = true)]
    pub top_p: f64,
    /// Draw from tokens only that are at least P times as probable as the most probable one
    #[arg(long, value_name = "P", default_value_t = 0.0, allow_negative_numbers = true)]
    pub min_p: f64,
    /// What the logits of tokens that have occurred are divided by (multiplied where negative)
    #[arg(long, value_name = "F", default_value_t = 1.0, allow_negative_numbers = true)]
    pub repetition_penalty: f64,
    /// Seed of the draws
    #[arg(long, value_name = "S", default_value = "0", value_parser = parse::seed, allow_negative_numbers = true)]
    pub seed: u64,
}

/// Whether a folder is that of a run.
pub fn is_run(folder: &Path) -> bool {
    folder.join("config.toml").is_file()
}

impl Drawing {
    /// These rules.
    pub fn speech(&self) -> Speech {
        let Self { max_new, temperature, top_k, top_p, min_p, repetition_penalty, .. } = *self;
        Speech { temperature, top_k, top_p, min_p, repetition_penalty, max_new }
    }

    /// The generator of the draws.
    pub fn random(&self) -> ChaCha8Rng {
        worlds::seed::stream(self.seed, "language-model", 0)
    }
}
