//! What is written is read back as it was.

use std::{fs, path::Path};

use memory::dataset::{
    self,
    formats::{minari_write, native, native_write},
};
use worlds::{ActionSpace, Field, Layout, Role};

use crate::sample::{assert_same, file, record, record_fields, uneven_box};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn both_written_formats_give_a_data_set_back() {
    let place = tempfile::tempdir().expect("a folder");
    let discrete = ActionSpace::Discrete { count: 3 };
    let sets = [
        record(uneven_box(), &["reward"]),
        record(discrete.clone(), &["reward", "cost"]),
        record(discrete, &[]),
        record_fields(
            vec![Field { name: "position".into(), role: Role::Input, layout: Layout::Vector { size: 2 } }],
            uneven_box(),
            &["reward"],
        ),
    ];
    for (number, set) in sets.iter().enumerate() {
        let (minari, own) =
            (place.path().join(format!("m{number}")), place.path().join(format!("n{number}")));
        minari_write::save(set, &minari).expect("written");
        native_write::save(set, &own).expect("written");
        assert_same(&dataset::open(&minari).expect("a data set"), set);
        assert_same(&dataset::open(&own).expect("a data set"), set);
        native::verify(&own).expect("intact");
    }
    assert_eq!(names(place.path()).len(), 8);
}

#[test]
fn files_of_every_format_survive_both_written_formats() {
    let place = tempfile::tempdir().expect("a folder");
    for name in
        ["minari-goal", "minari-discrete", "minari-tuple", "minari-jpeg", "d4rl.hdf5", "ogbench-pixels.npz"]
    {
        let set = dataset::open(&file(name)).expect("a data set");
        let (minari, own) = (place.path().join(format!("{name}-m")), place.path().join(format!("{name}-n")));
        minari_write::save(&set, &minari).expect("written");
        native_write::save(&set, &own).expect("written");
        assert_same(&dataset::open(&minari).expect("a data set"), &set);
        assert_same(&dataset::open(&own).expect("a data set"), &set);
    }
}

#[test]
fn a_folder_is_written_whole_or_not_at_all() {
    let place = tempfile::tempdir().expect("a folder");
    let set = dataset::open(&file("d4rl-bare.hdf5")).expect("a data set");
    let error = minari_write::save(&set, &place.path().join("out")).expect_err("there are no actions");
    assert!(error.to_string().contains("actions"), "{error}");
    fs::create_dir(place.path().join("taken")).expect("writable");
    for error in [
        minari_write::save(&set, &place.path().join("taken")).expect_err("it is taken"),
        native_write::save(&set, &place.path().join("taken")).expect_err("it is taken"),
    ] {
        assert!(error.to_string().contains("exists already"), "{error}");
    }
    assert_eq!(names(place.path()), ["taken"]);
    assert!(names(&place.path().join("taken")).is_empty());
}
