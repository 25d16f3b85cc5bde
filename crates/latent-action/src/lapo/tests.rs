//! Where gradients go, what windows hold, what is refused, on a world of one moving dot.

use std::{collections::BTreeMap, sync::Arc};

use memory::{
    DataSpec, Dataset,
    dataset::{Builder, Columns, Episode},
};
use nets::host;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Method, Mode, Protocol, Run, Snapshot, Task, data::Data};
use settings::Config;
use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Role};

use super::{
    Decoding, Lapo, LapoConfig, Learner, OnlineConfig, StageConfig, collapse, cross_entropy,
    experience::Experience,
    frames::{Frames, action},
};

/// A few mazes for latent action policies.
const MAZES: &str = "data:maze-levels,levels=20/scripted,skill=0.9,steps=600";

/// Networks and batches that cost little.
const CHEAP: &[&str] = &[
    "encoder={kind=\"planes\",channels=[4]}",
    "hidden=8",
    "forward={depth=1,width=2}",
    "models.batch=4",
    "models.warm_up=1",
    "policy.batch=4",
    "policy.warm_up=1",
];

trials::small!("lapo", MAZES, &[CHEAP, &["models.updates=440", "policy.updates=100",]]);
trials::small!("lapo", MAZES, &[CHEAP, &["models.updates=2", "policy.updates=420", "decoder.updates=200",]]);
trials::small!(
    "lapo",
    MAZES,
    &[
        CHEAP,
        &[
            "models.updates=2",
            "policy.updates=2",
            "decoding=online",
            "online.worlds=4",
            "online.rollout=8",
            "online.policy_head=[0, 50]",
            "online.features=[0, 50]",
            "online.refit.from=100",
        ]
    ]
);

const SIDE: usize = 5;

/// An image with one bright pixel.
fn dot([row, column]: [usize; 2]) -> Vec<u8> {
    let mut image = vec![0; SIDE * SIDE];
    image[row * SIDE + column] = 255;
    image
}

fn spec(action: Option<ActionSpace>) -> DataSpec {
    let layout = Layout::Image { height: SIDE, width: SIDE, channels: 1, frames: 1, scale: 1.0 / 255.0 };
    DataSpec {
        world: None,
        fields: vec![Field { name: "image".to_owned(), role: Role::Input, layout }],
        action,
        rewards: Vec::new(),
        extra: Vec::new(),
        horizon: None,
        policy: "none".to_owned(),
        seed: None,
    }
}

/// A dot that moves up, down, left, right or stays, at random, for episodes of `length` steps.
fn dots(episodes: usize, length: usize) -> Dataset {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut builder = Builder::new(spec(Some(ActionSpace::Discrete { count: 5 }))).unwrap();
    let show = |at| Observations { rows: 1, fields: vec![Array::Byte(dot(at))] };
    for _ in 0..episodes {
        let mut at = [random.random_range(0..SIDE), random.random_range(0..SIDE)];
        builder.begin(&show(at), 0);
        for _ in 0..length {
            let action = random.random_range(0..5_u32);
            let last = SIDE - 1;
            match action {
                0 => at[0] = at[0].saturating_sub(1),
                1 => at[0] = last.min(at[0] + 1),
                2 => at[1] = at[1].saturating_sub(1),
                3 => at[1] = last.min(at[1] + 1),
                _ => {}
            }
            builder.step(&Actions::Discrete(vec![action]), &[], &[], &show(at), 0).unwrap();
        }
        builder.end(false);
    }
    builder.finish().unwrap()
}

/// Networks of a few hundred weights.
fn small() -> LapoConfig {
    let mut config = LapoConfig::default();
    config.encoder = nets::encoder::EncoderConfig::Planes { channels: vec![8] };
    config.hidden = 32;
    config.forward = nets::unet::UNetConfig { depth: 1, width: 8 };
    config.quantiser = nets::vq::QuantiserConfig { slots: 1, ..config.quantiser };
    let stage = StageConfig { updates: 4, batch: 16, warm_up: 1, ..config.models };
    (config.models, config.policy) = (stage, stage);
    config.decoder.hidden = vec![16];
    config.decoder.updates = 4;
    config
}

fn build(config: &LapoConfig, set: Dataset, steps: u64) -> (run::Result<Lapo>, Run) {
    let task = Task::new().with(Data { name: "dots".to_owned(), set: Arc::new(set) });
    let mut run = Run::new(1, steps, "cpu");
    (Lapo::build(config.clone(), &task, &mut run), run)
}

/// All arrays of the state whose names begin so.
fn state(lapo: &Lapo, prefix: &str) -> BTreeMap<String, Vec<f32>> {
    let mut snapshot = Snapshot::new();
    lapo.save(&mut snapshot).unwrap();
    let named = snapshot.arrays().iter().filter(|(name, _)| name.starts_with(prefix));
    named.map(|(name, array)| (name.clone(), array.values.clone())).collect()
}

#[test]
fn every_stage_trains_its_own_parts_only() {
    let (lapo, mut run) = build(&small(), dots(20, 8), 100);
    let mut lapo = lapo.unwrap();
    let parts = ["inverse.", "forward.", "policy.", "decoder."];
    let mut seen = Vec::new();
    loop {
        let before = parts.map(|part| state(&lapo, part));
        let progress = lapo.advance(&mut run).unwrap();
        let changed: Vec<bool> =
            parts.iter().zip(&before).map(|(part, before)| state(&lapo, part) != *before).collect();
        let expected = match progress.stage {
            "latent-actions" => [true, true, false, false],
            "latent-policy" => [false, false, true, false],
            _ => [false, false, false, true],
        };
        assert_eq!(changed, expected, "{}", progress.stage);
        if seen.last() != Some(&progress.stage) {
            seen.push(progress.stage);
        }
        assert_eq!(lapo.policy().is_some(), lapo.position.stage >= 2);
        if progress.finished {
            break;
        }
    }
    assert_eq!(seen, ["latent-actions", "latent-policy", "decode"]);
    assert_eq!(run.steps(), 12);
}

#[test]
fn variants_leave_out_what_they_lack() {
    for (variant, stages) in
        [(Learner::NoBottleneck, 3), (Learner::NoFdm, 2), (Learner::Idm, 2), (Learner::Cloning, 1)]
    {
        let config = LapoConfig { variant, ..small() };
        let (lapo, mut run) = build(&config, dots(20, 8), 100);
        let mut lapo = lapo.unwrap();
        let (inverse, forward) = (state(&lapo, "inverse."), state(&lapo, "forward."));
        while !lapo.advance(&mut run).unwrap().finished {}
        assert_eq!(run.steps(), 4 * stages, "{variant:?}");
        let fixed = matches!(variant, Learner::NoFdm | Learner::Cloning);
        assert_eq!(state(&lapo, "inverse.") == inverse, fixed, "{variant:?}");
        assert_eq!(state(&lapo, "forward.") == forward, variant != Learner::NoBottleneck, "{variant:?}");
    }
}

#[test]
fn windows_stay_inside_their_episode_and_labels_name_the_action_between_the_last_two_frames() {
    // Episodes that show their own number, and every step's action as the dot's column.
    let mut builder = Builder::new(spec(Some(ActionSpace::Discrete { count: SIDE }))).unwrap();
    let show = |at| Observations { rows: 1, fields: vec![Array::Byte(dot(at))] };
    for episode in 0..SIDE {
        builder.begin(&show([episode, 0]), 0);
        for step in 0..2 + episode % 2 {
            let taken = Actions::Discrete(vec![(step + 1) as u32]);
            builder.step(&taken, &[], &[], &show([episode, step + 1]), 0).unwrap();
        }
        builder.end(true);
    }
    let set = Arc::new(builder.finish().unwrap());
    let device = burn::tensor::Device::flex();
    let mut frames = Frames::new(&set, 1).unwrap();
    assert_eq!(frames.starts().len(), 5 + 2);
    for number in 0..frames.starts().len() {
        let position = frames.starts().get(number);
        let windows = frames.at(&[position], &device).unwrap();
        assert_eq!(windows.all.dims(), [1, 3, SIDE, SIDE]);
        let bright = |image: burn::tensor::Tensor<4>| {
            let values = host(image);
            values.iter().position(|value| *value > 0.0).unwrap()
        };
        let now = position.row() * SIDE + position.step() as usize + 1;
        assert_eq!([bright(windows.current()), bright(windows.next())], [now, now + 1]);
        assert_eq!(windows.past().dims(), [1, 2, SIDE, SIDE]);
        assert_eq!(action(&set, position, 1), Some(position.step() as usize + 2));
    }
}

#[test]
fn acting_labels_only_windows_of_one_episode() {
    let layout = spec(None).fields[0].layout.clone();
    let config = small();
    let (lapo, _) = build(&config, dots(5, 8), 100);
    let lapo = lapo.unwrap();
    let mut experience = Experience::new(1, &layout, 2);
    let two = |image: Vec<u8>| Array::Byte([image.clone(), image].concat());
    let mut labelled = Vec::new();
    for step in 0..6 {
        // The second copy's second episode begins with the fourth frame.
        let begins = [step == 0, step == 0 || step == 3];
        experience.see(&two(dot([0, step % SIDE])), &begins);
        experience.label(lapo.inverse.inference(), &[step as u32, 10 + step as u32], &lapo.device);
        let mut snapshot = Snapshot::new();
        experience.save(&mut snapshot).unwrap();
        labelled = snapshot.arrays()["experience.actions"].values.clone();
    }
    assert_eq!(labelled, [2.0, 12.0, 3.0, 4.0, 5.0, 15.0]);
}

#[test]
fn reinforcement_learning_leaves_the_supervised_branch_alone() {
    let mut config = small();
    config.decoding = Decoding::Online;
    config.encoder = nets::encoder::EncoderConfig::Planes { channels: vec![4] };
    config.forward.depth = 2;
    config.online = OnlineConfig {
        world: "minatar-breakout".to_owned(),
        steps: 600,
        worlds: 4,
        rollout: 16,
        policy_head: [0, 100],
        value_head: [0, 100],
        features: [0, 100],
        ..OnlineConfig::default()
    };
    config.online.refit.from = 300;
    let data = Data::open("data:minatar-breakout/random,steps=200,seed=1").unwrap();
    let mut run = Run::new(1, 1_000, "cpu");
    let mut lapo = Lapo::build(config, &Task::new().with(data), &mut run).unwrap();
    while lapo.position.stage < 2 {
        lapo.advance(&mut run).unwrap();
    }
    let hidden = lapo.policy.module().hidden.weight.val().into_data();
    let (policy, decoder) = (state(&lapo, "policy."), state(&lapo, "decoder."));
    lapo.advance(&mut run).unwrap();
    let start = state(&lapo, "branch.");
    let features = |state: &BTreeMap<String, Vec<f32>>| state["branch.features.weight"].clone();
    // Nothing has been learnt yet: the step sizes begin at 0, and the policy's head with zeros.
    assert_eq!(features(&start), hidden.iter().collect::<Vec<f32>>());
    assert!(start["branch.policy.weight"].iter().all(|weight| *weight == 0.0));
    while lapo.position.done < 300 {
        assert_eq!(state(&lapo, "decoder."), decoder);
        lapo.advance(&mut run).unwrap();
    }
    lapo.advance(&mut run).unwrap();
    assert_ne!(features(&state(&lapo, "branch.")), features(&start));
    assert_eq!(state(&lapo, "policy."), policy);
    assert_ne!(state(&lapo, "decoder."), decoder);
    let protocol = Protocol { world: None, problems: None, episodes: 1, seed: 1, mode: Mode::Greedy };
    lapo.evaluate(&protocol, &mut run).unwrap();
}

#[test]
fn what_cannot_work_is_refused_in_a_sentence() {
    let refused = |config: &LapoConfig, set| build(config, set, 10).0.err().unwrap().to_string();
    let short = refused(&small(), dots(3, 1));
    assert!(short.contains("2 steps") && short.contains('1'), "{short}");
    let videos = |set: &Dataset| {
        let columns = Columns { actions: None, ..set.columns().clone() };
        let episodes: Vec<Episode> = set.episodes().to_vec();
        Dataset::new(spec(None), episodes, columns).unwrap()
    };
    let unlabelled = refused(&small(), videos(&dots(3, 5)));
    assert!(unlabelled.contains("no labelled transitions: use online decoding"), "{unlabelled}");
    let mut bright = spec(Some(ActionSpace::Discrete { count: 5 }));
    if let Layout::Image { scale, .. } = &mut bright.fields[0].layout {
        *scale = 2.0 / 255.0;
    }
    let set = dots(3, 5);
    let bright = Dataset::new(bright, set.episodes().to_vec(), set.columns().clone()).unwrap();
    let range = refused(&small(), bright);
    assert!(range.contains("[-0.5, 1.5"), "{range}");
    let online = LapoConfig { decoding: Decoding::Online, ..small() };
    let other = refused(
        &LapoConfig {
            online: OnlineConfig { world: "minatar-breakout".to_owned(), ..online.online.clone() },
            ..online
        },
        dots(3, 5),
    );
    assert!(other.contains("observations differ"), "{other}");
    let none = LapoConfig { labels: 0, ..small() }.validate().unwrap_err();
    assert!(none.starts_with("`labels` is 0: there are no labelled transitions"), "{none}");
    let idm = LapoConfig { variant: Learner::Idm, decoding: Decoding::Online, ..small() };
    assert!(idm.validate().unwrap_err().starts_with("`decoding` is online: it must be offline"));
    let past = LapoConfig { policy: StageConfig { warm_up: 9, ..small().policy }, ..small() };
    assert!(
        past.validate()
            .unwrap_err()
            .contains("`policy.warm_up` is 9: it must be at most `policy.updates`, 4")
    );
    let online = |change: fn(&mut OnlineConfig)| {
        let mut config = small();
        change(&mut config.online);
        config.validate().unwrap_err()
    };
    assert_eq!(
        online(|online| online.features = [5, 4]),
        "`online.features` is [5, 4]: it must be two steps that do not fall, up to `online.anneal`, 4000000"
    );
    assert_eq!(
        online(|online| (online.worlds, online.rollout, online.minibatches) = (2, 3, 7)),
        "`online.minibatches` is 7: it must be at most `online.worlds` times `online.rollout`, 6"
    );
}

#[test]
fn a_codebook_that_has_collapsed_is_reported() {
    let sentence = collapse(1, 1.2, 300, 1500).unwrap();
    assert!(sentence.starts_with("codebook 1 has collapsed: its perplexity is 1.20 after 300 of 1500"));
    assert!(collapse(1, 1.6, 300, 1500).is_none());
}

#[test]
fn cross_entropies_with_and_without_smoothing() {
    let device = burn::tensor::Device::flex();
    let logits = burn::tensor::Tensor::<2>::from_data([[1.0_f32, 2.0, 0.5], [0.0, 0.0, 0.0]], &device);
    let log = |values: [f64; 3], index: usize| {
        values[index] - values.iter().map(|value| value.exp()).sum::<f64>().ln()
    };
    let (first, second) = ([1.0, 2.0, 0.5], [0.0; 3]);
    let right = 0.5 * (log(first, 1) + log(second, 2));
    let all = (0..3).map(|index| log(first, index) + log(second, index)).sum::<f64>() / 6.0;
    for smoothing in [0.0, 0.2] {
        let found = f64::from(cross_entropy(logits.clone(), &[1, 2], smoothing).into_scalar::<f32>());
        let expected = -(1.0 - smoothing) * right - smoothing * all;
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }
}

#[test]
fn a_code_tells_what_the_past_cannot() {
    let mut config = small();
    config.models =
        StageConfig { updates: 1_500, batch: 64, learning_rate: 1e-3, warm_up: 20, ..config.models };
    config.quantiser = nets::vq::QuantiserConfig { dimensions: 8, codes: 16, ..config.quantiser };
    config.forward.width = 16;
    let (lapo, mut run) = build(&config, dots(100, 20), 5_000);
    let mut lapo = lapo.unwrap();
    while lapo.position.stage == 0 {
        lapo.advance(&mut run).unwrap();
    }
    let windows = lapo.frames.draw(256, run.random("windows"), &lapo.device).unwrap();
    let inferred = lapo.inverse.inference().forward(windows.all.clone(), false);
    let made = lapo.forward.inference().forward(windows.past(), inferred.code(), false);
    let error = |frames: burn::tensor::Tensor<4>| {
        f64::from((frames - windows.next()).square().mean().into_scalar::<f32>())
    };
    // A dot moves in 21 of 25 steps or so, and then two pixels differ.
    let (told, copied) = (error(made), error(windows.current()));
    assert!(told < 0.2 * copied, "{told} with codes, {copied} for the frame before");
    let protocol = Protocol { world: None, problems: None, episodes: 1, seed: 1, mode: Mode::Greedy };
    let scores = lapo.evaluate(&protocol, &mut run).unwrap();
    assert!(scores["diag/perplexity_0"].mean > 1.5);
    assert!(scores["probe/accuracy"].mean > 0.25, "a guess is right once in five");
}
