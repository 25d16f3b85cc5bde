//! Sentences: full key, value, what is allowed.

use settings::{Config, Refusal};

use crate::agent::{Acting, read, refused};

#[track_caller]
fn says(text: &str, sentence: &str) {
    assert_eq!(read(text).unwrap_err(), sentence);
}

#[test]
fn wrong_types() {
    says("data = 3", "`data` is 3: it must be text");
    says("gamma = \"much\"", "`gamma` is much: it must be a number");
    says("gamma = \"\"", "`gamma` is empty: it must be a number");
    says("explore = 1", "`explore` is 1: it must be true or false");
    says("acting = \"greedy\"", "`acting` is greedy: it must be `epsilon-greedy` or `boltzmann`");
    says("acting = 0.5", "`acting` is 0.5: it must be `epsilon-greedy` or `boltzmann`");
    says("loop = 1.0", "`loop` is 1: it must be a whole number");
    says("clip = true", "`clip` is true: it must be a number");
    says("critic = 3", "`critic` is 3: it must be a table of settings");
    says("critic.replay = \"all\"", "`critic.replay` is all: it must be a table of settings");
    says("critic.replay.capacity = 2.5", "`critic.replay.capacity` is 2.5: it must be a whole number");
    says("hidden = 64", "`hidden` is 64: it must be a list, each a whole number");
}

#[test]
fn whole_numbers_that_do_not_fit_their_type() {
    says(
        "critic.replay.window = -1",
        "`critic.replay.window` is -1: it must be a whole number of at least 0",
    );
    says(
        "threads = [1, 5_000_000_000]",
        "`threads` is [1, 5000000000]: it holds 5000000000, which must be a whole number of at most 4294967295",
    );
}

#[test]
fn lists_name_what_is_wrong_in_them() {
    says("hidden = [64, \"a\"]", "`hidden` is [64, \"a\"]: it holds a, which must be a whole number");
    says("hidden = [-64]", "`hidden` is [-64]: it holds -64, which must be a whole number of at least 0");
    says("hidden = [64, 0]", "`hidden` is [64, 0]: it holds 0, which must be at least 1");
    says("threads = [1]", "`threads` is [1]: it must be a list of 2, each a whole number");
    says(
        "critic.replay.exponents = [0.5, 1.5]",
        "`critic.replay.exponents` is [0.5, 1.5]: it holds 1.5, which must be between 0 and 1",
    );
    says("momenta = [0.9, inf]", "`momenta` is [0.9, inf]: it holds inf, which must be finite");
}

#[test]
fn numbers_out_of_range() {
    says("gamma = 1.5", "`gamma` is 1.5: it must be between 0 and 1");
    says("gamma = nan", "`gamma` is NaN: it must be finite");
    says("place = -1.5", "`place` is -1.5: it must be at least -1");
    says("place = inf", "`place` is inf: it must be finite");
    says("clip = 0", "`clip` is 0: it must be above 0");
    says("critic.rate = 1", "`critic.rate` is 1: it must be above 0 and below 1");
    says("critic.replay.capacity = 0", "`critic.replay.capacity` is 0: it must be at least 1");
    says("loop = -1", "`loop` is -1: it must be at least 0");
}

#[test]
fn values_of_several_parts() {
    says("way = { from = 0.5, to = 0.5 }", "`way` is { from = 0.5, to = 0.5 }: it must lead somewhere");
    says(
        "way = { from = 2.0, to = 0.5 }",
        "`way` is { from = 2.0, to = 0.5 }: it holds 2, which must be at most 1",
    );
    says(
        "way = 3",
        "`way` is 3: it must be a way, as { from = 1.0, to = 0.0 } (invalid type: integer `3`, expected struct Way)",
    );
    let missing = read("way = { from = 0.5 }").unwrap_err();
    assert!(missing.starts_with("`way` is { from = 0.5 }: it must be a way"), "{missing}");
    assert!(missing.ends_with("(missing field `to`)"), "{missing}");
}

#[test]
fn combinations_name_their_settings_in_full() {
    let window = refused(|agent| agent.critic.replay.window = 2_000);
    assert_eq!(
        window,
        "`critic.replay.window` is 2000: it must be at most `critic.replay.capacity`, which is 1000"
    );
    let acting = refused(|agent| (agent.explore, agent.acting) = (false, Acting::Softmax));
    assert_eq!(acting, "`acting` is boltzmann: `explore` is false");
}

#[test]
fn ranges_are_checked_before_combinations() {
    let both = refused(|agent| (agent.critic.replay.capacity, agent.critic.replay.window) = (0, 5));
    assert!(both.starts_with("`critic.replay.capacity` is 0"), "{both}");
}

#[test]
fn siblings_get_the_names_of_every_group_around_them() {
    let refusal = Refusal::new("steps", 9, "below `.horizon`, unless `.open` is true");
    assert_eq!(refusal.key(), "steps");
    let inside = refusal.clone().inside("plan").inside("agent");
    assert_eq!(inside.key(), "agent.plan.steps");
    let sentence = "it must be below `agent.plan.horizon`, unless `agent.plan.open` is true";
    assert_eq!(inside.complete().to_string(), format!("`agent.plan.steps` is 9: {sentence}"));
    let sentence = "it must be below `horizon`, unless `open` is true";
    assert_eq!(refusal.complete().to_string(), format!("`steps` is 9: {sentence}"));
}

#[test]
fn what_is_in_range_is_taken() {
    let agent = read("gamma = 0\nclip = 0.25\nhidden = []\nacting = \"boltzmann\"\nplace = -1").unwrap();
    assert_eq!(agent.validate(), Ok(()));
    assert_eq!((agent.networks.clip, agent.networks.hidden.len()), (Some(0.25), 0));
}
