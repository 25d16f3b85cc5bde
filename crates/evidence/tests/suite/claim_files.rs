//! The claim files that come with the program.

use std::{collections::BTreeSet, fs, path::Path};

use evidence::claims;

#[test]
fn every_file_is_compiled_in_under_its_own_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../claims");
    let files: BTreeSet<String> = fs::read_dir(&folder).map_or_else(
        |_| BTreeSet::new(),
        |entries| {
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|end| end == "toml"))
                .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
                .collect()
        },
    );
    let listed: Vec<&str> = claims::all().iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, files.iter().map(String::as_str).collect::<Vec<_>>());
    for (id, text) in claims::all() {
        assert_eq!(*text, fs::read_to_string(folder.join(format!("{id}.toml"))).unwrap(), "{id}");
    }
    assert!(claims::find("no-such-claim").is_err());
}
