//! Small trials.

use crate::small::{REINFORCED, SUMS, TINY};

/// Every option of the group-relative update.
const UPDATES: &[&str] = &[
    "format_reward=0.5",
    "update.beta=0.1",
    "update.epochs=2",
    "update.minibatches=2",
    "update.clip_high=0.3",
];

trials::small!("grpo", SUMS, &[TINY, REINFORCED]);
trials::small!("grpo", SUMS, &[TINY, REINFORCED, UPDATES]);
