//! The method as a whole: learning, routing of gradients, resuming, exporting, refusing.

use burn::tensor::Device;
use learn::{batch, optim::update};
use nets::{Observed, host, parameters};
use run::{Method, Mode, Run, Scope, Snapshot, Task, task::World};
use settings::Config;
use worlds::{Array, Observations};

use super::{
    ConsistencySettings, Distance, PlanConfig, PlannerKind, Tcrl, TcrlConfig, ValueKind, temporal_consistency,
};

trials::small!(
    "tcrl",
    "pendulum",
    &[&["hidden=[8]", "latent_size=4", "batch=8", "random_episodes=1", "update_every=10"]]
);

fn small() -> TcrlConfig {
    TcrlConfig {
        random_episodes: 0,
        update_every: 2,
        batch: 16,
        capacity: 2_000,
        objective: ConsistencySettings {
            hidden: vec![16, 16],
            latent_size: 4,
            ..ConsistencySettings::default()
        },
        plan: PlanConfig { horizon: 3, iterations: 2, samples: 16, elites: 4, ..PlanConfig::default() },
        ..TcrlConfig::default()
    }
}

/// The same with a change of the representation.
fn with(change: impl Fn(&mut ConsistencySettings)) -> TcrlConfig {
    let mut config = small();
    change(&mut config.objective);
    config
}

fn task(name: &str) -> Task {
    Task::new().with(World::new(name).unwrap())
}

fn build(config: TcrlConfig, seed: u64) -> (Tcrl, Run) {
    config.validate().unwrap();
    let mut run = Run::new(seed, 1_000, "cpu");
    let method = Tcrl::build(config, &task("pendulum"), &mut run).unwrap();
    (method, run)
}

fn steps(method: &mut Tcrl, run: &mut Run, count: usize) {
    for _ in 0..count {
        method.advance(run).unwrap();
    }
}

fn saved(method: &Tcrl) -> Snapshot {
    let mut snapshot = Snapshot::new();
    method.save(&mut snapshot).unwrap();
    snapshot
}

fn arrays(method: &Tcrl, prefix: &str) -> Vec<run::NamedArray> {
    let snapshot = saved(method);
    let chosen = snapshot.arrays().values().filter(|array| array.name.starts_with(prefix));
    chosen.cloned().collect()
}

/// Every head, variant and ablation.
fn variants() -> Vec<TcrlConfig> {
    let value = |value| TcrlConfig { value, ..small() };
    let planner = |planner| TcrlConfig { planner, ..small() };
    vec![
        small(),
        value(ValueKind::Gae),
        value(ValueKind::Mve),
        value(ValueKind::Bp),
        planner(PlannerKind::Mppi),
        planner(PlannerKind::Dynamics),
        TcrlConfig { raw: true, ..small() },
        with(|objective| objective.consistency = false),
        TcrlConfig { worlds: 2, ..with(|objective| objective.ema = false) },
        TcrlConfig { n_step: 7, ..with(|objective| objective.distance = Distance::Mse) },
    ]
}

#[test]
fn a_saved_method_continues_exactly_in_every_variant() {
    for config in variants() {
        let (mut first, mut run) = build(config.clone(), 1);
        steps(&mut first, &mut run, 40);
        let snapshot = saved(&first);
        let (mut second, _) = build(config.clone(), 2);
        second.load(&snapshot).unwrap();
        // Two runs whose generators are in the same state.
        let (mut left, mut right) = (Run::new(3, 1_000, "cpu"), Run::new(3, 1_000, "cpu"));
        steps(&mut first, &mut left, 20);
        steps(&mut second, &mut right, 20);
        assert_eq!(saved(&first).arrays(), saved(&second).arrays(), "{config:?}");
        assert!(saved(&first).arrays() != snapshot.arrays(), "{config:?}");
    }
}

#[test]
fn critic_and_actor_train_no_encoder_and_the_objective_no_target() {
    let (mut method, mut run) = build(small(), 1);
    steps(&mut method, &mut run, 60);
    let device = Device::flex();
    let windows = method.experience.masked_windows(16, 5, run.random("test"), &device).unwrap();
    let parts = ["encoder", "encoder-target", "model", "actor", "critic"];
    let state = |method: &Tcrl| parts.map(|part| arrays(method, &format!("{part}.")));
    let before = state(&method);
    let batch = method.latents(&windows);
    method.improve_critic(&batch, &mut run).unwrap();
    method.improve_actor(&batch, &mut run).unwrap();
    let after = state(&method);
    assert_eq!(before[..3], after[..3]);
    assert!(before[3] != after[3] && before[4] != after[4]);
    // Only the last step of the rollout counts, and no reward: its gradient passes through the
    // whole chain to the encoder.
    let mut last = windows.clone();
    let keep = [0.0, 0.0, 0.0, 0.0, 1.0].repeat(16);
    last.mask = batch::matrix(&keep, 16, &device);
    method.improve_representation(&last, &mut run).unwrap();
    let trained = state(&method);
    assert!(trained[0] != after[0] && trained[2] != after[2]);
    assert_eq!(trained[1], after[1]);
    assert_eq!(trained[3..], after[3..]);
    method.follow();
    let followed = state(&method);
    for ((new, old), online) in followed[1].iter().zip(&trained[1]).zip(&trained[0]) {
        for ((new, old), online) in new.values.iter().zip(&old.values).zip(&online.values) {
            assert!((new - (0.995 * old + 0.005 * online)).abs() < 1e-6);
        }
    }
}

#[test]
fn the_actor_loss_leaves_the_critics_alone_and_the_critic_loss_the_actor() {
    let (mut method, mut run) = build(small(), 1);
    steps(&mut method, &mut run, 20);
    let random = run.random("test");
    let windows = method.experience.masked_windows(8, 5, random, &Device::flex()).unwrap();
    let batch = method.latents(&windows);
    let before = [arrays(&method, "actor."), arrays(&method, "critic.")];
    let loss = method.actor_loss(batch.latent.clone(), random);
    update("actor", loss, &mut [&mut method.critic, &mut method.actor], None).unwrap();
    let between = [arrays(&method, "actor."), arrays(&method, "critic.")];
    assert!(between[0] != before[0]);
    assert_eq!(between[1], before[1]);
    let loss = method.critic_loss(&batch, random);
    update("critic", loss, &mut [&mut method.critic, &mut method.actor], None).unwrap();
    assert!(arrays(&method, "critic.") != between[1]);
    assert_eq!(arrays(&method, "actor."), between[0]);
}

#[test]
fn a_short_training_predicts_latents_and_rewards() {
    let config = TcrlConfig {
        random_episodes: 1,
        update_every: 1,
        batch: 32,
        objective: ConsistencySettings {
            hidden: vec![32, 32],
            latent_size: 8,
            learning_rate: 2e-3,
            ..ConsistencySettings::default()
        },
        ..TcrlConfig::default()
    };
    let mut run = Run::new(5, 3_000, "cpu");
    let mut method = Tcrl::build(config, &task("pendulum"), &mut run).unwrap();
    let losses = |method: &mut Tcrl| {
        let random = &mut Run::new(9, 1, "cpu").random("test").clone();
        let windows = method.experience.masked_windows(256, 5, random, &Device::flex()).unwrap();
        let model = method.model.as_ref().unwrap().inference();
        let encoder = method.encoder.inference();
        let start = encoder.forward(&windows.observation(0));
        let target = |seen: &Observed| method.encoder_target.forward(seen);
        let terms = temporal_consistency(&method.config.objective, model, start, target, &windows).unwrap();
        assert_eq!([terms[0].name, terms[1].name], ["consistency", "reward"]);
        [0, 1].map(|term: usize| host(terms[term].loss.clone().mean())[0])
    };
    steps(&mut method, &mut run, 210);
    let early = losses(&mut method);
    steps(&mut method, &mut run, 590);
    let late = losses(&mut method);
    // The best that the sum of five cosines can reach is the sum of their weights.
    let best: f32 = (0..5).map(|step| -0.9_f32.powi(step)).sum();
    assert!(late[0] < 0.9 * best && late[0] < early[0], "{early:?} then {late:?}");
    assert!(late[1] < 0.3 * early[1], "{early:?} then {late:?}");
}

#[test]
fn planners_remember_plans_per_row_and_begin_afresh() {
    let config = TcrlConfig { planner: PlannerKind::Dynamics, ..small() };
    let (mut method, mut run) = build(config, 1);
    steps(&mut method, &mut run, 5);
    let mut policy = method.policy().unwrap();
    assert!(policy.export().is_err());
    let observations =
        Observations { rows: 2, fields: vec![Array::Float(vec![1.0, 0.0, 0.0, -1.0, 0.0, 1.0])] };
    let plans = |policy: &dyn run::Policy| {
        let mut snapshot = Snapshot::new();
        policy.save(&mut snapshot).unwrap();
        snapshot.get::<Vec<Vec<f32>>>("plans").unwrap()
    };
    policy.act(&observations, Mode::Sample, run.random("test")).unwrap();
    let before = plans(policy.as_ref());
    assert_eq!(before.len(), 2);
    assert!(before.iter().all(|plan| plan.iter().any(|value| *value != 0.0)));
    policy.begin(Scope::Episode, &[1]);
    let after = plans(policy.as_ref());
    assert_eq!(after[0], before[0]);
    assert!(after[1].iter().all(|value| *value == 0.0));
}

#[test]
fn pure_planning_trains_no_actor() {
    let (mut method, mut run) = build(TcrlConfig { planner: PlannerKind::Dynamics, ..small() }, 1);
    let before = [arrays(&method, "actor."), arrays(&method, "critic."), arrays(&method, "encoder.")];
    steps(&mut method, &mut run, 30);
    assert_eq!(arrays(&method, "actor."), before[0]);
    assert_eq!(arrays(&method, "critic."), before[1]);
    assert!(arrays(&method, "encoder.") != before[2]);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let refusal = |name: &str, config: TcrlConfig| {
        let task = task(name);
        let built =
            Tcrl::CARD.check(&task).and_then(|()| Tcrl::build(config, &task, &mut Run::new(1, 10, "cpu")));
        built.err().map(|error| error.to_string()).unwrap()
    };
    assert!(refusal("cartpole", small()).contains("`spr`"));
    let long = refusal("pendulum", with(|objective| objective.horizon = 300));
    assert!(long.contains("300") && long.contains("200"), "{long}");
    let broken = [
        TcrlConfig { raw: true, planner: PlannerKind::Mppi, ..small() },
        TcrlConfig { raw: true, value: ValueKind::Bp, ..small() },
        TcrlConfig { planner: PlannerKind::Dynamics, ..with(|objective| objective.reward_coefficient = 0.0) },
        with(|objective| (objective.consistency, objective.reward_coefficient) = (false, 0.0)),
        with(|objective| objective.hidden.clear()),
        TcrlConfig { gamma: 1.5, ..small() },
        TcrlConfig { noise_end: 0.0, ..small() },
        TcrlConfig { plan: PlanConfig { elites: 600, ..PlanConfig::default() }, ..small() },
    ];
    let said = broken.map(|config| config.validate().unwrap_err());
    let expected = [
        "`planner` is mppi: it must be none with `raw`, which has no latent model",
        "`value` is bp: it must be model-free with `raw`, which has no latent model",
        "`reward_coefficient` is 0: it must be above 0 with `planner` at dynamics, which plans on predicted rewards",
        "`reward_coefficient` is 0: it must be above 0 without `consistency`, since nothing else trains the encoder",
        "`hidden` is []: it must be a list of at least one width",
        "`gamma` is 1.5: it must be between 0 and 1",
        "`noise_end` is 0: it must be above 0",
        "`plan.elites` is 600: it must be at most `plan.samples`, which is 128",
    ];
    assert_eq!(said, expected);
    assert!(TcrlConfig::paper().validate().is_ok() && TcrlConfig::default().validate().is_ok());
}

#[test]
fn the_raw_agent_reads_observations() {
    let (method, _) = build(TcrlConfig { raw: true, ..small() }, 1);
    assert_eq!(method.encoder.module().latent().size(), 3);
    assert_eq!(parameters::count(method.encoder.module()), 0);
    assert!(method.model.is_none());
}
