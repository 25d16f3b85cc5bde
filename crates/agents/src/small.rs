//! Settings that make several methods small enough for seconds.

/// Settings under which a value agent of images learns within the first few hundred steps.
pub const SMALL_VALUES: &[&str] = &["learning_starts=200", "hidden=8", "batch=8", "train_every=20"];

/// Swings of the pendulum by a half-skilled expert.
pub const SWINGS: &str = "data:pendulum/scripted,skill=0.5,steps=400,seed=1";

/// Networks and batches that cost little.
pub const SMALL_CLONES: &[&str] = &["hidden=[8]", "batch=16"];

/// Where all of them learn.
pub const SUMS: &str = "arith,m=5,n=1";

/// A model of a few numbers.
pub const TINY: &[&str] = &["model.width=8", "model.layers=1", "model.heads=1", "model.hidden=8"];

/// A base of a few updates, and answers that are worth something by chance.
pub const REINFORCED: &[&str] = &[
    "base.cap=40",
    "base.every=40",
    "base.supervised.learning_rate=0.02",
    "rollout.prompts=2",
    "rollout.group=3",
    "rollout.max_new=6",
];
