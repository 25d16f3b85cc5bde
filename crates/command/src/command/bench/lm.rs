//! How fast a small language model generates and learns.

use std::time::{Duration, Instant};

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData, activation::log_softmax},
};
use learn::optim::{AdamSettings, Trained, update};
use nets::lm::{Decoder, LmConfig, Pass, Place, generate::generate, sampling::Sampling};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::Measured;
use crate::failure::Failure;

const VOCABULARY: usize = 64;
const ROWS: usize = 32;
const PROMPT: usize = 32;
const NEW: usize = 64;
const LENGTH: usize = 96;

/// Time that each part is measured.
const TIME: Duration = Duration::from_secs(6);

/// Tokens per second that are drawn, prompts read included, and that are learned from.
pub fn measure() -> Result<Vec<Measured>, Failure> {
    let mut random = worlds::seed::stream(0, "bench", 0);
    let decoder = LmConfig::small(VOCABULARY).init(&Device::flex(), &mut random)?;
    let parameters = decoder.num_params();
    eprintln!("generation ...");
    let generation = generation(&decoder, &mut random)?;
    eprintln!("training ...");
    let training = training(decoder, &mut random)?;
    let shape = |mut settings: serde_json::Value| {
        settings["parameters"] = parameters.into();
        settings["batch"] = ROWS.into();
        settings
    };
    Ok(vec![
        Measured {
            name: "generation".to_owned(),
            value: generation,
            unit: "tokens/s",
            settings: shape(json!({"prompt": PROMPT, "new": NEW})),
        },
        Measured {
            name: "training".to_owned(),
            value: training,
            unit: "tokens/s",
            settings: shape(json!({"length": LENGTH})),
        },
    ])
}

fn generation(decoder: &Decoder, random: &mut ChaCha8Rng) -> Result<f64, Failure> {
    let sampling = Sampling { max_new: NEW, ..Sampling::default() };
    let prompts: Vec<Vec<u32>> =
        (0..ROWS).map(|_| (0..PROMPT).map(|_| random.random_range(0..VOCABULARY as u32)).collect()).collect();
    rate(ROWS * NEW, || generate(decoder, &prompts, &sampling, None, random).map(drop).map_err(Failure::from))
}

/// Next tokens by maximum likelihood, with one step of Adam per batch.
fn training(decoder: Decoder, random: &mut ChaCha8Rng) -> Result<f64, Failure> {
    let mut trained = Trained::new(decoder, AdamSettings::new(1e-3));
    let place = Place::full(ROWS, LENGTH);
    rate(ROWS * LENGTH, || {
        let device = Device::flex().autodiff();
        let ids: Vec<i64> =
            (0..ROWS * (LENGTH + 1)).map(|_| random.random_range(0..VOCABULARY as i64)).collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [ROWS, LENGTH + 1]), &device);
        let model = trained.module();
        let output = model.forward(model.embed(ids.clone().narrow(1, 0, LENGTH)), &place, Pass::default())?;
        let logits = output.logits.unwrap_or_else(|| model.head(output.last));
        let logits = logits.reshape([ROWS * LENGTH, VOCABULARY]);
        let targets = ids.narrow(1, 1, LENGTH).reshape([ROWS * LENGTH, 1]);
        let loss = log_softmax(logits, 1).gather(1, targets).mean().neg();
        update("language", loss, &mut [&mut trained], Some(1.0)).map_err(Failure::failed)?;
        Ok(())
    })
}

/// Units of `amount` per second: the median over repetitions.
fn rate(amount: usize, mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    work()?;
    let mut seconds = Vec::new();
    let began = Instant::now();
    while began.elapsed() < TIME || seconds.len() < 3 {
        let began = Instant::now();
        work()?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(amount as f64 / seconds[seconds.len() / 2])
}
