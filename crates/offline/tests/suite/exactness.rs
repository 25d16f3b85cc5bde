//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// Swings of the pendulum by a half-skilled expert.
const SWINGS: &str = "data:pendulum/scripted,skill=0.5,steps=400,seed=1";

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
    ("prdc", SWINGS, &["neighbours=2", "agent.hidden=[8]", "agent.batch=16"]),
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
        &["variant=bc", "condition=label", "labels.ask=[\"1\"]", "inverse.hidden=[8]", "batch=2"],
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
];

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("offline", TRIALS);
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(TRIALS);
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(TRIALS);
}
