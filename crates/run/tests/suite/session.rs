//! The loop: budgets, stages, interrupts, exact resume, failures.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use run::{
    Entry, Preset, Run, RunError, Scores, Session, Settings, Task, Watcher, config, folder::Folder,
    metrics::Clock, session::Reason, summary::Summary,
};

use crate::counter::Counter;

const ENTRY: Entry = Entry::of::<Counter>(module_path!());

/// Asks to stop at a step.
struct Stopper<'a> {
    stop: &'a AtomicBool,
    at: u64,
}

impl Watcher for Stopper<'_> {
    fn progress(&mut self, run: &Run, _clock: Clock) {
        if run.steps() >= self.at {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
    fn evaluated(&mut self, _step: u64, _scores: &Scores) {}
    fn note(&mut self, _text: &str) {}
}

fn settings(assignments: &[&str]) -> Settings {
    let mut table = (ENTRY.preset)(Preset::Laptop);
    for assignment in assignments {
        config::set(&mut table, assignment).expect("the setting exists");
    }
    let mut settings = Settings::new(ENTRY.card, Preset::Laptop, table, 5, Some(100));
    settings.run.checkpoint_every = Some(20);
    settings.run.record_every = 10;
    settings
}

fn drive(session: &mut Session, stop_at: u64) -> Result<Summary, RunError> {
    let stop = AtomicBool::new(false);
    session.drive(&mut Stopper { stop: &stop, at: stop_at }, &stop)
}

fn create(place: &Path, assignments: &[&str]) -> Session {
    Session::create(&ENTRY, settings(assignments), Task::new(), place).expect("the place is free")
}

fn resume(place: &Path, assignments: &[&str]) -> Session {
    let folder = Folder::open(place).expect("a run lies there");
    Session::resume(&ENTRY, settings(assignments), Task::new(), folder).expect("it can be resumed")
}

/// The records without their clocks.
fn records(place: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(place.join("metrics.jsonl")).expect("there are metrics");
    let parse = |line: &str| {
        let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
        record.as_object_mut().expect("an object").remove("clock");
        record
    };
    text.lines().map(parse).collect()
}

#[test]
fn a_run_ends_with_its_steps_or_with_its_method() {
    let root = tempfile::tempdir().expect("a folder");
    let all = drive(&mut create(&root.path().join("a"), &[]), u64::MAX).expect("it runs");
    assert_eq!((all.reason, all.finished, all.steps), (Reason::Steps, true, 102));
    let early = drive(&mut create(&root.path().join("b"), &["end=30"]), u64::MAX).expect("it runs");
    assert_eq!((early.reason, early.finished, early.steps), (Reason::Finished, true, 30));
}

#[test]
fn an_interrupted_run_goes_on_exactly() {
    let root = tempfile::tempdir().expect("a folder");
    let whole = root.path().join("whole");
    drive(&mut create(&whole, &[]), u64::MAX).expect("it runs");
    for stop_at in [3, 48, 51, 99] {
        let place = root.path().join(stop_at.to_string());
        let halted = drive(&mut create(&place, &[]), stop_at).expect("it stops");
        assert_eq!((halted.reason, halted.finished), (Reason::Interrupted, false));
        drive(&mut resume(&place, &[]), u64::MAX).expect("it goes on");
        assert_eq!(records(&whole), records(&place), "stopped at {stop_at}");
    }
}

#[test]
fn what_came_after_the_last_checkpoint_is_done_again() {
    let root = tempfile::tempdir().expect("a folder");
    let (whole, place) = (root.path().join("whole"), root.path().join("broken"));
    drive(&mut create(&whole, &[]), u64::MAX).expect("it runs");
    // The failure at step 75 leaves records behind that no checkpoint knows of.
    let error = drive(&mut create(&place, &["broken=75"]), u64::MAX).expect_err("it fails");
    assert!(error.to_string().contains("loss/count"), "{error}");
    let latest = fs::read_to_string(place.join("checkpoints/latest")).expect("a checkpoint stands");
    assert_eq!(latest, "60");
    drive(&mut resume(&place, &[]), u64::MAX).expect("it goes on");
    assert_eq!(records(&whole), records(&place));
}

#[test]
fn stages_are_recorded_and_old_checkpoints_removed() {
    let root = tempfile::tempdir().expect("a folder");
    let place = root.path().join("run");
    drive(&mut create(&place, &[]), u64::MAX).expect("it runs");
    let stages: Vec<_> = records(&place)
        .into_iter()
        .filter(|record| record["kind"] == "stage")
        .map(|record| (record["step"].as_u64(), record["stage"].as_str().map(str::to_owned)))
        .collect();
    let expected = [(Some(3), Some("first".to_owned())), (Some(51), Some("second".to_owned()))];
    assert_eq!(stages, expected);
    let steps = fs::read_dir(place.join("checkpoints"))
        .expect("checkpoints")
        .flatten()
        .filter(|entry| entry.path().is_dir());
    assert_eq!(steps.count(), 2);
}

#[test]
fn nothing_is_left_of_a_run_that_cannot_begin() {
    let root = tempfile::tempdir().expect("a folder");
    let place = root.path().join("parent/run");
    let refused = Session::create(&ENTRY, settings(&["pace.stride=0"]), Task::new(), &place);
    assert!(refused.is_err() && !root.path().join("parent").exists());
    fs::create_dir_all(&place).expect("a folder");
    let refused = Session::create(&ENTRY, settings(&[]), Task::new(), &place).err().expect("it is taken");
    assert!(refused.to_string().contains("exists already"), "{refused}");
}
