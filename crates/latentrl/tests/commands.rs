//! Every command, from the first run to its exported policy.

mod program;

use std::{fs, path::Path, process::Command, time::Duration};

use program::{command, folder, latentrl, succeeds};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON document: {error}: {text}"))
}

const TRAIN: [&str; 10] =
    ["train", "ppo", "--world", "cartpole", "--steps", "1024", "--set", "hidden=[8]", "--set", "rollout=64"];

#[test]
fn catalogues_print_tables_and_json() {
    let place = folder();
    let cards = json(&succeeds(place.path(), &["list", "--json"]).out);
    let ids: Vec<&str> =
        cards.as_array().expect("an array").iter().filter_map(|card| card["id"].as_str()).collect();
    for id in ["ppo", "sac", "td3", "dqn", "rainbow", "random", "tcrl", "spr"] {
        assert!(ids.contains(&id), "{id}");
        let info = json(&succeeds(place.path(), &["info", id, "--json"]).out);
        assert_eq!(info["id"], id);
        for setting in info["settings"].as_array().expect("settings") {
            assert!(setting["help"].as_str().is_some_and(|help| !help.is_empty()), "{id}: {setting}");
        }
        assert!(succeeds(place.path(), &["list"]).out.contains(id));
    }
    let worlds = json(&succeeds(place.path(), &["worlds", "--json"]).out);
    for entry in worlds["worlds"].as_array().expect("worlds") {
        let name = entry["name"].as_str().expect("a name");
        assert_eq!(json(&succeeds(place.path(), &["worlds", name, "--json"]).out)["name"], name);
    }
    assert!(succeeds(place.path(), &["worlds", "cartpole+pixels=32"]).out.contains("32x32x3"));
    for entry in worlds["text"].as_array().expect("text worlds") {
        let name = entry["name"].as_str().expect("a name");
        let shown = json(&succeeds(place.path(), &["worlds", name, "--json"]).out);
        assert_eq!((&shown["name"], &shown["kind"]), (&Value::from(name), &Value::from("text")));
        let sample = &shown["samples"][0];
        let answer = format!("#{}$", sample["answer"].as_str().expect("an answer"));
        assert!(sample["solution"].as_str().is_some_and(|solution| solution.ends_with(&answer)), "{shown}");
    }
    let arith = json(&succeeds(place.path(), &["worlds", "arith", "--json"]).out);
    assert_eq!(arith["sizes"], serde_json::json!({"train": {"exactly": 7472}, "test": {"exactly": 1528}}));
    let shown = succeeds(place.path(), &["worlds", "arith,m=7"]).out;
    assert!(
        shown.contains("2551 to learn from, 536 held out") && shown.contains("0123456+-*=;?#$"),
        "{shown}"
    );
    assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 0);
    let lines =
        [r#"{"question":"one?","answer":"so\n#### 1"}"#, r#"{"question":"two?","answer":"$2\n#### 2"}"#];
    fs::write(place.path().join("own.jsonl"), lines.join("\n")).expect("writable");
    let shown = succeeds(place.path(), &["worlds", "own.jsonl"]).out;
    assert!(shown.contains("1 to learn from, 1 held out") && shown.contains("\\n####"), "{shown}");
}

#[test]
fn a_run_is_trained_scored_watched_and_exported() {
    let place = folder();
    let mut train = TRAIN.to_vec();
    train.extend(["--out", "run", "--json"]);
    let summary = json(&succeeds(place.path(), &train).out);
    assert_eq!(summary["method"], "ppo");
    assert!(summary["steps"].as_u64().is_some_and(|steps| steps >= 1024));
    assert_eq!(summary["scores"]["eval/return"]["n"], 20);
    assert_eq!(summary["run"], "run");

    let finished = succeeds(place.path(), &["resume", "run"]);
    assert!(finished.out.contains("is finished"), "{}", finished.out);

    let evaluate = ["eval", "run", "--episodes", "5", "--seed", "3", "--json"];
    let scores = json(&succeeds(place.path(), &evaluate).out);
    assert_eq!(scores["scores"]["eval/return"]["n"], 5);
    assert_eq!(json(&succeeds(place.path(), &evaluate).out), scores);

    succeeds(place.path(), &["play", "run", "--gif", "out.gif", "--episodes", "2", "--size", "64"]);
    assert!(fs::read(place.path().join("out.gif")).expect("a file").starts_with(b"GIF89a"));

    succeeds(place.path(), &["export", "run", "--out", "policy.safetensors"]);
    let recipe = json(&fs::read_to_string(place.path().join("policy.json")).expect("a file"));
    assert_eq!((recipe["method"].as_str(), recipe["world"].as_str()), (Some("ppo"), Some("cartpole")));
    let bytes = fs::read(place.path().join("policy.safetensors")).expect("a file");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let arrays = recipe["arrays"].as_array().expect("arrays");
    assert_eq!(arrays.len(), tensors.len());
    for array in arrays {
        let tensor = tensors.tensor(array["name"].as_str().expect("a name")).expect("an array of this name");
        assert_eq!(serde_json::json!(tensor.shape()), array["shape"]);
    }
    let layers = recipe["recipe"]["layers"].to_string();
    for name in tensors.names() {
        assert!(layers.contains(&format!("\"{name}\"")), "no layer reads {name}");
    }
    let last = recipe["recipe"]["layers"].as_array().and_then(|layers| layers.last()).expect("layers");
    assert_eq!(last["kind"], "argmax");
}

#[test]
fn a_config_reproduces_its_run() {
    let place = folder();
    let mut train = TRAIN.to_vec();
    train.extend(["--out", "first", "--seed", "9"]);
    succeeds(place.path(), &train);
    succeeds(place.path(), &["train", "ppo", "--config", "first/config.toml", "--out", "second"]);
    let config =
        |out: &str| fs::read_to_string(place.path().join(out).join("config.toml")).expect("a config");
    assert_eq!(config("first"), config("second"));
    let other =
        latentrl(place.path(), &["train", "random", "--config", "first/config.toml", "--out", "third"]);
    assert_eq!(other.code, 2);
    assert!(other.err.contains("configures `ppo`, not `random`"), "{}", other.err);
}

#[test]
fn an_objective_is_chosen_with_its_settings_in_every_way() {
    let place = folder();
    let shown = json(&succeeds(place.path(), &["info", "--latent", "spr", "--json"]).out);
    assert_eq!(shown["id"], "spr");
    let settings = shown["settings"].as_array().expect("settings");
    let find = |key: &str| settings.iter().find(|setting| setting["key"] == key).expect("a setting").clone();
    assert_eq!(find("latent.steps")["allowed"], "at least 1");
    assert!(shown["methods"].as_array().is_some_and(|methods| methods.contains(&"dqn".into())), "{shown}");
    assert!(succeeds(place.path(), &["info", "--latent", "spr"]).out.contains("It must be at least 1."));
    assert!(succeeds(place.path(), &["list"]).out.contains("self-predictive"));

    let train = |more: &[&str], out: &str| {
        let task = ["train", "dqn", "--world", "cartpole", "--steps", "8", "--set", "hidden=4", "--out", out];
        succeeds(place.path(), &[&task[..], more].concat());
        fs::read_to_string(place.path().join(out).join("config.toml")).expect("a config")
    };
    let set = |assignments: &'static [&'static str]| -> Vec<&str> {
        assignments.iter().flat_map(|assignment| ["--set", assignment]).collect()
    };
    let first = train(
        &[&["--latent", "spr"], &set(&["latent.steps=5", "latent.images=false"])[..]].concat(),
        "first",
    );
    let config: toml::Table = first.parse().expect("TOML");
    let latent = config["config"]["latent"].as_table().expect("a table");
    assert_eq!((latent["name"].as_str(), latent["steps"].as_integer()), (Some("spr"), Some(5)));
    assert_eq!(latent.len(), settings.len() + 1, "every setting stands in the config");
    assert_eq!(train(&set(&["latent.steps=5", "latent=spr", "latent.images=false"]), "second"), first);
    assert_eq!(train(&set(&["latent.name=spr", "latent.images=false", "latent.steps=5"]), "third"), first);
    assert_eq!(train(&set(&["latent={ name = \"spr\", steps = 5, images = false }"]), "fourth"), first);

    // A file may leave out what has its usual value.
    let start = first.find("[config.latent]").expect("a table");
    let rest = first[start + 1..].find("\n[").map_or("", |end| &first[start + 1 + end..]);
    let short = "[config.latent]\nname = \"spr\"\nsteps = 5\nimages = false\n";
    fs::write(place.path().join("short.toml"), format!("{}{short}{rest}", &first[..start]))
        .expect("writable");
    train(&["--config", "short.toml"], "fifth");
    let metrics = |out: &str| {
        let text = fs::read_to_string(place.path().join(out).join("metrics.jsonl")).expect("a file");
        text.lines().map(|line| json(line)["values"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(metrics("fifth"), metrics("first"));

    let paper = train(
        &[
            &["--preset", "paper"],
            &set(&["latent=spr", "latent.images=false", "encoder={kind=\"identity\"}"])[..],
        ]
        .concat(),
        "paper",
    );
    let paper: toml::Table = paper.parse().expect("TOML");
    let shift = serde_json::to_value(&paper["config"]["latent"]["shift"]).expect("JSON");
    assert_eq!(shift, find("latent.shift")["paper"]);
    assert_ne!(shift, find("latent.shift")["default"]);
}

#[test]
fn seeds_run_in_processes_of_their_own() {
    let place = folder();
    let mut train = TRAIN.to_vec();
    train.extend(["--seed", "4", "--seeds", "3", "--jobs", "2", "--out", "group", "--json"]);
    let group = json(&succeeds(place.path(), &train).out);
    let seeds: Vec<_> =
        group["seeds"].as_array().expect("seeds").iter().map(|run| run["seed"].as_u64()).collect();
    assert_eq!(seeds, [Some(4), Some(5), Some(6)]);
    assert_eq!(group["scores"]["eval/return"]["n"], 3);

    // The same seed alone gives the same scores.
    let mut alone = TRAIN.to_vec();
    alone.extend(["--seed", "5", "--out", "alone", "--json"]);
    let alone = json(&succeeds(place.path(), &alone).out);
    assert_eq!(alone["scores"], group["seeds"][1]["scores"]);

    // A seed whose run is gone is trained again; the finished ones are left alone.
    let untouched = fs::metadata(place.path().join("group/s4/summary.json")).and_then(|data| data.modified());
    fs::remove_dir_all(place.path().join("group/s6")).expect("a run");
    let resumed = json(&succeeds(place.path(), &["resume", "group", "--json"]).out);
    assert_eq!(resumed["scores"], group["scores"]);
    let again = fs::metadata(place.path().join("group/s4/summary.json")).and_then(|data| data.modified());
    assert_eq!(untouched.expect("a file"), again.expect("a file"));
}

#[test]
fn a_seed_that_fails_is_reported_and_the_others_go_on() {
    let place = folder();
    let mut train = TRAIN.to_vec();
    train.extend(["--seeds", "2", "--jobs", "1", "--out", "group"]);
    succeeds(place.path(), &train);
    // One seed's place is taken by a file, so that its process cannot begin.
    fs::remove_dir_all(place.path().join("group/s0")).expect("a run");
    fs::write(place.path().join("group/s0"), "").expect("writable");
    let finished = latentrl(place.path(), &["resume", "group", "--json"]);
    assert_eq!(finished.code, 1, "{}", finished.err);
    let group = json(&finished.out);
    assert!(group["seeds"][0]["error"].as_str().is_some_and(|error| error.contains("s0")), "{group}");
    assert_eq!(group["scores"]["eval/return"]["n"], 1);
}

/// Interrupts `arguments` once `file` is there; gives the exit code.
#[cfg(unix)]
fn interrupted(place: &Path, arguments: &[&str], file: &str) -> Option<i32> {
    let mut child = command(place, arguments).spawn().expect("the program starts");
    while !place.join(file).exists() && child.try_wait().expect("a process of ours").is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("`kill` is there");
    assert!(sent.success());
    child.wait().expect("a process of ours").code()
}

#[cfg(unix)]
#[test]
fn an_interrupt_saves_and_the_run_can_be_resumed() {
    let place = folder();
    let steps = ["--steps", "1000000000"];
    let mut train = vec!["train", "random", "--world", "cartpole", "--out", "run"];
    train.extend(steps);
    assert_eq!(interrupted(place.path(), &train, "run/metrics.jsonl"), Some(130));
    let summary = json(&fs::read_to_string(place.path().join("run/summary.json")).expect("a summary"));
    assert_eq!(
        (summary["finished"].as_bool(), summary["reason"].as_str()),
        (Some(false), Some("interrupted"))
    );
    let steps =
        json(&succeeds(place.path(), &["eval", "run", "--episodes", "1", "--json"]).out)["step"].clone();
    assert_eq!(steps, summary["steps"]);
    let latest = fs::read_to_string(place.path().join("run/checkpoints/latest")).expect("a checkpoint");
    assert_eq!(latest, summary["steps"].to_string());
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_passed_on_to_every_seed() {
    let place = folder();
    let train = [
        "train",
        "random",
        "--world",
        "cartpole",
        "--steps",
        "1000000000",
        "--seeds",
        "3",
        "--jobs",
        "1",
        "--out",
        "group",
    ];
    assert_eq!(interrupted(place.path(), &train, "group/s0/metrics.jsonl"), Some(130));
    let group = json(&fs::read_to_string(place.path().join("group/summary.json")).expect("a summary"));
    assert_eq!(group["seeds"].as_array().map(Vec::len), Some(3));
    let first = json(&fs::read_to_string(place.path().join("group/s0/summary.json")).expect("a summary"));
    assert_eq!(first["reason"], "interrupted");
    assert!(!place.path().join("group/s1").exists());
}

#[test]
fn the_costs_of_a_representation_and_of_an_ensemble_stand_under_the_clock() {
    let place = folder();
    let settings = ["hidden=[8]", "batch=8", "random_episodes=1"];
    for id in ["tcrl", "tcrl-ensemble"] {
        let mut train = vec!["train", id, "--world", "pendulum", "--steps", "400", "--out", id, "--json"];
        train.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let summary = json(&succeeds(place.path(), &train).out);
        let text = fs::read_to_string(place.path().join(id).join("metrics.jsonl")).expect("a file");
        let last = json(text.lines().last().expect("a record"));
        for clock in [&summary["clock"], &last["clock"]] {
            let mean = clock["phases"]["model"].as_f64();
            assert!(mean.is_some_and(|mean| mean > 0.0), "{id}: {clock}");
        }
    }
}
