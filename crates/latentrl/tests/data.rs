//! `latentrl data`: what a file holds, its first steps, pictures, and other formats.

mod program;

use std::{
    fs,
    path::{Path, PathBuf},
};

use program::{Finished, folder, latentrl, succeeds};
use serde_json::Value;

/// A small data set that another program wrote.
fn sample(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../memory/tests/data").join(name);
    path.canonicalize().expect("a file").display().to_string()
}

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out)
        .unwrap_or_else(|error| panic!("not one JSON document: {error}: {}", finished.out))
}

fn refused(place: &Path, arguments: &[&str], parts: &[&str]) {
    let finished = latentrl(place, arguments);
    assert_eq!((finished.code, finished.out.as_str()), (2, ""), "{arguments:?}: {}", finished.err);
    assert_eq!(finished.err.lines().count(), 1, "{}", finished.err);
    for part in parts {
        assert!(finished.err.contains(part), "`{part}` is missing in: {}", finished.err);
    }
}

#[test]
fn info_says_what_every_format_holds() {
    let place = folder();
    for (name, format, steps) in [
        ("minari-box", "minari", 7),
        ("minari-goal", "minari", 5),
        ("d4rl.hdf5", "d4rl", 8),
        ("ogbench-pixels.npz", "ogbench", 4),
    ] {
        let found = json(&succeeds(place.path(), &["data", "info", &sample(name), "--json"]));
        assert_eq!(
            (found["format"].as_str(), found["steps"].as_u64()),
            (Some(format), Some(steps)),
            "{name}"
        );
        assert_eq!(found["findings"], serde_json::json!([]), "{name}");
        let lengths = found["lengths"]["counts"].as_array().expect("counts");
        let counted: u64 = lengths.iter().filter_map(Value::as_u64).sum();
        assert_eq!(Some(counted), found["episodes"].as_u64(), "{name}");
    }
    let text = succeeds(place.path(), &["data", "info", &sample("minari-box")]).out;
    for part in [
        "Minari, 2 episodes of 7 steps",
        "a rule",
        "40",
        "2 in [-2, 2]",
        "3 numbers",
        "return:",
        "`infos` are not read",
    ] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    let text = succeeds(place.path(), &["data", "info", &sample("d4rl-bare.hdf5")]).out;
    assert!(text.contains("missing  actions, rewards"), "{text}");
    let validation = ["data", "info", &sample("ogbench.npz"), "--validation", "--json"];
    assert_eq!(json(&succeeds(place.path(), &validation))["steps"], 3);
}

#[test]
fn info_reports_values_that_training_refuses() {
    let place = folder();
    let own = place.path().join("own");
    succeeds(place.path(), &["data", "convert", &sample("d4rl-bare.hdf5"), "own", "--to", "native"]);
    // Not a number, with the checksums taken out of the way.
    let broken = place.path().join("minari/data");
    fs::create_dir_all(&broken).expect("writable");
    let source = PathBuf::from(sample("minari-box")).join("data");
    fs::copy(source.join("main_data.hdf5"), broken.join("main_data.hdf5")).expect("writable");
    let metadata = fs::read_to_string(source.join("metadata.json")).expect("a file");
    fs::write(broken.join("metadata.json"), metadata.replace("[-2.0, -2.0]", "[0.0, 0.0]"))
        .expect("writable");
    let found = json(&succeeds(place.path(), &["data", "info", "minari", "--json"]));
    let finding = &found["findings"][0];
    assert_eq!((finding["flaw"].as_str(), finding["array"].as_str()), (Some("outside-box"), Some("actions")));
    assert!(finding["count"].as_u64().is_some_and(|count| count > 0));
    refused(
        place.path(),
        &["data", "convert", "minari", "out", "--to", "native"],
        &["outside the declared box [0, 2]", "row"],
    );
    assert!(!place.path().join("out").exists());

    let column = own.join("field-0.f32");
    let mut bytes = fs::read(&column).expect("a file");
    bytes[0] ^= 1;
    fs::write(&column, bytes).expect("writable");
    refused(place.path(), &["data", "info", "own"], &["field-0.f32", "checksum"]);
}

#[test]
fn head_shows_the_first_steps() {
    let place = folder();
    let arguments = ["data", "head", &sample("minari-discrete"), "--episodes", "2", "--rows", "3"];
    let text = succeeds(place.path(), &arguments).out;
    assert!(
        text.contains("episode 0: 5 steps, then it ends") && text.contains("episode 1: 1 steps"),
        "{text}"
    );
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let shown = json(&succeeds(place.path(), &arguments));
    assert_eq!(shown[0]["observations"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown[1]["observations"].as_array().map(Vec::len), Some(2));
    assert_eq!(shown[1]["actions"].as_array().map(Vec::len), Some(1));
    refused(place.path(), &["data", "head", &sample("minari-box"), "--rows", "0"], &["--rows", "at least 1"]);
}

#[test]
fn pictures_are_drawn() {
    let place = folder();
    succeeds(place.path(), &["data", "plot", &sample("minari-goal"), "--out", "a/b", "--dims", "3,1"]);
    for name in ["returns", "lengths", "coverage"] {
        let svg = fs::read_to_string(place.path().join(format!("a/b/{name}.svg"))).expect("a picture");
        assert!(svg.starts_with("<svg") && svg.contains("<desc>"), "{name}");
        let png = fs::read(place.path().join(format!("a/b/{name}.png"))).expect("a picture");
        assert!(png.starts_with(b"\x89PNG"), "{name}");
    }
    succeeds(place.path(), &["data", "plot", &sample("minari-image"), "--out", "images"]);
    assert!(fs::read(place.path().join("images/frames.png")).expect("a picture").starts_with(b"\x89PNG"));
    let arguments = ["data", "plot", &sample("minari-goal"), "--out", "c", "--dims", "0,4"];
    refused(place.path(), &arguments, &["--dims names element 4", "0 to 3"]);
    assert!(!place.path().join("c").exists());
}

#[test]
fn converted_sets_say_the_same_of_themselves() {
    let place = folder();
    let told = |file: &str| {
        let mut found = json(&succeeds(place.path(), &["data", "info", file, "--json"]));
        for key in ["file", "format", "notes"] {
            found.as_object_mut().expect("an object").remove(key);
        }
        found
    };
    for name in ["minari-goal", "minari-image", "d4rl.hdf5", "ogbench-pixels.npz"] {
        let original = told(&sample(name));
        for to in ["minari", "native"] {
            let out = format!("{name}-{to}");
            succeeds(place.path(), &["data", "convert", &sample(name), &out, "--to", to]);
            assert_eq!(told(&out), original, "{name} as {to}");
        }
    }
    refused(
        place.path(),
        &["data", "convert", &sample("d4rl.hdf5"), "d4rl.hdf5-native", "--to", "native"],
        &["exists already"],
    );
    refused(
        place.path(),
        &["data", "convert", &sample("d4rl-bare.hdf5"), "out", "--to", "minari"],
        &["Minari requires actions"],
    );
    refused(place.path(), &["data", "info", "nowhere"], &["cannot read `nowhere`"]);
    refused(
        place.path(),
        &["data", "convert", &sample("d4rl.hdf5"), "out", "--to", "csv"],
        &["csv", "minari"],
    );
}

#[test]
fn what_is_collected_trains_a_policy_that_is_scored_without_a_world_of_its_own() {
    let place = folder();
    let collect = [
        "collect",
        "--world",
        "pendulum",
        "--policy",
        "scripted,skill=0.5",
        "--episodes",
        "3",
        "--out",
        "set",
    ];
    assert!(succeeds(place.path(), &collect).out.contains("3 episodes, 600 steps"));
    let train = ["train", "bc", "--data", "set", "--steps", "20"];
    let unseen = succeeds(place.path(), &[&train[..], &["--out", "unseen"]].concat());
    assert!(unseen.err.contains("acting is not evaluated"), "{}", unseen.err);
    refused(place.path(), &["eval", "unseen"], &["trained on data only", "--world"]);
    let scored = ["eval", "unseen", "--world", "pendulum", "--episodes", "1", "--json"];
    assert!(json(&succeeds(place.path(), &scored))["scores"]["eval/return"]["mean"].is_number());
    // A policy acts with the statistics of its own data alone.
    fs::remove_dir_all(place.path().join("set")).expect("the set is there");
    let other = [&collect[..], &["--seed", "9"]].concat();
    succeeds(place.path(), &other);
    refused(
        place.path(),
        &["eval", "unseen", "--world", "pendulum"],
        &["the data that the run was trained on"],
    );
}

#[test]
fn data_that_lack_what_a_method_needs_are_refused_before_anything_is_written() {
    let place = folder();
    let train = |method: &str, data: &str, more: &[&str], parts: &[&str]| {
        let arguments = [&["train", method, "--data", data, "--out", "run"], more].concat();
        refused(place.path(), &arguments, parts);
        assert!(!place.path().join("run").exists(), "{arguments:?}");
    };
    train("iql", "data:traj2d,paths=20,seed=1", &[], &["needs rewards"]);
    train("iql", "nowhere", &[], &["nowhere"]);
    train("td3-bc", "data:cartpole/random,steps=50,seed=1", &[], &["continuous actions", "2 discrete"]);
    let elsewhere = ["--eval-world", "cartpole"];
    train("bc", "data:pendulum/random,steps=50,seed=1", &elsewhere, &["was not recorded in a world like"]);
    train("ppo", "data:pendulum/random,steps=50,seed=1", &[], &["needs a world"]);
}
