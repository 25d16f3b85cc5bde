//! Steps per second of worlds under random actions: `speed [world] [rows] [seconds]`.

use std::time::Duration;

use worlds::bench::{Until, random_actions};

fn main() -> Result<(), worlds::WorldError> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "cartpole".to_owned());
    let rows = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(256);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    for threads in [1, 2] {
        let until = Until::Elapsed(Duration::from_secs_f64(seconds));
        let speed = random_actions(&name, rows, threads, until)?;
        println!(
            "{name}: {rows} copies, {threads} threads: {:.2} million steps per second",
            speed.steps_per_second / 1e6
        );
    }
    Ok(())
}
