//! How fast worlds step.

use std::time::Duration;

use serde_json::json;
use worlds::bench::{Until, random_actions};

use super::Measured;
use crate::failure::Failure;

/// Worlds and how many copies of each.
const WORLDS: [(&str, usize); 7] = [
    ("cartpole", 256),
    ("pendulum", 256),
    ("acrobot", 256),
    ("four-rooms", 256),
    ("minatar-breakout", 256),
    ("minatar-seaquest", 256),
    ("cartpole+pixels", 64),
];

/// Time for each.
const TIME: Duration = Duration::from_secs(2);

/// Steps per second under uniformly random actions, on every core.
pub fn measure() -> Result<Vec<Measured>, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut results = Vec::new();
    for (name, copies) in WORLDS {
        eprintln!("{name} ...");
        let threads = threads.min(copies);
        let speed = random_actions(name, copies, threads, Until::Elapsed(TIME)).map_err(Failure::failed)?;
        results.push(Measured {
            name: name.to_owned(),
            value: speed.steps_per_second,
            unit: "steps/s",
            settings: json!({"copies": copies, "threads": threads, "actions": "random"}),
        });
    }
    Ok(results)
}
