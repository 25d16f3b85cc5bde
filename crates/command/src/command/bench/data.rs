//! What opening a large data set and drawing batches from it costs.

use memory::{
    bench::{
        data::{ACTION, EPISODE, OBSERVATION, timed, transitions, write},
        nearest_rows,
    },
    dataset::{self, formats::minari_write},
};
use serde_json::{Value, json};

use super::Measured;
use crate::failure::Failure;

/// Bytes of the data set.
const BYTES: u64 = 1_000_000_000;

const BATCH: usize = 256;
const REPEATS: usize = 50_000;

/// Rows and columns among which nearest ones are looked for.
const ROWS: usize = 1_000_000;
const COLUMNS: usize = 20;

/// Writes a gigabyte in both written formats to a temporary folder, opens it, and draws from it.
pub fn measure() -> Result<Vec<Measured>, Failure> {
    let place = tempfile::Builder::new().prefix("latentrl-bench-").tempdir().map_err(Failure::failed)?;
    let (own, minari) = (place.path().join("own"), place.path().join("minari"));
    let mut random = worlds::seed::stream(0, "bench", 0);
    eprintln!("writing a gigabyte ...");
    let (writing, steps) = timed(|| write(&own, BYTES, &mut random)).map_err(Failure::failed)?;
    let settings =
        || json!({"steps": steps, "episode": EPISODE, "observation": OBSERVATION, "action": ACTION});
    let mut results = vec![measured("write own format", writing, "seconds", settings())];

    eprintln!("writing it for Minari ...");
    let (writing, ()) =
        timed(|| minari_write::save(&dataset::open(&own)?, &minari)).map_err(Failure::failed)?;
    results.push(measured("write Minari", writing, "seconds", settings()));

    eprintln!("opening ...");
    let before = resident();
    let (opening, outline) = timed(|| dataset::outline(&minari)).map_err(Failure::failed)?;
    results.push(measured(
        "read Minari's metadata",
        opening,
        "seconds",
        json!({"episodes": outline.episodes}),
    ));
    results.extend(memory_used("Minari's metadata", before));
    let before = resident();
    let (opening, set) = timed(|| dataset::open(&own)).map_err(Failure::failed)?;
    results.push(measured("open own format", opening, "seconds", settings()));
    results.extend(memory_used("own format", before));

    eprintln!("drawing ...");
    let seconds = transitions(&set, BATCH, REPEATS, &mut random).map_err(Failure::failed)?;
    let drawn = || json!({"batch": BATCH, "steps": set.steps()});
    results.push(measured("batches", 1.0 / seconds, "batches/s", drawn()));
    results.push(measured("transitions", BATCH as f64 / seconds, "transitions/s", drawn()));
    drop(set);

    eprintln!("reading Minari's file ...");
    let (reading, set) = timed(|| dataset::open(&minari)).map_err(Failure::failed)?;
    results.push(measured("read Minari", reading, "seconds", json!({"steps": set.steps()})));
    drop(set);

    eprintln!("looking for nearest rows ...");
    let seconds = nearest_rows(ROWS, COLUMNS, BATCH, 5, &mut random).map_err(Failure::failed)?;
    let asked = json!({"queries": BATCH, "rows": ROWS, "columns": COLUMNS});
    results.push(measured("nearest rows", seconds, "seconds", asked));
    Ok(results)
}

fn measured(name: &str, value: f64, unit: &'static str, settings: Value) -> Measured {
    Measured { name: name.to_owned(), value, unit, settings }
}

/// Mebibytes resident now, and how many came since `before`; nothing where the system does not say.
fn memory_used(what: &str, before: Option<f64>) -> Option<Measured> {
    let (now, before) = (resident()?, before?);
    Some(measured(&format!("resident, {what}"), now, "MiB", json!({"added": (now - before).max(0.0)})))
}

fn resident() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some((kibibytes / 1024.0 * 10.0).round() / 10.0)
}
