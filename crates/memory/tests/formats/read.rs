//! Files written by the Python packages hold the numbers that those packages put there.

use memory::dataset::{self, Format};
use serde_json::Value;
use worlds::{ActionSpace, Layout, Role};

use crate::sample::{actions, field, file};

fn numbers(value: &Value) -> Vec<f32> {
    let values = value.as_array().expect("a list");
    values.iter().map(|value| value.as_f64().expect("a number") as f32).collect()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Input => "input",
        Role::Goal => "goal",
        Role::Truth => "truth",
        Role::Legal => "legal actions",
    }
}

#[test]
fn every_file_holds_the_numbers_that_were_written() {
    let text = std::fs::read_to_string(file("expected.json")).expect("a file");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let expected = expected.as_object().expect("an object");
    assert_eq!(expected.len(), 12);
    for (name, expected) in expected {
        let set = dataset::open(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lengths: Vec<usize> = set.episodes().iter().map(|episode| episode.length).collect();
        assert_eq!(serde_json::json!(lengths), expected["lengths"], "{name}");
        let ends: Vec<bool> = set.episodes().iter().map(|episode| episode.terminated).collect();
        assert_eq!(serde_json::json!(ends), expected["terminated"], "{name}");
        let fields = expected["fields"].as_array().expect("a list");
        assert_eq!(set.spec().fields.len(), fields.len(), "{name}");
        for (index, expected) in fields.iter().enumerate() {
            let described = &set.spec().fields[index];
            assert_eq!((described.name.as_str(), role(described.role)), names(expected), "{name}");
            let (found, wanted) = (field(&set, index), numbers(&expected["values"]));
            // Decoders of JPEG may differ by little: the format does not fix them to the bit.
            let tolerance = if name == "minari-jpeg" { 2.0 } else { 0.0 };
            assert_eq!(found.len(), wanted.len(), "{name}");
            let near = found.iter().zip(&wanted).all(|(found, wanted)| (found - wanted).abs() <= tolerance);
            assert!(near, "{name}: {found:?} is not {wanted:?}");
        }
        let taken = (!expected["actions"].is_null()).then(|| numbers(&expected["actions"]));
        assert_eq!(actions(&set), taken, "{name}");
        match &expected["rewards"] {
            Value::Null => assert!(set.reward().is_empty() && set.spec().rewards.is_empty(), "{name}"),
            rewards => assert_eq!(set.reward(), numbers(rewards), "{name}"),
        }
        let extra = expected["extra"].as_array().expect("a list");
        assert_eq!(set.spec().extra.len(), extra.len(), "{name}");
        for (index, expected) in extra.iter().enumerate() {
            assert_eq!(expected["name"], set.spec().extra[index].name, "{name}");
            assert_eq!(set.extra(index), numbers(&expected["values"]), "{name}");
        }
    }
}

fn names(expected: &Value) -> (&str, &str) {
    (expected["name"].as_str().expect("a name"), expected["role"].as_str().expect("a role"))
}

#[test]
fn spaces_policy_and_seed_are_read() {
    let set = dataset::open(&file("minari-box")).expect("a data set");
    let spec = set.spec();
    assert_eq!(spec.action, Some(ActionSpace::Box { low: vec![-2.0; 2], high: vec![2.0; 2] }));
    assert_eq!((spec.policy.as_str(), spec.seed), ("a rule", Some(40)));
    let set = dataset::open(&file("minari-discrete")).expect("a data set");
    assert_eq!(set.spec().action, Some(ActionSpace::Discrete { count: 4 }));
    let set = dataset::open(&file("minari-image")).expect("a data set");
    let image = Layout::Image { height: 6, width: 5, channels: 3, frames: 1, scale: 1.0 / 255.0 };
    assert_eq!(set.spec().input(), &image);
    let set = dataset::open(&file("d4rl.hdf5")).expect("a data set");
    assert_eq!(set.spec().action, Some(ActionSpace::Box { low: vec![-1.0; 2], high: vec![1.0; 2] }));
}

#[test]
fn a_minari_set_is_found_by_its_folder_its_parent_and_its_file() {
    let places = ["minari-box", "minari-box/data", "minari-box/data/main_data.hdf5"];
    for place in places {
        let outline = dataset::outline(&file(place)).expect("a data set");
        assert_eq!((outline.format, outline.episodes, outline.steps), (Format::Minari, 2, 7), "{place}");
    }
}

#[test]
fn spaces_that_are_not_named_are_seen() {
    let place = tempfile::tempdir().expect("a folder");
    for name in ["minari-box", "minari-discrete", "minari-goal", "minari-image"] {
        let source = file(name).join("data");
        let folder = place.path().join(name);
        std::fs::create_dir(&folder).expect("writable");
        std::fs::copy(source.join("main_data.hdf5"), folder.join("main_data.hdf5")).expect("writable");
        let text = std::fs::read_to_string(source.join("metadata.json")).expect("a file");
        let mut metadata: Value = serde_json::from_str(&text).expect("JSON");
        for key in ["observation_space", "action_space"] {
            metadata.as_object_mut().expect("an object").remove(key);
        }
        std::fs::write(folder.join("metadata.json"), metadata.to_string()).expect("writable");
        let (named, seen) =
            (dataset::open(&file(name)).expect("named"), dataset::open(&folder).expect("seen"));
        for index in 0..named.spec().fields.len() {
            assert_eq!(field(&named, index), field(&seen, index), "{name}");
            assert_eq!(named.spec().fields[index], seen.spec().fields[index], "{name}");
        }
        // Indices count from 0 where nothing says where they begin.
        if name != "minari-discrete" {
            assert_eq!(actions(&named), actions(&seen), "{name}");
        }
    }
}

#[test]
fn the_validation_split_lies_beside_the_training_split() {
    assert_eq!(dataset::open(&file("ogbench.npz")).expect("a data set").steps(), 7);
    assert_eq!(dataset::open_validation(&file("ogbench.npz")).expect("a data set").steps(), 3);
}

#[test]
fn what_is_left_out_is_said() {
    let notes = |name: &str| dataset::outline(&file(name)).expect("a data set").notes.join("; ");
    assert!(notes("minari-box").contains("`infos` are not read: note"), "{}", notes("minari-box"));
    assert!(notes("d4rl-next.hdf5").contains("no `timeouts`"));
    assert!(notes("ogbench-pixels.npz").contains("which are left out: 1"));
}
