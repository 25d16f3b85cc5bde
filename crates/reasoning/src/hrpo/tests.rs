use std::collections::BTreeMap;

use agents::language::{
    codec::Codec,
    model::ModelConfig,
    rollout::{Drawing, Rollouts, answer},
};
use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, Gradients, Tensor, TensorData},
};
use nets::{
    host,
    lm::Decoder,
    parameters::{NamedArray, export, import},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{Problems, RunError};
use worlds::text::Split;

use super::{
    GateConfig, Maps, Mixing, Openness, Thinker, hybrid_log_probs, method::marker, replayed, thinking_state,
    thoughts,
};

use crate::small::{REINFORCED, SUMS, TINY};

trials::small!("hrpo", SUMS, &[TINY, REINFORCED]);
trials::small!(
    "hrpo",
    SUMS,
    &[
        TINY,
        REINFORCED,
        &["reading=latent", "model.lora_rank=2", "model.lora_alpha=4.0", "update.weight_decay=0.1"],
    ]
);

const WIDTH: usize = 16;
const TEMPERATURE: f64 = 0.8;

fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn far(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

/// A small model with opinions, and answers of it under some mixing.
struct Scene {
    problems: Problems,
    codec: Codec,
    decoder: Decoder,
    maps: Maps,
    openness: Openness,
    marker: u32,
}

impl Scene {
    /// One whose gate is open as `gate` says.
    fn new(gate: &GateConfig) -> Self {
        let problems = Problems::open("arith,m=5,n=1").expect("it exists");
        let codec = Codec::characters(&[&problems]).expect("one alphabet");
        let config = ModelConfig {
            width: WIDTH,
            layers: 2,
            heads: 2,
            hidden: 24,
            context: 40,
            ..ModelConfig::default()
        };
        let device = Device::flex();
        let random = &mut seeded(3);
        let decoder = config.shape(codec.vocabulary()).init(&device, random).expect("a valid shape");
        let larger = |mut array: NamedArray| {
            let factor = if array.shape.len() == 1 { 1.0 } else { 8.0 };
            array.values.iter_mut().for_each(|value| *value *= factor);
            (array.name.clone(), array)
        };
        let arrays: BTreeMap<String, NamedArray> = export(&decoder, "").into_iter().map(larger).collect();
        let decoder = import(decoder, "", &arrays).expect("the same arrays");
        let marker = marker(&codec, "#").expect("one token");
        let maps = Maps::new(WIDTH, &device, random);
        let openness = Openness::new(WIDTH, gate, &device, random);
        Self { problems, codec, decoder, maps, openness, marker }
    }

    fn open() -> Self {
        Self::new(&GateConfig { r_min: 0.2, r_max: 0.6 })
    }

    fn gated(&self, shut: bool) -> Mixing<'_> {
        Mixing::Gated { maps: &self.maps, openness: &self.openness, shut }
    }

    /// More rows than one piece of generation, with their thinking states.
    fn answers(&self, mixing: Mixing<'_>) -> (Rollouts, Vec<Vec<f32>>) {
        let random = &mut seeded(5);
        let given = (0..45).map(|_| self.problems.world.draw(Split::Train, random)).collect();
        let drawing = Drawing { temperature: TEMPERATURE, max_new: 9 };
        let mut thinker = Thinker::new(mixing, &self.decoder, self.marker, TEMPERATURE).keeping();
        let hook = Some(&mut thinker as &mut dyn nets::lm::generate::StepHook);
        let rollouts = answer(&self.decoder, &self.codec, &self.problems, given, 3, drawing, hook, random)
            .expect("fits");
        (rollouts, thinker.into_states())
    }

    /// Log-probabilities of all answers in one pass, a list per answer.
    fn log_probs(&self, mixing: Option<Mixing<'_>>, answers: &(Rollouts, Vec<Vec<f32>>)) -> Vec<Vec<f32>> {
        let (rollouts, states) = answers;
        let all: Vec<usize> = (0..rollouts.answers.len()).collect();
        let batch = rollouts.batch(&all);
        let states: Vec<&[f32]> = states.iter().map(Vec::as_slice).collect();
        batch.rows(hybrid_log_probs(&self.decoder, &batch, mixing, &states, TEMPERATURE).expect("fits"))
    }
}

#[test]
fn the_gate_is_the_formula() {
    let device = Device::flex();
    let map = |weight: [[f32; 2]; 2], bias: [f32; 2]| Linear {
        weight: Param::from_data(TensorData::from(weight), &device),
        bias: Some(Param::from_data(TensorData::from(bias), &device)),
    };
    let maps = Maps {
        reset: map([[0.5, -1.0], [0.25, 2.0]], [0.1, -0.2]),
        input: map([[-0.5, 0.75], [1.5, 0.0]], [0.0, 0.3]),
    };
    let openness = Openness { lambda: Param::from_data(TensorData::from([2.0_f32, -0.5]), &device) };
    let mixing = Mixing::Gated { maps: &maps, openness: &openness, shut: false };
    let tensor = |rows: [[f32; 2]; 2]| Tensor::<2>::from_data(TensorData::from(rows), &device);
    let (embeddings, states) = (tensor([[1.0, -0.5], [-2.0, 0.4]]), tensor([[0.3, 0.8], [1.5, -1.0]]));
    let mixed = mixing.mix(embeddings.clone(), states.clone());
    // By hand, in double precision.
    let kept = [0.534_685_54, 0.459_637_45, 0.729_929_46, 0.000_707_447_8];
    let input = [0.591_143_4, 0.296_490_96, -0.606_804, -0.231_192_18];
    assert!(far(&host(mixed.kept), &kept) < 1e-6);
    assert!(far(&host(mixed.input), &input) < 1e-6);
    let shut = Mixing::Gated { maps: &maps, openness: &openness, shut: true };
    assert_eq!(host(shut.mix(embeddings.clone(), states.clone()).input), host(embeddings.clone()));
    assert_eq!(host(Mixing::Latent.mix(embeddings, states.clone()).input), host(states));
}

/// At a reset of 1 the kept share is what was drawn, between the ends.
#[test]
fn the_gate_begins_as_far_open_as_asked() {
    let device = Device::flex();
    for (r_min, r_max) in [(0.99, 0.999), (0.3, 0.5), (0.001, 0.002)] {
        let width = 500;
        let openness = Openness::new(width, &GateConfig { r_min, r_max }, &device, &mut seeded(1));
        let sure = |value: f32| Linear {
            weight: Param::from_tensor(Tensor::zeros([width, width], &device)),
            bias: Some(Param::from_tensor(Tensor::full([width], value, &device))),
        };
        let maps = Maps { reset: sure(100.0), input: sure(0.0) };
        let mixing = Mixing::Gated { maps: &maps, openness: &openness, shut: false };
        let kept =
            host(mixing.mix(Tensor::zeros([1, width], &device), Tensor::ones([1, width], &device)).kept);
        let inside = |share: &f32| f64::from(*share) > r_min - 1e-5 && f64::from(*share) < r_max + 1e-5;
        assert!(kept.iter().all(inside));
        let mean = f64::from(kept.iter().sum::<f32>()) / width as f64;
        let middle = (r_min + r_max) / 2.0;
        assert!((mean - middle).abs() < 0.1 * (r_max - r_min) + 1e-5, "{mean}, expected {middle}");
    }
}

#[test]
fn thinking_states_do_not_shrink() {
    let device = Device::flex();
    let tensor = |rows: [[f32; 3]; 3]| Tensor::<2>::from_data(TensorData::from(rows), &device);
    let embedding = tensor([[3.0, 0.0, 1.0], [0.0, 4.0, 0.0], [0.0, 0.0, -2.0]]);
    let spread = tensor([[0.0, 1.0, 0.0], [0.6, 0.0, 0.4], [0.5, 0.5, 0.0]]);
    let norm = 0.52_f32.sqrt();
    let half = 0.5_f32.sqrt();
    let expected = [[0.0, 4.0, 0.0], [1.8 / norm, 0.0, -0.2 / norm], [1.5 / half, 2.0 / half, 0.5 / half]];
    assert!(far(&host(thinking_state(spread, embedding)), expected.as_flattened()) < 1e-6);
}

#[test]
fn thinking_ends_with_the_marker() {
    assert_eq!((thoughts(&[1, 2, 9, 3, 9], 9), thoughts(&[9], 9), thoughts(&[1, 2], 9)), (2, 0, 2));
    let scene = Scene::open();
    let (rollouts, states) = scene.answers(scene.gated(false));
    assert_eq!((rollouts.answers.len(), states.len()), (135, 135));
    let (mut ended, mut endless) = (0, 0);
    for (answer, states) in rollouts.answers.iter().zip(&states) {
        let count = thoughts(&answer.ids, scene.marker);
        // The last token is never read.
        assert_eq!(states.len(), count.min(answer.ids.len() - 1) * WIDTH);
        ended += usize::from(count > 0 && count + 1 < answer.ids.len());
        endless += usize::from(count == answer.ids.len());
    }
    assert!(ended > 5 && endless > 5, "{ended} and {endless} of the cases that matter");

    let all: Vec<usize> = (0..rollouts.answers.len()).collect();
    let batch = rollouts.batch(&all);
    let slices: Vec<&[f32]> = states.iter().map(Vec::as_slice).collect();
    let mixed = replayed(&batch, &scene.decoder, scene.gated(false), &slices);
    let plain = scene.decoder.embed(batch.input(&Device::flex()));
    let [_, length, _] = plain.dims();
    let differs: Vec<bool> =
        host((mixed - plain).abs().max_dim(2)).iter().map(|difference| *difference > 0.0).collect();
    for (row, states) in differs.chunks_exact(length).zip(&states) {
        let count = states.len() / WIDTH;
        let prompt = batch.prompt_columns();
        assert!(
            row.iter().enumerate().all(|(at, differs)| *differs == (prompt..prompt + count).contains(&at))
        );
    }
}

#[test]
fn a_shut_gate_is_none() {
    let scene = Scene::open();
    let answers = scene.answers(scene.gated(true));
    let plain = scene.log_probs(None, &answers);
    let shut = scene.log_probs(Some(scene.gated(true)), &answers);
    assert!(far(&shut.concat(), &plain.concat()) < 1e-5);
    let drawn: Vec<f32> = answers.0.answers.iter().flat_map(|answer| answer.log_probs.clone()).collect();
    assert!(far(&drawn, &plain.concat()) < 1e-5);
}

/// One pass over kept states says what was said when the answers were drawn, and what it says depends on
/// the gate as it is now.
#[test]
fn kept_states_are_replayed_under_the_present_gate() {
    let mut scene = Scene::open();
    for latent in [false, true] {
        let mixing = if latent { Mixing::Latent } else { scene.gated(false) };
        let answers = scene.answers(mixing);
        let drawn: Vec<f32> = answers.0.answers.iter().flat_map(|answer| answer.log_probs.clone()).collect();
        let replayed = scene.log_probs(Some(mixing), &answers).concat();
        assert!(far(&drawn, &replayed) < 1e-4, "{}", far(&drawn, &replayed));
        assert!(far(&drawn, &scene.log_probs(None, &answers).concat()) > 0.1);
    }
    let answers = scene.answers(scene.gated(false));
    let before = scene.log_probs(Some(scene.gated(false)), &answers).concat();
    let device = Device::flex();
    scene.openness = Openness::new(WIDTH, &GateConfig { r_min: 0.7, r_max: 0.9 }, &device, &mut seeded(8));
    assert!(far(&before, &scene.log_probs(Some(scene.gated(false)), &answers).concat()) > 0.1);
}

/// The gradient of the embeddings is that of the loss with the kept states as constants: made anew under
/// changed embeddings they would change it, since they are sums of them.
#[test]
fn gradients_reach_gate_and_embeddings_and_no_state() {
    let scene = Scene::open();
    let answers = scene.answers(scene.gated(false));
    let batch = answers.0.batch(&[0, 1, 2, 3, 4, 5]);
    let states: Vec<&[f32]> = answers.1[..6].iter().map(Vec::as_slice).collect();
    let mean = |decoder: &Decoder, mixing| {
        hybrid_log_probs(decoder, &batch, Some(mixing), &states, TEMPERATURE).expect("fits").mean()
    };
    let (decoder, maps, openness) =
        (scene.decoder.clone().train(), scene.maps.clone().train(), scene.openness.clone().train());
    let mixing = Mixing::Gated { maps: &maps, openness: &openness, shut: false };
    let gradients = mean(&decoder, mixing).backward();
    let norm = |gradient: Option<Tensor<1>>| host(gradient.expect("reached").abs().sum())[0];
    let matrix = |weight: &Param<Tensor<2>>, gradients: &Gradients| {
        let count = weight.dims().iter().product::<usize>();
        weight.val().grad(gradients).map(|gradient| gradient.reshape([count]))
    };
    for map in [&maps.reset, &maps.input] {
        assert!(norm(matrix(&map.weight, &gradients)) > 1e-4);
        let bias = map.bias.as_ref().expect("it has one").val();
        assert!(norm(bias.grad(&gradients)) > 1e-4);
    }
    assert!(norm(openness.lambda.val().grad(&gradients)) > 1e-4);

    let gradient = host(decoder.embedding().grad(&gradients).expect("reached"));
    let moved = |at: usize, by: f32| {
        let change = |mut array: NamedArray| {
            if array.name == "embedding" {
                array.values[at] += by;
            }
            (array.name.clone(), array)
        };
        let arrays: BTreeMap<String, NamedArray> =
            export(&scene.decoder, "").into_iter().map(change).collect();
        let decoder = import(scene.decoder.clone(), "", &arrays).expect("the same arrays");
        f64::from(host(mean(&decoder, scene.gated(false)))[0])
    };
    let mut order: Vec<usize> = (0..gradient.len()).collect();
    order.sort_by(|one, other| gradient[*other].abs().total_cmp(&gradient[*one].abs()));
    for at in order.into_iter().take(6) {
        let slope = (moved(at, 2e-3) - moved(at, -2e-3)) / 4e-3;
        let found = f64::from(gradient[at]);
        assert!((slope - found).abs() < 0.03 * found.abs() + 1e-3, "{at}: {found}, slope {slope}");
    }
}

#[test]
fn the_marker_is_one_token() {
    let scene = Scene::open();
    for sign in ["##", "Q"] {
        let Err(RunError::Task(sentence)) = marker(&scene.codec, sign) else { panic!("`{sign}` was taken") };
        assert_eq!(sentence, format!("hrpo: answer marker {sign:?} must be a single token of the tokenizer"));
    }
}
