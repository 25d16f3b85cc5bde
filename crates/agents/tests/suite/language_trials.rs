//! Every language method in small, as `exactness` tries it.

use trials::exactness::Small;

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

/// Every option of the group-relative update.
const UPDATES: &[&str] = &[
    "format_reward=0.5",
    "update.beta=0.1",
    "update.epochs=2",
    "update.minibatches=2",
    "update.clip_high=0.3",
];

/// Few problems in a batch.
const FITTED: &[&str] = &["supervised.batch=2"];

const TRIALS: &[(&str, &[&[&str]])] = &[
    ("sft", &[FITTED]),
    ("grpo", &[REINFORCED]),
    ("grpo", &[REINFORCED, UPDATES]),
    ("rloo", &[REINFORCED]),
    ("ppo-lm", &[REINFORCED]),
    ("dpo", &[REINFORCED, &["source=policy", "likelihood=0.1"]]),
];

/// Settings of every trial, joined.
pub fn joined() -> Vec<(&'static str, Vec<&'static str>)> {
    TRIALS.iter().map(|(id, settings)| (*id, [TINY, &settings.concat()].concat())).collect()
}

/// Every method in small.
pub fn trials<'a>(joined: &'a [(&'static str, Vec<&'static str>)]) -> impl Iterator<Item = Small<'a>> {
    joined.iter().map(|(id, settings)| (*id, SUMS, settings.as_slice()))
}
