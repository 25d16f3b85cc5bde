//! Into tables and back.

use settings::Config;
use toml::{Table, Value};

use crate::agent::{Acting, Agent, Networks, Replay, read};

#[test]
fn a_table_holds_everything_and_gives_it_back() {
    for agent in [Agent::default(), Agent::paper()] {
        let mut other = Agent { gamma: 0.5, acting: Acting::Softmax, ..Agent::paper() };
        other.critic.replay.window = 3;
        other.read(&agent.table()).unwrap();
        assert_eq!(other, agent);
        let text = toml::to_string(&agent.table()).unwrap();
        assert_eq!(read(&text).unwrap(), agent, "{text}");
    }
}

#[test]
fn groups_are_tables_and_flattened_ones_are_not() {
    let table = Agent::default().table();
    assert!(table.contains_key("hidden") && !table.contains_key("networks"));
    let critic = table["critic"].as_table().unwrap();
    assert_eq!(critic["replay"]["capacity"], Value::Integer(1_000));
    assert_eq!(critic["replay"]["exponents"], Value::Array(vec![Value::Float(0.5), Value::Float(0.4)]));
}

#[test]
fn single_precision_is_written_by_its_shortest_decimal() {
    let table = Agent::default().table();
    assert_eq!(table["clip"], Value::Float(0.1));
    assert_eq!(table["critic"]["rate"], Value::Float(0.001));
    assert_eq!(table["momenta"], Value::Array(vec![Value::Float(0.9), Value::Float(0.999)]));
}

#[test]
fn what_a_table_lacks_stays() {
    let agent = read("gamma = 0.5\n[critic.replay]\ncapacity = 7").unwrap();
    let mut expected = Agent { gamma: 0.5, ..Agent::default() };
    expected.critic.replay.capacity = 7;
    assert_eq!(agent, expected);
}

#[test]
fn what_has_no_value_is_left_out() {
    let networks = Networks { clip: None, ..Networks::default() };
    assert!(!networks.table().contains_key("clip"));
    let mut read = networks.clone();
    read.read(&networks.table()).unwrap();
    assert_eq!(read, networks);
    read.read(&Table::from_iter([("clip".to_owned(), Value::Float(2.0))])).unwrap();
    assert_eq!(read.clip, Some(2.0));
}

#[test]
fn whole_numbers_serve_where_any_number_does() {
    let agent = read("gamma = 1\nplace = 3\n[critic.replay]\nexponents = [1, 0.5]").unwrap();
    assert_eq!((agent.gamma, agent.place, agent.critic.replay.exponents), (1.0, 3.0, [1.0, 0.5]));
}

#[test]
fn a_name_that_is_a_word_of_the_language_has_its_own_key() {
    assert_eq!(Agent::default().table()["loop"], Value::Integer(1));
    assert_eq!(read("loop = 3").unwrap().r#loop, 3);
}

#[test]
fn keys_that_do_not_exist_are_not_noticed_here() {
    assert_eq!(read("gama = 0.5").unwrap(), Agent::default());
    let mut replay = Replay::default();
    replay.read(&"windows = 3".parse().unwrap()).unwrap();
    assert_eq!(replay, Replay::default());
}
