//! Small trials.

use crate::small::{SMALL_CLONES, SWINGS};

trials::small!("iql", SWINGS, &[&["cosine=true", "hidden=[8]", "batch=16"]]);
trials::small!("iql", "data:cartpole/scripted,skill=0.5,steps=300,seed=1", &[SMALL_CLONES]);
