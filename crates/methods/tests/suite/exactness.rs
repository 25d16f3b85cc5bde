//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use crate::{harness::Trial, language_trials};

/// Settings under which a value agent of images learns within the first few hundred steps.
const SMALL_VALUES: &[&str] = &["learning_starts=200", "hidden=8", "batch=8", "train_every=20"];

/// Blocks of few points.
const SMALL_CONTRAST: &[&str] = &["block=2", "batch=16", "hidden=[8]"];

/// Swings of the pendulum by a half-skilled expert.
const SWINGS: &str = "data:pendulum/scripted,skill=0.5,steps=400,seed=1";

/// Networks and batches that cost little.
const SMALL_CLONES: &[&str] = &["hidden=[8]", "batch=16"];

/// A few mazes for latent action policies.
const MAZES: &str = "data:maze-levels,levels=20/scripted,skill=0.9,steps=600";

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[(&str, &str, &[&str])] = &[
    ("random", "cartpole", &[]),
    ("ppo", "cartpole", &["rollout=32", "hidden=[8]"]),
    ("sac", "pendulum", &["hidden=[8]", "batch=16", "start_steps=100"]),
    ("td3", "pendulum", &["hidden=[8]", "batch=16", "start_steps=100"]),
    ("dqn", "cartpole", SMALL_VALUES),
    ("rainbow", "minatar-breakout", SMALL_VALUES),
    ("bc", SWINGS, SMALL_CLONES),
    ("bc", "data:cartpole/scripted,skill=0.5,steps=300,seed=1", &["top=0.5", "hidden=[8]", "batch=16"]),
    ("td3-bc", SWINGS, SMALL_CLONES),
    ("iql", SWINGS, &["cosine=true", "hidden=[8]", "batch=16"]),
    ("iql", "data:cartpole/scripted,skill=0.5,steps=300,seed=1", SMALL_CLONES),
    ("prdc", SWINGS, &["neighbours=2", "agent.hidden=[8]", "agent.batch=16"]),
    ("tcrl", "pendulum", &["hidden=[8]", "latent_size=4", "batch=8", "random_episodes=1", "update_every=10"]),
    (
        "tcrl",
        "pendulum",
        &["hidden=[8]", "latent_size=4", "batch=8", "random_episodes=1", "update_every=10", "ensemble=true"],
    ),
    ("spr", "minatar-breakout", SMALL_VALUES),
    ("contrastive-theory", "", SMALL_CONTRAST),
    ("contrastive-theory", "", &["variant=supervised", "batch=16", "hidden=[8]"]),
    ("pec", "", &[]),
    ("pec", "", &["teacher=trained", "classes_per_task=2"]),
    ("pec", "", &["variant=si"]),
    ("pec", "", &["variant=lwf", "classes_per_task=2"]),
    ("pec", "", &["variant=er"]),
    ("pec", "", &["variant=vae-gc"]),
    ("alp-gmm", "cube-toy,gain=0.1", &["mixture.fit_rate=50"]),
    ("alp-gmm", "cartpole", &["student.rollout=32", "student.hidden=[8]", "mixture.fit_rate=50"]),
    (
        "self-predictive",
        "random-mdp,kind=permutation-mix",
        &["tabular.direction=bidirectional", "tabular.predictor=gradient"],
    ),
    (
        "self-predictive",
        "minatar-breakout",
        &["deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"],
    ),
    ("td-infonce", "gridwalk-5x5", &["tabular.sizes=[100, 400, 440, 480]", "tabular.updates=20"]),
    (
        "td-infonce",
        "point-maze-umaze",
        &["deep.hidden=[8]", "deep.batch=8", "deep.start_steps=380", "deep.collect=policy"],
    ),
    (
        "decision-diffuser",
        "data:point-maze-umaze,reward=dense/mixed=0.5,steps=600",
        &[
            "horizon=8",
            "diffusion.base=8",
            "diffusion.steps=8",
            "batch=2",
            "inverse.hidden=[8]",
            "inverse.batch=2",
        ],
    ),
    (
        "decision-diffuser",
        "data:traj2d,paths=50",
        &["variant=bc", "condition=label", "inverse.hidden=[8]", "batch=2"],
    ),
    ("latent-thresholds", "threshold-oracle", &["class=a", "plan=budget", "trials=100"]),
    ("latent-thresholds", "threshold-oracle", &["class=b", "mode=online", "doubling=true"]),
    ("lmdp-horizon-free", "lmdp-rooms", &[]),
    ("mdvi", "random-mdp", &["check_bound=true", "tau=0.1"]),
    ("mdvi", "cartpole", &["variant=md-direct", "learning_starts=200", "hidden=8", "batch=8"]),
    (
        "mdvi",
        "cartpole",
        &["variant=md-indirect", "acting=epsilon", "learning_starts=200", "hidden=8", "batch=8"],
    ),
    ("mdvi", "minatar-breakout", &["variant=da", "tau=0.01", "learning_starts=200", "hidden=8", "batch=8"]),
    ("orchestrated-value-mapping", "stochastic-corridor", &["tabular.epsilon=0.5"]),
    (
        "orchestrated-value-mapping",
        "minatar-breakout",
        &["deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"],
    ),
    (
        "decision-transformer",
        "data:cartpole/random,episodes=20",
        &["context=4", "width=8", "layers=1", "batch=4"],
    ),
    (
        "decision-transformer",
        "data:pendulum/random,episodes=2",
        &["context=4", "width=8", "layers=1", "batch=4"],
    ),
    ("doc-control", "data:frozen-lake/random,episodes=50 in frozen-lake", &[]),
    ("doc-control", "data:bernoulli-bandit/behaviour,episodes=50", &["constraint=exact", "tabular.bins=3"]),
    (
        "doc-control",
        "data:pendulum/random,episodes=2",
        &[
            "deep.context=3",
            "deep.future=2",
            "deep.width=8",
            "deep.layers=1",
            "deep.batch=4",
            "deep.dropout=0.1",
        ],
    ),
    ("ensemble-cdrl", "grid7-slip", &["atoms=21", "v_min=-1", "v_max=3"]),
    ("ensemble-cdrl", "grid7-slip", &["targets=own", "shared_buffer=true"]),
    (
        "ensemble-cdrl",
        "cartpole",
        &["agents=2", "deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"],
    ),
    (
        "lapo",
        MAZES,
        &[
            "encoder={kind=\"planes\",channels=[4]}",
            "hidden=8",
            "forward={depth=1,width=2}",
            "models.batch=4",
            "models.warm_up=1",
            "policy.batch=4",
            "policy.warm_up=1",
            "models.updates=440",
            "policy.updates=100",
        ],
    ),
    (
        "lapo",
        MAZES,
        &[
            "encoder={kind=\"planes\",channels=[4]}",
            "hidden=8",
            "forward={depth=1,width=2}",
            "models.batch=4",
            "models.warm_up=1",
            "policy.batch=4",
            "policy.warm_up=1",
            "models.updates=2",
            "policy.updates=420",
            "decoder.updates=200",
        ],
    ),
    (
        "lapo",
        MAZES,
        &[
            "encoder={kind=\"planes\",channels=[4]}",
            "hidden=8",
            "forward={depth=1,width=2}",
            "models.batch=4",
            "models.warm_up=1",
            "policy.batch=4",
            "policy.warm_up=1",
            "models.updates=2",
            "policy.updates=2",
            "decoding=online",
            "online.worlds=4",
            "online.rollout=8",
            "online.policy_head=[0, 50]",
            "online.features=[0, 50]",
            "online.refit.from=100",
        ],
    ),
];

/// Steps before the snapshot, beyond every method's start.
const BEFORE: u64 = 400;
const AFTER: u64 = 480;

/// These and the language models.
fn trials() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let worlds = TRIALS.iter().map(|&(id, world, settings)| (id, world, settings.to_vec()));
    worlds.chain(language_trials::all()).collect()
}

#[test]
fn every_method_is_tried() {
    let tried: Vec<&str> = trials().iter().map(|trial| trial.0).collect();
    for entry in methods::all() {
        assert!(tried.contains(&entry.card.id), "{} is not", entry.card.id);
    }
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    for (id, world, settings) in trials() {
        let mut original = Trial::new(id, world, &settings, 10_000, 3);
        original.train(BEFORE);
        let state = original.snapshot();
        original.train(AFTER);
        let mut loaded = Trial::new(id, world, &settings, 10_000, 3);
        loaded.load(&state);
        loaded.train(AFTER);
        assert!(original.snapshot() == loaded.snapshot(), "{id} differs after loading");
    }
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    for (id, world, settings) in trials() {
        let alone = || {
            let mut trial = Trial::new(id, world, &settings, 10_000, 3);
            trial.train(AFTER);
            trial.snapshot()
        };
        let mut first = Trial::new(id, world, &settings, 10_000, 3);
        let mut second = Trial::new(id, world, &settings, 10_000, 4);
        for steps in (0..=AFTER).step_by(30) {
            first.train(steps);
            second.train(steps);
        }
        first.train(AFTER);
        assert!(alone() == first.snapshot(), "{id} is disturbed by another run");
        assert!(first.snapshot() != second.snapshot(), "{id} ignores its seed");
    }
}
