//! The methods learn: every run here takes seconds and must leave chance far behind.

use trials::Trial;

#[test]
fn mdvi_averages_errors_on_a_table() {
    let mut trial = Trial::new("mdvi", "random-mdp", &[], 400, 0);
    trial.train(30);
    let before = trial.metric("diag/loss", 1);
    trial.train(400);
    let after = trial.metric("diag/late_loss", 1);
    assert!(after < 0.3 * before, "{before} to {after}");
}

#[test]
fn the_deep_forms_of_mdvi_balance_the_pole() {
    // The average of values is divided by the entropy weight: a small one magnifies its errors.
    for (variant, weights) in [
        ("md-direct", ["lambda=1.0", "tau=0.01"]),
        ("md-indirect", ["lambda=1.0", "tau=0.01"]),
        ("da", ["lambda=1.0", "tau=1.0"]),
    ] {
        let variant = format!("variant={variant}");
        let settings = [&variant, weights[0], weights[1], "learning_rate=1e-3"];
        let mut trial = Trial::new("mdvi", "cartpole", &settings, 10_000, 0);
        trial.train(10_000);
        // Chance earns 22 of 500.
        let score = trial.score(10);
        assert!(score > 80.0, "{variant}: {score}");
    }
}

#[test]
fn mapped_channels_find_optimal_values_and_lose_them_with_one_step_size() {
    let after = |settings: &[&str]| {
        let mut trial = Trial::new("orchestrated-value-mapping", "stochastic-corridor", settings, 100_000, 0);
        trial.train(100_000);
        trial.metric("diag/value_error", 1)
    };
    assert!(after(&[]) < 0.3);
    assert!(after(&["rates=single"]) > 0.5);
}

#[test]
fn mapped_values_balance_the_pole() {
    let settings =
        ["deep.hidden=64", "deep.batch=32", "deep.epsilon={ from = 1.0, to = 0.05, steps = 3000 }"];
    let mut trial = Trial::new("orchestrated-value-mapping", "cartpole", &settings, 8_000, 0);
    trial.train(8_000);
    // Chance earns 22 of 500.
    let score = trial.score(10);
    assert!(score > 60.0, "{score}");
}

#[test]
fn agents_with_group_targets_find_the_corner() {
    let support = ["atoms=21", "v_min=-1", "v_max=3"];
    let mut trial = Trial::new("ensemble-cdrl", "grid7-slip", &support, 12_000, 0);
    trial.train(12_000);
    // A policy that never arrives is worth 0, the best one about 1.1.
    let value = trial.metric("diag/individual_value", 1);
    assert!(value > 0.4, "{value}");
}

#[test]
fn an_ensemble_of_networks_balances_the_pole() {
    let settings = ["agents=2", "v_min=0", "v_max=100", "deep.target_every=200"];
    let mut trial = Trial::new("ensemble-cdrl", "cartpole", &settings, 6_000, 0);
    trial.train(6_000);
    // Chance earns 22 of 500.
    let score = trial.score(5);
    assert!(score > 60.0, "{score}");
}
