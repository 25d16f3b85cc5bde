//! OGBench's npz files: `observations`, `actions` and `terminals`, one row per state (Park et al.
//! 2025, "OGBench: Benchmarking Offline Goal-Conditioned RL").
//!
//! `terminals` marks the last state of a trajectory; the action stored there is not a step. The
//! trajectories are cut by time; one whose last step has a `masks` of 0 has really ended. Where
//! there are `rewards` they are read, `qpos`, `qvel` and `button_states` become fields of ground
//! truth, further arrays with a row per state extra columns. The validation split is the file with
//! `-val` before its ending, beside the training split.

use std::path::{Path, PathBuf};

use worlds::Role;

use super::{
    super::{DataError, DataSpec},
    arrays::Arrays,
    d4rl::channels,
    flat::{self, Cut, Flat, Keys, Last},
};

/// Arrays that describe the state behind the observation.
const TRUTH: [&str; 3] = ["qpos", "qvel", "button_states"];

/// Arrays with a meaning of their own.
const KNOWN: [&str; 4] = ["observations", "actions", "terminals", "rewards"];

/// Where the validation split of a training split lies.
pub fn validation(path: &Path) -> PathBuf {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{stem}-val.npz"))
}

/// Reads the ends of trajectories and the shapes of everything else.
///
/// # Errors
/// An array is missing, of another length than `observations`, or of a type that is not read.
pub fn open(mut arrays: Box<dyn Arrays>) -> Result<Flat, DataError> {
    let path = arrays.path().to_owned();
    let names = arrays.names();
    let has = |name: &str| names.iter().any(|known| known == name);
    let seen = arrays.require("observations", "every data set has observations")?;
    let terminals = arrays.require("terminals", "it says where trajectories end")?;
    flat::same_rows(&path, "terminals", &terminals, seen.rows)?;
    let ends = arrays.whole("terminals", &terminals)?;
    let masks = if has("masks") {
        let info = arrays.require("masks", "it is read")?;
        flat::same_rows(&path, "masks", &info, seen.rows)?;
        Some(arrays.whole("masks", &info)?)
    } else {
        None
    };
    let cuts = cuts(&ends, masks.as_deref());
    let mut keys = Keys { fields: vec!["observations".into()], ..Keys::default() };
    let mut spec = DataSpec {
        world: None,
        fields: vec![flat::field("observation", Role::Input, &seen)],
        action: None,
        rewards: Vec::new(),
        extra: Vec::new(),
        horizon: None,
        policy: "unknown".into(),
        seed: None,
    };
    for name in TRUTH.into_iter().filter(|name| has(name)) {
        let info = arrays.require(name, "it is read")?;
        flat::same_rows(&path, name, &info, seen.rows)?;
        spec.fields.push(flat::field(name, Role::Truth, &info));
        keys.fields.push(name.into());
    }
    if has("actions") {
        let info = arrays.require("actions", "it is read")?;
        flat::same_rows(&path, "actions", &info, seen.rows)?;
        spec.action = Some(flat::action_space(arrays.as_mut(), "actions", &info)?);
        keys.action = Some("actions".into());
    }
    if has("rewards") {
        let info = arrays.require("rewards", "it is read")?;
        flat::same_rows(&path, "rewards", &info, seen.rows)?;
        spec.rewards = channels(info.width());
        keys.reward = Some("rewards".into());
    }
    let mut notes = Vec::new();
    let known = |name: &String| KNOWN.contains(&name.as_str()) || TRUTH.contains(&name.as_str());
    let others: Vec<String> = names.into_iter().filter(|name| !known(name)).collect();
    spec.extra = flat::extra_columns(arrays.as_ref(), &others, seen.rows, &mut keys, &mut notes);
    Flat::new(arrays, spec, cuts, keys, notes)
}

fn cuts(terminals: &[i64], masks: Option<&[i64]>) -> Vec<Cut> {
    let rows = terminals.len();
    let mut cuts = Vec::new();
    let mut from = 0;
    for row in 0..rows {
        if terminals[row] == 0 && row + 1 < rows {
            continue;
        }
        let steps = row - from;
        let terminated = steps > 0 && masks.is_some_and(|masks| masks[row - 1] == 0);
        cuts.push(Cut { from, steps, last: Last::Behind, terminated });
        from = row + 1;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_state_of_a_trajectory_is_no_step() {
        let of = |from, steps, terminated| Cut { from, steps, last: Last::Behind, terminated };
        let terminals = [0, 0, 0, 1, 0, 1, 1, 0, 0];
        assert_eq!(
            cuts(&terminals, None),
            [of(0, 3, false), of(4, 1, false), of(6, 0, false), of(7, 1, false)]
        );
        let masks = [1, 1, 0, 1, 1, 1, 1, 1, 1];
        assert_eq!(cuts(&terminals, Some(&masks))[0], of(0, 3, true));
        assert_eq!(validation(Path::new("a/b-v0.npz")), Path::new("a/b-v0-val.npz"));
    }
}
