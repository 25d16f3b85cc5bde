//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// A few mazes for latent action policies.
const MAZES: &str = "data:maze-levels,levels=20/scripted,skill=0.9,steps=600";

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
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

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("latent_action", TRIALS);
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(TRIALS);
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(TRIALS);
}
