//! Against transformers and PyTorch (`reference/language_models.py`), there and back, and refusals.

use std::fs;
use std::path::{Path, PathBuf};

use crate::host;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData, activation};
use safetensors::SafeTensors;
use serde::Deserialize;

use super::super::{Cache, Decoder, LmConfig, LogitsOf, Pass, Place};
use super::layout::{self, Array};
use super::write::values;
use super::*;

const MODELS: [&str; 3] = ["llama", "qwen2", "qwen3"];

#[derive(Deserialize)]
struct Expected {
    ids: Vec<Vec<i64>>,
    present: Vec<Vec<u8>>,
    logits: Vec<f32>,
    hidden: Vec<Vec<f32>>,
    embeddings: Vec<f32>,
    from_embeddings: Vec<f32>,
    greedy: Vec<Vec<i64>>,
    loss: f32,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lm").join(name)
}

fn expected(name: &str) -> Expected {
    let text = fs::read_to_string(folder(name).join("expected.json")).expect("written by the script");
    serde_json::from_str(&text).expect("valid")
}

impl Expected {
    fn present(&self) -> Vec<Vec<bool>> {
        self.present.iter().map(|row| row.iter().map(|slot| *slot == 1).collect()).collect()
    }

    fn embedded(&self, decoder: &Decoder) -> Tensor<3> {
        embed(decoder, &self.ids)
    }

    /// Whether the element of a flat `[B, T, width]` belongs to a token.
    fn counts(&self, index: usize, width: usize) -> bool {
        let length = self.ids[0].len();
        self.present[index / width / length][index / width % length] == 1
    }
}

fn embed(decoder: &Decoder, ids: &[Vec<i64>]) -> Tensor<3> {
    let (rows, length) = (ids.len(), ids[0].len());
    let flat: Vec<i64> = ids.iter().flatten().copied().collect();
    let device = decoder.embedding().device();
    decoder.embed(Tensor::<2, Int>::from_data(TensorData::new(flat, [rows, length]), &device))
}

#[track_caller]
fn agree(what: &str, found: &[f32], expected: &[f32], tolerance: f32, counts: impl Fn(usize) -> bool) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in
        found.iter().zip(expected).enumerate().filter(|(index, _)| counts(*index))
    {
        let bound = tolerance * expected.abs().max(1.0);
        assert!((found - expected).abs() <= bound, "{what} {index}: {found} against {expected}");
    }
}

fn read(name: &str, device: &Device) -> (Decoder, Expected) {
    (load(&folder(name), device).expect("readable").decoder, expected(name))
}

#[test]
fn logits_and_hidden_states_are_those_of_transformers() {
    for name in MODELS {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let (decoder, expected) = read(name, &device);
            let config = decoder.config().clone();
            let pass = Pass { hidden: true, ..Pass::default() };
            let place = Place::of(&expected.present());
            let output = decoder.forward(expected.embedded(&decoder), &place, pass).expect("fits");
            let logits = host(output.logits.expect("asked for"));
            agree(name, &logits, &expected.logits, 1e-4, |index| expected.counts(index, config.vocabulary));
            assert_eq!(output.hidden.len(), expected.hidden.len());
            for (found, states) in output.hidden.into_iter().zip(&expected.hidden) {
                agree(name, &host(found), states, 1e-4, |index| expected.counts(index, config.width));
            }
        }
    }
}

#[test]
fn logits_from_embeddings_are_those_of_transformers() {
    for name in MODELS {
        let device = Device::flex();
        let (decoder, expected) = read(name, &device);
        let data = TensorData::new(expected.embeddings.clone(), [2, 5, decoder.config().width]);
        let input = Tensor::from_data(data, &device);
        let output = decoder.forward(input, &Place::full(2, 5), Pass::default()).expect("fits");
        let logits = host(output.logits.expect("asked for"));
        agree(name, &logits, &expected.from_embeddings, 1e-4, |_| true);
    }
}

#[test]
fn greedy_continuations_through_the_cache_are_those_of_transformers() {
    for name in MODELS {
        let (decoder, expected) = read(name, &Device::flex());
        let mut cache = Cache::new(&decoder);
        let mut input = expected.embedded(&decoder);
        let mut present = expected.present();
        for step in 0..expected.greedy[0].len() {
            let pass = Pass { cache: Some(&mut cache), logits: LogitsOf::Last, ..Pass::default() };
            let output = decoder.forward(input, &Place::of(&present), pass).expect("fits");
            let logits = host(output.logits.expect("asked for"));
            let best = logits.chunks_exact(decoder.config().vocabulary).map(|row| {
                let best = (0..row.len()).max_by(|left, right| row[*left].total_cmp(&row[*right]));
                best.expect("there are tokens") as i64
            });
            let chosen: Vec<Vec<i64>> = best.map(|token| vec![token]).collect();
            let wanted: Vec<Vec<i64>> = expected.greedy.iter().map(|row| vec![row[step]]).collect();
            assert_eq!(chosen, wanted, "{name}, step {step}");
            input = embed(&decoder, &chosen);
            present = vec![vec![true]; chosen.len()];
        }
    }
}

/// The mean loss of the next tokens at all slots that hold one but the last.
fn loss(decoder: &Decoder, expected: &Expected) -> Tensor<1> {
    let place = Place::of(&expected.present());
    let output = decoder.forward(expected.embedded(decoder), &place, Pass::default()).expect("fits");
    let logits = output.logits.expect("asked for");
    let [rows, length, _] = logits.dims();
    let device = decoder.embedding().device();
    let targets: Vec<i64> = expected.ids.iter().flat_map(|row| row[1..].to_vec()).collect();
    let targets = Tensor::<3, Int>::from_data(TensorData::new(targets, [rows, length - 1, 1]), &device);
    let counted: Vec<f32> = expected
        .present
        .iter()
        .flat_map(|row| row[..length - 1].iter().map(|slot| f32::from(*slot)))
        .collect();
    let number: f32 = counted.iter().sum();
    let counted = Tensor::<3>::from_data(TensorData::new(counted, [rows, length - 1, 1]), &device);
    let chosen = activation::log_softmax(logits, 2).narrow(1, 0, length - 1).gather(2, targets);
    (chosen * counted).sum().div_scalar(-number)
}

/// Puts gradients in the place of parameters.
struct Differentiate<'a>(&'a Gradients);

impl ModuleMapper for Differentiate<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let gradient = param.val().grad(self.0).expect("every parameter takes part");
        Param::initialized(param.id, gradient)
    }
}

#[test]
fn gradients_are_those_of_pytorch() {
    for name in MODELS {
        let (decoder, expected) = read(name, &Device::flex().autodiff());
        let loss = loss(&decoder, &expected);
        let gradients = loss.backward();
        let found = loss.into_scalar::<f32>();
        assert!((found - expected.loss).abs() < 1e-4 * expected.loss, "{name}: {found}");
        let differentiated = decoder.map(&mut Differentiate(&gradients));
        let bytes = fs::read(folder(name).join("step.safetensors")).expect("written by the script");
        let step = SafeTensors::deserialize(&bytes).expect("valid");
        for Array { name: array, part, .. } in layout::arrays(differentiated.config()) {
            let view = step.tensor(&format!("gradient.{array}")).expect("every parameter has one");
            let number = |four: &[u8]| f32::from_le_bytes(four.try_into().expect("four bytes"));
            let wanted: Vec<f32> = view.data().chunks_exact(4).map(number).collect();
            let scale = wanted.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            for (found, wanted) in values(&differentiated, part).iter().zip(&wanted) {
                let close = (found - wanted).abs() <= 1e-4 * scale;
                assert!(close, "{name}, {array}: {found} against {wanted}, largest {scale}");
            }
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    for name in MODELS {
        let device = Device::flex();
        let loaded = load(&folder(name), &device).expect("readable");
        let place = tempfile::tempdir().expect("writable");
        let copy = place.path().join("copy");
        let files = vec![folder(name).join("expected.json")];
        let companions = Companions { begin: loaded.begin, end: loaded.end.clone(), files };
        save(&copy, &loaded.decoder, &companions).expect("writable");
        assert!(copy.join("expected.json").exists());
        let again = load(&copy, &device).expect("readable");
        assert_eq!(again.architecture, loaded.architecture);
        assert_eq!((again.begin, again.end), (Some(1), vec![2]));
        assert_eq!(again.decoder.config(), loaded.decoder.config());
        let export = |decoder: &Decoder| crate::parameters::export(decoder, "");
        assert_eq!(export(&again.decoder), export(&loaded.decoder));
        let refused = save(&copy, &loaded.decoder, &companions);
        assert!(refused.expect_err("occupied").to_string().contains("exists already"));
        let left: Vec<_> = fs::read_dir(place.path()).expect("readable").collect();
        assert_eq!(left.len(), 1, "no partial folder is left");
    }
}

/// A copy of a golden folder, changed.
fn changed(name: &str, change: impl Fn(&Path)) -> String {
    let place = tempfile::tempdir().expect("writable");
    for entry in fs::read_dir(folder(name)).expect("readable") {
        let path = entry.expect("readable").path();
        fs::copy(&path, place.path().join(path.file_name().expect("a file"))).expect("writable");
    }
    change(place.path());
    load(place.path(), &Device::flex()).expect_err("broken").to_string()
}

fn edit(folder: &Path, old: &str, new: &str) {
    let path = folder.join(CONFIG);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.contains(old));
    fs::write(&path, text.replace(old, new)).expect("writable");
}

#[test]
fn broken_folders_are_refused_in_one_sentence() {
    let remove = |file: &'static str| move |folder: &Path| fs::remove_file(folder.join(file)).expect("there");
    let cut = |file: &'static str| {
        move |folder: &Path| {
            let bytes = fs::read(folder.join(file)).expect("readable");
            fs::write(folder.join(file), &bytes[..bytes.len() - 4]).expect("writable");
        }
    };
    let cases = [
        (
            changed("llama", remove("model-00002-of-00003.safetensors")),
            "00002-of-00003.safetensors: is missing",
        ),
        (changed("llama", remove(INDEX)), "holds neither"),
        (changed("llama", remove(CONFIG)), "config.json: cannot be read"),
        (changed("qwen2", cut(WEIGHTS)), "is cut off"),
        (
            changed("qwen2", |folder| edit(folder, "Qwen2For", "MambaFor")),
            "the architecture is MambaForCausalLM",
        ),
        (
            changed("qwen2", |folder| edit(folder, "\"vocab_size\": 40", "\"vocab_size\": 41")),
            "`model.embed_tokens.weight` has shape [40, 16] where config.json says [41, 16]",
        ),
        (
            changed("qwen2", |folder| edit(folder, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")),
            "lacks the array `model.layers.2.input_layernorm.weight` and 11 more",
        ),
        (
            changed("qwen2", |folder| edit(folder, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1")),
            "holds the array `model.layers.1.",
        ),
        (
            changed("llama", |folder| edit(folder, "\"rope_type\": \"llama3\"", "\"rope_type\": \"yarn\"")),
            "rotary positions of type yarn",
        ),
        (changed("llama", |folder| edit(folder, "\"silu\"", "\"gelu\"")), "`hidden_act` is gelu"),
        (
            changed("llama", |folder| edit(folder, "\"hidden_size\": 16,", "")),
            "`hidden_size` must be a whole number",
        ),
    ];
    for (message, part) in cases {
        assert!(message.contains(part), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn no_architecture_has_everything() {
    let config = LmConfig { bias: true, query_key_norm: true, ..LmConfig::small(5) };
    assert!(Architecture::of(&config).is_err());
}
