//! Writes one small decoder of every published architecture after a step of training, with the logits
//! that it gives, for `reference/read_checkpoint.py`.
//!
//! Run: cargo run --release -p learn --example export_checkpoint -- FOLDER

use std::error::Error;
use std::path::PathBuf;

use burn::tensor::{Device, Int, Tensor, TensorData};
use learn::optim::{AdamSettings, Trained, update};
use nets::lm::{Decoder, Llama3Scaling, LmConfig, Pass, Place, RopeConfig};
use nets::{
    host,
    lm::checkpoint::{self, Companions},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn logits(decoder: &Decoder, ids: &[[i64; 6]; 2]) -> Result<Tensor<3>, Box<dyn Error>> {
    let data = TensorData::new(ids.concat(), [2, 6]);
    let input = decoder.embed(Tensor::<2, Int>::from_data(data, &decoder.embedding().device()));
    let output = decoder.forward(input, &Place::full(2, 6), Pass::default())?;
    output.logits.ok_or_else(|| "no logits".into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write to")?);
    let small = LmConfig { width: 32, layers: 2, head_width: 8, hidden: 48, ..LmConfig::small(50) };
    let scaling = Llama3Scaling { factor: 4.0, low: 1.0, high: 4.0, original_context: 16 };
    let rope = RopeConfig { base: 500.0, scaling: Some(scaling) };
    let models = [
        ("llama", LmConfig { rope, key_heads: 2, ..small.clone() }),
        ("qwen2", LmConfig { bias: true, key_heads: 1, tied: false, ..small.clone() }),
        ("qwen3", LmConfig { query_key_norm: true, head_width: 12, ..small }),
    ];
    let ids = [[1, 7, 30, 12, 49, 3], [0, 5, 5, 18, 22, 41]];
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (name, config) in models {
        let mut trained = Trained::new(config.init(&Device::flex(), &mut random)?, AdamSettings::new(0.1));
        let loss = logits(trained.module(), &ids)?.square().mean().neg();
        update("spread", loss, &mut [&mut trained], None)?;
        let decoder = trained.inference();
        let folder = folder.join(name);
        std::fs::create_dir_all(folder.parent().unwrap_or(&folder))?;
        let companions = Companions { begin: Some(1), end: vec![2], files: Vec::new() };
        checkpoint::save(&folder, decoder, &companions)?;
        let values = host(logits(decoder, &ids)?);
        let document = serde_json::json!({ "ids": ids, "logits": values });
        std::fs::write(folder.join("expected.json"), document.to_string())?;
    }
    Ok(())
}
