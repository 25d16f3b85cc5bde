//! D4RL's HDF5 files: `observations`, `actions`, `rewards` and `terminals`, where wanted `timeouts`,
//! `next_observations` and `infos/...`, one row per step (Fu et al. 2020, "D4RL: Datasets for Deep
//! Data-Driven Reinforcement Learning").
//!
//! An episode ends at a row whose `terminals` (a real end) or `timeouts` (a cut) is set, and at the
//! end of the file (a cut). With `next_observations` its final observation is that of the last row.
//! Without, the last step of a cut episode has no successor and is left out, its observation being
//! the final one; at a real end the last observation is repeated, as nothing is bootstrapped from it.
//!
//! Where there are no `timeouts`, a cut that `next_observations` betray (the next observation is not
//! the observation of the next row) is one; without these either, cuts cannot be seen, and steps
//! across them are taken for real ones.
//!
//! `actions` and `rewards` may be missing. `infos/...` with a row per step become extra columns;
//! `metadata` is not read. Actions are taken as [`super::flat::action_space`] says.

use std::hash::{DefaultHasher, Hasher};

use worlds::Role;

use super::{
    super::{DataError, DataSpec},
    arrays::{Arrays, Info},
    flat::{self, Cut, Flat, Keys, Last},
};

const NEXT: &str = "next_observations";

/// Reads the ends of episodes and the shapes of everything else.
///
/// # Errors
/// An array is missing, of another length than `observations`, or of a type that is not read.
pub fn open(mut arrays: Box<dyn Arrays>) -> Result<Flat, DataError> {
    let path = arrays.path().to_owned();
    let names = arrays.names();
    let has = |name: &str| names.iter().any(|known| known == name);
    let seen = arrays.require("observations", "every data set has observations")?;
    let terminals = arrays.require("terminals", "it says where episodes end")?;
    flat::same_rows(&path, "terminals", &terminals, seen.rows)?;
    let mut keys = Keys { fields: vec!["observations".into()], ..Keys::default() };
    let mut notes = Vec::new();
    let ends = arrays.whole("terminals", &terminals)?;
    if has(NEXT) {
        let info = arrays.require(NEXT, "it is read")?;
        flat::same_rows(&path, NEXT, &info, seen.rows)?;
        if (info.shape.as_slice(), info.element) != (seen.shape.as_slice(), seen.element) {
            let reason = "has another shape or type than `observations`";
            return Err(DataError::array(&path, NEXT, reason));
        }
        keys.next = Some(NEXT.into());
    }
    let cut = if has("timeouts") {
        let info = arrays.require("timeouts", "it is read")?;
        flat::same_rows(&path, "timeouts", &info, seen.rows)?;
        arrays.whole("timeouts", &info)?.into_iter().map(|value| value != 0).collect()
    } else if has(NEXT) {
        notes.push("there are no `timeouts`: episodes are cut where `next_observations` do not go on".into());
        breaks(arrays.as_mut(), &seen)?
    } else {
        notes.push(
            "there are no `timeouts` and no `next_observations`: cuts without a terminal are not seen".into(),
        );
        vec![false; seen.rows]
    };
    let cuts = cuts(&ends, &cut, has(NEXT));
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
    let infos: Vec<String> = names.into_iter().filter(|name| name.starts_with("infos/")).collect();
    spec.extra = flat::extra_columns(arrays.as_ref(), &infos, seen.rows, &mut keys, &mut notes);
    Flat::new(arrays, spec, cuts, keys, notes)
}

/// Names of reward channels.
pub fn channels(count: usize) -> Vec<String> {
    if count == 1 {
        vec!["reward".into()]
    } else {
        (0..count).map(|index| format!("reward {index}")).collect()
    }
}

/// The episodes between marked ends.
fn cuts(terminals: &[i64], timeouts: &[bool], has_next: bool) -> Vec<Cut> {
    let rows = terminals.len();
    let mut cuts = Vec::new();
    let mut from = 0;
    for row in 0..rows {
        let terminated = terminals[row] != 0;
        if !(terminated || timeouts[row] || row + 1 == rows) {
            continue;
        }
        let seen = row + 1 - from;
        let (steps, last) = match (has_next, terminated) {
            (true, _) => (seen, Last::Given),
            (false, true) => (seen, Last::Repeat),
            (false, false) => (seen - 1, Last::Behind),
        };
        cuts.push(Cut { from, steps, last, terminated });
        from = row + 1;
    }
    cuts
}

/// Rows whose next observation is not the observation of the row behind.
fn breaks(arrays: &mut dyn Arrays, seen: &Info) -> Result<Vec<bool>, DataError> {
    let next = fingerprints(arrays, NEXT, seen)?;
    let observations = fingerprints(arrays, "observations", seen)?;
    Ok(next.iter().zip(observations.iter().skip(1)).map(|(next, own)| next != own).chain([true]).collect())
}

fn fingerprints(arrays: &mut dyn Arrays, key: &str, seen: &Info) -> Result<Vec<u64>, DataError> {
    let mut out = Vec::new();
    arrays.stream(key, &mut |_, raw| {
        for row in raw.chunks_exact(seen.row_bytes().max(1)) {
            let mut hasher = DefaultHasher::new();
            hasher.write(row);
            out.push(hasher.finish());
        }
        Ok(())
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_end_where_they_are_marked() {
        let terminals = [0, 0, 1, 0, 0, 0, 0];
        let timeouts = [false, false, false, false, true, false, false];
        let of = |from, steps, last, terminated| Cut { from, steps, last, terminated };
        let without =
            [of(0, 3, Last::Repeat, true), of(3, 1, Last::Behind, false), of(5, 1, Last::Behind, false)];
        assert_eq!(cuts(&terminals, &timeouts, false), without);
        let with = [of(0, 3, Last::Given, true), of(3, 2, Last::Given, false), of(5, 2, Last::Given, false)];
        assert_eq!(cuts(&terminals, &timeouts, true), with);
    }
}
