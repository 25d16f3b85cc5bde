//! Whatever is wrong with the input is said in one sentence, with a non-zero exit code, and nothing
//! is left behind.

mod program;

use std::{fs, path::Path, process::Command};

use program::{Finished, folder, latentrl, succeeds};

/// Refuses these arguments with one sentence that contains every one of `parts`, and leaves an
/// empty folder empty.
fn refuses(arguments: &[&str], parts: &[&str]) {
    let place = folder();
    refuses_in(place.path(), arguments, parts);
    assert_eq!(
        fs::read_dir(place.path()).expect("readable").count(),
        0,
        "{arguments:?} left something behind"
    );
}

fn refuses_in(place: &Path, arguments: &[&str], parts: &[&str]) {
    let finished = latentrl(place, arguments);
    assert_eq!(finished.code, 2, "{arguments:?}: {}{}", finished.out, finished.err);
    one_sentence(&finished, parts);
}

/// Nothing on standard output, and as the last line of standard error the only error.
fn one_sentence(finished: &Finished, parts: &[&str]) {
    assert_eq!(finished.out, "");
    let line = finished.err.lines().last().unwrap_or_default();
    assert!(line.starts_with("error: "), "{}", finished.err);
    assert_eq!(finished.err.matches("error: ").count(), 1, "{}", finished.err);
    assert!(!finished.err.contains("panicked"), "{}", finished.err);
    for part in parts {
        assert!(line.contains(part), "`{part}` is missing in: {line}");
    }
}

/// A short finished run with checkpoints, small enough for every test to have its own.
fn small_run(place: &Path, name: &str) {
    let arguments = [
        "train",
        "random",
        "--world",
        "cartpole",
        "--steps",
        "400",
        "--checkpoint-every",
        "100",
        "--out",
        name,
    ];
    succeeds(place, &arguments);
}

#[test]
fn names_are_refused_with_the_nearest_one() {
    refuses(&["train", "poo", "--world", "cartpole"], &["unknown method `poo`", "did you mean `ppo`"]);
    refuses(&["info", "sacc"], &["unknown method `sacc`", "`sac`"]);
    refuses(&["train", "ppo", "--world", "cartpool"], &["unknown world `cartpool`", "`cartpole`"]);
    refuses(&["worlds", "pendulun"], &["unknown world `pendulun`", "`pendulum`"]);
    refuses(&["worlds", "knight"], &["unknown world `knight`", "`knights`"]);
    refuses(&["worlds", "arith,mm=7"], &["unknown option of arith `mm`", "`m`"]);
    refuses(&["worlds", "nowhere.jsonl"], &["cannot read problems from `nowhere.jsonl`"]);
    refuses(&["worlds", "knights+stack=2"], &["text worlds take no modifiers", "`+stack=2`"]);
    refuses(&["train", "ppo", "--world", "cartpole+pixel"], &["modifier `pixel`", "`pixels`"]);
    refuses(&["train", "ppo", "--world", "four-rooms,sise=11"], &["`sise`", "`size`"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--device", "cpuu"], &["device `cpuu`", "`cpu`"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--wrld", "x"], &["--wrld", "--world"]);
    refuses(&["trian", "ppo"], &["trian", "train"]);
}

#[test]
fn settings_are_refused_by_key_and_type() {
    let with = |assignment| ["train", "ppo", "--world", "cartpole", "--set", assignment];
    refuses(&with("learning_rat=1"), &["unknown setting `learning_rat`", "`learning_rate`"]);
    refuses(&with("learning_rate=abc"), &["learning_rate=abc", "number"]);
    refuses(&with("lr=abc"), &["`lr"]);
    refuses(&with("learning_rate"), &["key=value"]);
    refuses(&with("learning_rate=-1"), &["learning_rate"]);
    refuses(&with("run.eval_evry=5"), &["unknown setting `run.eval_evry`", "`run.eval_every`"]);
    refuses(&with("run.eval_episodes=many"), &["run.eval_episodes=many", "integer"]);
    refuses(&with("run.eval_episodes=0"), &["run.eval_episodes", "at least 1"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--preset", "big"], &["`laptop` or `paper`"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--latent", "spx"], &["objective `spx`"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--config", "none.toml"], &["none.toml"]);
}

#[test]
fn objectives_are_refused_by_name_and_setting() {
    let with = |assignment| ["train", "dqn", "--world", "cartpole", "--set", assignment];
    refuses(&with("latent.steps=5"), &["`latent.steps` is 5", "`spr`", "set `latent.name` too"]);
    refuses(&with("latent.name=spx"), &["unknown objective `spx`", "`spr`"]);
    refuses(&with("latent=spx"), &["unknown objective `spx`", "`spr`"]);
    refuses(
        &with("latent={ name = \"spr\", stepps = 5 }"),
        &["unknown setting `latent.stepps`", "`latent.steps`"],
    );
    refuses(&with("latent={ name = \"spr\", steps = 0 }"), &["`latent.steps` is 0", "at least 1"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--set", "latent=spr"], &["unknown setting `latent`"]);
    refuses(&["train", "ppo", "--world", "cartpole", "--latent", "spr"], &["`ppo` takes no", "dqn"]);
    refuses(&["info", "--latent", "sprr"], &["unknown objective `sprr`", "`spr`"]);
    refuses(&["info"], &["METHOD"]);
}

#[test]
fn budgets_are_above_zero() {
    for (option, value) in [
        ("--steps", "0"),
        ("--steps", "-5"),
        ("--budget", "0"),
        ("--budget", "-90s"),
        ("--budget", "soon"),
        ("--seeds", "0"),
        ("--seeds", "-2"),
        ("--checkpoint-every", "0"),
    ] {
        refuses(&["train", "ppo", "--world", "cartpole", option, value], &[option, value]);
    }
    let place = folder();
    small_run(place.path(), "run");
    refuses_in(place.path(), &["eval", "run", "--episodes", "0"], &["--episodes", "at least 1"]);
}

#[test]
fn a_method_is_refused_in_a_world_of_the_other_kind() {
    refuses(
        &["train", "sac", "--world", "cartpole"],
        &["`sac` needs continuous actions", "2 discrete", "try "],
    );
    refuses(
        &["train", "dqn", "--world", "pendulum"],
        &["`dqn` needs discrete actions", "1 continuous", "try "],
    );
    refuses(&["train", "rainbow", "--world", "pendulum"], &["`rainbow` needs discrete actions"]);
    refuses(&["train", "ppo"], &["`ppo` needs a world", "--world"]);
    refuses(
        &["train", "ppo", "--world", "cartpole", "--eval-world", "acrobot"],
        &["`cartpole`", "`acrobot`", "differ"],
    );
}

#[test]
fn an_output_folder_is_new_and_can_be_written() {
    let place = folder();
    fs::create_dir(place.path().join("taken")).expect("writable");
    fs::write(place.path().join("taken/file"), "mine").expect("writable");
    fs::write(place.path().join("file"), "mine").expect("writable");
    let train = |out| ["train", "random", "--world", "cartpole", "--out", out];
    refuses_in(place.path(), &train("taken"), &["`taken` exists already", "--out"]);
    refuses_in(place.path(), &train("file/inside"), &["cannot create", "file"]);
    refuses_in(place.path(), &train("/proc/latentrl/run"), &["cannot create", "/proc/latentrl"]);
    let mut seeds = train("taken").to_vec();
    seeds.extend(["--seeds", "2"]);
    refuses_in(place.path(), &seeds, &["`taken` exists already"]);
    assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 2);
    assert_eq!(fs::read_dir(place.path().join("taken")).expect("readable").count(), 1);
}

#[test]
fn a_folder_without_a_run_is_refused() {
    for command in ["resume", "eval"] {
        refuses(&[command, "nowhere"], &["`nowhere` is not the folder of a run"]);
    }
    refuses(&["play", "nowhere", "--gif", "out.gif"], &["`nowhere`"]);
    refuses(&["play", "nowhere", "--terminal"], &["terminal"]);
    refuses(&["export", "nowhere", "--out", "policy.safetensors"], &["`nowhere`"]);
}

/// The latest checkpoint's folder of the run in `place`.
fn latest(place: &Path) -> std::path::PathBuf {
    let checkpoints = place.join("run/checkpoints");
    let step = fs::read_to_string(checkpoints.join("latest")).expect("a checkpoint");
    checkpoints.join(step.trim())
}

/// Refused by everything that reads the checkpoint, with these words; nothing changes.
fn unread(place: &Path, parts: &[&str]) {
    let metrics = fs::read(place.join("run/metrics.jsonl")).expect("metrics");
    for arguments in [
        &["eval", "run"][..],
        &["resume", "run"],
        &["play", "run", "--gif", "out.gif"],
        &["export", "run", "--out", "out.safetensors"],
    ] {
        refuses_in(place, arguments, parts);
    }
    assert_eq!(fs::read(place.join("run/metrics.jsonl")).expect("metrics"), metrics);
    assert!(!place.join("out.gif").exists() && !place.join("out.safetensors").exists());
}

/// [`unread`], of a run that would otherwise go on.
fn damaged(place: &Path, parts: &[&str]) {
    fs::remove_file(place.join("run/summary.json")).expect("a summary");
    unread(place, parts);
}

#[test]
fn a_truncated_checkpoint_is_refused() {
    for name in ["values.json", "manifest.json"] {
        let place = folder();
        small_run(place.path(), "run");
        let path = latest(place.path()).join(name);
        let bytes = fs::read(&path).expect("readable");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("writable");
        damaged(place.path(), &["truncated or altered"]);
    }
}

#[test]
fn a_checkpoint_with_a_flipped_bit_is_refused() {
    for name in ["state.safetensors", "values.json", "manifest.json"] {
        let place = folder();
        small_run(place.path(), "run");
        let path = latest(place.path()).join(name);
        let mut bytes = fs::read(&path).expect("readable");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(&path, &bytes).expect("writable");
        damaged(place.path(), &["altered"]);
    }
}

/// Changes the manifest's body and seals it again, as a program of another version would have.
fn reseal(place: &Path, change: impl Fn(&mut serde_json::Value)) {
    let path = latest(place).join("manifest.json");
    let bytes = fs::read(&path).expect("readable");
    let mut sealed: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    change(&mut sealed["manifest"]);
    let body = serde_json::to_vec(&sealed["manifest"]).expect("JSON");
    sealed["checksum"] = blake3::hash(&body).to_hex().as_str().into();
    fs::write(&path, serde_json::to_vec(&sealed).expect("JSON")).expect("writable");
}

#[test]
fn a_checkpoint_of_a_later_version_is_refused() {
    let place = folder();
    small_run(place.path(), "run");
    reseal(place.path(), |manifest| manifest["version"] = (run::checkpoint::VERSION + 1).into());
    damaged(place.path(), &["format version", "newer latentrl"]);
}

/// Copies a folder with all that it holds.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable") {
        let (from, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).expect("readable");
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(drop).expect("writable") }
    }
}

/// The folder was written by version 0.1.0: `latentrl train td3 --world pendulum --steps 24 --seed 1`
/// with networks of two units.
#[test]
fn a_run_of_the_version_before_is_refused_with_both_versions_and_can_be_trained_again() {
    let place = folder();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run-0.1.0"), &place.path().join("run"));
    let again = ["train", "td3", "--config", "run/config.toml"];
    let cure = format!("latentrl {}", again.join(" "));
    unread(place.path(), &["written by latentrl 0.1.0", run::PROGRAM, &cure]);
    succeeds(place.path(), &[&again[..], &["--out", "again"]].concat());
    succeeds(place.path(), &["eval", "again", "--episodes", "1"]);

    let path = place.path().join("run/config.toml");
    let config = fs::read_to_string(&path).expect("a config");
    fs::write(&path, format!("{config}\n[config.spr]\nsteps = 3\n")).expect("writable");
    refuses_in(place.path(), &again, &["unknown setting `spr`"]);

    fs::create_dir(place.path().join("group")).expect("writable");
    fs::write(place.path().join("group/seeds.toml"), "seeds = [1]\njobs = 1\n").expect("writable");
    fs::rename(place.path().join("run"), place.path().join("group/s1")).expect("writable");
    refuses_in(place.path(), &["resume", "group"], &["written by latentrl 0.1.0", run::PROGRAM]);
}

#[test]
fn a_checkpoint_of_another_method_is_refused() {
    let place = folder();
    small_run(place.path(), "run");
    reseal(place.path(), |manifest| manifest["method"] = "ppo".into());
    damaged(place.path(), &["of method `ppo`", "`random`"]);
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_at_its_last_checkpoint() {
    let place = folder();
    let mut arguments = vec!["train", "sac", "--world", "pendulum", "--steps", "2000", "--out", "run"];
    arguments.extend(["--checkpoint-every", "100", "--set", "start_steps=450", "--set", "hidden=[8]"]);
    arguments.extend(["--set", "learning_rate=1e30"]);
    let finished = latentrl(place.path(), &arguments);
    assert_eq!(finished.code, 1, "{}", finished.err);
    one_sentence(&finished, &["`loss/", "at step", "the last good checkpoint is kept in `run/checkpoints/"]);
    assert!(!place.path().join("run/summary.json").exists());
    succeeds(place.path(), &["eval", "run", "--episodes", "1"]);
}

#[test]
fn without_a_checkpoint_a_failed_run_says_so() {
    let place = folder();
    let arguments = ["train", "ppo", "--world", "cartpole", "--out", "run", "--set", "learning_rate=1e30"];
    let finished = latentrl(place.path(), &arguments);
    assert_eq!(finished.code, 1, "{}", finished.err);
    one_sentence(&finished, &["`loss/", "at step", "no checkpoint yet"]);
}

/// A limit on the size of files stands for a full disk: both make a write fail half-way.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_run_at_its_last_checkpoint() {
    let place = folder();
    let program = env!("CARGO_BIN_EXE_latentrl");
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let mut arguments =
        vec!["-c", limited, "sh", program, "train", "random", "--world", "cartpole", "--out", "run"];
    arguments.extend(["--steps", "20000", "--checkpoint-every", "500", "--set", "run.record_every=8"]);
    let finished = Finished::of(Command::new("sh").args(&arguments).current_dir(place.path()));
    assert_eq!(finished.code, 1, "{}", finished.err);
    one_sentence(&finished, &["cannot write `run/", "the last good checkpoint is kept in `run/checkpoints/"]);
    succeeds(place.path(), &["eval", "run", "--episodes", "1"]);
    succeeds(place.path(), &["resume", "run"]);
}

#[test]
fn export_does_not_overwrite() {
    let place = folder();
    small_run(place.path(), "run");
    fs::write(place.path().join("policy.safetensors"), "mine").expect("writable");
    refuses_in(
        place.path(),
        &["export", "run", "--out", "policy.safetensors"],
        &["`policy.safetensors` exists already", "--force"],
    );
    refuses_in(place.path(), &["export", "run", "--out", "policy.json"], &["--out"]);
}
