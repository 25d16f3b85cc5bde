//! The methods learn: every run here takes seconds and must leave chance far behind.

use trials::Trial;

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
fn an_autoencoder_leaves_an_agent_able_to_learn() {
    for code in ["gaussian", "point"] {
        let code = format!("latent.code={code}");
        let settings = ["hidden=[64, 64]", "start_steps=500", "latent=vae", &code];
        let mut trial = Trial::new("sac", "pendulum", &settings, 6_000, 0);
        trial.train(6_000);
        // Chance earns about -1230.
        let score = trial.score(10);
        assert!(score > -700.0, "{code}: {score}");
    }
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
