//! Names of worlds: parsing, errors, the catalogue.

use proptest::prelude::*;
use worlds::{WorldError, WorldName, catalogue, make, modifiers, single, spec};

fn error(name: &str) -> String {
    single(name).err().map(|error| error.to_string()).unwrap_or_else(|| panic!("{name} is fine"))
}

#[test]
fn a_name_is_parsed_into_its_parts() {
    let name: WorldName = "four-rooms,size=11,wind=0.1+pixels,size=32+stack=4".parse().unwrap();
    assert_eq!(name.base(), "four-rooms");
    assert_eq!(name.options.text("wind"), Some("0.1"));
    assert_eq!(name.modifiers[0].value, None);
    assert_eq!(name.modifiers[0].options.text("size"), Some("32"));
    assert_eq!(name.modifiers[1].value.as_deref(), Some("4"));
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = ("[a-z][a-z0-9_-]{0,6}", "[A-Za-z0-9._-]{1,6}");
    prop::collection::btree_map(pair.0, pair.1, 0..4)
        .prop_map(|map| map.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
    #[test]
    fn writing_and_parsing_are_inverse(
        base in "[a-z][a-z0-9-]{0,8}",
        options in pairs(),
        modifiers in prop::collection::vec(
            ("[a-z]{1,8}", prop::option::of("[a-z0-9.]{1,4}"), pairs()), 0..3),
    ) {
        let write = |pairs: &[(String, String)]| -> String {
            pairs.iter().map(|(key, value)| format!(",{key}={value}")).collect()
        };
        let mut text = format!("{base}{}", write(&options));
        for (name, value, options) in &modifiers {
            let value = value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
            text += &format!("+{name}{value}{}", write(options));
        }
        let name: WorldName = text.parse().unwrap();
        prop_assert_eq!(name.to_string(), text);
        prop_assert_eq!(name.modifiers.len(), modifiers.len());
        prop_assert_eq!(name.options.pairs(), &options[..]);
    }

    #[test]
    fn any_text_gives_a_world_or_an_error(text in ".{0,40}") {
        if let Err(error) = make(&text, 1, 0) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn malformed_names_say_what_is_wrong() {
    assert!(error("").contains("a world's name is empty"));
    assert!(error("cartpole,").contains("must be written `key=value`"));
    assert!(error("cartpole,size").contains("`size` must be written `key=value`"));
    assert!(error("reacher2,reward=").contains("an option's value is empty"));
    assert!(error("cartpole+").contains("a modifier's name is empty"));
    assert!(error("cartpole{size=3}").contains("may hold only letters"));
    assert!(error("reacher2,horizon=3,horizon=4").contains("given twice"));
    assert!(error("cartpole+pixels=32,size=16").contains("is given `size` twice"));
}

#[test]
fn unknown_names_come_with_the_nearest() {
    assert_eq!(error("cartpol"), "unknown world `cartpol`; did you mean `cartpole`?");
    assert_eq!(error("zzz"), "unknown world `zzz`");
    assert_eq!(
        error("reacher2,rewards=dense"),
        "unknown option of reacher2 `rewards`; did you mean `reward`?"
    );
    assert_eq!(error("cartpole+pixel"), "unknown modifier `pixel`; did you mean `pixels`?");
    assert_eq!(error("cartpole+pixels,gray=true"), "unknown option of +pixels `gray`; did you mean `grey`?");
    assert_eq!(
        error("reacher2,reward=spars"),
        "`reward` of reacher2 must be one of dense, sparse, none, not `spars`; did you mean \
         `sparse`?"
    );
}

#[test]
fn values_out_of_range_name_the_range() {
    for (name, part) in [
        ("reacher2,horizon=0", "a whole number from 1 to 1000000, not `0`"),
        ("reacher2,damping=nan", "a number from 0 to 10, not `nan`"),
        ("cartpole+pixels=4", "`size` of +pixels must be a whole number from 8 to 512, not `4`"),
        ("cartpole+pixels,grey=yes", "`true` or `false`, not `yes`"),
        ("cartpole+sticky=1.5", "`p` of +sticky must be a number from 0 to 1, not `1.5`"),
        ("cartpole+stack", "+stack needs a number, as in `+stack=2`"),
        ("cartpole+repeat", "+repeat needs a number"),
        ("cartpole+timelimit", "+timelimit needs a number"),
        ("point-mass,task=gates,goal=fixed", "goes with `task=reach` only"),
    ] {
        assert!(error(name).contains(part), "{name}: {}", error(name));
    }
}

#[test]
fn a_spec_is_named_by_a_name_that_gives_it_again() {
    for entry in catalogue() {
        for name in [entry.name.to_owned(), format!("{}+repeat=3+sticky=0.1", entry.name)] {
            let first = spec(&name).unwrap();
            assert_eq!(first.name, name);
            assert_eq!(spec(&first.name).unwrap(), first);
            assert_eq!(*make(&name, 1, 0).unwrap().spec(), first);
        }
        let plain = spec(entry.name).unwrap();
        assert_eq!(plain.summary, entry.summary);
        assert_eq!(plain.fields[0].role, worlds::Role::Input);
    }
}

/// The defaults that the catalogue prints are those that the worlds use.
#[test]
fn writing_the_defaults_out_changes_nothing() {
    for entry in catalogue() {
        for option in entry.options {
            let written = format!("{},{}={}", entry.name, option.name, option.default);
            let (mut plain, mut other) = (spec(entry.name).unwrap(), spec(&written).unwrap());
            (plain.name, other.name) = (String::new(), String::new());
            assert_eq!(plain, other, "{written}");
        }
    }
    for modifier in modifiers() {
        let value = |default: &str| if default.is_empty() { "2" } else { default }.to_owned();
        let written: String =
            modifier.options.iter().map(|o| format!(",{}={}", o.name, value(o.default))).collect();
        // One number, the cell, is not enough to hide something of.
        let world = if modifier.name == "hide" { "cartpole" } else { "four-rooms" };
        spec(&format!("{world}+{}{written}", modifier.name)).unwrap();
    }
}

#[test]
fn the_catalogue_is_sorted_and_says_which_modifiers_go_with_a_world() {
    assert!(catalogue().is_sorted_by(|first, second| first.name < second.name));
    assert!(modifiers().is_sorted_by(|first, second| first.name < second.name));
    let of = |name: &str| worlds::registry::entry(name).unwrap().modifiers();
    // All but `+tile`, which needs a board of cells, and all but `+hide`, which needs two numbers.
    assert_eq!(of("cartpole").len(), modifiers().len() - 1);
    assert_eq!(of("four-rooms").len(), modifiers().len() - 1);
    assert!(!of("minatar-breakout").contains(&"distractors"));
    assert!(of("minatar-breakout").contains(&"stack"));
    assert!(matches!(worlds::registry::entry("cart"), Err(WorldError::Unknown { .. })));
}
