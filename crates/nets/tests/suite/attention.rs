//! Attention, blocks and positions against NumPy; transformers over trajectories.

use crate::support::{
    assert_close, check_input, check_parameters, named, numbers, seeded, tensor, training, values,
};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::attention::{Attention, BlockConfig, FeedForward, Heads, Mask, Normalisation};
use nets::init::Init;
use nets::noise;
use nets::parameters::{NamedArray, export, import};
use nets::position::{LearnedPosition, Rotary, sinusoidal};
use nets::trajectory::{Positions, Rolling, Trajectory, TrajectoryConfig, Window, read};
use serde_json::Value;

fn golden(section: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../data/attention.json")).unwrap();
    all[section].clone()
}

/// The module with the golden parameters.
fn with_numbers<M: Module>(module: M, golden: &Value) -> M {
    let arrays = export(&module, "net").into_iter().map(|array| NamedArray {
        values: numbers(golden, array.name.strip_prefix("net.").unwrap()),
        ..array
    });
    let arrays = named(arrays.collect());
    import(module, "net", &arrays).unwrap()
}

#[test]
fn attention_matches_numpy() {
    for (name, keys) in [("usual", 4), ("grouped", 2)] {
        let golden = golden(name);
        let device = training();
        let heads = Heads { width: 8, queries: 4, keys };
        let layer = Attention::new(heads, Init::FanIn, &device, &mut seeded(0));
        let layer = with_numbers(layer, &golden);
        let input = tensor(numbers(&golden, "input"), [2, 5, 8], &device);
        let present = tensor(numbers(&golden, "present"), [2, 5], &device);
        let mask = Mask::causal(5, &device).among(present);
        let output = layer.forward(input.clone(), input, &mask, None, None);
        assert_close(&values(&output), &numbers(&golden, "output"), 1e-5);
    }
}

#[test]
fn blocks_match_numpy() {
    let kinds = [
        ("layer-gelu", Normalisation::Layer, FeedForward::Gelu),
        ("rms-swi-glu", Normalisation::Rms, FeedForward::SwiGlu),
    ];
    for (name, norm, feed_forward) in kinds {
        let golden = golden(name);
        let device = training();
        let config = BlockConfig { hidden: 6, norm, feed_forward, ..BlockConfig::new(4, 2) };
        let block = with_numbers(config.init(&device, &mut seeded(0)).unwrap(), &golden);
        let input = tensor(numbers(&golden, "input"), [1, 3, 4], &device);
        let mask = Mask::causal(3, &device);
        let output = block.forward(input.clone(), &mask, None, None);
        assert_close(&values(&output), &numbers(&golden, "output"), 1e-5);
        check_input(input, 2e-2, |input| block.forward(input, &mask, None, None).square().mean());
        check_parameters(&block, 2e-2, |block| {
            let input = tensor(numbers(&golden, "input"), [1, 3, 4], &device);
            block.forward(input, &mask, None, None).square().mean()
        });
    }
}

#[test]
fn positions_match_numpy() {
    let golden = golden("positions");
    let device = Device::flex();
    assert_close(&values(&sinusoidal(4, 6, &device)), &numbers(&golden, "sinusoidal"), 1e-6);
    let vector = tensor(numbers(&golden, "vector"), [1, 1, 3, 4], &device);
    let rotary = Rotary::new(&[0, 2, 7], 1, 4, 10_000.0, &device);
    assert_close(&values(&rotary.turn(vector)), &numbers(&golden, "turned"), 1e-6);
    let learned = LearnedPosition::new(3, 2, &device, &mut seeded(1));
    let places = Tensor::<2, Int>::from_data(TensorData::new(vec![0_i64, 2, 9, 1], [2, 2]), &device);
    let found = values(&learned.forward(places));
    assert_eq!(found[2..4], found[4..6]);
    assert_ne!(found[0..2], found[2..4]);
}

#[test]
fn rotary_scores_depend_on_differences_of_positions() {
    let device = Device::flex();
    let pair = tensor(vec![0.3, -0.8, 0.5, 1.2, -0.4, 0.7, 0.1, -0.9], [1, 1, 2, 4], &device);
    let score = |places: [i64; 2]| {
        let turned = Rotary::new(&places, 1, 4, 100.0, &device).turn(pair.clone());
        values(&turned.clone().matmul(turned.swap_dims(2, 3)))[1]
    };
    assert!((score([0, 3]) - score([11, 14])).abs() < 1e-5);
    assert!((score([0, 3]) - score([0, 4])).abs() > 1e-3);
}

#[test]
fn rows_that_see_nothing_are_zero_and_have_finite_gradients() {
    let device = training();
    let heads = Heads { width: 4, queries: 2, keys: 2 };
    let layer = Attention::new(heads, Init::FanIn, &device, &mut seeded(0));
    let input = noise::normal([1, 3, 4], &device, &mut seeded(1)).require_grad();
    let seen = tensor(vec![0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0], [1, 3, 3], &device);
    let mask = Mask::new(seen);
    let other = noise::normal([1, 3, 4], &device, &mut seeded(2));
    let output = |input: Tensor<3>| values(&layer.forward(input.clone(), input, &mask, None, None));
    // Without anything to read, the output is its bias, whatever the input.
    assert_eq!(output(input.clone())[..4], output(other)[..4]);
    let gradients = layer.forward(input.clone(), input.clone(), &mask, None, None).sum().backward();
    assert!(values(&input.grad(&gradients).unwrap()).iter().all(|slope| slope.is_finite()));
}

#[test]
fn dropout_is_drawn_from_the_generator() {
    let device = Device::flex();
    let block = BlockConfig::new(8, 2).with_dropout(0.5).init(&device, &mut seeded(0)).unwrap();
    let input = noise::normal([1, 4, 8], &device, &mut seeded(1));
    let mask = Mask::causal(4, &device);
    let forward = |seed: u64| values(&block.forward(input.clone(), &mask, None, Some(&mut seeded(seed))));
    assert_eq!(forward(3), forward(3));
    assert_ne!(forward(3), forward(4));
    assert_ne!(forward(3), values(&block.forward(input.clone(), &mask, None, None)));
}

#[test]
fn wrong_shapes_are_named() {
    let wrong = |config: BlockConfig| config.validate().unwrap_err().to_string();
    assert!(wrong(BlockConfig::new(8, 3)).contains("`heads` is 3"));
    let heads = Heads { width: 8, queries: 4, keys: 3 };
    assert!(wrong(BlockConfig { heads, ..BlockConfig::new(8, 4) }).contains("`key_heads` is 3"));
    assert!(wrong(BlockConfig::new(8, 2).with_dropout(1.0)).contains("`dropout` is 1"));
}

fn trajectory(positions: Positions, causal: bool) -> Trajectory {
    let block = BlockConfig { init: Init::Normal { std: 0.3 }, ..BlockConfig::new(8, 2) };
    let config = TrajectoryConfig { kinds: vec![1, 2], block, layers: 2, positions, causal };
    config.init(&Device::flex(), &mut seeded(0)).unwrap()
}

fn window(rewards: &[f32], states: &[f32], mask: &[f32]) -> Window {
    let device = Device::flex();
    let steps = rewards.len();
    let times: Vec<i64> = (0..steps as i64).collect();
    Window {
        tokens: vec![
            tensor(rewards.to_vec(), [1, steps, 1], &device),
            tensor(states.to_vec(), [1, steps, 2], &device),
        ],
        times: Tensor::from_data(TensorData::new(times, [1, steps]), &device),
        mask: tensor(mask.to_vec(), [1, steps], &device),
    }
}

#[test]
fn the_future_does_not_change_what_is_read_before() {
    for positions in [Positions::PerStep { count: 5 }, Positions::PerToken { steps: 3 }] {
        let full = [1.0; 3];
        let one = window(&[0.1, 0.2, 0.3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &full);
        // The second step's state and all of the third.
        let other = window(&[0.1, 0.2, 0.9], &[1.0, 2.0, -3.0, 4.0, 0.0, 1.0], &full);
        let outputs = |causal, window: &Window| {
            let outputs = trajectory(positions, causal).forward(window, None);
            (values(&read(outputs.clone(), 0)), values(&read(outputs, 1)))
        };
        let ((first, states), (second, others)) = (outputs(true, &one), outputs(true, &other));
        assert_eq!((&first[..16], &states[..8]), (&second[..16], &others[..8]));
        assert_ne!(states[8..16], others[8..16]);
        let ((first, _), (second, _)) = (outputs(false, &one), outputs(false, &other));
        assert_ne!(first[..8], second[..8]);
    }
}

#[test]
fn padding_changes_nothing() {
    let network = trajectory(Positions::PerStep { count: 5 }, true);
    let long = window(&[7.0, 0.2, 0.3], &[9.0, 9.0, 3.0, 4.0, 5.0, 6.0], &[0.0, 1.0, 1.0]);
    let short = long.narrow(1, 2);
    let (padded, bare) = (values(&network.forward(&long, None)), values(&network.forward(&short, None)));
    assert_close(&padded[16..], &bare, 1e-5);
}

#[test]
fn a_rolling_window_holds_the_last_steps_of_every_row() {
    let mut rolling = Rolling::new(vec![1, 2], 2);
    rolling.begin(0);
    rolling.begin(1);
    for step in 0..3 {
        rolling.push(0, [step as f32]);
        rolling.amend(0, 1, &[10.0 + step as f32, 0.5]);
    }
    rolling.push(1, [7.0, 8.0, 9.0]);
    let window = rolling.window(2, &Device::flex());
    assert_eq!(values(&window.tokens[0]), [1.0, 2.0, 0.0, 7.0]);
    assert_eq!(values(&window.tokens[1]), [11.0, 0.5, 12.0, 0.5, 0.0, 0.0, 8.0, 9.0]);
    assert_eq!(values(&window.mask), [1.0, 1.0, 0.0, 1.0]);
    let times: Vec<i64> = window.times.into_data().iter::<i64>().collect();
    assert_eq!(times, [1, 2, 0, 0]);
    rolling.begin(0);
    rolling.push(0, [4.0]);
    assert_eq!(values(&rolling.window(1, &Device::flex()).tokens[0]), [4.0]);
}

#[test]
fn every_parameter_of_a_trajectory_transformer_has_its_gradient() {
    let device = training();
    let block = BlockConfig { init: Init::Normal { std: 0.3 }, ..BlockConfig::new(4, 2) };
    let positions = Positions::PerStep { count: 3 };
    let config = TrajectoryConfig { kinds: vec![1, 2], block, layers: 1, positions, causal: true };
    let network = config.init(&device, &mut seeded(0)).unwrap();
    let input = window(&[0.1, -0.2, 0.3], &[1.0, 0.2, -0.3, 0.4, 0.5, -0.6], &[1.0; 3]).autodiff();
    let target = noise::normal([1, 3, 2, 4], &device, &mut seeded(3));
    check_parameters(&network, 3e-2, |network| {
        (network.forward(&input, None) - target.clone()).square().mean()
    });
}
