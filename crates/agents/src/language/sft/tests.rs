//! Small trials.

use crate::small::{SUMS, TINY};

/// Few problems in a batch.
const FITTED: &[&str] = &["supervised.batch=2"];

trials::small!("sft", SUMS, &[TINY, FITTED]);
