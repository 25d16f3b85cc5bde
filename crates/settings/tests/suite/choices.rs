//! Enums of names.

use settings::{Choice, one_of};

use crate::agent::Acting;

#[test]
fn names_are_in_kebab_case_or_as_they_are_called() {
    assert_eq!(Acting::NAMES, ["epsilon-greedy", "boltzmann"]);
    for (acting, name) in [(Acting::EpsilonGreedy, "epsilon-greedy"), (Acting::Softmax, "boltzmann")] {
        assert_eq!((acting.name(), Acting::named(name)), (name, Some(acting)));
    }
    assert_eq!((Acting::named("Softmax"), Acting::named("")), (None, None));
}

#[test]
fn a_choice_has_a_form_for_checkpoints() {
    let written = serde_json::to_string(&[Acting::Softmax, Acting::EpsilonGreedy]).unwrap();
    assert_eq!(written, r#"["boltzmann","epsilon-greedy"]"#);
    assert_eq!(
        serde_json::from_str::<Vec<Acting>>(&written).unwrap(),
        [Acting::Softmax, Acting::EpsilonGreedy]
    );
    let error = serde_json::from_str::<Acting>("\"greedy\"").unwrap_err().to_string();
    assert!(error.contains("unknown variant `greedy`"), "{error}");
}

#[test]
fn names_are_listed_as_in_a_sentence() {
    assert_eq!(one_of(&[]), "nothing");
    assert_eq!(one_of(&["one"]), "`one`");
    assert_eq!(one_of(&["one", "two"]), "`one` or `two`");
    assert_eq!(one_of(&["one", "two", "three"]), "`one`, `two` or `three`");
}
