//! Small trials.

use crate::small::{REINFORCED, SUMS, TINY};

trials::small!("dpo", SUMS, &[TINY, REINFORCED, &["source=policy", "likelihood=0.1"]]);
