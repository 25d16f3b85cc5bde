//! Exported policies act as they do here.

use trials::{Trial, export::follows};

#[test]
fn policies_of_vectors() {
    let tcrl: &[&str] = &["hidden=[8]", "latent_size=4", "batch=8", "random_episodes=1", "update_every=10"];
    follows("tcrl", "pendulum", tcrl, 400);
    follows("tcrl", "pendulum", &[tcrl, &["raw=true"]].concat(), 400);
    let encoded = "encoder={kind=\"mlp\",hidden=[16],output=8,activation=\"elu\",norm=\"layer\"}";
    let sac = ["hidden=[8]", "batch=16", "start_steps=100", encoded, "latent=\"tcrl\""];
    follows("sac", "pendulum", &sac, 200);
}

#[test]
fn policies_of_planes() {
    let small = ["learning_starts=200", "hidden=128", "batch=8", "train_every=20"];
    follows("spr", "minatar-breakout", &small, 400);
}

#[test]
fn a_policy_that_plans_says_that_its_file_does_not() {
    let small = ["hidden=[8]", "latent_size=4", "planner=\"mppi\""];
    let trial = Trial::new("tcrl", "pendulum", &small, 100, 1);
    let exported = trial.method.policy().expect("a policy").export().expect("an actor");
    assert!(exported.recipe["note"].as_str().expect("a sentence").contains("planner"));
}
