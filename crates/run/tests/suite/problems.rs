//! Problems in text as part of a task.

use std::fs;

use run::{
    ActionNeed, Card, Need, ObservationNeed, Primary, Problems, Task, settings::TaskSettings,
    task::Checkpoint,
};

const READER: Card = Card {
    id: "reader",
    title: "",
    paper: "",
    family: "",
    summary: "",
    needs: &[Need::Problems],
    metrics: &[],
    stages: &["main"],
    primary: Primary::RETURN,
    unit: "updates",
    steps: 10,
    instead: "`ppo`",
};

const ACTOR: Card = Card {
    id: "actor",
    needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Any }],
    ..READER
};

fn settings(world: Option<&str>, data: Option<&str>) -> TaskSettings {
    let named = |name: Option<&str>| name.map(str::to_owned);
    TaskSettings { world: named(world), data: named(data), ..TaskSettings::default() }
}

fn refused(card: &Card, settings: &TaskSettings) -> String {
    Task::of(card, settings).err().expect("refused").to_string()
}

#[test]
fn a_text_world_or_a_file_gives_problems() {
    let task = Task::of(&READER, &settings(Some("arith,m=5,n=1"), None)).expect("it fits");
    let problems: &Problems = task.require(&READER).expect("it has some");
    assert_eq!(problems.name, "arith,m=5,n=1");
    assert_eq!(problems.world.held_out(3).len(), 3);

    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("mine.jsonl");
    let lines: String =
        (0..40).map(|n| format!("{{\"prompt\": \"{n}+1?\", \"answer\": \"{}\"}}\n", n + 1)).collect();
    fs::write(&file, lines).expect("it can be written");
    let name = file.to_str().expect("it is text");
    let task = Task::of(&READER, &settings(None, Some(name))).expect("it fits");
    assert!(!task.get::<Problems>().expect("it has some").world.held_out(10).is_empty());
    let both = refused(&READER, &settings(Some("arith"), Some(name)));
    assert!(both.contains("both `arith` and") && both.contains("leave out --world or --data"), "{both}");

    fs::write(&file, "{\"prompt\": \"1?\", \"answer\": \"1\"}\n{\"prompt\"\n").expect("it can be written");
    let broken = refused(&READER, &settings(None, Some(name)));
    assert!(broken.contains("line 2"), "{broken}");
}

#[test]
fn reading_and_acting_do_not_mix() {
    let acts = refused(&READER, &settings(Some("cartpole"), None));
    assert!(acts.contains("`reader` works on problems in text, but `cartpole` gives actions"), "{acts}");
    let reads = refused(&ACTOR, &settings(Some("arith,m=5,n=1"), None));
    assert!(
        reads.contains("`actor` works on actions and observations, but `arith,m=5,n=1` gives"),
        "{reads}"
    );
    let nothing = refused(&READER, &settings(None, None));
    assert!(nothing.contains("`reader` needs problems in text: give one with --world"), "{nothing}");
    let data = refused(&READER, &settings(Some("arith"), Some("data:pendulum/random")));
    assert!(data.contains("takes no data set"), "{data}");
    let unknown = refused(&READER, &settings(Some("arith,m=5,q=1"), None));
    assert!(unknown.contains('q'), "{unknown}");
}

#[test]
fn scores_come_from_problems_only() {
    let other = |name: &str| TaskSettings {
        eval_world: Some(name.to_owned()),
        ..settings(Some("arith,m=5,n=1"), None)
    };
    assert!(Task::of(&READER, &other("arith,m=5,n=2")).is_ok());
    let acting = refused(&READER, &other("cartpole"));
    assert!(acting.contains("cannot act in `cartpole`"), "{acting}");
}

#[test]
fn only_readers_take_a_language_model() {
    let with = |world: &str| TaskSettings { model: Some("folder".to_owned()), ..settings(Some(world), None) };
    let task = Task::of(&READER, &with("arith")).expect("it fits");
    let checkpoint: &Checkpoint = task.require(&READER).expect("it is there");
    assert_eq!(checkpoint.folder.to_str(), Some("folder"));
    let acting = refused(&ACTOR, &with("cartpole"));
    assert!(acting.contains("`actor` takes no language model: leave out --model"), "{acting}");
}
