//! Settings: help from the fields, edits, and errors by key.

use run::{Entry, Preset, config, settings::parse_duration};
use toml::Table;

use crate::counter::Counter;

const ENTRY: Entry = Entry::of::<Counter>(module_path!());

fn preset() -> Table {
    (ENTRY.preset)(Preset::Laptop)
}

#[test]
fn every_setting_has_its_help_and_both_values() {
    let fields = (ENTRY.fields)();
    let keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(keys, ["switch", "end", "broken", "pace.stride", "pace.rate"]);
    assert_eq!((&fields[0].default, &fields[0].paper), (&50.into(), &500.into()));
    assert_eq!(fields[3].help, "Steps of an iteration.");
}

#[test]
fn assignments_keep_the_type_of_what_they_replace() {
    let mut table = preset();
    config::set(&mut table, "pace.rate=2").expect("a whole number is a number");
    assert_eq!(table["pace"]["rate"].as_float(), Some(2.0));
    for (assignment, part) in [
        ("pace.rate=abc", "expected a number"),
        ("switch=0.5", "expected an integer"),
        ("switch", "has no `=`"),
        ("switch.deep=1", "holds no further settings"),
    ] {
        let error = config::set(&mut table, assignment).expect_err(assignment).to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    for (assignment, near) in [("swich=1", "switch"), ("pace.strode=2", "pace.stride")] {
        let mut table = preset();
        config::set(&mut table, assignment).expect("a key is not looked up yet");
        let error = (ENTRY.check)(&table).expect_err(assignment).to_string();
        assert!(error.contains(&format!("did you mean `{near}`?")), "{error}");
    }
}

#[test]
fn durations_have_units() {
    assert_eq!(parse_duration("90s").expect("seconds"), 90.0);
    assert_eq!(parse_duration("1.5m").expect("minutes"), 90.0);
    assert_eq!(parse_duration("2h").expect("hours"), 7_200.0);
    for wrong in ["", "-3s", "0", "soon", "infs"] {
        assert!(parse_duration(wrong).is_err(), "{wrong}");
    }
}
