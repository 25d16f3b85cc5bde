use burn::tensor::{Device, Tensor, TensorData};
use nets::host;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Method, Run, Task, task::World};
use settings::Config;

use super::{
    channels::{Channels, Decomposition},
    deep::{TargetRule, loss},
    mapping::{Kind, Mapping},
    tabular::{Learner, Sample},
    *,
};

trials::small!("orchestrated-value-mapping", "stochastic-corridor", &[&["tabular.epsilon=0.5"]]);
trials::small!(
    "orchestrated-value-mapping",
    "minatar-breakout",
    &[&["deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"]]
);

const STATES: usize = 4;
const ACTIONS: usize = 3;
const DISCOUNT: f64 = 0.9;

fn mapping(kind: Kind) -> Mapping {
    Mapping { kind, c: 0.5, d: 0.0, floor: 0.0148 }
}

fn learner(
    decomposition: Decomposition,
    kind: Kind,
    settings: &TabularSettings,
    bootstrap: Bootstrap,
) -> Learner {
    let channels = Channels::new(decomposition, false, mapping(kind), mapping(kind));
    Learner::new(channels, settings, (Rates::Two, bootstrap), DISCOUNT, (STATES * ACTIONS, ACTIONS))
}

fn samples(seed: u64) -> Vec<Sample> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut sample = || Sample {
        state: random.random_range(0..STATES),
        action: random.random_range(0..ACTIONS),
        reward: random.random_range(-2.0..3.0),
        next: (random.random::<f64>() > 0.1).then(|| random.random_range(0..STATES)),
    };
    (0..5_000).map(|_| sample()).collect()
}

/// Q-learning (Watkins, 1989) with the step size 0.5 / (1 + 0.01 n).
fn q_learning(samples: &[Sample]) -> Vec<f64> {
    let (mut values, mut visits) = (vec![0.0_f64; STATES * ACTIONS], vec![0; STATES * ACTIONS]);
    for sample in samples {
        let at = sample.state * ACTIONS + sample.action;
        let future = sample.next.map_or(0.0, |next| {
            let row = &values[next * ACTIONS..][..ACTIONS];
            DISCOUNT * row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        });
        let alpha = 0.5 / (1.0 + 0.01 * f64::from(visits[at]));
        values[at] += alpha * (sample.reward + future - values[at]);
        visits[at] += 1;
    }
    values
}

fn learned(learner: &mut Learner, samples: &[Sample]) -> Vec<f64> {
    samples.iter().for_each(|sample| learner.learn(sample));
    (0..STATES * ACTIONS).map(|pair| learner.value(pair / ACTIONS, pair % ACTIONS)).collect()
}

#[test]
fn one_channel_under_the_identity_is_q_learning_bit_for_bit() {
    let settings = TabularSettings { beta_f: 1.0, ..TabularSettings::default() };
    for seed in 0..3 {
        let samples = samples(seed);
        let mut learner = learner(Decomposition::None, Kind::Identity, &settings, Bootstrap::Shared);
        assert_eq!(learned(&mut learner, &samples), q_learning(&samples));
    }
}

#[test]
fn linear_channels_with_a_shared_action_are_q_learning() {
    let samples = samples(3);
    for (decomposition, beta_f) in [(Decomposition::Polar, 1.0), (Decomposition::Polar, 0.5)] {
        let settings = TabularSettings { beta_f, ..TabularSettings::default() };
        let mut learner = learner(decomposition, Kind::Identity, &settings, Bootstrap::Shared);
        for (found, right) in learned(&mut learner, &samples).iter().zip(q_learning(&samples)) {
            assert!((found - right).abs() < 1e-12, "{found} is not {right}");
        }
    }
}

#[test]
fn channels_that_choose_for_themselves_overestimate() {
    let samples = samples(4);
    let total = |bootstrap| {
        let settings = TabularSettings::default();
        let mut learner = learner(Decomposition::Polar, Kind::Identity, &settings, bootstrap);
        learned(&mut learner, &samples).iter().sum::<f64>()
    };
    let shared: f64 = q_learning(&samples).iter().sum();
    let (own, signed) = (total(Bootstrap::Own), total(Bootstrap::OwnSigned));
    assert!(signed > shared + 1.0, "{signed} against {shared}");
    // Losses that seek themselves come out too large.
    assert!(own < signed - 1.0, "{own} against {signed}");
}

#[test]
fn an_average_in_mapped_space_is_biased_and_one_in_ordinary_space_is_not() {
    let value = |rates| {
        let channels =
            Channels::new(Decomposition::Polar, false, mapping(Kind::Log), mapping(Kind::SquareRoot));
        let mut learner =
            Learner::new(channels, &TabularSettings::default(), (rates, Bootstrap::Shared), DISCOUNT, (1, 1));
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..50_000 {
            let reward = if random.random::<f64>() < 0.2 { 5.0 } else { 0.0 };
            learner.learn(&Sample { state: 0, action: 0, reward, next: None });
        }
        learner.value(0, 0)
    };
    // The mean reward is 1; logarithms give 0.0148^0.8 5^0.2 = 0.05.
    assert!((value(Rates::Two) - 1.0).abs() < 0.3, "{}", value(Rates::Two));
    assert!(value(Rates::Single) < 0.5, "{}", value(Rates::Single));
}

fn rule(bootstrap: Bootstrap) -> TargetRule {
    TargetRule { beta_reg: 0.1, bootstrap, range: (0.0, 25.0) }
}

#[test]
fn deep_targets_are_those_of_the_equations() {
    let linear = mapping(Kind::LogLinear);
    let channels = Channels::new(Decomposition::Polar, true, linear, linear);
    // Two actions: values 2 and 3 of gains, 1 and 2.5 of losses; the aggregate prefers action 0, as
    // do losses, gains alone action 1.
    let next: Vec<f32> = [2.0, 1.0, 3.0, 2.5].map(|value| linear.apply(value) as f32).to_vec();
    let now: Vec<f32> = [1.5, 0.5].map(|value| linear.apply(value) as f32).to_vec();
    let right = |reward: f64, future: f64, now: f64| linear.apply(now + 0.1 * (reward + 0.9 * future - now));
    let found = rule(Bootstrap::Shared).targets(&channels, &now, &next, &[1.0, 0.0], &[0.9]);
    let own = rule(Bootstrap::OwnSigned).targets(&channels, &now, &next, &[1.0, 0.0], &[0.9]);
    let expected = [right(1.0, 2.0, 1.5), right(0.0, 1.0, 0.5), right(1.0, 3.0, 1.5)];
    for (found, expected) in [found[0], found[1], own[0]].into_iter().zip(expected) {
        assert!((f64::from(found) - expected).abs() < 1e-6, "{found} is not {expected}");
    }
    assert_eq!(own[1], found[1]);
    // Values outside [0, 1/(1 - gamma)] are cut before they enter, and no target is below the floor.
    let wild =
        rule(Bootstrap::Shared).targets(&channels, &[-1e6, 1e6], &[1e6, -1e6, 0.0, 0.0], &[0.0, 0.0], &[0.0]);
    assert_eq!(wild[0], linear.apply(0.0) as f32);
    assert!((f64::from(wild[1]) - linear.apply(22.5)).abs() < 1e-5, "{wild:?}");
}

#[test]
fn no_gradient_enters_the_targets_of_the_deep_loss() {
    let linear = mapping(Kind::LogLinear);
    let channels = Channels::new(Decomposition::Polar, true, linear, linear);
    let tensor =
        |values: &[f32]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, 2]), &Device::flex());
    let stored = [0.3_f32, -0.4];
    let chosen = tensor(&stored).autodiff().require_grad();
    let targets = rule(Bootstrap::Shared).targets(&channels, &stored, &[0.1, 0.2], &[1.0, 0.0], &[0.9]);
    let gradients = loss(chosen.clone(), tensor(&targets)).sum().backward();
    let gradient = host(chosen.grad(&gradients).unwrap());
    // Where the target is a constant the gradient is the error itself.
    for ((found, stored), target) in gradient.iter().zip(stored).zip(targets) {
        assert!((found - (stored - target)).abs() < 1e-6, "{found}");
    }
}

fn refused(edit: impl Fn(&mut OrchestratedConfig), world: &str) -> String {
    let mut config = OrchestratedConfig::default();
    edit(&mut config);
    if let Err(sentence) = config.validate() {
        return sentence;
    }
    let task = Task::new().with(World::new(world).unwrap());
    let mut run = Run::new(0, 2_000, "cpu");
    match OrchestratedValueMapping::build(config, &task, &mut run) {
        Err(error) => error.to_string(),
        Ok(mut method) => loop {
            match method.advance(&mut run) {
                Err(error) => return error.to_string(),
                Ok(_) => assert!(run.steps() < run.total_steps(), "nothing is refused"),
            }
        },
    }
}

#[test]
fn bad_input_is_refused_in_one_sentence() {
    let corridor = "stochastic-corridor";
    let text = refused(|config| config.decomposition = Decomposition::None, corridor);
    assert!(
        text.contains("channel 0") && text.contains("reward -1") && text.contains("log-linear"),
        "{text}"
    );
    let deep = |config: &mut OrchestratedConfig| {
        (config.variant, config.decomposition) = (Form::Deep, Decomposition::None);
        (config.deep.values.learning_starts, config.deep.clip_rewards) = (5_000, false);
    };
    let text = refused(deep, corridor);
    assert!(text.contains("channel 0") && text.contains("reward -1"), "{text}");
    type Edit = fn(&mut OrchestratedConfig);
    let edits: [(&str, Edit); 8] = [
        ("`tabular.beta_f` is 1.5", |config| config.tabular.beta_f = 1.5),
        ("`tabular.alpha0` is 0", |config| config.tabular.alpha0 = 0.0),
        (
            "`tabular.alpha0` is 0.9: it must be at most `tabular.beta_f`, 0.5, since their ratio is beta_reg",
            |config| config.tabular.alpha0 = 0.9,
        ),
        ("`deep.beta_reg` is 0", |config| config.deep.beta_reg = 0.0),
        ("`deep.learning_rate` is 2: it must be above 0 and at most 1", |config| {
            config.deep.values.learning_rate = 2.0
        }),
        ("`deep.gamma` is 1: it must be above 0 and below 1", |config| config.deep.values.gamma = 1.0),
        ("`deep.capacity` is 8", |config| (config.variant, config.deep.values.capacity) = (Form::Deep, 8)),
        ("`c` is 0", |config| config.c = 0.0),
    ];
    for (key, edit) in edits {
        let text = refused(edit, corridor);
        assert!(text.contains(key), "{key}: {text}");
    }
    let text = refused(|config| config.variant = Form::Tabular, "cartpole");
    assert!(text.contains("table"), "{text}");
}
