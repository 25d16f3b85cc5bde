//! A run killed at any moment and resumed gives the same metrics, number by number, as one that was
//! never disturbed; a seed fixes everything.

mod program;

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use program::{command, folder, succeeds};
use serde_json::Value;

/// A method and what it works on, with networks small enough for seconds.
struct Case {
    method: &'static str,
    task: &'static [&'static str],
    settings: &'static [&'static str],
}

const PPO: Case = Case {
    method: "ppo",
    task: &["--world", "cartpole"],
    settings: &["rollout=64", "minibatches=2", "hidden=[16, 16]", "normalise_observations=true"],
};

const SAC: Case = Case {
    method: "sac",
    task: &["--world", "pendulum"],
    settings: &["hidden=[8, 8]", "batch=8", "start_steps=500", "capacity=2000"],
};

const RAINBOW: Case = Case {
    method: "rainbow",
    task: &["--world", "minatar-breakout"],
    settings: &["hidden=8", "batch=4", "learning_starts=500", "capacity=2000"],
};

const TCRL: Case = Case {
    method: "tcrl",
    task: &["--world", "pendulum"],
    settings: &["hidden=[8]", "latent_size=4", "batch=4", "horizon=2", "random_episodes=2", "capacity=2000"],
};

const IQL: Case = Case {
    method: "iql",
    task: &["--data", "data:pendulum/scripted,skill=0.5,steps=2000,seed=3", "--eval-world", "pendulum"],
    settings: &["hidden=[8, 8]", "batch=8"],
};

impl Case {
    fn arguments<'a>(&'a self, seed: &'a str, out: &'a str) -> Vec<&'a str> {
        let mut arguments = vec!["train", self.method, "--seed", seed, "--out", out];
        arguments.extend(self.task);
        arguments.extend(["--steps", "6000", "--checkpoint-every", "500"]);
        let fewer = ["run.eval_episodes=2", "run.final_episodes=2"];
        for setting in self.settings.iter().chain(&fewer) {
            arguments.extend(["--set", setting]);
        }
        arguments
    }

    /// An undisturbed run's metrics.
    fn whole(&self, place: &Path, seed: &str, out: &str) -> Vec<Value> {
        succeeds(place, &self.arguments(seed, out));
        metrics(place, out)
    }

    /// A run that is killed whenever its metrics have reached the next of `lines`.
    fn killed(&self, place: &Path, seed: &str, out: &str, lines: &[usize]) {
        let mut arguments = self.arguments(seed, out);
        for &count in lines {
            kill_at(place, &arguments, out, count);
            // Killed even before it had a folder: then there is nothing to resume yet.
            if place.join(out).join("config.toml").exists() {
                arguments = vec!["resume", out];
            }
        }
        succeeds(place, &arguments);
    }
}

/// Starts the program and kills it when the run has this many lines of metrics.
fn kill_at(place: &Path, arguments: &[&str], out: &str, count: usize) {
    let mut child = command(place, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let path = place.join(out).join("metrics.jsonl");
    let patience = Instant::now() + Duration::from_secs(300);
    while child.try_wait().expect("a process of ours").is_none() {
        let lines = fs::read(&path).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
        if lines >= count || Instant::now() > patience {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = child.kill();
    child.wait().expect("a process of ours");
}

/// The records of a run without what depends on time.
fn metrics(place: &Path, out: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.join(out).join("metrics.jsonl")).expect("metrics");
    let record = |line: &str| {
        let mut record: Value = serde_json::from_str(line).expect("a record");
        record.as_object_mut().expect("an object").remove("clock").expect("a clock");
        record
    };
    text.lines().map(record).collect()
}

/// A moment between 5 and 95 percent of `lines` that differs from case to case.
fn moment(lines: usize, salt: usize) -> usize {
    lines * (5 + salt.wrapping_mul(2_654_435_761) % 91) / 100
}

fn is_exact(case: &Case) {
    let place = folder();
    let whole = case.whole(place.path(), "5", "whole");
    assert!(whole.len() > 30, "{} records", whole.len());
    let losses = |record: &Value| {
        record["values"].as_object().is_some_and(|values| values.keys().any(|name| name.starts_with("loss/")))
    };
    assert!(whole.iter().any(losses), "nothing was learnt");

    assert!(case.whole(place.path(), "5", "again") == whole, "two runs with one seed differ");
    assert!(case.whole(place.path(), "6", "other") != whole, "two seeds give the same run");

    let moments = [moment(whole.len(), case.method.len()), moment(whole.len(), case.task[1].len() + 7)];
    let (early, late) = (moments[0].min(moments[1]), moments[0].max(moments[1]));
    case.killed(place.path(), "5", "killed", &[early, late]);
    let killed = metrics(place.path(), "killed");
    let differing = whole.iter().zip(&killed).find(|(left, right)| left != right);
    assert!(differing.is_none(), "killed at {early} and {late}: {differing:?}");
    assert_eq!(killed.len(), whole.len());
    assert_eq!(scores(place.path(), "killed"), scores(place.path(), "whole"));
}

fn scores(place: &Path, out: &str) -> Value {
    let text = fs::read_to_string(place.join(out).join("summary.json")).expect("a summary");
    let mut summary: Value = serde_json::from_str(&text).expect("JSON");
    summary["scores"].take()
}

#[test]
fn ppo_is_exact() {
    is_exact(&PPO);
}

#[test]
fn sac_is_exact() {
    is_exact(&SAC);
}

#[test]
fn rainbow_is_exact() {
    is_exact(&RAINBOW);
}

#[test]
fn tcrl_is_exact() {
    is_exact(&TCRL);
}

#[test]
fn iql_is_exact() {
    is_exact(&IQL);
}
