use run::{Preset, Run, Task, config, registry, task::World};
use settings::Config;

use super::TdInfoNceConfig;

trials::small!(
    "td-infonce",
    "gridwalk-5x5",
    &[&["tabular.sizes=[100, 400, 440, 480]", "tabular.updates=20"]]
);
trials::small!(
    "td-infonce",
    "point-maze-umaze",
    &[&["deep.hidden=[8]", "deep.batch=8", "deep.start_steps=380", "deep.collect=policy"]]
);

/// The sentence that refuses these settings in this world.
fn refusal(world: &str, settings: &[&str]) -> String {
    let entry = registry::find("td-infonce").expect("it is registered");
    let mut table = (entry.preset)(Preset::Laptop);
    for setting in settings {
        config::set(&mut table, setting).expect("a setting");
    }
    let task = Task::new().with(World::new(world).expect("a world"));
    let built = (entry.build)(&table, &task, &mut Run::new(0, 1_000, "cpu"));
    let mut method = match built {
        Ok(method) => method,
        Err(error) => return error.to_string(),
    };
    let mut run = Run::new(0, 1_000, "cpu");
    let failed = (0..400).find_map(|_| method.advance(&mut run).err());
    failed.expect("a refusal").to_string()
}

#[test]
fn settings_that_cannot_work_are_refused_with_the_reason() {
    for (world, settings, part) in [
        ("gridwalk-5x5", "tabular.gamma=1", "`tabular.gamma` is 1: it must be above 0 and below 1"),
        ("gridwalk-5x5", "deep.gamma=0", "`deep.gamma` is 0"),
        ("gridwalk-5x5", "tabular.batch=1", "`tabular.batch` is 1: it must be at least 2"),
        ("point-maze-umaze", "deep.batch=1", "`deep.batch` is 1: it must be at least 2"),
        ("point-maze-umaze", "deep.goal_map=[0]", "picks 1 elements of an observation, but goals of"),
        ("point-maze-umaze", "deep.goal_map=[0, 9]", "names element 9"),
        ("point-maze-umaze", "estimator=sr-replay", "has the estimators"),
        ("point-maze-umaze", "deep.data_world=point-maze-umaze,order=1", "observations differ"),
        ("point-maze-umaze,task=free", "deep.tau=0.1", "needs a world with goals"),
        ("point-maze-umaze,actions=four", "deep.tau=0.1", "needs continuous actions"),
        ("point-maze-umaze", "variant=tabular", "has none"),
        ("stochastic-corridor", "tabular.tau=0.1", "sums to 1 only where episodes never end"),
    ] {
        let sentence = refusal(world, &[settings]);
        assert!(sentence.contains(part), "{settings}: {sentence}");
    }
}

#[test]
fn only_monte_carlo_needs_episodes() {
    let sentence = refusal("gridwalk-5x5", &["estimator=mc-infonce", "tabular.episodes=false"]);
    assert!(sentence.contains("which needs transitions only"), "{sentence}");
    let mut config = TdInfoNceConfig::default();
    config.tabular.episodes = false;
    assert!(config.validate().is_ok());
}

#[test]
fn goals_that_are_all_the_same_are_refused() {
    let world = "point-maze-umaze,layout=xxxx_xSGx_xxxx,order=1,speed=0.001,horizon=1000";
    let settings = ["deep.start_steps=3", "deep.batch=2", "deep.hidden=[4]", "deep.goal_map=[0, 1]"];
    // Observations that do not move: every action is the same push against a wall.
    let sentence =
        refusal(&format!("{world},norm=true"), &[&settings[..], &["deep.collect=random"]].concat());
    assert!(sentence.contains("are the same, so that it has no negatives"), "{sentence}");
}
