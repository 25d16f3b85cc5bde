use agents::table::Form;
use burn::tensor::{Device, Int, Tensor, TensorData};
use learn::{
    batch::{ActionBatch, Windows},
    objective::{Named, Objective, Shapes, Term},
    optim::{AdamSettings, update},
};
use nets::{Observed, encoder::LatentShape, host};
use rand::RngExt;
use run::{Method, Protocol, Result, Run, Task, task::World};
use settings::Config;
use worlds::{ActionSpace, Layout};

use super::{
    tabular::{Direction, TabularSettings, Weights},
    *,
};
use crate::testing::{Matrices, generator, largest, normal, tensor};

trials::small!(
    "self-predictive",
    "random-mdp,kind=permutation-mix",
    &[&["tabular.direction=bidirectional", "tabular.predictor=gradient"]]
);
trials::small!(
    "self-predictive",
    "minatar-breakout",
    &[&["deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"]]
);

const ROWS: usize = 5;
const STEPS: usize = 3;
const ACTIONS: usize = 2;
const SIZE: usize = 4;
const LATENT: usize = 6;

/// An encoder of one matrix and no projection.
fn leaves() -> Matrices {
    let leaf = |seed, shape| normal::<2>(seed, shape).autodiff().require_grad();
    let encoder = leaf(2, [SIZE, LATENT]);
    Matrices {
        encoder_target: Some(encoder.clone().inner()),
        encoder: Some(encoder),
        ..Matrices::none(leaf(1, [ROWS, LATENT]))
    }
}

fn objective(direction: Prediction) -> SelfPrediction {
    let settings =
        PredictionSettings { direction, steps: STEPS, hidden: 8, width: 5, ..PredictionSettings::default() };
    let mut objective = SelfPrediction::new(settings, &AdamSettings::new(3e-3));
    let shapes = Shapes {
        layout: &Layout::Vector { size: SIZE },
        action: &ActionSpace::Discrete { count: ACTIONS },
        latent: LatentShape::Flat(LATENT),
        projection: LATENT,
        device: &Device::flex().autodiff(),
    };
    objective.build(&shapes, &mut generator(3)).unwrap();
    objective
}

/// Windows of random vectors and actions under `discount`, the same for every row.
fn windows(discount: [f32; STEPS]) -> Windows {
    let (device, mut random) = (Device::flex(), generator(3));
    let observations = normal(4, [ROWS * (STEPS + 1), SIZE]);
    let actions = (0..ROWS * STEPS).map(|_| random.random_range(0..ACTIONS as i64)).collect::<Vec<_>>();
    let actions = Tensor::<1, Int>::from_data(TensorData::new(actions, [ROWS * STEPS]), &device);
    let discount = tensor(&discount.repeat(ROWS), [ROWS, STEPS]);
    Windows {
        batch: ROWS,
        length: STEPS,
        observations: Observed::Flat(observations),
        actions: ActionBatch::Discrete(actions),
        reward: Tensor::zeros([ROWS, STEPS], &device),
        mask: discount.clone(),
        discount,
        weight: Tensor::ones([ROWS], &device),
    }
}

fn term(objective: &SelfPrediction, windows: &Windows, name: &str) -> (Matrices, Term) {
    let taps = leaves();
    let terms = objective.terms(&taps, windows, &mut generator(3)).unwrap();
    (taps, terms.into_iter().find(|term| term.name == name).unwrap())
}

#[test]
fn each_direction_trains_the_latent_it_begins_with_and_no_target() {
    let objective = objective(Prediction::Bidirectional);
    let windows = windows([1.0; STEPS]);
    let (taps, forward) = term(&objective, &windows, "forward");
    let gradients = forward.loss.sum().backward();
    assert!(largest(&taps.start, &gradients) > 0.0);
    assert_eq!(largest(taps.encoder.as_ref().unwrap(), &gradients), 0.0);
    let (taps, backward) = term(&objective, &windows, "backward");
    let gradients = backward.loss.sum().backward();
    assert_eq!(largest(&taps.start, &gradients), 0.0);
    assert!(largest(taps.encoder.as_ref().unwrap(), &gradients) > 0.0);
}

#[test]
fn what_lies_beyond_an_episode_counts_for_nothing() {
    let objective = objective(Prediction::Bidirectional);
    let loss = |discount, name| host(term(&objective, &windows(discount), name).1.loss.inner());
    assert_eq!(loss([0.0; STEPS], "forward"), [0.0; ROWS]);
    assert!(loss([1.0, 0.0, 0.0], "forward").iter().all(|loss| *loss > 0.0));
    assert_eq!(loss([1.0, 1.0, 0.0], "backward"), [0.0; ROWS]);
    // 2 - 2 cos lies in [0, 4].
    assert!(loss([1.0; STEPS], "backward").iter().all(|loss| (0.0..=4.0).contains(loss)));
}

#[test]
fn losses_fall_when_they_are_trained() {
    let mut objective = objective(Prediction::Bidirectional);
    let windows = windows([1.0; STEPS]);
    let total = |objective: &SelfPrediction| {
        let (_, forward) = term(objective, &windows, "forward");
        let (_, backward) = term(objective, &windows, "backward");
        (forward.loss + backward.loss).mean()
    };
    let before = host(total(&objective).inner())[0];
    for _ in 0..100 {
        let loss = total(&objective);
        update("self-predictive", loss, &mut objective.parts(), None).unwrap();
    }
    let after = host(total(&objective).inner())[0];
    assert!(after < 0.7 * before, "{before} to {after}");
}

#[test]
fn fewer_directions_have_fewer_parts() {
    let names = |direction| {
        let terms = objective(direction).terms(&leaves(), &windows([1.0; STEPS]), &mut generator(3));
        terms
            .unwrap()
            .into_iter()
            .map(|term| term.name)
            .filter(|name| !name.contains('/'))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(Prediction::Bidirectional), ["forward", "backward"]);
    assert_eq!(names(Prediction::Forward), ["forward"]);
    assert!(names(Prediction::None).is_empty());
    assert!(objective(Prediction::None).parts().is_empty());
}

const MIX: &str = "random-mdp,kind=permutation-mix";

fn tabular(change: impl Fn(&mut TabularSettings)) -> SelfPredictiveConfig {
    let mut config = SelfPredictiveConfig::default();
    change(&mut config.tabular);
    config
}

fn build(config: SelfPredictiveConfig, world: &str) -> (Result<SelfPredictive>, Run) {
    let mut run = Run::new(1, 250, "cpu");
    let task = Task::new().with(World::new(world).unwrap());
    (SelfPredictive::build(config, &task, &mut run), run)
}

fn refusal(config: SelfPredictiveConfig, world: &str) -> String {
    build(config, world).0.err().unwrap().to_string()
}

#[test]
fn settings_that_do_not_fit_are_refused_in_a_sentence() {
    let wide = refusal(tabular(|settings| settings.dimensions = 13), MIX);
    assert!(wide.contains("`tabular.dimensions` is 13") && wide.contains("12 states"), "{wide}");
    let weights = |weights: Vec<f64>| {
        tabular(|settings| {
            (settings.weights, settings.state_weights) = (Weights::Explicit, weights.clone());
        })
    };
    let mut zero = vec![1.0 / 11.0; 12];
    zero[4] = 0.0;
    let zero = refusal(weights(zero), MIX);
    assert!(zero.contains("state 4 is 0"), "{zero}");
    let few = refusal(weights(vec![0.5; 2]), MIX);
    assert!(few.contains("2 weights"), "{few}");
    let ending = refusal(tabular(|_| ()), "grid7-slip");
    assert!(ending.contains("row ") && ending.contains("do not end"), "{ending}");
    let unknown = refusal(SelfPredictiveConfig { variant: Form::Tabular, ..tabular(|_| ()) }, "cartpole");
    assert!(unknown.contains("table"), "{unknown}");

    SelfPredictiveConfig::default().validate().unwrap();
    SelfPredictiveConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut TabularSettings)| tabular(change).validate().unwrap_err();
    assert!(wrong(|settings| settings.dimensions = 0).contains("`tabular.dimensions` is 0"));
    assert!(wrong(|settings| settings.step_size = -1.0).contains("`tabular.step_size` is -1"));
    assert!(wrong(|settings| settings.laziness = 1.0).contains("`tabular.laziness` is 1"));
    assert!(wrong(|settings| settings.weights = Weights::Explicit).contains("state_weights"));
}

#[test]
fn asking_for_the_spectrum_of_a_chain_that_has_none_is_told() {
    let note = |config: SelfPredictiveConfig, options: &str| {
        let table = worlds::table(&format!("{MIX}{options}")).unwrap().unwrap();
        let chain = config.tabular.chain(&table).unwrap();
        config.tabular.doubt(&chain).unwrap_or_default()
    };
    let symmetric = ",symmetric=true";
    assert_eq!(note(tabular(|_| ()), symmetric), "");
    assert!(note(tabular(|_| ()), "").contains("not symmetric"));
    assert_eq!(note(tabular(|settings| settings.direction = Direction::Bidirectional), ""), "");
    let skewed = tabular(|settings| {
        settings.weights = Weights::Explicit;
        settings.state_weights = (1..=12).map(|weight| f64::from(weight) / 78.0).collect();
    });
    assert!(note(skewed, symmetric).contains("weights are not equal"));
}

#[test]
fn a_step_that_is_too_large_ends_with_the_loss_by_name() {
    let (method, mut run) = build(tabular(|settings| settings.step_size = 1e6), MIX);
    let mut method = method.unwrap();
    let error = (0..3).find_map(|_| method.advance(&mut run).err()).unwrap().to_string();
    assert!(error.contains("loss/forward"), "{error}");
}

#[test]
fn a_run_takes_exactly_the_steps_it_is_given() {
    let (method, mut run) = build(tabular(|_| ()), MIX);
    let mut method = method.unwrap();
    while run.steps() < run.total_steps() {
        method.advance(&mut run).unwrap();
    }
    assert_eq!(run.steps(), 250);
    let protocol = Protocol { world: None, problems: None, episodes: 1, seed: 0, mode: run::Mode::Greedy };
    let scores = method.evaluate(&protocol, &mut run).unwrap();
    for name in scores.keys() {
        assert!(SelfPredictive::CARD.metrics.contains(&name.as_str()), "{name}");
    }
    assert!(method.policy().is_none());
}
