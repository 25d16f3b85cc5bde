//! Exported policies of the baselines act as they do here.

use trials::export::follows;

#[test]
fn policies_of_vectors() {
    let off_policy: &[&str] = &["hidden=[8]", "batch=16", "start_steps=100"];
    follows("ppo", "cartpole", &["rollout=32", "hidden=[8]"], 400);
    follows("ppo", "pendulum", &["rollout=32", "hidden=[8, 8]", "normalise_observations=true"], 400);
    follows("sac", "pendulum", off_policy, 200);
    follows("td3", "pendulum", off_policy, 200);
    let swings = "data:pendulum/scripted,skill=0.5,steps=400 in pendulum";
    follows("bc", swings, &["hidden=[8]", "fit=gaussian"], 200);
    follows("td3-bc", swings, &["hidden=[8]", "batch=16"], 200);
    follows("iql", "data:cartpole/scripted,skill=0.5,steps=400 in cartpole", &["hidden=[8]"], 400);
    follows("dqn", "cartpole", &["learning_starts=100", "hidden=16", "batch=8"], 400);
}

#[test]
fn policies_of_planes() {
    let small: &[&str] = &["learning_starts=200", "hidden=32", "batch=8", "train_every=20"];
    follows("dqn", "minatar-breakout", small, 400);
    follows("rainbow", "minatar-breakout", small, 400);
    let flat = "encoder={kind=\"mlp\",hidden=[16],output=8,flatten=true}";
    follows("rainbow", "minatar-breakout", &[small, &[flat, "dueling=false"]].concat(), 400);
}

#[test]
fn every_convolutional_encoder() {
    let kinds = ["nature\"", "drq\"", "dreamer\",depth=4", "impala\",width=1", "planes\",channels=[4,2]"];
    for kind in kinds {
        let encoder = format!("encoder={{kind=\"{kind}}}");
        follows("td3", "pendulum+pixels=48", &["hidden=[8]", "capacity=100", &encoder], 0);
    }
}
