//! The baselines learn: every run here takes seconds and must leave chance far behind.

use crate::harness::Trial;

#[test]
fn ppo_balances_the_pole() {
    let mut trial = Trial::new("ppo", "cartpole", &[], 25_000, 0);
    trial.train(25_000);
    // Chance earns 22 of 500.
    let score = trial.score(10);
    assert!(score > 200.0, "{score}");
}

#[test]
fn ppo_swings_up_with_continuous_actions() {
    let settings = ["worlds=8", "normalise_observations=true", "scale_rewards=true", "gamma=0.9"];
    let mut trial = Trial::new("ppo", "pendulum", &settings, 60_000, 0);
    let before = trial.score(10);
    trial.train(60_000);
    let after = trial.score(10);
    assert!(after > before + 250.0, "{before} to {after}");
}

#[test]
fn sac_swings_up() {
    let mut trial = Trial::new("sac", "pendulum", &["hidden=[64, 64]", "start_steps=500"], 5_000, 0);
    trial.train(5_000);
    // Chance earns about -1230.
    let score = trial.score(10);
    assert!(score > -600.0, "{score}");
}

#[test]
fn td3_swings_up() {
    let settings = ["hidden=[64, 64]", "start_steps=500", "exploration_noise=0.3"];
    let mut trial = Trial::new("td3", "pendulum", &settings, 6_000, 0);
    trial.train(6_000);
    let score = trial.score(10);
    assert!(score > -800.0, "{score}");
}

#[test]
fn an_objective_plugs_into_other_agents() {
    for id in ["sac", "td3"] {
        let mut trial =
            Trial::new(id, "pendulum", &["latent=tcrl", "hidden=[16]", "start_steps=300"], 600, 0);
        trial.train(400);
        assert!(trial.score(1).is_finite(), "{id}");
    }
}

#[test]
fn contrastive_features_serve_the_mean_classifier() {
    let mut trial = Trial::new("contrastive-theory", "", &[], 1_000, 0);
    trial.train(1_000);
    // Chance is right once in ten.
    let accuracy = trial.metric("probe/mean_10", 1);
    assert!(accuracy > 0.9, "{accuracy}");
}

#[test]
fn students_of_one_teacher_tell_curves_apart() {
    let mut trial = Trial::new("pec", "", &[], 1_500, 0);
    trial.train(1_500);
    let accuracy = trial.metric("eval/accuracy", 1);
    assert!(accuracy > 0.9, "{accuracy}");
}

#[test]
fn self_prediction_on_a_table_keeps_its_rank_and_loses_it_without_stop_gradient() {
    let after = |settings: &[&str]| {
        let world = "random-mdp,kind=permutation-mix,symmetric=true";
        let mut trial = Trial::new("self-predictive", world, settings, 2_000, 0);
        trial.train(2_000);
        trial.metric("diag/min_eigenvalue", 1)
    };
    assert!(after(&[]) > 0.99);
    assert!(after(&["tabular.stop_gradient=false"]) < 0.01);
    assert!(after(&["tabular.predictor=gradient", "tabular.ratio=0.01"]) < 0.05);
}

#[test]
fn both_directions_find_singular_subspaces_that_one_does_not() {
    let after = |direction: &str| {
        let mut trial =
            Trial::new("self-predictive", "random-mdp,kind=permutation-mix", &[direction], 4_000, 0);
        trial.train(4_000);
        trial.metric("diag/svd_capture", 1)
    };
    assert!(after("tabular.direction=bidirectional") > 0.98);
    assert!(after("tabular.direction=forward") < 0.95);
}

#[test]
fn temporal_differences_know_the_future_from_little_data() {
    let errors = ["td-infonce", "mc-infonce"].map(|estimator| {
        let estimator = format!("estimator={estimator}");
        let settings = ["tabular.sizes=[1000]", "tabular.updates=1500", "tabular.tau=0.05", &estimator];
        let mut trial = Trial::new("td-infonce", "gridwalk-5x5", &settings, 1_000, 0);
        trial.train(1_000);
        trial.metric("diag/occupancy_error", 1)
    });
    assert!(errors[0] < 0.2 && errors[1] > 0.4, "{errors:?}");
}

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
