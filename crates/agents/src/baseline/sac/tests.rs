//! Small trials.

const FEW: &[&str] = &["hidden=[8]", "batch=16", "start_steps=100"];

trials::small!("sac", "pendulum", &[FEW]);
trials::small!("sac", "pendulum", &[FEW, &["bonus.name=rnd", "bonus.hidden=[8]", "bonus.place=drawn"]]);
