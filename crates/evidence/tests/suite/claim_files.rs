//! The claim files that come with the program.

use std::{collections::BTreeSet, fs, path::Path};

use evidence::{
    Claim,
    claim::{Preset, Question},
    claims,
};

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
}

#[test]
fn every_file_can_be_run_in_both_presets() {
    for (id, text) in claims::all() {
        let claim =
            Claim::parse(text, &format!("claims/{id}.toml")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(claim.id, *id);
        for preset in Preset::ALL {
            let plan = claim.plan(preset).unwrap_or_else(|error| panic!("{error}"));
            assert!(plan.seconds.is_some(), "{id}: {} does not say how long it takes", preset.name());
            for condition in &plan.conditions {
                let difference = matches!(condition.question, Question::Difference(_) | Question::Ratio(_));
                let judged = condition.gating && difference;
                assert!(!judged || plan.seeds >= 5, "{id}: a difference is judged on {} seeds", plan.seeds);
            }
        }
    }
    assert!(claims::find("no-such-claim").is_err());
}
