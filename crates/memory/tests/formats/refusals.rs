//! Whatever is wrong with a file is said in one sentence that names file, key and row.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hdf5_pure::FileBuilder;
use memory::{
    DataSpec, Dataset,
    dataset::{self, Columns, DataError, Episode, FieldColumn, formats::native_write},
};
use tempfile::TempDir;
use worlds::{Field, Layout, Role};

use crate::sample::{file, record, uneven_box};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Refuses with one sentence that holds every one of `parts`.
fn refused(path: &Path, parts: &[&str]) {
    says(&dataset::open(path).expect_err("it is refused"), parts);
}

fn says(error: &DataError, parts: &[&str]) {
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
}

/// A copy of a file or folder, to be broken.
fn copied(name: &str, place: &TempDir) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        if from.is_dir() {
            fs::create_dir(to).expect("writable");
            for entry in fs::read_dir(from).expect("readable").flatten() {
                copy(&entry.path(), &to.join(entry.file_name()));
            }
        } else {
            fs::copy(from, to).expect("writable");
        }
    }
    let target = place.path().join(name);
    copy(&file(name), &target);
    target
}

/// A file of D4RL's layout with four rows, changed by `change`.
fn flat(place: &TempDir, change: impl FnOnce(&mut FileBuilder)) -> PathBuf {
    let path = place.path().join("flat.hdf5");
    let mut builder = FileBuilder::new();
    change(&mut builder);
    builder.write(&path).expect("writable");
    path
}

fn observations(builder: &mut FileBuilder) {
    builder.create_dataset("observations").with_f32_data(&[0.0; 8]).with_shape(&[4, 2]);
}

fn terminals(builder: &mut FileBuilder) {
    builder.create_dataset("terminals").with_u8_data(&[0, 0, 0, 1]);
}

#[test]
fn a_file_that_ends_early() {
    let place = folder();
    for name in ["d4rl.hdf5", "minari-box/data/main_data.hdf5", "ogbench.npz", "ogbench-pixels.npz"] {
        let original = fs::read(file(name)).expect("a file");
        for share in [3, 5, 9] {
            let broken = place.path().join(format!("broken-{share}"));
            fs::write(&broken, &original[..original.len() * share / 10]).expect("writable");
            refused(&broken, &["broken", "truncated or damaged"]);
        }
        let broken = place.path().join("one-byte");
        fs::write(&broken, &original[..original.len() - 1]).expect("writable");
        refused(&broken, &["one-byte", "truncated or damaged"]);
    }
}

#[test]
fn a_file_with_a_flipped_bit() {
    let place = folder();
    let mut bytes = fs::read(file("ogbench-pixels.npz")).expect("a file");
    let at = bytes.windows(4).position(|part| part == b"\x93NUM").expect("an array") + 200;
    bytes[at] ^= 1;
    let broken = place.path().join("flipped.npz");
    fs::write(&broken, bytes).expect("writable");
    refused(&broken, &["flipped.npz", "`observations`", "truncated or damaged"]);
}

#[test]
fn something_that_is_no_data_set() {
    let place = folder();
    let path = place.path().join("notes.hdf5");
    fs::write(&path, "just text").expect("writable");
    refused(&path, &["notes.hdf5", "is not a data set", "just tex", "Minari"]);
    fs::write(&path, "").expect("writable");
    refused(&path, &["the file is empty"]);
    refused(place.path(), &["is not a data set", "main_data.hdf5"]);
    refused(&place.path().join("nothing"), &["cannot read", "nothing"]);
    let error = dataset::open_validation(&file("d4rl.hdf5")).expect_err("there is none");
    says(&error, &["d4rl.hdf5", "validation split"]);
    let error = dataset::open_validation(&file("ogbench-pixels.npz")).expect_err("there is none");
    says(&error, &["`ogbench-pixels-val.npz`", "validation split"]);
}

#[test]
fn a_missing_key() {
    let place = folder();
    refused(&flat(&place, terminals), &["flat.hdf5", "no `observations`"]);
    refused(&flat(&place, observations), &["flat.hdf5", "no `terminals`", "episodes end"]);
    let minari = copied("minari-box", &place);
    fs::remove_file(minari.join("data/metadata.json")).expect("there");
    refused(&minari, &["no `metadata.json`", "spaces"]);
    let path = place.path().join("main.hdf5");
    let mut builder = FileBuilder::new();
    let mut group = builder.create_group("episode_0");
    group.create_dataset("observations").with_f32_data(&[0.0; 6]).with_shape(&[2, 3]);
    let group = group.finish();
    builder.add_group(group);
    builder.write(&path).expect("writable");
    let minari = copied("minari-tuple", &place);
    fs::copy(&path, minari.join("data/main_data.hdf5")).expect("writable");
    refused(&minari, &["main_data.hdf5", "no `episode_0/terminations`"]);
}

#[test]
fn lengths_that_do_not_match() {
    let place = folder();
    let path = flat(&place, |builder| {
        observations(builder);
        builder.create_dataset("terminals").with_u8_data(&[0, 0, 1]);
    });
    refused(&path, &["flat.hdf5", "`terminals` has 3 rows", "4 are needed", "`observations`"]);
    let path = flat(&place, |builder| {
        observations(builder);
        terminals(builder);
        builder.create_dataset("actions").with_f32_data(&[0.0; 5]);
    });
    refused(&path, &["`actions` has 5 rows", "4 are needed"]);

    let episode = |observations: usize, rewards: usize, width: usize| {
        let place = folder();
        let minari = copied("minari-discrete", &place);
        let mut builder = FileBuilder::new();
        for (number, steps) in [(0, 5), (1, 1)] {
            let mut group = builder.create_group(&format!("episode_{number}"));
            let (seen, paid) = if number == 1 { (observations, rewards) } else { (6, 5) };
            let actions = vec![1_i64; steps * width];
            group.create_dataset("observations").with_i64_data(&vec![3; seen]);
            group.create_dataset("actions").with_i64_data(&actions).with_shape(&[steps as u64, width as u64]);
            group.create_dataset("rewards").with_f64_data(&vec![0.5; paid]);
            group.create_dataset("terminations").with_u8_data(&vec![0; steps]);
            let group = group.finish();
            builder.add_group(group);
        }
        builder.write(minari.join("data/main_data.hdf5")).expect("writable");
        dataset::open(&minari)
    };
    assert!(episode(2, 1, 1).is_ok());
    let wrong =
        |result: Result<Dataset, DataError>, parts: &[&str]| says(&result.expect_err("refused"), parts);
    wrong(
        episode(1, 1, 1),
        &["`episode_1/observations` has 1 rows", "2 are needed", "`terminations` have 1"],
    );
    wrong(episode(2, 3, 1), &["`episode_1/rewards` has 3 rows", "1 are needed"]);
    wrong(episode(2, 1, 2), &["`episode_0/actions` has 2 numbers per row where 1 are declared"]);
}

#[test]
fn values_that_are_not_finite_are_counted_and_located() {
    let place = folder();
    let path = flat(&place, |builder| {
        let values = [0.0, 1.0, 2.0, f32::NAN, 4.0, f32::INFINITY, 6.0, f32::NAN];
        builder.create_dataset("observations").with_f32_data(&values).with_shape(&[4, 2]);
        terminals(builder);
    });
    // The last row is repeated as the final observation.
    refused(&path, &["flat.hdf5", "4 values of `observations` are not finite", "NaN in row 1, column 1"]);
    let surveyed = dataset::survey(&path).expect("info reports instead of refusing");
    assert_eq!((surveyed.findings.0.len(), surveyed.set.steps()), (1, 4));
    let path = flat(&place, |builder| {
        observations(builder);
        terminals(builder);
        builder.create_dataset("rewards").with_f64_data(&[0.0, 0.0, f64::NEG_INFINITY, 0.0]);
    });
    refused(&path, &["1 value of `rewards` is not finite, it is -inf in row 2, column 0 of `rewards`"]);
}

#[test]
fn actions_outside_their_space() {
    let place = folder();
    let minari = copied("minari-box", &place);
    let path = minari.join("data/metadata.json");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replace("[-2.0, -2.0]", "[0.0, -2.0]")).expect("writable");
    refused(
        &minari,
        &["minari-box", "of `actions`", "outside the declared box [0, 2]", "`episode_0/actions`"],
    );
    let minari = copied("minari-discrete", &place);
    let path = minari.join("data/metadata.json");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replace(r#"\"n\": 4"#, r#"\"n\": 2"#)).expect("writable");
    refused(&minari, &["minari-discrete", "of `actions`", "outside the declared range 0 to 1", "row"]);
    let text = text.replace(r#"\"n\": 16"#, r#"\"n\": 1"#);
    fs::write(&path, text).expect("writable");
    refused(&minari, &["of `observations`", "outside the declared range 0 to 0", "`episode_0/observations`"]);
    let path = flat(&place, |builder| {
        observations(builder);
        terminals(builder);
        builder.create_dataset("actions").with_i64_data(&[0, 2, -1, 1]);
    });
    refused(&path, &["flat.hdf5", "-1 in row 2", "`actions`", "outside the declared range 0 to 2"]);
}

#[test]
fn an_empty_set() {
    let place = folder();
    let path = flat(&place, |builder| {
        builder.create_dataset("observations").with_f32_data(&[]).with_shape(&[0, 2]);
        builder.create_dataset("terminals").with_u8_data(&[]).with_shape(&[0]);
    });
    refused(&path, &["flat.hdf5", "is empty", "at least one step"]);
    let path = flat(&place, |builder| {
        builder.create_dataset("observations").with_f32_data(&[1.0, 2.0]).with_shape(&[1, 2]);
        builder.create_dataset("terminals").with_u8_data(&[0]);
    });
    refused(&path, &["flat.hdf5", "is empty"]);
    let minari = copied("minari-box", &place);
    FileBuilder::new().write(minari.join("data/main_data.hdf5")).expect("writable");
    refused(&minari, &["0 episodes where `metadata.json` says 2"]);
    let path = minari.join("data/metadata.json");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replace("\"total_episodes\": 2", "\"total_episodes\": 0")).expect("writable");
    refused(&minari, &["minari-box", "is empty"]);
}

#[test]
fn types_and_spaces_that_are_not_read() {
    let place = folder();
    let path = flat(&place, |builder| {
        builder.create_dataset("observations").with_vlen_strings(&["a", "b", "c", "d"]);
        terminals(builder);
    });
    refused(&path, &["`observations` has elements of type", "floats of 32 and 64 bits"]);
    let minari = copied("minari-box", &place);
    let path = minari.join("data/metadata.json");
    let text = fs::read_to_string(&path).expect("a file");
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).expect("writable");
    };
    with("\"hdf5\"", "\"arrow\"");
    refused(&minari, &["`data_format` is `arrow`", "only `hdf5`"]);
    with(
        r#"{\"type\": \"Box\", \"dtype\": \"float32\""#,
        r#"{\"type\": \"MultiBinary\", \"n\": 2, \"dtype\": \"\""#,
    );
    refused(&minari, &["metadata.json", "`action_space` is MultiBinary"]);
    with(r#"\"shape\": [3]"#, r#"\"shap\": [3]"#);
    refused(&minari, &["metadata.json", "`observation_space` cannot be read", "`shape`"]);
    with("}", "");
    refused(&minari, &["metadata.json", "truncated or damaged"]);
}

/// The own format with one file changed.
fn broken_folder(place: &TempDir, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let path = place.path().join(name.replace('.', "-"));
    native_write::save(&record(uneven_box(), &["reward"]), &path).expect("written");
    let file = path.join(name);
    let mut bytes = fs::read(&file).expect("a file");
    change(&mut bytes);
    fs::write(&file, bytes).expect("writable");
    path
}

#[test]
fn a_folder_of_the_own_format_that_was_changed() {
    let place = folder();
    refused(
        &broken_folder(&place, "field-1.f32", |bytes| bytes.truncate(9)),
        &["field-1.f32", "9 bytes", "ask for"],
    );
    refused(&broken_folder(&place, "actions.f32", |bytes| bytes[3] ^= 4), &["actions.f32", "checksum"]);
    refused(
        &broken_folder(&place, "manifest.json", |bytes| bytes.truncate(40)),
        &["manifest.json", "manifest"],
    );
    let newer = |bytes: &mut Vec<u8>| {
        let mut sealed: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
        sealed["manifest"]["version"] = 9.into();
        let body = serde_json::to_vec(&sealed["manifest"]).expect("JSON");
        sealed["checksum"] = blake3::hash(&body).to_hex().to_string().into();
        *bytes = serde_json::to_vec(&sealed).expect("JSON");
    };
    refused(
        &broken_folder(&folder(), "manifest.json", newer),
        &["manifest.json", "version 9", "up to 1", "newer"],
    );
    let altered = |bytes: &mut Vec<u8>| {
        *bytes = String::from_utf8_lossy(bytes).replace("\"version\": 1", "\"version\": 0").into_bytes();
    };
    refused(&broken_folder(&folder(), "manifest.json", altered), &["manifest.json", "checksum"]);
    let path = broken_folder(&place, "reward.f32", |_| {});
    fs::remove_file(path.join("reward.f32")).expect("there");
    refused(&path, &["cannot read", "reward.f32"]);
    fs::remove_file(path.join("episodes.u32")).expect("there");
    refused(&path, &["no `episodes.u32`"]);
}

#[test]
fn columns_that_do_not_go_together() {
    let spec = DataSpec {
        world: None,
        fields: vec![Field { name: "x".into(), role: Role::Input, layout: Layout::Vector { size: 2 } }],
        action: None,
        rewards: Vec::new(),
        extra: Vec::new(),
        horizon: None,
        policy: "unknown".into(),
        seed: None,
    };
    let columns = Columns {
        fields: vec![FieldColumn::Floats(vec![0.0; 5].into())],
        actions: None,
        reward: Vec::new().into(),
        extra: Vec::new(),
    };
    let episodes = vec![Episode { observation: 0, step: 0, length: 2, terminated: false }];
    let error = Dataset::new(spec, episodes, columns).expect_err("five numbers are not three rows of two");
    assert!(error.to_string().contains("`x`"), "{error}");
}
