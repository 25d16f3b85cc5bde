use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use learn::td::Support;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{Mode, Run, Snapshot, task::World};

use super::{
    loss::{Inputs, Values, td_loss},
    policy::host,
    *,
};

/// A run of `method` for `steps` environment steps.
pub fn trained(agent: &mut ValueAgent, steps: u64, run: &mut Run) {
    while run.steps() < steps {
        agent.advance(run).unwrap();
    }
}

fn settings() -> Settings {
    Settings {
        worlds: 2,
        learning_starts: 20,
        train_every: 4,
        updates: 1,
        batch: 8,
        capacity: 200,
        n_step: 3,
        gamma: 0.9,
        epsilon: Schedule::linear(1.0, 0.1, 50),
        double: true,
        clip_rewards: true,
        values: Values::Categorical(Support { low: -5.0, high: 5.0, atoms: 11 }),
        dueling: true,
        noisy: Some(0.5),
        hidden: 16,
        encoder: EncoderConfig::Identity,
        target_every: 5,
        target_rate: 1.0,
        gradient_clip: Some(10.0),
        adam: AdamSettings::new(1e-3),
        anneal: true,
        priority: Some(Priority { exponent: 0.5, importance: 0.4 }),
    }
}

fn agent(settings: Settings, seed: u64) -> (ValueAgent, Run) {
    let mut run = Run::new(seed, 400, "cpu");
    let agent = ValueAgent::new(settings, None, &World::new("cartpole").unwrap(), &mut run).unwrap();
    (agent, run)
}

fn weights(agent: &ValueAgent) -> Vec<f32> {
    let arrays = nets::parameters::export(agent.network.inference(), "network");
    arrays.into_iter().flat_map(|array| array.values).collect()
}

#[test]
fn a_loaded_agent_goes_on_like_the_saved_one() {
    for (prioritised, scalar, rate) in [(true, false, 1.0), (false, true, 0.05)] {
        let mut settings = settings();
        if !prioritised {
            settings.priority = None;
        }
        if scalar {
            (settings.values, settings.noisy) = (Values::Scalar { delta: 1.0 }, None);
        }
        settings.target_rate = rate;
        let (mut saved, mut run) = agent(settings.clone(), 1);
        trained(&mut saved, 120, &mut run);
        let mut snapshot = Snapshot::new();
        saved.save(&mut snapshot).unwrap();
        // The run's generators travel with the run: both agents go on with equal copies of it.
        let (mut loaded, mut other) = agent(settings.clone(), 1);
        trained(&mut loaded, 120, &mut other);
        let (mut fresh, _) = agent(settings, 2);
        fresh.load(&snapshot).unwrap();
        trained(&mut saved, 200, &mut run);
        trained(&mut fresh, 200, &mut other);
        assert_eq!(weights(&saved), weights(&fresh));
    }
}

#[test]
fn the_target_network_is_renewed_when_it_is_due() {
    let (mut agent, mut run) = agent(settings(), 3);
    let target = |agent: &ValueAgent| {
        let arrays = nets::parameters::export(agent.target.as_ref().unwrap(), "target");
        arrays.into_iter().flat_map(|array| array.values).collect::<Vec<f32>>()
    };
    let first = target(&agent);
    while agent.updates < 4 {
        agent.advance(&mut run).unwrap();
    }
    assert_eq!(target(&agent), first);
    while agent.updates < 5 {
        agent.advance(&mut run).unwrap();
    }
    assert_eq!(target(&agent), weights(&agent));
}

#[test]
fn greedy_acting_draws_nothing_and_sampling_follows_epsilon() {
    let mut settings = settings();
    settings.epsilon = Schedule::Constant(1.0);
    let (agent, _) = agent(settings, 4);
    let mut policy = agent.policy();
    let observations = agent.collector.observations();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let before = random.clone();
    let first = policy.act(observations, Mode::Greedy, &mut random).unwrap();
    assert_eq!(random, before);
    assert_eq!(first, policy.act(observations, Mode::Greedy, &mut random).unwrap());
    let mut seen = [0, 0];
    for _ in 0..100 {
        let worlds::Actions::Discrete(actions) = policy.act(observations, Mode::Sample, &mut random).unwrap()
        else {
            panic!("the world has discrete actions");
        };
        actions.iter().for_each(|action| seen[*action as usize] += 1);
    }
    assert!(seen.iter().all(|count| *count > 70), "{seen:?}");
}

fn cube(values: &[f32], shape: [usize; 3]) -> Tensor<3> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

fn row(values: &[f32]) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
}

fn inputs(output: Tensor<3>, target: Tensor<3>, chooser: Option<Tensor<3>>) -> Inputs {
    let actions = Tensor::<1, Int>::from_data(TensorData::new(vec![1i64], [1]), &Device::flex());
    Inputs { output: output.autodiff(), target, chooser, actions, reward: row(&[1.0]), discount: row(&[0.5]) }
}

#[test]
fn scalar_losses_are_those_of_the_equations() {
    let (output, target) = (cube(&[7.0, 2.0], [1, 2, 1]), cube(&[4.0, 10.0], [1, 2, 1]));
    // Single: 1 + 0.5 * 10 = 6; the chooser prefers action 0: 1 + 0.5 * 4 = 3.
    let chooser = Some(cube(&[1.0, 0.0], [1, 2, 1]));
    let single = td_loss(&Values::Scalar { delta: 0.0 }, inputs(output.clone(), target.clone(), None));
    assert_eq!(host(single.loss.inner()), [16.0]);
    let double = td_loss(&Values::Scalar { delta: 0.5 }, inputs(output, target, chooser));
    assert_eq!(host(double.error), [1.0]);
    assert_eq!(host(double.loss.inner()), [0.5 * (1.0 - 0.25)]);
    assert_eq!(host(double.value), [2.0]);
}

#[test]
fn the_categorical_loss_is_the_cross_entropy_and_its_error_the_divergence() {
    let support = Support { low: 0.0, high: 2.0, atoms: 3 };
    // Action 1 is worth more in the target; all its mass lies on the atom 2, so that the target is
    // the atom 1 + 0.5 * 2 = 2.
    let target = cube(&[50.0, 0.0, 0.0, 0.0, 0.0, 50.0], [1, 2, 3]);
    let output = cube(&[0.0, 0.0, 0.0, 0.3, -0.2, 0.1], [1, 2, 3]);
    let log = host(activation::log_softmax(output.clone(), 2));
    let found = td_loss(&Values::Categorical(support), inputs(output, target, None));
    assert!((host(found.loss.inner())[0] + log[5]).abs() < 1e-5);
    assert!((host(found.error)[0] + log[5]).abs() < 1e-5);
    assert_eq!(found.clipped, Some(0.0));
}

#[test]
fn a_replay_too_short_for_the_return_is_refused() {
    let mut settings = settings();
    (settings.capacity, settings.n_step) = (8, 10);
    let mut run = Run::new(0, 400, "cpu");
    let error = ValueAgent::new(settings, None, &World::new("cartpole").unwrap(), &mut run).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("K = 0") && text.contains("n = 10") && text.contains("capacity"), "{text}");
}
