//! What drawing a batch costs in small and large replay memories.

use memory::{MemoryError, bench};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::Measured;
use crate::failure::Failure;

const ENTRIES: [usize; 2] = [10_000, 10_000_000];
const BATCH: usize = 256;
const REPEATS: usize = 20_000;

/// A way to draw, timed: entries, batch, repeats.
type Timed = fn(usize, usize, usize, &mut ChaCha8Rng) -> Result<f64, MemoryError>;

/// Seconds to draw a batch, and the ratio between the large memory and the small one.
pub fn measure() -> Result<Vec<Measured>, Failure> {
    let ways: [(&str, Timed); 2] =
        [("uniform", bench::replay_sampling), ("prioritised", bench::prioritised_sampling)];
    let mut results = Vec::new();
    for (way, timed) in ways {
        let mut seconds = Vec::new();
        for entries in ENTRIES {
            eprintln!("{way}, {entries} entries ...");
            let mut random = worlds::seed::stream(0, "bench", 0);
            let value = timed(entries, BATCH, REPEATS, &mut random).map_err(Failure::failed)?;
            seconds.push(value);
            results.push(Measured {
                name: format!("{way} {entries}"),
                value,
                unit: "seconds",
                settings: json!({"entries": entries, "batch": BATCH}),
            });
        }
        results.push(Measured {
            name: format!("{way} ratio"),
            value: seconds[1] / seconds[0],
            unit: "times",
            settings: json!({"of": ENTRIES[1], "to": ENTRIES[0]}),
        });
    }
    Ok(results)
}
