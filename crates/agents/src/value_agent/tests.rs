use learn::{schedule::Schedule, td::Support};
use run::{Method, Mode, NamedArray, Task};

use super::{
    config::{Copies, ValueSettings},
    *,
};
use crate::baseline::{
    dqn::{Dqn, DqnConfig},
    rainbow::{Rainbow, RainbowConfig},
};

fn config() -> ValueAgentConfig {
    ValueAgentConfig {
        copies: Copies { worlds: 2, updates: 1 },
        values: ValueSettings {
            learning_starts: 20,
            train_every: 4,
            batch: 8,
            capacity: 200,
            gamma: 0.9,
            epsilon: Schedule::linear(1.0, 0.1, 50),
            hidden: 16,
            target_every: 5,
            learning_rate: 1e-3,
            ..ValueSettings::default()
        },
        n_step: 3,
        double: true,
        dueling: true,
        prioritised: true,
        priority_exponent: 0.5,
        clip_rewards: true,
        ..ValueAgentConfig::default()
    }
}

fn rainbow() -> RainbowConfig {
    let support = Support { low: -5.0, high: 5.0, atoms: 11 };
    RainbowConfig { agent: config(), support, ..RainbowConfig::default() }
}

/// DQN with uniform replay and a target network that follows slowly.
fn dqn() -> DqnConfig {
    let agent = ValueAgentConfig { prioritised: false, target_rate: 0.05, ..config() };
    DqnConfig { agent, ..DqnConfig::default() }
}

fn built<M: Method>(config: M::Config, seed: u64) -> (M, Run) {
    let mut run = Run::new(seed, 400, "cpu");
    let method = M::build(config, &Task::new().with(World::new("cartpole").unwrap()), &mut run);
    (method.unwrap(), run)
}

fn trained(method: &mut impl Method, steps: u64, run: &mut Run) {
    while run.steps() < steps {
        method.advance(run).unwrap();
    }
}

/// Parameters under a prefix.
fn parameters(method: &impl Method, prefix: &str) -> Vec<f32> {
    let mut snapshot = Snapshot::new();
    method.save(&mut snapshot).unwrap();
    let inside = |array: &&NamedArray| array.name.starts_with(&format!("{prefix}."));
    snapshot.arrays().values().filter(inside).flat_map(|array| array.values.clone()).collect()
}

fn goes_on<M: Method>(config: &M::Config) {
    let (mut saved, mut run) = built::<M>(config.clone(), 1);
    trained(&mut saved, 120, &mut run);
    let mut snapshot = Snapshot::new();
    saved.save(&mut snapshot).unwrap();
    // The run's generators travel with the run: both agents go on with equal copies of it.
    let (mut twin, mut other) = built::<M>(config.clone(), 1);
    trained(&mut twin, 120, &mut other);
    let (mut fresh, _) = built::<M>(config.clone(), 2);
    fresh.load(&snapshot).unwrap();
    trained(&mut saved, 200, &mut run);
    trained(&mut fresh, 200, &mut other);
    assert_eq!(parameters(&saved, "network"), parameters(&fresh, "network"));
}

#[test]
fn a_loaded_agent_goes_on_like_the_saved_one() {
    goes_on::<Rainbow>(&rainbow());
    goes_on::<Dqn>(&dqn());
}

#[test]
fn the_target_network_is_renewed_when_it_is_due() {
    let (mut agent, mut run) = built::<Rainbow>(rainbow(), 3);
    let updates = |run: &Run| run.meters().updates.get("network").copied().unwrap_or_default();
    let first = parameters(&agent, "target");
    while updates(&run) < 4 {
        agent.advance(&mut run).unwrap();
    }
    assert_eq!(parameters(&agent, "target"), first);
    while updates(&run) < 5 {
        agent.advance(&mut run).unwrap();
    }
    assert_eq!(parameters(&agent, "target"), parameters(&agent, "network"));
}

fn agent(config: &ValueAgentConfig) -> Result<ValueAgent> {
    let mut run = Run::new(4, 400, "cpu");
    ValueAgent::new(config, Values::Scalar, None, &World::new("cartpole").unwrap(), &mut run)
}

#[test]
fn greedy_acting_draws_nothing_and_sampling_follows_epsilon() {
    let mut config = config();
    config.values.epsilon = Schedule::Constant(1.0);
    let agent = agent(&config).unwrap();
    let mut policy = agent.policy();
    let observations = &agent.interaction.outcome().observations;
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

#[test]
fn a_replay_too_short_for_the_return_is_refused() {
    let mut config = config();
    (config.values.capacity, config.n_step) = (8, 10);
    let text = agent(&config).err().unwrap().to_string();
    assert!(text.contains("K = 0") && text.contains("n = 10") && text.contains("`capacity` is 8"), "{text}");
}
