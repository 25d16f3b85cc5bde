//! Small trials.

use crate::small::{REINFORCED, SUMS, TINY};

trials::small!("rloo", SUMS, &[TINY, REINFORCED]);
