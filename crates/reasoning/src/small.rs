//! Settings that make several methods small enough for seconds.

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
