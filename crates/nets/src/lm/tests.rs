//! What must hold of any decoder: passes in parts, padding, gradients, refusals.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::attention::Mask;
use crate::noise;
use crate::{NetsError, host};

/// All the family's options at once.
fn config() -> LmConfig {
    let scaling = Llama3Scaling { factor: 4.0, low: 1.0, high: 4.0, original_context: 16 };
    LmConfig {
        vocabulary: 11,
        width: 12,
        layers: 2,
        heads: 4,
        key_heads: 2,
        head_width: 6,
        hidden: 20,
        rope: RopeConfig { base: 100.0, scaling: Some(scaling) },
        bias: true,
        query_key_norm: true,
        context: 12,
        ..LmConfig::small(11)
    }
}

fn decoder(device: &Device) -> Decoder {
    config().init(device, &mut ChaCha8Rng::seed_from_u64(3)).expect("valid")
}

fn ids<const B: usize, const T: usize>(ids: [[i64; T]; B], device: &Device) -> Tensor<2, Int> {
    let flat: Vec<i64> = ids.into_iter().flatten().collect();
    Tensor::from_data(TensorData::new(flat, [B, T]), device)
}

#[track_caller]
fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{index}: {found} against {expected}");
    }
}

#[test]
fn passes_in_parts_through_a_cache_are_one_pass() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        let decoder = decoder(&device);
        let input = decoder.embed(ids([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 0, 1]], &device));
        let present = [vec![false, false, true, true, true, true], vec![true; 6]];
        let whole = decoder.forward(input.clone(), &Place::of(&present), Pass::default()).expect("fits");
        let whole = whole.logits.expect("asked for");
        let mut cache = Cache::new(&decoder);
        let mut parts = Vec::new();
        for (start, count) in [(0, 3), (3, 1), (4, 2)] {
            let place = Place::of(&present.clone().map(|row| row[start..start + count].to_vec()));
            let pass = Pass { cache: Some(&mut cache), ..Pass::default() };
            let output = decoder.forward(input.clone().narrow(1, start, count), &place, pass).expect("fits");
            parts.push(output.logits.expect("asked for"));
        }
        close(&host(Tensor::cat(parts, 1)), &host(whole), 1e-6);
        assert_eq!((cache.length(), cache.present()), (6, &present[..]));
    }
}

#[test]
fn padding_changes_nothing() {
    let device = Device::flex();
    let decoder = decoder(&device);
    let short = decoder.embed(ids([[4, 5, 6]], &device));
    let padded = decoder.embed(ids([[0, 9, 4, 0, 5, 6], [1, 2, 3, 4, 5, 6]], &device));
    let present = [vec![false, false, true, false, true, true], vec![true; 6]];
    let alone = decoder.forward(short, &Place::full(1, 3), Pass::default()).expect("fits");
    let pass = Pass { logits: LogitsOf::Last, ..Pass::default() };
    let together = decoder.forward(padded, &Place::of(&present), pass).expect("fits");
    let last = |output: Output| {
        let logits = output.logits.expect("asked for");
        let length = logits.dims()[1];
        host(logits.narrow(0, 0, 1).narrow(1, length - 1, 1))
    };
    close(&last(together), &last(alone), 1e-6);
}

#[test]
fn a_slot_that_sees_nothing_reads_zeros() {
    let device = Device::flex().autodiff();
    let decoder = decoder(&device);
    let input = decoder.embed(ids([[4, 5]], &device));
    let mask = Mask::new(Tensor::zeros([1, 2, 2], &device.clone().without_autodiff()));
    let place = Place::new(vec![vec![0, 1]], mask);
    let output = decoder.forward(input, &place, Pass::default()).expect("fits");
    let gradients = output.last.clone().square().sum().backward();
    assert!(host(output.last).iter().all(|value| value.is_finite()));
    let gradient = decoder.embedding.val().grad(&gradients).expect("tracked");
    assert!(host(gradient).iter().all(|value| value.is_finite()));
}

#[test]
fn free_places_may_be_causal() {
    let device = Device::flex();
    let decoder = decoder(&device);
    let input = decoder.embed(ids([[4, 5, 6]], &device));
    let run = |place: Place| {
        let output = decoder.forward(input.clone(), &place, Pass::default()).expect("fits");
        host(output.last)
    };
    let free = Place::new(vec![vec![0, 1, 2]], Mask::causal(3, &device));
    close(&run(free), &run(Place::full(1, 3)), 1e-6);
}

/// The loss after two passes, of which the second sees the first through the cache.
fn in_two_passes(decoder: &Decoder, input: Tensor<3>, weights: &Tensor<3>, detached: bool) -> Tensor<1> {
    let mut cache = Cache::new(decoder);
    let pass = Pass { cache: Some(&mut cache), ..Pass::default() };
    decoder.forward(input.clone().narrow(1, 0, 3), &Place::full(2, 3), pass).expect("fits");
    if detached {
        cache = cache.detach();
    }
    let pass = Pass { cache: Some(&mut cache), ..Pass::default() };
    let output = decoder.forward(input.narrow(1, 3, 1), &Place::full(2, 1), pass).expect("fits");
    (output.last * weights.clone()).sum()
}

#[test]
fn gradients_reach_inputs_through_the_cache() {
    let device = Device::flex().autodiff();
    let plain = Device::flex();
    let decoder = decoder(&device);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let values = noise::normal([2, 4, 12], &plain, &mut random);
    let weights: Tensor<3> = noise::normal([2, 1, 12], &plain, &mut random);
    let gradient = |detached: bool| {
        let input = values.clone().autodiff().require_grad();
        let loss = in_two_passes(&decoder, input.clone(), &weights.clone().autodiff(), detached);
        host(input.grad(&loss.backward()).expect("tracked"))
    };
    let (through, without) = (gradient(false), gradient(true));
    let frozen = decoder.valid();
    let loss = |input: Tensor<3>| in_two_passes(&frozen, input, &weights, false).into_scalar::<f32>();
    for index in [0, 17, 30, 40, 50, 70, 90] {
        let step = |size: f32| {
            let mut moved = host(values.clone());
            moved[index] += size;
            loss(Tensor::from_data(TensorData::new(moved, [2, 4, 12]), &plain))
        };
        let difference = (step(1e-2) - step(-1e-2)) / 2e-2;
        assert!((through[index] - difference).abs() < 2e-3 * difference.abs().max(1.0), "{index}");
        let last = index % 48 >= 36;
        assert_eq!(without[index] != 0.0, last, "{index}");
    }
}

#[test]
fn dropout_comes_from_the_generator() {
    let device = Device::flex();
    let config = LmConfig { dropout: 0.3, ..config() };
    let decoder = config.init(&device, &mut ChaCha8Rng::seed_from_u64(3)).expect("valid");
    let input = decoder.embed(ids([[4, 5, 6]], &device));
    let run = |seed: Option<u64>| {
        let mut random = seed.map(ChaCha8Rng::seed_from_u64);
        let pass = Pass { dropout: random.as_mut(), ..Pass::default() };
        host(decoder.forward(input.clone(), &Place::full(1, 3), pass).expect("fits").last)
    };
    assert_eq!(run(Some(1)), run(Some(1)));
    assert_ne!(run(Some(1)), run(Some(2)));
    assert_ne!(run(Some(1)), run(None));
}

#[test]
fn hidden_states_are_those_of_every_layer() {
    let device = Device::flex();
    let decoder = decoder(&device);
    let input = decoder.embed(ids([[4, 5, 6]], &device));
    let pass = Pass { hidden: true, logits: LogitsOf::None, ..Pass::default() };
    let output = decoder.forward(input.clone(), &Place::full(1, 3), pass).expect("fits");
    assert!(output.logits.is_none());
    assert_eq!(output.hidden.len(), 3);
    assert_eq!(host(output.hidden[0].clone()), host(input));
    assert_eq!(host(output.hidden[2].clone()), host(output.last));
}

#[test]
fn rows_of_a_cache_go_on_by_themselves() {
    let device = Device::flex();
    let decoder = decoder(&device);
    let mut cache = Cache::new(&decoder);
    let input = decoder.embed(ids([[1, 2, 3], [4, 5, 6]], &device));
    let pass = Pass { cache: Some(&mut cache), ..Pass::default() };
    decoder.forward(input, &Place::full(2, 3), pass).expect("fits");
    let next = decoder.embed(ids([[7], [8]], &device));
    let mut chosen = cache.rows(&[1, 1]).expect("there");
    let pass = Pass { cache: Some(&mut chosen), ..Pass::default() };
    let both = decoder.forward(next.clone(), &Place::full(2, 1), pass).expect("fits");
    let row = decoder.embed(ids([[4, 5, 6, 8]], &device));
    let whole = decoder.forward(row, &Place::full(1, 4), Pass::default()).expect("fits");
    close(&host(both.last.narrow(0, 1, 1)), &host(whole.last.narrow(1, 3, 1)), 1e-6);
    assert!(cache.rows(&[2]).is_err());
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = Device::flex();
    let decoder = decoder(&device);
    let input = decoder.embed(ids([[1; 13]], &device));
    let refused = decoder.forward(input.clone(), &Place::full(1, 13), Pass::default());
    assert_eq!(refused.err(), Some(NetsError::TooLong { length: 13, context: 12 }));
    let refused = decoder.forward(input.clone(), &Place::full(2, 13), Pass::default());
    assert!(matches!(refused, Err(NetsError::Sequences { .. })));
    let place = Place::new(vec![vec![0; 13]], Mask::causal(12, &device));
    assert!(matches!(
        decoder.forward(input.clone(), &place, Pass::default()),
        Err(NetsError::Sequences { .. })
    ));
    let mut cache = Cache::new(&decoder);
    let changed = decoder.clone().no_grad();
    let pass = Pass { cache: Some(&mut cache), ..Pass::default() };
    let refused = changed.forward(input.narrow(1, 0, 1), &Place::full(1, 1), pass);
    assert_eq!(refused.err(), Some(NetsError::StaleCache));
    assert!(decoder.check_tokens(11).is_ok());
    assert!(decoder.check_tokens(12).is_err());
    let odd = LmConfig { head_width: 5, ..config() };
    assert!(matches!(odd.validate(), Err(NetsError::Setting { name: "head_width", .. })));
}

/// Puts gradients in the place of parameters.
struct Differentiate<'a>(&'a Gradients);

impl ModuleMapper for Differentiate<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let gradient = param.val().grad(self.0).expect("every parameter takes part");
        Param::initialized(param.id, gradient)
    }
}

/// The mask that a place of present slots stands for, which only tensor operations understand.
fn as_mask(present: &[Vec<bool>]) -> Place {
    let (rows, length) = (present.len(), present[0].len());
    let mut values = Vec::new();
    let mut positions = Vec::new();
    for row in present {
        for slot in 0..length {
            values.extend((0..length).map(|other| f32::from(row[other] && other <= slot)));
        }
        positions.push((0..length).map(|slot| row[..slot].iter().filter(|slot| **slot).count()).collect());
    }
    let seen = Tensor::from_data(TensorData::new(values, [rows, length, length]), &Device::flex());
    Place::new(positions, Mask::new(seen))
}

#[test]
fn loops_over_host_memory_agree_with_tensor_operations() {
    let plain = LmConfig { bias: false, query_key_norm: false, key_heads: 4, ..config() };
    for (config, rows, length) in [(config(), 3, 9), (config(), 17, 2), (plain, 2, 11)] {
        let device = Device::flex().autodiff();
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let decoder = config.init(&device, &mut random).expect("valid");
        let width = config.width;
        let values = noise::normal([rows, length, width], &Device::flex(), &mut random);
        let weights: Tensor<3> = noise::normal([rows, length, width], &Device::flex(), &mut random);
        let mut present = vec![vec![true; length]; rows];
        (present[0][0], present[1][1]) = (false, false);
        let run = |place: Place| {
            let input = values.clone().autodiff().require_grad();
            let output = decoder.forward(input.clone(), &place, Pass::default()).expect("fits");
            let last = host(output.last.clone());
            let logits = output.logits.expect("asked for").square().sum();
            let gradients = (logits + (output.last * weights.clone().autodiff()).sum()).backward();
            let input_gradient = host(input.grad(&gradients).expect("tracked"));
            let parameters = decoder.clone().map(&mut Differentiate(&gradients));
            let parameters = crate::parameters::export(&parameters, "");
            let plain = decoder.valid().forward(values.clone(), &place, Pass::default()).expect("fits");
            close(&host(plain.last), &last, 1e-6);
            (last, input_gradient, parameters)
        };
        let (found, expected) = (run(Place::of(&present)), run(as_mask(&present)));
        close(&found.0, &expected.0, 2e-6);
        close(&found.1, &expected.1, 2e-5);
        for (found, expected) in found.2.iter().zip(&expected.2) {
            let scale = expected.values.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
            assert_eq!(found.name, expected.name);
            close(&found.values, &expected.values, 1e-5 * scale);
        }
    }
}

#[test]
fn a_cache_passes_from_loops_to_tensors_and_back() {
    let device = Device::flex();
    let decoder = decoder(&device);
    let input = decoder.embed(ids([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 0, 1]], &device));
    let whole = decoder.forward(input.clone(), &Place::full(2, 6), Pass::default()).expect("fits");
    let mut cache = Cache::new(&decoder);
    let causal = |slots: usize| {
        let values: Vec<f32> =
            (0..2 * slots).map(|index| f32::from(index % slots < slots - 1 + index / slots)).collect();
        Mask::new(Tensor::from_data(TensorData::new(values, [1, 2, slots]), &device))
    };
    let places = [Place::full(2, 2), Place::new(vec![vec![2, 3]; 2], causal(4)), Place::full(2, 2)];
    for (index, place) in places.iter().enumerate() {
        let pass = Pass { cache: Some(&mut cache), ..Pass::default() };
        let part = input.clone().narrow(1, 2 * index, 2);
        let output = decoder.forward(part, place, pass).expect("fits");
        close(&host(output.last), &host(whole.last.clone().narrow(1, 2 * index, 2)), 1e-6);
    }
}
