//! Compression keeps variances, thoughts cost what they should, and targets are constants.

use std::collections::BTreeMap;

use agents::language::codec::Codec;
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::language::{
    Advantages,
    latent::{Dimensions, log_density},
};
use nets::{
    host,
    lm::{
        Decoder, LmConfig,
        latent::{LatentHead, embedding_scale},
    },
    parameters::{NamedArray, export, import},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::Problems;
use worlds::text::Split;

use super::{
    CompressionConfig, Experience, Labels, LatentConfig, LatentLoss, Layout, Pooling, Solution, losses,
    packed::{Content, Packed, Said, Slot},
    reward,
    thinking::{Chain, Thinker, density},
};

use crate::small::{SUMS, TINY};

/// Few problems in a batch.
const FITTED: &[&str] = &["supervised.batch=2"];

/// Latents that are reinforced from the snapshot's neighbourhood on.
const LATENTS: &[&str] = &[
    "supervised.learning_rate=0.01",
    "max_latents=4",
    "max_answer=3",
    "updates=380",
    "rl.updates=200",
    "rl.prompts=2",
    "rl.group=3",
    "rl.pool=6",
    "rl.filter=2",
    "rl.learning_rate=0.003",
    "rl.epochs=2",
];

trials::small!("colar", SUMS, &[TINY, FITTED, &["latent.second_pass=0.5"]]);
trials::small!("colar", SUMS, &[TINY, FITTED, LATENTS]);
trials::small!("colar", SUMS, &[TINY, FITTED, &["variant=cot"]]);

fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A decoder whose weights are large enough for its opinions to differ.
fn decoder(vocabulary: usize) -> Decoder {
    let shape = LmConfig {
        width: 16,
        heads: 2,
        key_heads: 2,
        head_width: 8,
        hidden: 24,
        layers: 2,
        context: 96,
        ..LmConfig::small(vocabulary)
    };
    let decoder = shape.init(&Device::flex(), &mut seeded(1)).expect("a valid shape");
    let larger = |mut array: NamedArray| {
        if array.shape.len() == 2 {
            array.values.iter_mut().for_each(|value| *value *= 8.0);
        }
        (array.name.clone(), array)
    };
    let arrays: BTreeMap<String, NamedArray> = export(&decoder, "").into_iter().map(larger).collect();
    import(decoder, "", &arrays).expect("the same arrays")
}

fn layout(speed: usize, labels: Labels) -> Layout {
    Layout { speed, pooling: Pooling::Sqrt, labels, separator: 9 }
}

fn solution() -> Solution {
    Solution { prompt: vec![1, 2], chain: vec![3, 4, 5, 6, 7], answer: vec![8, 0] }
}

#[test]
fn a_solution_becomes_blocks_between_separators() {
    let slots = layout(2, Labels::Random).slots(&solution(), &mut seeded(0));
    let tokens = |slot: &Slot| match &slot.content {
        Content::Tokens(ids, share) => (ids.clone(), *share),
        Content::Latent(_) => panic!("a solution has no latents"),
    };
    let half = 1.0 / 2.0_f32.sqrt();
    let expected: Vec<(Vec<u32>, f32)> = vec![
        (vec![1], 1.0),
        (vec![2], 1.0),
        (vec![9], 1.0),
        (vec![3, 4], half),
        (vec![5, 6], half),
        (vec![7], 1.0),
        (vec![9], 1.0),
        (vec![8], 1.0),
    ];
    assert_eq!(slots.iter().map(tokens).collect::<Vec<_>>(), expected);
    let thinks: Vec<bool> = slots.iter().map(|slot| slot.thought.is_some()).collect();
    assert_eq!(thinks, [false, false, true, true, true, true, false, false]);
    let said: Vec<Option<u32>> = slots.iter().map(|slot| slot.said.map(|said| said.id)).collect();
    assert!(matches!(said[2], Some(3 | 4)) && matches!(said[3], Some(5 | 6)), "{said:?}");
    assert_eq!(said[..2], [None, None]);
    assert_eq!(said[4..], [Some(7), Some(9), Some(8), Some(0)]);
}

#[test]
fn labels_are_any_token_of_the_next_block_or_the_stop_alone() {
    let random = &mut seeded(3);
    let first: std::collections::BTreeSet<u32> = (0..100)
        .filter_map(|_| layout(5, Labels::Random).slots(&solution(), random)[2].said)
        .map(|said| said.id)
        .collect();
    assert_eq!(first.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    let slots = layout(2, Labels::Stop).slots(&solution(), random);
    let said: Vec<Option<Said>> = slots[2..6].iter().map(|slot| slot.said).collect();
    assert_eq!(said, [None, None, None, Some(Said { id: 9, log_prob: 0.0 })]);
}

#[test]
fn a_chain_shorter_than_a_block_is_one_block() {
    let slots =
        layout(5, Labels::Random).slots(&Solution { chain: vec![3, 4], ..solution() }, &mut seeded(0));
    assert_eq!(slots[3].content, Content::Tokens(vec![3, 4], 1.0 / 2.0_f32.sqrt()));
    assert_eq!(slots[4].content, Content::Tokens(vec![9], 1.0));
}

#[test]
fn sums_over_roots_keep_the_variance_and_means_lose_it() {
    let decoder = decoder(300);
    let random = &mut seeded(5);
    let chain: Vec<u32> = (0..3_000).map(|_| random.random_range(10..300)).collect();
    let plain = embedding_scale(decoder.embedding()).powi(2);
    for (pooling, speed, expected) in [
        (Pooling::Sqrt, 1, 1.0),
        (Pooling::Sqrt, 2, 1.0),
        (Pooling::Sqrt, 5, 1.0),
        (Pooling::Mean, 2, 0.5),
        (Pooling::Mean, 5, 0.2),
    ] {
        let blocks = chain.chunks(speed).map(|block| Slot {
            content: Content::Tokens(block.to_vec(), pooling.share(block.len())),
            said: None,
            thought: None,
        });
        // Rows of a few blocks, so that the table of weights stays small.
        let rows: Vec<Vec<Slot>> = blocks.collect::<Vec<_>>().chunks(10).map(<[Slot]>::to_vec).collect();
        let input = Packed::new(&rows, 16).input(&decoder, 1.0);
        let ratio = embedding_scale(Tensor::from_data(
            burn::tensor::TensorData::new(host(input), [rows.len() * 10, 16]),
            &Device::flex(),
        ))
        .powi(2)
            / plain;
        assert!((ratio - expected).abs() < 0.08, "{pooling:?} of {speed}: {ratio}");
    }
}

#[test]
fn a_log_density_is_the_mean_over_dimensions() {
    // -0.5 (1 + ln 2π) and -0.5 (0.25 + ln 4 + ln 2π), by hand.
    let expected = f32::midpoint(-1.418_938_5, -1.737_085_7);
    assert!((density(&[0.0, 4.0_f32.ln()], &[1.0, -0.5]) - expected).abs() < 1e-5);
    let tensor = |values: [f32; 2]| Tensor::<3>::from_data([[values]], &Device::flex());
    let found =
        log_density(tensor([3.0, 1.0]), tensor([2.0, 2.0]), tensor([0.0, 4.0_f32.ln()]), Dimensions::Mean);
    assert!((host(found)[0] - expected).abs() < 1e-5);
}

/// Sums with a model that has not learnt them, and chains of its own.
struct Scene {
    problems: Problems,
    codec: Codec,
    decoder: Decoder,
    head: LatentHead,
    compression: CompressionConfig,
}

impl Scene {
    fn new() -> Self {
        let problems = Problems::open("arith,m=5,n=1").expect("it exists");
        let compression = CompressionConfig::default();
        let codec = Codec::characters_and(&[&problems], &compression.symbols()).expect("an alphabet");
        let decoder = decoder(codec.vocabulary());
        let head = LatentHead::new(16, 16, -8.0, &Device::flex(), &mut seeded(2));
        Self { problems, codec, decoder, head, compression }
    }

    fn thinker(&self) -> Thinker<'_> {
        Thinker {
            decoder: &self.decoder,
            head: &self.head,
            codec: &self.codec,
            separator: self.codec.encode("#").expect("a token")[0],
            compression: &self.compression,
            max_latents: 12,
            max_answer: 4,
        }
    }

    fn chains(&self, count: usize, temperature: Option<f64>) -> (Vec<Vec<u32>>, Vec<Chain>) {
        let random = &mut seeded(4);
        let given: Vec<_> = (0..count).map(|_| self.problems.world.draw(Split::Train, random)).collect();
        let thinker = self.thinker();
        let chains = thinker.think(&self.problems, &given, 2, 1, temperature, random).expect("chains");
        let prompts = given.iter().map(|problem| thinker.prompt(problem, 2).expect("a prompt")).collect();
        (prompts, chains)
    }
}

#[test]
fn teacher_forced_probabilities_are_those_of_the_rollout() {
    let scene = Scene::new();
    let (prompts, chains) = scene.chains(24, Some(0.7));
    assert!(chains.iter().any(|chain| chain.thoughts.stop.is_some() && chain.length > 0));
    assert!(chains.iter().any(|chain| chain.thoughts.stop.is_none() && chain.length == 12));
    let pairs: Vec<(&[u32], &Chain)> = prompts.iter().map(Vec::as_slice).zip(&chains).collect();
    let advantages = Advantages { values: vec![0.0; 24], flat: 0, groups: 1 };
    let experience = Experience::new(&pairs, scene.thinker().separator, &scene.decoder, advantages);
    let packed = &experience.packed;
    let input = packed.input(&scene.decoder, experience.scale);
    let targets = packed.targets(&input, experience.scale);
    let spoken = packed.spoken(&scene.decoder, &scene.head, input, 0.7).expect("a pass");
    let gaussian = spoken.gaussian;
    let densities = log_density(targets, gaussian.mean, gaussian.log_variance, Dimensions::Mean);
    let device = Device::flex();
    for (name, now, before, mask) in [
        ("latents", densities, packed.thought_before(&device), packed.thought(&device)),
        ("tokens", spoken.log_probs, packed.said_before(&device), packed.said(&device)),
    ] {
        let mut compared = 0;
        for ((now, before), mask) in host(now).into_iter().zip(host(before)).zip(host(mask)) {
            if mask == 1.0 {
                assert!((now - before).abs() < 2e-4, "{name}: {now} instead of {before}");
                compared += 1;
            }
        }
        let latents: usize = chains.iter().map(|chain| chain.length).sum();
        assert!(if name == "latents" { compared == latents } else { compared >= 24 }, "{name}: {compared}");
    }
}

#[test]
fn mean_latents_are_the_same_every_time_and_drawn_ones_are_not() {
    let scene = Scene::new();
    let ids = |temperature| {
        scene.chains(8, temperature).1.into_iter().map(|chain| chain.thoughts).collect::<Vec<_>>()
    };
    assert_eq!(ids(None), ids(None));
    assert!(ids(None) != ids(Some(1.0)));
    let (_, chains) = scene.chains(8, None);
    let separator = scene.thinker().separator;
    assert!(chains.iter().all(|chain| chain.ids[0] == separator && chain.thoughts.densities.is_empty()));
    assert!(chains.iter().all(|chain| chain.thoughts.stop.is_some() || !chain.correct));
}

#[test]
fn a_right_answer_is_worth_less_the_longer_its_chain() {
    let (_, mut chains) = Scene::new().chains(1, None);
    let mut chain = chains.remove(0);
    (chain.correct, chain.length) = (true, 4);
    assert_eq!([reward(&chain, false), reward(&chain, true)], [1.0, 0.25]);
    chain.correct = false;
    assert_eq!(reward(&chain, true), 0.0);
}

#[test]
fn gradients_reach_what_is_read_and_not_what_is_aimed_at() {
    let decoder = decoder(10).train();
    let head = LatentHead::new(16, 16, -8.0, &Device::flex(), &mut seeded(2)).train();
    let packed = Packed::new(&[layout(2, Labels::Random).slots(&solution(), &mut seeded(0))], 16);
    let scale = embedding_scale(decoder.embedding());
    let input = packed.input(&decoder, scale);
    assert!(input.is_tracked());
    assert!(!packed.targets(&input, scale).is_tracked());
    for loss in [LatentLoss::Nll, LatentLoss::SoftMse, LatentLoss::Mse] {
        let config = LatentConfig { loss, second_pass: 1.0, ..LatentConfig::default() };
        let found = losses(&decoder, &head, &packed, scale, &config, &mut seeded(1)).expect("losses");
        let second = found.second.clone().expect("it is wanted");
        assert!(host(second)[0].is_finite() && host(found.total(&config))[0].is_finite());
        let gradients = found.latent.backward();
        let embedding = decoder.embedding().grad(&gradients).expect("it is read");
        let rows = host(embedding.abs().sum_dim(1));
        // What is read up to the last block has a gradient. Token 8 is read later, and token 0 never.
        assert!(
            [1, 2, 3, 4, 5, 6, 7, 9].iter().all(|token: &usize| rows[*token] > 0.0),
            "{loss:?}: {rows:?}"
        );
        assert!(rows[8] == 0.0 && rows[0] == 0.0, "{loss:?}: {rows:?}");
    }
}
