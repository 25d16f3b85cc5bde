//! Small trials.

trials::small!("td3", "pendulum", &[&["hidden=[8]", "batch=16", "start_steps=100"]]);
