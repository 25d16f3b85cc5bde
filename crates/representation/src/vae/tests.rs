use burn::tensor::{Device, Tensor};
use learn::{
    batch::{ActionBatch, Windows},
    objective::{Named, Objective, Shapes, Term},
    optim::{AdamSettings, update},
};
use nets::{Observed, encoder::LatentShape, host, parameters::NamedArray};
use trials::Trial;
use worlds::{ActionSpace, Layout};

use super::*;
use crate::testing::{Matrices, generator, largest, normal};

trials::small!("sac", "pendulum", &[&["hidden=[8]", "batch=8", "start_steps=50", "latent=vae"]]);
trials::small!(
    "td3",
    "pendulum",
    &[&["hidden=[8]", "batch=8", "start_steps=50", "latent=vae", "latent.code=point"]]
);
trials::small!(
    "dqn",
    "minatar-breakout",
    &[&["learning_starts=200", "hidden=8", "batch=8", "train_every=20", "latent=vae"]]
);

const ROWS: usize = 16;
const SIZE: usize = 6;
const LATENT: usize = 3;

fn objective(code: CodeKind, layout: &Layout, latent: LatentShape) -> VaeObjective {
    let settings = VaeSettings { code, hidden: 16, channels: 4, ..VaeSettings::default() };
    let mut objective = VaeObjective::new(settings, &AdamSettings::default());
    let shapes = Shapes {
        layout,
        action: &ActionSpace::Discrete { count: 2 },
        projection: latent.size(),
        latent,
        device: &Device::flex().autodiff(),
    };
    objective.build(&shapes, &mut generator(1)).unwrap();
    objective
}

/// Windows of one step that begin with these observations.
fn windows(first: Observed, rows: usize) -> Windows {
    let device = Device::flex();
    let both = |tensor: Tensor<2>| {
        let width = tensor.dims()[1];
        tensor.reshape([rows, 1, width]).repeat_dim(1, 2).reshape([2 * rows, width])
    };
    let observations = match first {
        Observed::Flat(flat) => Observed::Flat(both(flat)),
        Observed::Image(image) => {
            let [_, channels, height, width] = image.dims();
            let images = both(image.flatten(1, 3));
            Observed::Image(images.reshape([2 * rows, channels, height, width]))
        }
    };
    Windows {
        batch: rows,
        length: 1,
        observations,
        actions: ActionBatch::Continuous(Tensor::zeros([rows, 1], &device)),
        reward: Tensor::zeros([rows, 1], &device),
        mask: Tensor::ones([rows, 1], &device),
        discount: Tensor::ones([rows, 1], &device),
        weight: Tensor::ones([rows], &device),
    }
}

/// The terms for an encoder of one matrix.
fn terms(objective: &VaeObjective, encoder: &Tensor<2>, seen: &Tensor<2>) -> Vec<Term> {
    let start = seen.clone().autodiff().matmul(encoder.clone());
    let windows = windows(Observed::Flat(seen.clone()), seen.dims()[0]);
    objective.terms(&Matrices::none(start), &windows, &mut generator(2)).unwrap()
}

fn names(terms: &[Term]) -> Vec<&'static str> {
    terms.iter().map(|term| term.name).collect()
}

#[test]
fn encoder_and_decoder_learn_to_reconstruct_what_lies_in_as_many_directions() {
    // Observations that three numbers determine.
    let seen = normal::<2>(3, [64, LATENT]).matmul(normal::<2>(4, [LATENT, SIZE]));
    for code in [CodeKind::Gaussian, CodeKind::Point] {
        let mut objective = objective(code, &Layout::Vector { size: SIZE }, LatentShape::Flat(LATENT));
        let encoder =
            nets::init::linear(SIZE, LATENT, Init::FanIn, &Device::flex().autodiff(), &mut generator(5));
        let mut encoder = Trained::new(encoder, AdamSettings::new(1e-2));
        let mut errors = Vec::new();
        for _ in 0..600 {
            let found = terms(&objective, &encoder.module().weight.val(), &seen);
            errors.push(host(found[0].loss.clone().inner().mean())[0]);
            let losses = found.into_iter().filter(|term| term.weight > 0.0);
            let loss = losses.map(|term| term.loss.mean() * term.weight).reduce(|a, b| a + b).unwrap();
            let mut parts = objective.parts();
            parts.push(&mut encoder);
            update("vae", loss, &mut parts, None).unwrap();
        }
        let last = errors[errors.len() - 1];
        assert!(last < 0.03 * errors[0], "{code:?}: {} to {last}", errors[0]);
    }
}

#[test]
fn gradients_reach_the_encoder_through_code_and_cost() {
    let seen = normal::<2>(6, [ROWS, SIZE]);
    for (code, cost) in [(CodeKind::Gaussian, "kl"), (CodeKind::Point, "latent")] {
        let objective = objective(code, &Layout::Vector { size: SIZE }, LatentShape::Flat(LATENT));
        let encoder = normal::<2>(7, [SIZE, LATENT]).autodiff().require_grad();
        let found = terms(&objective, &encoder, &seen);
        assert_eq!(names(&found), ["reconstruction", cost, "diag/effective_rank"]);
        for name in [0, 1] {
            // A graph can be differentiated once.
            let loss = terms(&objective, &encoder, &seen).swap_remove(name).loss;
            assert!(largest(&encoder, &loss.sum().backward()) > 0.0, "{}", found[name].name);
        }
        let rank = host(found[2].loss.clone())[0];
        assert!((1.0..=LATENT as f32).contains(&rank), "{rank}");
    }
}

#[test]
fn a_latent_of_length_zero_and_deviation_one_costs_nothing() {
    let mut objective =
        objective(CodeKind::Gaussian, &Layout::Vector { size: SIZE }, LatentShape::Flat(LATENT));
    let mut arrays = Vec::new();
    objective.save("it", &mut arrays);
    for array in &mut arrays {
        if array.name.starts_with("it.deviation") {
            array.values.fill(0.0);
        }
    }
    let named =
        |arrays: &[NamedArray]| arrays.iter().map(|array| (array.name.clone(), array.clone())).collect();
    objective.load("it", &named(&arrays)).unwrap();
    let seen = normal::<2>(8, [ROWS, SIZE]);
    let zero = terms(&objective, &Tensor::zeros([SIZE, LATENT], &Device::flex().autodiff()), &seen);
    assert_eq!(host(zero[1].loss.clone().inner()), [0.0; ROWS]);
    let other = terms(&objective, &normal::<2>(9, [SIZE, LATENT]).autodiff(), &seen);
    assert!(host(other[1].loss.clone().inner()).iter().all(|cost| *cost > 0.0));
}

#[test]
fn images_are_made_from_maps() {
    let layout = Layout::Image { height: 10, width: 7, channels: 2, frames: 1, scale: 1.0 };
    let shape = LatentShape::Map { channels: 3, height: 4, width: 2 };
    let objective = objective(CodeKind::Gaussian, &layout, shape);
    let latent = normal::<2>(10, [ROWS, shape.size()]).autodiff().require_grad();
    let windows = windows(Observed::Image(normal(11, [ROWS, 2, 10, 7])), ROWS);
    let found = objective.terms(&Matrices::none(latent.clone()), &windows, &mut generator(12)).unwrap();
    assert_eq!(found[0].loss.dims(), [ROWS]);
    assert!(largest(&latent, &found[0].loss.clone().sum().backward()) > 0.0);
}

#[test]
fn it_plugs_into_agents_of_both_kinds() {
    let agents: [(&str, &str, &[&str]); 4] = [
        ("sac", "pendulum", &["latent=vae", "hidden=[16]", "start_steps=100"]),
        ("td3", "pendulum", &["latent=vae", "latent.code=point", "hidden=[16]", "start_steps=100"]),
        ("dqn", "cartpole", &["latent=vae", "learning_starts=100"]),
        ("rainbow", "minatar-breakout", &["latent=vae", "learning_starts=200", "hidden=16", "batch=8"]),
    ];
    for (id, world, settings) in agents {
        let mut trial = Trial::new(id, world, settings, 400, 0);
        trial.train(300);
        assert!(trial.score(1).is_finite(), "{id}");
    }
}
