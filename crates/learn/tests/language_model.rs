//! One step of AdamW on published decoders, against PyTorch (`reference/language_models.py`).

use std::fs;
use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use learn::optim::{AdamSettings, Trained, update};
use nets::lm::checkpoint::{self, Companions};
use nets::lm::{Decoder, Pass, Place};
use safetensors::SafeTensors;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<Vec<i64>> {
    serde_json::from_value(value.clone()).expect("rows of numbers")
}

/// The mean loss of the next tokens at all slots that hold one but the last.
fn loss(decoder: &Decoder, ids: &[Vec<i64>], present: &[Vec<i64>]) -> Tensor<1> {
    let (rows, length) = (ids.len(), ids[0].len());
    let device = decoder.embedding().device();
    let tensor = |rows_of: Vec<i64>, length: usize| {
        Tensor::<2, Int>::from_data(TensorData::new(rows_of, [rows, length]), &device)
    };
    let slots: Vec<Vec<bool>> =
        present.iter().map(|row| row.iter().map(|slot| *slot == 1).collect()).collect();
    let input = decoder.embed(tensor(ids.concat(), length));
    let output = decoder.forward(input, &Place::of(&slots), Pass::default()).expect("fits");
    let logits = output.logits.expect("asked for").narrow(1, 0, length - 1);
    let targets = tensor(ids.iter().flat_map(|row| row[1..].to_vec()).collect(), length - 1);
    let counted =
        tensor(present.iter().flat_map(|row| row[..length - 1].to_vec()).collect(), length - 1).float();
    let chosen = activation::log_softmax(logits, 2).gather(2, targets.unsqueeze_dim(2)).squeeze_dim(2);
    let total: Tensor<1> = (chosen * counted.clone()).sum();
    total.neg().div(counted.sum())
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four bytes"))).collect()
}

#[test]
fn a_step_of_adam_gives_the_weights_of_pytorch() {
    for name in ["llama", "qwen2", "qwen3"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nets/tests/data/lm").join(name);
        let text = fs::read_to_string(folder.join("expected.json")).expect("written by the script");
        let expected: Value = serde_json::from_str(&text).expect("valid");
        let loaded = checkpoint::load(&folder, &Device::flex()).expect("readable");
        let settings = AdamSettings { decoupled: true, ..AdamSettings::new(1e-2).with_weight_decay(0.1) };
        let mut trained = Trained::new(loaded.decoder, settings);
        let loss = loss(trained.module(), &numbers(&expected["ids"]), &numbers(&expected["present"]));
        update("next token", loss, &mut [&mut trained], None).expect("finite");

        let place = tempfile::tempdir().expect("writable");
        let written = place.path().join("model");
        checkpoint::save(&written, trained.inference(), &Companions::default()).expect("writable");
        let found = fs::read(written.join("model.safetensors")).expect("written");
        let found = SafeTensors::deserialize(&found).expect("valid");
        let step = fs::read(folder.join("step.safetensors")).expect("written by the script");
        let step = SafeTensors::deserialize(&step).expect("valid");
        for (array, view) in found.tensors() {
            let wanted = step.tensor(&format!("updated.{array}")).expect("every parameter has one");
            assert_eq!(view.shape(), wanted.shape());
            for (found, wanted) in floats(view.data()).iter().zip(floats(wanted.data())) {
                let close = (found - wanted).abs() <= 1e-4 * wanted.abs().max(0.1);
                assert!(close, "{name}, {array}: {found} against {wanted}");
            }
        }
    }
}
