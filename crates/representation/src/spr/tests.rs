use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Int, Tensor, TensorData},
};
use learn::{
    batch::{ActionBatch, Windows},
    objective::{Objective, Shapes, Taps, Term},
    optim::{AdamSettings, Trainable, update},
};
use nets::{Observed, encoder::LatentShape, noise::normal};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Method, Snapshot};
use settings::Config;
use worlds::{ActionSpace, Layout};

use super::*;

const ROWS: usize = 6;
const STEPS: usize = 3;
const ACTIONS: usize = 2;
const MAP: [usize; 3] = [2, 4, 4];
const LATENT: usize = 32;
const WIDTH: usize = 8;

fn generator() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(3)
}

/// Networks of one matrix each, so that it can be seen where gradients go.
struct Leaves {
    start: Tensor<2>,
    encoder: Tensor<2>,
    projection: Tensor<2>,
    target: Tensor<2>,
}

impl Leaves {
    fn new() -> Self {
        let (device, mut random) = (Device::flex(), generator());
        let mut leaf = |shape| normal::<2>(shape, &device, &mut random).abs().autodiff().require_grad();
        Self {
            start: leaf([ROWS, LATENT]),
            encoder: leaf([LATENT, LATENT]),
            projection: leaf([LATENT, WIDTH]),
            target: leaf([LATENT, WIDTH]),
        }
    }
}

fn flat(observed: &Observed) -> Tensor<2> {
    match observed {
        Observed::Image(image) => image.clone().flatten(1, 3),
        Observed::Flat(flat) => flat.clone(),
    }
}

impl Taps for Leaves {
    fn encode(&self, observed: &Observed) -> Tensor<2> {
        flat(observed).autodiff().matmul(self.encoder.clone())
    }
    fn start(&self) -> Tensor<2> {
        self.start.clone()
    }
    fn encode_target(&self, observed: &Observed) -> Tensor<2> {
        flat(observed)
    }
    fn project(&self, latent: Tensor<2>) -> Tensor<2> {
        latent.matmul(self.projection.clone())
    }
    /// With a graph, unlike an agent's: the objective must cut it.
    fn project_target(&self, latent: Tensor<2>) -> Tensor<2> {
        latent.autodiff().matmul(self.target.clone())
    }
}

fn objective(settings: SprSettings) -> SprObjective {
    let mut objective = SprObjective::new(settings, AdamSettings::new(3e-3));
    let [channels, height, width] = MAP;
    let layout = Layout::Image { height, width, channels, frames: 1, scale: 1.0 };
    let shapes = Shapes {
        layout: &layout,
        action: &ActionSpace::Discrete { count: ACTIONS },
        latent: LatentShape::Map { channels, height, width },
        projection: WIDTH,
        device: &Device::flex().autodiff(),
    };
    objective.build(&shapes, &mut generator()).unwrap();
    objective
}

fn variant(variant: SprVariant) -> SprSettings {
    SprSettings { variant, hidden: 4, ..SprSettings::default() }
}

/// Windows of random images and actions under `discount`, the same for every row; images from step
/// `changed` on are others.
fn windows(discount: [f32; STEPS], changed: usize) -> Windows {
    let device = Device::flex();
    let (mut random, mut other) = (generator(), ChaCha8Rng::seed_from_u64(9));
    let (size, mut images, mut actions) = (MAP.iter().product::<usize>(), Vec::new(), Vec::new());
    for _ in 0..ROWS {
        for step in 0..=STEPS {
            for _ in 0..size {
                let (value, replaced) = (random.random::<f32>(), other.random::<f32>());
                images.push(if step >= changed { replaced } else { value });
            }
        }
        actions.extend((0..STEPS).map(|_| random.random_range(0..ACTIONS as i64)));
    }
    let [channels, height, width] = MAP;
    let images = TensorData::new(images, [ROWS * (STEPS + 1), channels, height, width]);
    let discount = TensorData::new(discount.repeat(ROWS), [ROWS, STEPS]);
    let discount = Tensor::from_data(discount, &device);
    let actions = Tensor::<1, Int>::from_data(TensorData::new(actions, [ROWS * STEPS]), &device);
    Windows {
        batch: ROWS,
        length: STEPS,
        observations: Observed::Image(Tensor::from_data(images, &device)),
        actions: ActionBatch::Discrete(actions),
        reward: Tensor::zeros([ROWS, STEPS], &device),
        discount: discount.clone(),
        mask: discount,
        weight: Tensor::ones([ROWS], &device),
    }
}

fn loss(objective: &SprObjective, taps: &Leaves, windows: &Windows) -> Term {
    objective.terms(taps, windows, &mut generator()).unwrap().remove(0)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// Largest gradient of a leaf; 0 without one.
fn largest(leaf: &Tensor<2>, gradients: &Gradients) -> f32 {
    let gradient = leaf.grad(gradients).map(values).unwrap_or_default();
    gradient.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

/// Largest gradient among a module's parameters.
fn largest_of<M: Module>(module: &M, gradients: &Gradients) -> f32 {
    struct Visitor<'a>(&'a Gradients, f32);
    impl ModuleVisitor for Visitor<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).map(values).unwrap_or_default();
            self.1 = gradient.iter().fold(self.1, |largest, value| value.abs().max(largest));
        }
    }
    let mut visitor = Visitor(gradients, 0.0);
    module.visit(&mut visitor);
    visitor.1
}

#[test]
fn gradient_reaches_everything_online_and_nothing_of_the_target() {
    let (objective, taps) = (objective(variant(SprVariant::Spr)), Leaves::new());
    let gradients = loss(&objective, &taps, &windows([1.0; STEPS], 9)).loss.sum().backward();
    let model = objective.model().unwrap().module();
    assert!(largest(&taps.start, &gradients) > 0.0);
    assert!(largest(&taps.projection, &gradients) > 0.0);
    assert!(largest_of(model.transition.as_ref().unwrap(), &gradients) > 0.0);
    assert!(largest_of(model.predictor.as_ref().unwrap(), &gradients) > 0.0);
    assert_eq!(largest(&taps.target, &gradients), 0.0);
    assert_eq!(largest(&taps.encoder, &gradients), 0.0);
}

#[test]
fn the_last_step_alone_reaches_the_first_latent_through_the_chain() {
    let (objective, taps) = (objective(variant(SprVariant::Spr)), Leaves::new());
    let gradients = loss(&objective, &taps, &windows([0.0, 0.0, 1.0], 9)).loss.sum().backward();
    assert!(largest(&taps.start, &gradients) > 0.0);
}

#[test]
fn without_stop_gradient_targets_are_trained_too_and_nothing_predicts() {
    let (objective, taps) = (objective(variant(SprVariant::NoStopgrad)), Leaves::new());
    assert!(objective.model().unwrap().module().predictor.is_none());
    let term = loss(&objective, &taps, &windows([1.0; STEPS], 9));
    assert!(values(term.loss.clone().inner()).iter().all(|loss| (-3.0..=3.0).contains(loss)));
    let gradients = term.loss.sum().backward();
    assert!(largest(&taps.encoder, &gradients) > 0.0);
    assert_eq!(largest(&taps.target, &gradients), 0.0);
}

#[test]
fn without_prediction_the_first_latent_is_compared_with_itself() {
    let (objective, taps) = (objective(variant(SprVariant::K0)), Leaves::new());
    assert!(objective.model().unwrap().module().transition.is_none());
    let first = loss(&objective, &taps, &windows([1.0; STEPS], 9));
    let changed = loss(&objective, &taps, &windows([0.0; STEPS], 1));
    assert_eq!(values(first.loss.clone().inner()), values(changed.loss.inner()));
    assert!(largest(&taps.start, &first.loss.sum().backward()) > 0.0);
}

#[test]
fn steps_beyond_the_end_of_an_episode_count_for_nothing() {
    let (objective, taps) = (objective(variant(SprVariant::Spr)), Leaves::new());
    let none = loss(&objective, &taps, &windows([0.0; STEPS], 9)).loss;
    assert_eq!(values(none.clone().inner()), [0.0; ROWS]);
    assert_eq!(largest(&taps.start, &none.sum().backward()), 0.0);
    let one = loss(&objective, &taps, &windows([1.0, 0.0, 0.0], 9)).loss;
    let other = loss(&objective, &taps, &windows([1.0, 0.0, 0.0], 2)).loss;
    assert_eq!(values(one.inner()), values(other.inner()));
}

#[test]
fn cosines_rise_when_they_are_trained() {
    for kind in [SprVariant::Spr, SprVariant::K0, SprVariant::NoAug, SprVariant::NoStopgrad] {
        let (mut objective, taps) = (objective(variant(kind)), Leaves::new());
        let windows = windows([1.0; STEPS], 9);
        let mean = |objective: &SprObjective| values(loss(objective, &taps, &windows).loss.mean().inner())[0];
        let before = mean(&objective);
        for _ in 0..60 {
            let loss = loss(&objective, &taps, &windows).loss.mean();
            let mut parts: Vec<&mut dyn Trainable> = objective.parts();
            update("spr", loss, &mut parts, None).unwrap();
        }
        let after = mean(&objective);
        assert!(after < before - 0.005 || after < -0.99 * STEPS as f32, "{kind:?}: {before} to {after}");
    }
}

#[test]
fn augmentation_changes_images_unless_the_variant_has_none() {
    let image = Observed::Image(normal([4, 2, 6, 6], &Device::flex(), &mut generator()));
    let changed = objective(variant(SprVariant::Spr)).augment(image.clone(), &mut generator());
    assert_ne!(values(flat(&changed)), values(flat(&image)));
    let same = objective(variant(SprVariant::NoAug)).augment(image.clone(), &mut generator());
    assert_eq!(values(flat(&same)), values(flat(&image)));
}

/// A small agent that learns from its 60th step on.
fn config(settings: SprSettings) -> SprConfig {
    SprConfig(RainbowConfig {
        learning_starts: 60,
        batch: 4,
        hidden: 8,
        n_step: 3,
        capacity: 500,
        encoder: EncoderConfig::Planes { channels: vec![4, 4] },
        spr: settings,
        ..SprConfig::default().0
    })
}

fn build(config: SprConfig, world: &str) -> (Result<Spr>, Run) {
    let mut run = Run::new(1, 200, "cpu");
    let task = Task::new().with(World::new(world).unwrap());
    (Spr::build(config, &task, &mut run), run)
}

fn weights(method: &impl Method) -> Vec<f32> {
    method.policy().unwrap().export().unwrap().weights.into_iter().flat_map(|array| array.values).collect()
}

fn advance(method: &mut impl Method, run: &mut Run, steps: u64) {
    while run.steps() < steps {
        method.advance(run).unwrap();
    }
}

#[test]
fn every_variant_trains_and_is_restored_exactly() {
    for kind in [SprVariant::Spr, SprVariant::K0, SprVariant::NoAug, SprVariant::NoStopgrad] {
        let start = || {
            let (method, run) = build(config(variant(kind)), "minatar-breakout");
            (method.unwrap(), run)
        };
        let ((mut saved, mut run), (mut twin, mut other)) = (start(), start());
        let first = weights(&saved);
        advance(&mut saved, &mut run, 72);
        advance(&mut twin, &mut other, 72);
        assert_ne!(weights(&saved), first);
        let mut snapshot = Snapshot::new();
        saved.save(&mut snapshot).unwrap();
        let (mut loaded, _) = start();
        loaded.load(&snapshot).unwrap();
        advance(&mut saved, &mut run, 84);
        advance(&mut loaded, &mut other, 84);
        assert_eq!(weights(&saved), weights(&loaded), "{kind:?}");
    }
}

#[test]
fn the_objective_on_rainbow_is_the_same_machinery() {
    let settings = config(variant(SprVariant::Spr));
    let (method, mut run) = build(settings.clone(), "minatar-breakout");
    let mut method = method.unwrap();
    let mut other = Run::new(1, 200, "cpu");
    let task = Task::new().with(World::new("minatar-breakout").unwrap());
    let mut rainbow = agents::baseline::rainbow::Rainbow::build(settings.0, &task, &mut other).unwrap();
    advance(&mut method, &mut run, 70);
    advance(&mut rainbow, &mut other, 70);
    assert_eq!(weights(&method), weights(&rainbow));
}

#[test]
fn vectors_need_the_flat_variant() {
    let error = build(config(variant(SprVariant::Spr)), "cartpole").0.err().unwrap().to_string();
    assert!(error.contains("spr.images = false"), "{error}");
    let mut flat = config(SprSettings { images: false, ..variant(SprVariant::Spr) });
    flat.0.encoder = EncoderConfig::Identity;
    let (method, mut run) = build(flat.clone(), "cartpole");
    let mut method = method.unwrap();
    let first = weights(&method);
    advance(&mut method, &mut run, 70);
    assert_ne!(weights(&method), first);

    flat.0.spr.steps = 200;
    let (method, mut run) = build(flat, "cartpole");
    let mut method = method.unwrap();
    let error = loop {
        if let Err(error) = method.advance(&mut run) {
            break error.to_string();
        }
    };
    assert!(error.contains("K = 200") && error.contains("n = 3") && error.contains("longest"), "{error}");
}

#[test]
fn presets_are_valid_and_doubtful_settings_are_told() {
    SprConfig::default().validate().unwrap();
    SprConfig::paper().validate().unwrap();
    let settings = SprSettings { augmentation: false, ..SprSettings::default() };
    assert!(settings.doubt(true).is_some() && variant(SprVariant::NoAug).doubt(true).is_none());
    assert!(SprSettings::default().doubt(true).is_none() && SprSettings::default().doubt(false).is_some());
    let wrong = SprSettings { steps: 0, ..SprSettings::default() };
    assert!(wrong.validate().unwrap_err().contains("`spr.steps` is 0"));
}
