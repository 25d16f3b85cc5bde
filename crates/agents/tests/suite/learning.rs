//! The methods learn: every run here takes seconds and must leave chance far behind.

use trials::Trial;

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
fn ppo_goes_on_where_all_copies_begin_anew_at_once() {
    // After 200 steps every copy ignores one action, so that a rollout of one step holds nothing.
    let settings = ["rollout=1", "worlds=4", "minibatches=1", "hidden=[8]"];
    let mut trial = Trial::new("ppo", "pendulum", &settings, 1_000, 0);
    trial.train(1_000);
    assert!(trial.score(1).is_finite());
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
