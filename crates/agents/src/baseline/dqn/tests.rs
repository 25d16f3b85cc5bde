use run::{Protocol, task::World};
use settings::Config;

use super::*;

fn run_for(config: DqnConfig, world: &str, steps: u64) -> (Dqn, Run, Task) {
    let mut run = Run::new(0, steps, "cpu");
    let task = Task::new().with(World::new(world).unwrap());
    let mut method = Dqn::build(config, &task, &mut run).unwrap();
    while run.steps() < steps {
        method.advance(&mut run).unwrap();
    }
    (method, run, task)
}

#[test]
fn dqn_crosses_the_deep_sea() {
    let config = DqnConfig {
        worlds: 4,
        learning_starts: 100,
        train_every: 4,
        updates: 2,
        batch: 32,
        n_step: 3,
        epsilon: Schedule::linear(1.0, 0.2, 3_000),
        target_every: 50,
        learning_rate: 2e-3,
        anneal: false,
        hidden: 32,
        dueling: true,
        prioritised: true,
        ..DqnConfig::default()
    };
    let (mut method, mut run, task) = run_for(config, "deep-sea,size=4,world_seed=1", 4_000);
    let world = task.get::<World>().unwrap().clone();
    let protocol =
        Protocol { world: Some(world), problems: None, episodes: 4, seed: 1, mode: run::Mode::Greedy };
    let scores = method.evaluate(&protocol, &mut run).unwrap();
    assert!(scores["eval/return"].mean > 0.9, "{scores:?}");
}

#[test]
fn the_presets_are_valid_and_wrong_settings_are_named() {
    DqnConfig::default().validate().unwrap();
    DqnConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut DqnConfig)| {
        let mut config = DqnConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert!(wrong(|config| config.batch = 0).contains("`batch` is 0"));
    assert!(wrong(|config| config.gamma = 1.5).contains("`gamma` is 1.5"));
    assert!(wrong(|config| config.learning_rate = 0.0).contains("`learning_rate` is 0"));
    assert!(wrong(|config| config.target_rate = 0.0).contains("`target_rate`"));
    assert!(wrong(|config| config.epsilon = Schedule::Constant(2.0)).contains("`epsilon`"));
    let error = wrong(|config| config.latent = "sprs".to_owned());
    assert!(error.contains("did you mean `spr`?"), "{error}");
}
