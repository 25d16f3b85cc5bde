//! Claims at the command line: they can hold, fail, stay open and be invalid; the same command gives
//! the same numbers; a wrong file is refused before anything runs.

mod program;

use std::{fs, path::Path};

use evidence::{
    Claim,
    claim::{Preset, Question},
    claims,
};
// Links the methods, which register themselves.
use methods as _;
use program::{Finished, folder, latentrl, succeeds};
use serde_json::Value;

/// A claim about chance in a small table, with these conditions.
fn claim(conditions: &str) -> String {
    format!(
        "id = \"chance\"\nclaim = \"Chance earns something.\"\nsource = \"none\"\n\
         [preset.quick]\nseeds = 5\nsteps = 400\nseconds = 1\n\
         [[arm]]\nname = \"small\"\nmethod = \"random\"\nworld = \"four-rooms,size=5\"\n\
         [[arm]]\nname = \"large\"\nmethod = \"random\"\nworld = \"four-rooms,size=9\"\n{conditions}"
    )
}

/// A condition on how much more the small rooms pay than the large ones.
fn difference(margin: f64, more: &str) -> String {
    format!(
        "[[condition]]\ntext = \"smaller rooms pay more\"\nkind = \"difference\"\narm = \"small\"\n\
         versus = \"large\"\nmetric = \"eval/return\"\nmargin = {margin}\n{more}\n"
    )
}

fn reproduce(place: &Path, text: &str, more: &[&str]) -> Finished {
    fs::write(place.join("claim.toml"), text).expect("writable");
    let arguments = ["reproduce", "--claim", "claim.toml", "--out", "report"];
    latentrl(place, &[&arguments[..], more].concat())
}

fn report(place: &Path) -> Value {
    let text = fs::read_to_string(place.join("report/report.json")).expect("a report");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    report.as_object_mut().expect("an object").remove("seconds");
    report
}

#[test]
fn every_verdict_has_its_exit_code() {
    let place = folder();
    let sane = "[[condition]]\ntext = \"rooms pay more than they can\"\nkind = \"bound\"\narm = \"small\"\n\
                metric = \"eval/return\"\nlow = 2.0\nsanity = true\n";
    let cases = [
        (claim(&difference(-1.0, "")), 0, "verdict: holds"),
        (claim(&difference(1.5, "")), 1, "verdict: does not hold"),
        (claim(&format!("{}{sane}", difference(-1.0, ""))), 4, "verdict: invalid"),
    ];
    for (text, code, verdict) in cases {
        let finished = reproduce(place.path(), &text, &[]);
        assert_eq!(finished.code, code, "{}{}", finished.out, finished.err);
        assert!(finished.out.contains(verdict), "{}", finished.out);
    }
    let finished = reproduce(place.path(), &claim(&difference(0.2, "")), &["--seeds", "1"]);
    assert_eq!(finished.code, 3, "one seed decides nothing: {}{}", finished.out, finished.err);
    assert!(finished.out.contains("verdict: undecided"), "{}", finished.out);
}

#[test]
fn methods_without_their_key_part_do_not_hold() {
    for name in ["self-predictive-broken", "td-infonce-broken"] {
        let file = format!("{}/../evidence/tests/data/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let place = folder();
        let finished = latentrl(place.path(), &["reproduce", "--claim", &file, "--first-seed", "0"]);
        assert_eq!(finished.code, 1, "{name}: {}{}", finished.out, finished.err);
        assert!(finished.out.contains("verdict: does not hold"), "{name}: {}", finished.out);
    }
}

#[test]
fn the_same_command_gives_the_same_numbers_and_other_seeds_give_others() {
    let (first, second, other) = (folder(), folder(), folder());
    let text = claim(&difference(-1.0, ""));
    for place in [&first, &second] {
        reproduce(place.path(), &text, &[]);
    }
    reproduce(other.path(), &text, &["--first-seed", "200", "--jobs", "1"]);
    assert_eq!(report(first.path()), report(second.path()));
    assert_ne!(report(first.path())["arms"], report(other.path())["arms"]);
    assert_eq!(report(first.path())["verdict"], report(other.path())["verdict"]);
}

#[test]
fn a_report_is_complete_and_can_be_rebuilt() {
    let place = folder();
    reproduce(place.path(), &claim(&difference(-1.0, "")), &[]);
    let before = report(place.path());
    for file in ["report.html", "report.json", "claim.toml", "figures"] {
        assert!(place.path().join("report").join(file).exists(), "{file} is missing");
    }
    fs::remove_file(place.path().join("report/report.json")).expect("it is there");
    let section = succeeds(place.path(), &["report", "report", "--markdown"]).out;
    assert_eq!(report(place.path()), before);
    assert!(section.starts_with("## chance: holds\n"), "{section}");
    assert!(
        section.contains("\n| smaller rooms pay more | small against large: eval/return (end) | "),
        "{section}"
    );
}

#[test]
fn what_is_finished_is_not_done_again() {
    let place = folder();
    let text = claim(&difference(-1.0, ""));
    reproduce(place.path(), &text, &[]);
    let before = report(place.path());
    // As an interrupted command leaves it: runs, some of them unfinished, and no page.
    fs::remove_file(place.path().join("report/report.html")).expect("it is there");
    fs::remove_file(place.path().join("report/runs/small/s102/summary.json")).expect("it is there");
    let kept = place.path().join("report/runs/small/s100/summary.json");
    let written = fs::metadata(&kept).and_then(|data| data.modified()).expect("it is there");
    reproduce(place.path(), &text, &[]);
    assert_eq!(report(place.path()), before);
    assert_eq!(fs::metadata(&kept).and_then(|data| data.modified()).expect("it is there"), written);
}

#[test]
fn methods_are_compared_and_finished_runs_gathered() {
    let place = folder();
    let arguments = ["compare", "random", "dqn", "--world", "cartpole", "--seeds", "2", "--steps", "300"];
    let finished = succeeds(place.path(), &[&arguments[..], &["--out", "compared", "--json"]].concat());
    let compared: Value = serde_json::from_str(&finished.out).expect("one document");
    assert_eq!(compared["comparison"]["methods"].as_array().map(Vec::len), Some(2));
    assert_eq!(compared["arms"][0]["metrics"][0]["per_seed"].as_array().map(Vec::len), Some(2));
    let finished = succeeds(place.path(), &["report", "compared/runs", "--json"]);
    let gathered: Value = serde_json::from_str(&finished.out).expect("one document");
    assert_eq!(gathered["seeds"], compared["seeds"]);
    assert!(place.path().join("compared/runs/report.html").is_file());
}

#[test]
fn a_wrong_claim_file_is_refused_with_file_line_and_key() {
    let right = difference(0.0, "");
    let cases = [
        (claim(&right.replace("small", "smal")), "condition.arm", "`smal`"),
        (claim(&right.replace("eval/return", "eval/retrun")), "condition.metric", "`eval/retrun`"),
        (claim(&right.replace("difference", "diference")), "condition.kind", "`diference`"),
        (claim(&right.replace("margin = 0", "")), "condition.margin", "missing"),
        (claim(&right).replace("four-rooms", "for-rooms"), "arm.world", "`for-rooms`"),
        (claim(&right).replace("\"random\"", "\"randm\""), "arm.method", "`randm`"),
        (claim(&right).replace("seeds = 5", "seeds = 0"), "preset.quick.seeds", "0"),
    ];
    for (text, key, part) in cases {
        let place = folder();
        let finished = reproduce(place.path(), &text, &[]);
        assert_eq!(finished.code, 2, "{}{}", finished.out, finished.err);
        assert_eq!(finished.err.lines().count(), 1, "{}", finished.err);
        for part in ["error: claim.toml, line ", key, part] {
            assert!(finished.err.contains(part), "`{part}` is missing in: {}", finished.err);
        }
        assert!(!place.path().join("report").exists(), "something ran");
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
}
