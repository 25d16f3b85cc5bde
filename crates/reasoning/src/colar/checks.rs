//! What is looked at before anything is trained.

use agents::language::{codec::Codec, rollout::training};
use nets::lm::Decoder;
use rand_chacha::ChaCha8Rng;
use run::{Problems, Result, RunError};

use super::config::{ColarConfig, CompressionConfig};

/// Problems that are looked at.
const LOOKED_AT: usize = 64;

/// The token between question, chain and answer: the marker of the problems.
///
/// # Errors
/// It is not one token, or occurs in what tells the speed.
pub fn separator(codec: &Codec, problems: &Problems, compression: &CompressionConfig) -> Result<u32> {
    let marker = problems.world.marker();
    let &[separator] = codec.encode(marker)?.as_slice() else {
        return Err(RunError::Task(format!(
            "colar: separator {marker:?} is not one token of this model: use problems whose answer marker is"
        )));
    };
    if codec.encode(&compression.symbols())?.contains(&separator) {
        return Err(RunError::Config(format!(
            "colar: separator {marker:?} occurs in `compression.speed_text` or `compression.auto_text`"
        )));
    }
    Ok(separator)
}

/// Refuses problems without worked steps, by some of them.
///
/// # Errors
/// One of them has none.
pub fn check_steps(problems: &Problems, random: &mut ChaCha8Rng) -> Result<()> {
    let drawn = training(problems, LOOKED_AT, random);
    if drawn.iter().all(|problem| problem.steps.as_ref().is_some_and(|steps| !steps.is_empty())) {
        return Ok(());
    }
    Err(RunError::Task(format!(
        "colar: `{}` has problems without reasoning to compress: give worked steps with every problem",
        problems.name
    )))
}

/// Checks that questions with their speed, chains and answers fit into an embedded model's context.
///
/// # Errors
/// They do not.
pub fn check_context(decoder: &Decoder, problems: &Problems, config: &ColarConfig) -> Result<()> {
    let [prompt, solution] = problems.world.longest();
    let compression = &config.compression;
    let longest = compression.text(compression.c_max).len().max(compression.auto_text.len());
    let needed = prompt + longest + (solution + 2).max(config.max_latents + config.max_answer + 2);
    let context = decoder.config().context;
    if needed <= context {
        return Ok(());
    }
    Err(RunError::Config(format!(
        "a question of `{}` with its speed and its chain has up to {needed} slots, but `model.context` is {context}: \
         raise it or lower `max_latents`",
        problems.name
    )))
}
