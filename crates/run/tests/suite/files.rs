//! Files for other programs.

use std::{collections::BTreeMap, fs};

use run::{
    events::EventFile,
    folder::Folder,
    metrics::{Clock, Kind, Record},
};

/// A TensorBoard file with one scalar, byte for byte as TensorFlow's own record writer frames it;
/// the bytes come from `reference/events.py`.
#[test]
fn events_are_framed_as_tensorboard_reads_them() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("config.toml"), "").expect("a file");
    let folder = Folder::open(root.path()).expect("it has a config");
    let record = Record {
        kind: Kind::Train,
        step: 300,
        stage: "main".to_owned(),
        values: BTreeMap::from([("loss/a".to_owned(), 1.5)]),
        text: None,
        clock: Clock { seconds: 2.0, steps_per_second: 150.0, ..Clock::default() },
    };
    let mut events = EventFile::create(&folder).expect("it can be written");
    events.append(&record).expect("it can be written");
    events.flush().expect("it can be written");
    let file = fs::read_dir(root.path())
        .expect("the folder")
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("events.out.tfevents."))
        .expect("there is an event file");
    let bytes = fs::read(file.path()).expect("it can be read");
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hexadecimal, include_str!("../data/events.hex").trim());
}
