use agents::baseline::rainbow::Rainbow;
use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Int, Tensor, TensorData},
};
use learn::{
    batch::{ActionBatch, Windows},
    objective::{Latent, Named, Objective, Shapes, Term},
    optim::{AdamSettings, update},
};
use nets::{
    Observed,
    encoder::{EncoderConfig, LatentShape},
    host,
};
use rand::RngExt;
use run::{Method, Run, Snapshot, Task, task::World};
use settings::Config;
use worlds::{ActionSpace, Layout};

use super::*;
use crate::testing::{Matrices, flat, generator, largest, normal, tensor};

/// Settings under which a value agent of images learns within the first few hundred steps.
const SMALL_VALUES: &[&str] = &["learning_starts=200", "hidden=8", "batch=8", "train_every=20"];

trials::small!("spr", "minatar-breakout", &[SMALL_VALUES]);

const ROWS: usize = 6;
const STEPS: usize = 3;
const ACTIONS: usize = 2;
const MAP: [usize; 3] = [2, 4, 4];
const LATENT: usize = 32;
const WIDTH: usize = 8;

/// Every network of the agent as a leaf.
fn leaves() -> Matrices {
    let leaf = |seed, shape| normal::<2>(seed, shape).abs().autodiff().require_grad();
    Matrices {
        start: leaf(1, [ROWS, LATENT]),
        encoder: Some(leaf(2, [LATENT, LATENT])),
        encoder_target: None,
        projection: Some(leaf(3, [LATENT, WIDTH])),
        projection_target: Some(leaf(4, [LATENT, WIDTH])),
    }
}

/// Largest gradient of a matrix that there is.
fn of(matrix: &Option<Tensor<2>>, gradients: &Gradients) -> f32 {
    largest(matrix.as_ref().unwrap(), gradients)
}

fn objective(settings: SprSettings) -> SprObjective {
    let mut objective = SprObjective::new(settings, &AdamSettings::new(3e-3));
    let [channels, height, width] = MAP;
    let layout = Layout::Image { height, width, channels, frames: 1, scale: 1.0 };
    let shapes = Shapes {
        layout: &layout,
        action: &ActionSpace::Discrete { count: ACTIONS },
        latent: LatentShape::Map { channels, height, width },
        projection: WIDTH,
        device: &Device::flex().autodiff(),
    };
    objective.build(&shapes, &mut generator(3)).unwrap();
    objective
}

fn variant(variant: SprVariant) -> SprSettings {
    SprSettings { variant, hidden: 4, ..SprSettings::default() }
}

/// Windows of random images and actions under `discount`, the same for every row; images from step
/// `changed` on are others.
fn windows(discount: [f32; STEPS], changed: usize) -> Windows {
    let device = Device::flex();
    let (mut random, mut other) = (generator(3), generator(9));
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
    let images = tensor(&images, [ROWS * (STEPS + 1), channels, height, width]);
    let discount = tensor(&discount.repeat(ROWS), [ROWS, STEPS]);
    let actions = Tensor::<1, Int>::from_data(TensorData::new(actions, [ROWS * STEPS]), &device);
    Windows {
        batch: ROWS,
        length: STEPS,
        observations: Observed::Image(images),
        actions: ActionBatch::Discrete(actions),
        reward: Tensor::zeros([ROWS, STEPS], &device),
        discount: discount.clone(),
        mask: discount,
        weight: Tensor::ones([ROWS], &device),
    }
}

fn loss(objective: &SprObjective, taps: &Matrices, windows: &Windows) -> Term {
    objective.terms(taps, windows, &mut generator(3)).unwrap().remove(0)
}

/// Largest gradient among a module's parameters.
fn largest_of<M: Module>(module: &M, gradients: &Gradients) -> f32 {
    struct Visitor<'a>(&'a Gradients, f32);
    impl ModuleVisitor for Visitor<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).map(host).unwrap_or_default();
            self.1 = gradient.iter().fold(self.1, |largest, value| value.abs().max(largest));
        }
    }
    let mut visitor = Visitor(gradients, 0.0);
    module.visit(&mut visitor);
    visitor.1
}

#[test]
fn gradient_reaches_everything_online_and_nothing_of_the_target() {
    let (objective, taps) = (objective(variant(SprVariant::Spr)), leaves());
    let gradients = loss(&objective, &taps, &windows([1.0; STEPS], 9)).loss.sum().backward();
    let model = objective.model().unwrap().module();
    assert!(largest(&taps.start, &gradients) > 0.0);
    assert!(of(&taps.projection, &gradients) > 0.0);
    assert!(largest_of(model.transition.as_ref().unwrap(), &gradients) > 0.0);
    assert!(largest_of(model.predictor.as_ref().unwrap(), &gradients) > 0.0);
    assert_eq!(of(&taps.projection_target, &gradients), 0.0);
    assert_eq!(of(&taps.encoder, &gradients), 0.0);
}

#[test]
fn the_last_step_alone_reaches_the_first_latent_through_the_chain() {
    let (objective, taps) = (objective(variant(SprVariant::Spr)), leaves());
    let gradients = loss(&objective, &taps, &windows([0.0, 0.0, 1.0], 9)).loss.sum().backward();
    assert!(largest(&taps.start, &gradients) > 0.0);
}

#[test]
fn without_stop_gradient_targets_are_trained_too_and_nothing_predicts() {
    let (objective, taps) = (objective(variant(SprVariant::NoStopgrad)), leaves());
    assert!(objective.model().unwrap().module().predictor.is_none());
    let term = loss(&objective, &taps, &windows([1.0; STEPS], 9));
    assert!(host(term.loss.clone().inner()).iter().all(|loss| (-3.0..=3.0).contains(loss)));
    let gradients = term.loss.sum().backward();
    assert!(of(&taps.encoder, &gradients) > 0.0);
    assert_eq!(of(&taps.projection_target, &gradients), 0.0);
}

#[test]
fn without_prediction_the_first_latent_is_compared_with_itself() {
    let (objective, taps) = (objective(variant(SprVariant::K0)), leaves());
    assert!(objective.model().unwrap().module().transition.is_none());
    let first = loss(&objective, &taps, &windows([1.0; STEPS], 9));
    let changed = loss(&objective, &taps, &windows([0.0; STEPS], 1));
    assert_eq!(host(first.loss.clone().inner()), host(changed.loss.inner()));
    assert!(largest(&taps.start, &first.loss.sum().backward()) > 0.0);
}

#[test]
fn steps_beyond_the_end_of_an_episode_count_for_nothing() {
    let (objective, taps) = (objective(variant(SprVariant::Spr)), leaves());
    let none = loss(&objective, &taps, &windows([0.0; STEPS], 9)).loss;
    assert_eq!(host(none.clone().inner()), [0.0; ROWS]);
    assert_eq!(largest(&taps.start, &none.sum().backward()), 0.0);
    let one = loss(&objective, &taps, &windows([1.0, 0.0, 0.0], 9)).loss;
    let other = loss(&objective, &taps, &windows([1.0, 0.0, 0.0], 2)).loss;
    assert_eq!(host(one.inner()), host(other.inner()));
}

#[test]
fn cosines_rise_when_they_are_trained() {
    for kind in [SprVariant::Spr, SprVariant::K0, SprVariant::NoAug, SprVariant::NoStopgrad] {
        let (mut objective, taps) = (objective(variant(kind)), leaves());
        let windows = windows([1.0; STEPS], 9);
        let mean = |objective: &SprObjective| host(loss(objective, &taps, &windows).loss.mean().inner())[0];
        let before = mean(&objective);
        for _ in 0..60 {
            let loss = loss(&objective, &taps, &windows).loss.mean();
            update("spr", loss, &mut objective.parts(), None).unwrap();
        }
        let after = mean(&objective);
        assert!(after < before - 0.005 || after < -0.99 * STEPS as f32, "{kind:?}: {before} to {after}");
    }
}

#[test]
fn augmentation_changes_images_unless_the_variant_has_none() {
    let image = Observed::Image(normal(3, [4, 2, 6, 6]));
    let changed = objective(variant(SprVariant::Spr)).augment(image.clone(), &mut generator(3));
    assert_ne!(host(flat(&changed)), host(flat(&image)));
    let same = objective(variant(SprVariant::NoAug)).augment(image.clone(), &mut generator(3));
    assert_eq!(host(flat(&same)), host(flat(&image)));
}

/// A small agent that learns from its 60th step on.
fn config(settings: SprSettings) -> SprConfig {
    let mut config = SprConfig::default();
    let agent = &mut config.rainbow.agent;
    (agent.values.learning_starts, agent.values.batch, agent.values.hidden) = (60, 4, 8);
    (agent.values.capacity, agent.n_step) = (500, 3);
    agent.values.encoder = EncoderConfig::Planes { channels: vec![4, 4] };
    agent.latent = Latent::of::<SprObjective>(&settings);
    config
}

fn build(config: SprConfig, world: &str) -> (run::Result<Spr>, Run) {
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
    let mut rainbow = Rainbow::build(settings.rainbow, &task, &mut other).unwrap();
    advance(&mut method, &mut run, 70);
    advance(&mut rainbow, &mut other, 70);
    assert_eq!(weights(&method), weights(&rainbow));
}

#[test]
fn vectors_need_the_flat_variant() {
    let error = build(config(variant(SprVariant::Spr)), "cartpole").0.err().unwrap().to_string();
    assert!(error.contains("latent.images = false"), "{error}");
    let flat = |settings| {
        let mut flat = config(SprSettings { images: false, ..settings });
        flat.rainbow.agent.values.encoder = EncoderConfig::Identity;
        let (method, run) = build(flat, "cartpole");
        (method.unwrap(), run)
    };
    let (mut method, mut run) = flat(variant(SprVariant::Spr));
    let first = weights(&method);
    advance(&mut method, &mut run, 70);
    assert_ne!(weights(&method), first);

    let (mut method, mut run) = flat(SprSettings { steps: 200, ..variant(SprVariant::Spr) });
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
    let image = Layout::Image { height: 4, width: 4, channels: 2, frames: 1, scale: 1.0 };
    let vector = Layout::Vector { size: 4 };
    let doubt = |settings: &SprSettings, layout| {
        SprObjective::new(settings.clone(), &AdamSettings::default()).doubt(layout)
    };
    let settings = SprSettings { augmentation: false, ..SprSettings::default() };
    assert!(doubt(&settings, &image).is_some_and(|text| text.contains("`latent.variant = no-aug`")));
    assert!(doubt(&variant(SprVariant::NoAug), &image).is_none());
    assert!(doubt(&SprSettings::default(), &image).is_none());
    assert!(doubt(&SprSettings::default(), &vector).is_some());
    let wrong = SprSettings { steps: 0, ..SprSettings::default() };
    assert_eq!(wrong.validate().unwrap_err(), "`steps` is 0: it must be at least 1");
    let wrong = config(wrong).validate().unwrap_err();
    assert_eq!(wrong, "`latent.steps` is 0: it must be at least 1");
}
