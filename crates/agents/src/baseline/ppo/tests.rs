//! Passes over rollouts, and settings that do not fit together.

use run::Run;
use settings::Config;

use super::{PpoConfig, rollout::passes};

trials::small!("ppo", "cartpole", &[&["rollout=32", "hidden=[8]"]]);

#[test]
fn every_pass_shows_every_entry_once() {
    let mut seen = Vec::new();
    passes((0..7).collect(), [3, 2], &mut Run::new(0, 10, "cpu"), |minibatch, _| {
        seen.push(minibatch.to_vec());
        Ok(())
    })
    .unwrap();
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [4, 3, 4, 3, 4, 3]);
    for pass in seen.chunks(2) {
        let mut entries = pass.concat();
        entries.sort_unstable();
        assert_eq!(entries, (0..7).collect::<Vec<_>>());
    }
}

#[test]
fn without_entries_nothing_is_learnt() {
    passes(Vec::new(), [3, 2], &mut Run::new(0, 10, "cpu"), |_, _| panic!("there is no minibatch")).unwrap();
}

#[test]
fn a_rollout_is_cut_into_no_more_minibatches_than_it_has_steps() {
    let config = PpoConfig { worlds: 2, rollout: 3, minibatches: 7, ..PpoConfig::default() };
    let sentence = config.validate().unwrap_err();
    assert_eq!(sentence, "`minibatches` is 7: it must be at most `worlds` x `rollout` = 6");
}
