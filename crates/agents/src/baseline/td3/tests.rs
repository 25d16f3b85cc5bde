//! Small trials.

const FEW: &[&str] = &["hidden=[8]", "batch=16", "start_steps=100"];

trials::small!("td3", "pendulum", &[FEW]);
trials::small!("td3", "pendulum", &[FEW, &["bonus.name=counts"]]);
