//! Passes over rollouts, and settings that do not fit together.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{Collector, Run, task::World};
use settings::Config;
use worlds::{Actions, Array};

use super::{
    PpoConfig,
    beside::Beside,
    network::{Output, Sampler, log_prob_and_entropy},
    rollout::{Channel, Look, Rollout, passes},
};

const FEW: &[&str] = &["rollout=32", "hidden=[8]"];

trials::small!("ppo", "cartpole", &[FEW]);
trials::small!("ppo", "deep-sea", &[FEW, &["bonus.name=rnd", "bonus.hidden=[8]", "scale_rewards=true"]]);
trials::small!("ppo", "cartpole", &[FEW, &["recurrent.cell=gru", "recurrent.hidden=8"]]);
trials::small!(
    "ppo",
    "pendulum",
    &[FEW, &["recurrent.cell=lstm", "recurrent.hidden=8", "recurrent.chunk=8"]]
);
trials::small!("ppo", "maze-levels,legal=true", &[FEW]);
trials::small!(
    "ppo",
    "cartpole+hide=1_3",
    &[FEW, &["critic_sees=[\"state\"]", "recurrent.cell=gru", "recurrent.hidden=8"]]
);
trials::small!("ppo", "minatar-breakout", &[FEW, &["bonus.name=counts"]]);

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

/// A rollout of `steps` steps of one copy of a world in which episodes last two steps. Both channels
/// earn 1 a step; values are 10 in an episode's first state, 20 in its second, 30 at its end.
fn two_channels(steps: usize) -> Rollout {
    let world = World::new("deep-sea,size=2").unwrap();
    let mut run = Run::new(0, 100, "cpu");
    let mut collector = Collector::new(&world, 1, &mut run).unwrap();
    let mut rollout = Rollout::new(world.spec.input(), &world.spec.action, steps, 1).with_channels(2);
    let sampler = Sampler::new(&world.spec.action);
    let mut entry = 0;
    let look = |collector: &Collector, _| {
        let value = 10.0 * (1 + entry % 3) as f32;
        entry += 1;
        let Array::Float(kept) = collector.observations().input().clone() else { panic!("bytes") };
        Ok(Look {
            kept: Array::Float(kept),
            beside: Vec::new(),
            head: vec![0.0; 2],
            log_std: Vec::new(),
            value: vec![value; 2],
        })
    };
    let earn = |_: &mut Collector, _: &Actions, reward: &mut [f32], _: &mut Run| {
        reward.fill(1.0);
        Ok(())
    };
    rollout.fill(&mut collector, &sampler, &mut run, look, earn).unwrap();
    rollout
}

#[test]
fn values_of_a_channel_that_is_not_episodic_go_on_with_the_next_episode() {
    let world = World::new("deep-sea,size=2").unwrap();
    let device = burn::tensor::Device::flex();
    let mut rollout = two_channels(6);
    let bonus = Channel { gamma: 0.5, episodic: false, weight: 2.0 };
    rollout.estimate_advantages(&[Channel::reward(0.5), bonus], 0.0).unwrap();
    // Steps 2 and 5 only begin an episode.
    assert_eq!(rollout.taken(), [0, 1, 3, 4]);
    let batch = rollout.minibatch(&[0, 1, 3, 4], world.spec.input(), &device);
    // Target r + gamma V': the first step is followed by a state of value 20 in both channels. The second
    // one ends the episode, after which a first state of value 10 follows where the channel goes on.
    assert_eq!(batch.target, [11.0, 11.0, 1.0, 6.0, 11.0, 11.0, 1.0, 6.0]);
    let advantage = |target: [f32; 2], value: f32| (target[0] - value) + 2.0 * (target[1] - value);
    let expected = [advantage([11.0; 2], 10.0), advantage([1.0, 6.0], 20.0)];
    assert_eq!(batch.advantage, [expected[0], expected[1], expected[0], expected[1]]);
}

#[test]
fn more_weights_than_reward_channels_are_refused() {
    let world = World::new("cartpole").unwrap();
    let config = PpoConfig { reward_weights: vec![1.0, 0.5], ..PpoConfig::default() };
    let sentence = config.world_channels(&world.spec).unwrap_err().to_string();
    assert_eq!(sentence, "`reward_weights` has 2 weights: `cartpole` has rewards of 1 channels (reward)");
}

/// The divergence from the policy that collected, by the policy that learns, which hardly moves.
fn divergence(settings: &[&str]) -> f64 {
    let still = ["learning_rate=1e-12", "anneal=false", "epochs=1", "rollout=64", "hidden=[8]"];
    let mut trial = trials::Trial::new("ppo", "cartpole", &[&still, settings].concat(), 10_000, 1);
    trial.train(3_000);
    trial.reported("diag/kl")
}

#[test]
fn sequences_are_remembered_as_they_were_lived() {
    // Many episodes begin within a sequence of 64 steps, and shorter ones go on from kept states.
    for settings in [
        ["recurrent.cell=gru", "recurrent.chunk=64", "minibatches=2"],
        ["recurrent.cell=gru", "recurrent.chunk=8", "minibatches=4"],
        ["recurrent.cell=lstm", "recurrent.chunk=16", "minibatches=4"],
    ] {
        let divergence = divergence(&settings);
        assert!(divergence.abs() < 1e-9, "{settings:?}: {divergence}");
    }
}

#[test]
fn sequences_divide_a_rollout() {
    let refusal = |changes: &str| {
        let mut config = PpoConfig::default();
        config.read(&changes.parse().unwrap()).unwrap();
        config.validate().unwrap_err()
    };
    assert_eq!(
        refusal("rollout = 20\nrecurrent = { cell = \"gru\", chunk = 8 }"),
        "`recurrent.chunk` is 8: it must be a divisor of `rollout` = 20"
    );
    assert_eq!(
        refusal("rollout = 16\nworlds = 2\nminibatches = 5\nrecurrent = { cell = \"lstm\", chunk = 8 }"),
        "`minibatches` is 5: it must be at most the 4 sequences of `recurrent.chunk` = 8 steps"
    );
}

#[test]
fn an_action_that_is_not_legal_is_never_drawn_and_has_no_share_of_the_rest() {
    let device = burn::tensor::Device::flex();
    let world = World::new("maze-levels,legal=true").unwrap();
    let beside = Beside::new(&world.spec, &[]).unwrap();
    let marks = beside.upload(&[1.0, 0.0, 1.0, 0.0, 1.0], 1, &device);
    let head = burn::tensor::Tensor::<2>::from_data([[0.5, 9.0, -0.5, 9.0, 0.0]], &device);
    let head = marks.mask(head);
    let logits = nets::host(head.clone());
    let (sampler, mut random) = (Sampler::new(&world.spec.action), ChaCha8Rng::seed_from_u64(1));
    let total: f32 = [0.5_f32, -0.5, 0.0].iter().map(|logit| logit.exp()).sum();
    let mut log_prob = Vec::new();
    for _ in 0..200 {
        let Actions::Discrete(drawn) = sampler.sample(&logits, &[], &mut random, &mut log_prob) else {
            panic!("vectors")
        };
        let expected = match drawn[0] {
            0 => 0.5 - total.ln(),
            2 => -0.5 - total.ln(),
            4 => -total.ln(),
            other => panic!("action {other} is not legal"),
        };
        assert!((log_prob[0] - expected).abs() < 1e-6);
    }
    // The entropy is that of the three.
    let output = Output {
        head,
        value: burn::tensor::Tensor::zeros([1], &device),
        log_std: burn::tensor::Tensor::zeros([5], &device),
    };
    let action = learn::batch::ActionBatch::upload(&Actions::Discrete(vec![2]), 1, &device);
    let (_, entropy) = log_prob_and_entropy(&output, &action);
    let share = |logit: f32| logit.exp() / total;
    let expected: f32 = [0.5, -0.5, 0.0].map(|logit| -share(logit) * share(logit).ln()).iter().sum();
    assert!((nets::host(entropy)[0] - expected).abs() < 1e-6);
}

#[test]
fn a_critic_sees_what_it_is_told_and_no_field_that_is_not_there() {
    let world = World::new("cartpole+hide=1_3").unwrap();
    assert_eq!(Beside::new(&world.spec, &["state".to_owned()]).unwrap().critic_size(), 4);
    let sentence = Beside::new(&world.spec, &["speed".to_owned()]).unwrap_err().to_string();
    assert_eq!(
        sentence,
        "`critic_sees` names `speed`: besides its observation `cartpole+hide=1_3` gives `state`"
    );
}

#[test]
fn a_frozen_encoder_keeps_its_weights_and_the_rest_learns() {
    let encoder = "encoder={ kind = \"mlp\", hidden = [], output = 8 }";
    let settings = ["rollout=32", "hidden=[8]", encoder, "frozen_encoder=true"];
    let mut trial = trials::Trial::new("ppo", "cartpole", &settings, 10_000, 1);
    let weights = |trial: &trials::Trial, part: &str| {
        let snapshot = trial.snapshot();
        let arrays = snapshot.arrays().iter().filter(|(name, _)| name.starts_with(part));
        arrays.map(|(_, array)| array.clone()).collect::<Vec<_>>()
    };
    let before = [weights(&trial, "network.encoder"), weights(&trial, "network.actor")];
    assert!(!before[0].is_empty());
    trial.train(1_000);
    assert!(weights(&trial, "network.encoder") == before[0]);
    assert!(weights(&trial, "network.actor") != before[1]);
}
