//! Values of the two presets, and what is said of every setting.

use serde_json::{Value, json};
use settings::{Config, Field};

use crate::agent::{Agent, Networks, Optimiser, Replay};

fn fields() -> Vec<Field> {
    let mut fields = Vec::new();
    Agent::describe(&Agent::default(), &Agent::paper(), &mut fields);
    fields
}

fn field(key: &str) -> Field {
    fields().into_iter().find(|field| field.key == key).expect("the setting exists")
}

#[test]
fn each_preset_has_its_values() {
    let (laptop, paper) = (Agent::default(), Agent::paper());
    assert_eq!((laptop.data.as_str(), paper.data.as_str()), ("none", "everything"));
    assert_eq!((laptop.gamma, paper.gamma), (0.99, 0.99), "one value serves both");
    assert_eq!(Replay::paper(), Replay { capacity: 50_000, window: 5, exponents: [0.6, 0.4] });
}

#[test]
fn a_group_may_have_other_values_than_its_own_presets() {
    let (laptop, paper) = (Agent::default(), Agent::paper());
    assert_eq!(laptop.networks, Networks { clip: Some(0.1), ..Networks::default() });
    assert_eq!(paper.networks, Networks::paper());
    assert_eq!(laptop.critic, Optimiser::default());
    assert_eq!(paper.critic, Optimiser { rate: 3e-4, ..Optimiser::paper() });
    assert_eq!(paper.critic.replay, Replay::paper());
}

#[test]
fn keys_are_dotted_paths_in_the_order_of_the_fields() {
    let keys: Vec<String> = fields().into_iter().map(|field| field.key).collect();
    let own = ["data", "gamma", "explore", "acting", "threads", "momenta", "place", "way"];
    let flattened = ["hidden", "clip"];
    let nested = ["critic.rate", "critic.replay.capacity", "critic.replay.window", "critic.replay.exponents"];
    assert_eq!(keys, [&own[..], &flattened, &nested, &["loop"]].concat());
}

#[test]
fn values_are_shown_as_they_are_written() {
    let of = |key: &str| (field(key).default, field(key).paper);
    assert_eq!(of("data"), (json!("none"), json!("everything")));
    assert_eq!(of("acting"), (json!("epsilon-greedy"), json!("epsilon-greedy")));
    assert_eq!(of("hidden"), (json!([64, 64]), json!([256])));
    assert_eq!(of("critic.replay.exponents"), (json!([0.5, 0.4]), json!([0.6, 0.4])));
    // Single precision by its shortest decimal, not by the double that is nearest to it.
    assert_eq!(of("critic.rate"), (json!(0.001), json!(0.0003)));
    assert_eq!(of("clip"), (json!(0.1), json!(0.5)));
    assert_eq!(of("momenta"), (json!([0.9, 0.999]), json!([0.9, 0.999])));
}

#[test]
fn what_has_no_value_is_shown_as_nothing() {
    let mut fields = Vec::new();
    Networks::describe(&Networks::default(), &Networks::paper(), &mut fields);
    assert_eq!((&fields[1].default, &fields[1].paper), (&Value::Null, &json!(0.5)));
}

#[test]
fn documentation_is_the_help() {
    assert_eq!(field("critic.replay.capacity").help, "Transitions that are kept, the oldest leaving first.");
    assert_eq!(field("gamma").help, "Discount per step.");
}

#[test]
fn what_is_allowed_is_said_in_words() {
    let of = |key: &str| field(key).allowed;
    assert_eq!(of("gamma"), "between 0 and 1");
    assert_eq!(of("critic.rate"), "above 0 and below 1");
    assert_eq!(of("critic.replay.capacity"), "at least 1");
    assert_eq!(of("place"), "at least -1");
    assert_eq!(of("clip"), "above 0");
    assert_eq!(of("acting"), "`epsilon-greedy` or `boltzmann`");
    assert_eq!(of("data"), "");
}
