//! Methods whose paper is a theorem: they find what they promise, and refuse what they cannot.

use run::{Preset, Run, Task, config, task::World};

use trials::Trial;

/// Why the method does not fit the world under these settings.
fn refusal(id: &str, world: &str, settings: &[&str], steps: u64) -> String {
    let entry = run::registry::find(id).expect("the method is registered");
    let mut table = (entry.preset)(Preset::Laptop);
    for setting in settings {
        config::set(&mut table, setting).expect("the setting exists");
    }
    let task = Task::new().with(World::new(world).expect("the world exists"));
    let built = (entry.build)(&table, &task, &mut Run::new(0, steps, "cpu"));
    built.err().unwrap_or_else(|| panic!("{id} takes {world} with {settings:?}")).to_string()
}

#[test]
fn thresholds_are_found() {
    for (class, instance) in
        [("class=a", "flat-bump"), ("class=b", "price-bump"), ("class=a", "beta-quality")]
    {
        let world = format!("threshold-oracle,instance={instance}");
        // The second's Lipschitz constant is 1, that of Beta(2, 3) is 16/9.
        let settings = [class, "lipschitz=2.0"];
        let mut trial = Trial::new("latent-thresholds", &world, &settings, 10_000_000, 0);
        trial.train(1);
        assert!(trial.metric("diag/gap", 1) <= 0.05, "{instance}");
        assert!(trial.method.policy().is_some());
    }
}

#[test]
fn a_search_finds_the_queries_that_a_bump_takes() {
    let settings = ["class=a", "search=true", "trials=50", "eps=0.1"];
    let world = "threshold-oracle,eps=0.1";
    let mut trial = Trial::new("latent-thresholds", world, &settings, 100_000_000, 0);
    while !trial.method.advance(&mut trial.run).expect("the search goes on").finished {}
    let needed = trial.metric("diag/queries_needed", 1);
    assert!((300.0..3_000.0).contains(&needed), "{needed}");
    assert!(trial.metric("diag/success", 1) >= 0.9);
}

#[test]
fn a_needle_is_never_found() {
    for strategy in ["grid", "random", "golden-section"] {
        let settings = ["class=a", "plan=budget", "trials=50", &format!("strategy={strategy}")];
        let mut trial =
            Trial::new("latent-thresholds", "threshold-oracle,instance=needle", &settings, 5_000_000, 0);
        while !trial.method.advance(&mut trial.run).expect("the trials go on").finished {}
        assert_eq!(trial.metric("diag/success", 1), 0.0, "{strategy}");
    }
}

#[test]
fn thresholds_refuse_what_cannot_work() {
    let refused = |world: &str, settings: &[&str], steps, parts: &[&str]| {
        let text = refusal("latent-thresholds", world, settings, steps);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    let oracle = "threshold-oracle";
    refused(oracle, &[], 1_000, &["`class` is undeclared", "class=a", "class=b", "no algorithm exists"]);
    refused(oracle, &["class=a", "lipschitz=-1.0"], 1_000, &["`lipschitz` is -1: it must be above 0"]);
    refused(oracle, &["class=a", "eps=1.5"], 1_000, &["`eps` is 1.5: it must be above 0 and below 1"]);
    refused(oracle, &["class=a", "delta=0.0"], 1_000, &["`delta` is 0: it must be above 0 and below 1"]);
    let online = ["class=a", "mode=online"];
    refused(oracle, &[&online[..], &["trials=2"]].concat(), 1_000, &["`trials` is 2", "`mode` is online"]);
    refused(
        oracle,
        &[&online[..], &["search=true"]].concat(),
        1_000,
        &["`search` is true", "`mode` is online"],
    );
    let random = ["class=a", "strategy=random", "elimination=true"];
    refused(
        oracle,
        &random,
        1_000,
        &["`elimination` is true: it must be false unless", "`strategy` is grid"],
    );
    refused(oracle, &["class=a"], 39, &["the least budget is 40"]);
    refused(oracle, &["class=a"], 1_000, &["asks for up to 944360 queries", "--steps 944360"]);
    refused("pendulum", &["class=a"], 1_000, &["needs a threshold oracle"]);
    refused("cartpole", &["class=a"], 1_000, &["needs continuous actions", "try threshold-oracle"]);
    let mut trial = Trial::new("latent-thresholds", "threshold-oracle,scale=3", &["class=a"], 10_000_000, 0);
    let error = trial.method.advance(&mut trial.run).expect_err("rewards are too large").to_string();
    assert!(error.contains("rewards must lie in [0, 1]"), "{error}");
}

#[test]
fn latent_rooms_are_learnt() {
    for optimism in ["optimism=value", "optimism=model"] {
        let mut trial = Trial::new("lmdp-horizon-free", "lmdp-rooms", &[optimism], 4_000, 0);
        trial.train(4_000);
        let (regret, best) = (trial.metric("diag/regret", 1), trial.metric("diag/optimal_value", 1));
        assert!((0.0..400.0).contains(&regret), "{optimism}: {regret}");
        let score = trial.metric("eval/return", 2_000);
        assert!((score - best).abs() < 0.06, "{optimism}: {score} of {best}");
    }
}

#[test]
fn latent_processes_refuse_what_cannot_work() {
    let refused = |world: &str, parts: &[&str]| {
        let text = refusal("lmdp-horizon-free", world, &[], 100);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    let both = refusal("lmdp-horizon-free", "lmdp-rooms", &["optimism=model", "bonus=none"], 100);
    assert!(both.contains("`bonus` is none: it must be bernstein where `optimism` is model"), "{both}");
    refused("lmdp-rooms,prize=2.5", &["at most 1", "can earn 2.5", "divide its rewards"]);
    refused("four-rooms", &["needs context in hindsight"]);
    refused("cartpole", &["tabular only"]);
    refused("pendulum", &["needs discrete actions", "tabular only"]);
    refused("lmdp-rooms+sticky=0.1", &["tabular only"]);
}
