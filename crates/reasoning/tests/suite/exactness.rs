//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// Where all of them learn.
const SUMS: &str = "arith,m=5,n=1";

/// A model of a few numbers.
const TINY: &[&str] = &["model.width=8", "model.layers=1", "model.heads=1", "model.hidden=8"];

/// A base of a few updates, and answers that are worth something by chance.
const REINFORCED: &[&str] = &[
    "base.cap=40",
    "base.every=40",
    "base.supervised.learning_rate=0.02",
    "rollout.prompts=2",
    "rollout.group=3",
    "rollout.max_new=6",
];

/// Few problems in a batch.
const FITTED: &[&str] = &["supervised.batch=2"];

/// Latents that are reinforced from the snapshot's neighbourhood on.
const LATENTS: &[&str] = &[
    "supervised.learning_rate=0.01",
    "max_latents=4",
    "max_answer=3",
    "updates=380",
    "rl.updates=200",
    "rl.prompts=2",
    "rl.group=3",
    "rl.pool=6",
    "rl.filter=2",
    "rl.learning_rate=0.003",
    "rl.epochs=2",
];

const TRIALS: &[(&str, &[&[&str]])] = &[
    ("rent", &[REINFORCED, &["probe=2"]]),
    ("rent", &[REINFORCED, &["probe=2", "objective=direct", "setting=transductive", "pool=9"]]),
    ("intuitor", &[REINFORCED, &["probe=2", "empty_limit=1.0", "schedule=cosine", "warm_up=0.1"]]),
    ("hrpo", &[REINFORCED]),
    (
        "hrpo",
        &[
            REINFORCED,
            &["reading=latent", "model.lora_rank=2", "model.lora_alpha=4.0", "update.weight_decay=0.1"],
        ],
    ),
    ("colar", &[FITTED, &["latent.second_pass=0.5"]]),
    ("colar", &[FITTED, LATENTS]),
    ("colar", &[FITTED, &["variant=cot"]]),
];

/// Settings of every trial, joined.
fn joined() -> Vec<(&'static str, Vec<&'static str>)> {
    TRIALS.iter().map(|(id, settings)| (*id, [TINY, &settings.concat()].concat())).collect()
}

/// Every method in small.
fn trials<'a>(joined: &'a [(&'static str, Vec<&'static str>)]) -> Vec<Small<'a>> {
    joined.iter().map(|(id, settings)| (*id, SUMS, settings.as_slice())).collect()
}

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("reasoning", &trials(&joined()));
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(&trials(&joined()));
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(&trials(&joined()));
}
