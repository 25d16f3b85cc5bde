//! Small trials.

use crate::small::{REINFORCED, SUMS, TINY};

trials::small!("ppo-lm", SUMS, &[TINY, REINFORCED]);
