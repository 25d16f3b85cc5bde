//! Small trials.

trials::small!("sac", "pendulum", &[&["hidden=[8]", "batch=16", "start_steps=100"]]);
