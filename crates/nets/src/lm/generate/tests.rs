use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use rand::SeedableRng;

use super::*;
use crate::parameters::{NamedArray, export, import};
use crate::{
    host,
    lm::{LmConfig, RopeConfig},
};

fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A decoder whose weights are large enough for its opinions to differ.
fn decoder(config: &LmConfig, seed: u64) -> Decoder {
    let decoder = config.init(&Device::flex(), &mut seeded(seed)).expect("a valid shape");
    let mut noise = seeded(seed + 1);
    let larger = |mut array: NamedArray| {
        let vector = array.shape.len() == 1;
        for value in &mut array.values {
            *value = if vector {
                *value + 0.3 * (noise.next_u32() as f32 / u32::MAX as f32 - 0.5)
            } else {
                *value * 8.0
            };
        }
        (array.name.clone(), array)
    };
    let arrays: BTreeMap<String, NamedArray> = export(&decoder, "").into_iter().map(larger).collect();
    import(decoder, "", &arrays).expect("the same arrays")
}

fn small() -> LmConfig {
    LmConfig {
        width: 24,
        heads: 2,
        key_heads: 2,
        head_width: 12,
        hidden: 20,
        layers: 2,
        context: 64,
        ..LmConfig::small(17)
    }
}

fn shapes() -> [LmConfig; 4] {
    let rope = RopeConfig { base: 500.0, scaling: None };
    [
        small(),
        LmConfig { bias: true, key_heads: 1, tied: false, ..small() },
        LmConfig { query_key_norm: true, heads: 4, head_width: 6, rope, ..small() },
        LmConfig { head_width: 40, layers: 1, vocabulary: 33, ..small() },
    ]
}

fn prompts() -> Vec<Vec<u32>> {
    vec![vec![3, 1, 4, 1, 5], vec![9], vec![2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2], vec![9], vec![8, 4, 6]]
}

fn by_tensors(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    sampling: &Sampling,
    hook: Option<&mut dyn StepHook>,
    seed: u64,
) -> Vec<Generated> {
    let mut engine = Tensors::new(decoder.valid());
    complete(&mut engine, prompts, sampling, hook, &mut seeded(seed)).expect("completions")
}

fn by_host(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    sampling: &Sampling,
    hook: Option<&mut dyn StepHook>,
    seed: u64,
) -> Vec<Generated> {
    assert!(Host::serves(decoder));
    complete(&mut Host::new(decoder), prompts, sampling, hook, &mut seeded(seed)).expect("completions")
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{found}, expected {expected}");
    }
}

#[test]
fn both_ways_of_computing_agree() {
    for (seed, config) in shapes().iter().enumerate() {
        let decoder = decoder(config, seed as u64);
        let (mut first, mut second) = (Tensors::new(decoder.clone()), Host::new(&decoder));
        first.begin(&prompts(), 40).expect("fits");
        second.begin(&prompts(), 40).expect("fits");
        let mut running = vec![true; 5];
        for step in 0..39 {
            for row in (0..5).filter(|row| running[*row]) {
                assert_close(second.logits()[row], first.logits()[row]);
            }
            let (one, other) = (host(first.last()), host(second.last()));
            for row in (0..5).filter(|row| running[*row]) {
                let row = row * config.width..(row + 1) * config.width;
                assert_close(&other[row.clone()], &one[row]);
            }
            let ids: Vec<u32> = (0..5).map(|row| (row * 7 + step * 3) % 17).collect();
            // Rows end one after the other, so that those computed by tensors become fewer.
            running[step as usize / 10] = step % 10 < 9 && running[step as usize / 10];
            if step % 3 == 0 {
                let vectors = first.embed(&ids).mul_scalar(0.7);
                assert_close(&host(second.embed(&ids).mul_scalar(0.7)), &host(vectors.clone()));
                first.step(Inputs::Vectors(Box::new(vectors.clone())), &running).expect("fits");
                second.step(Inputs::Vectors(Box::new(vectors)), &running).expect("fits");
            } else {
                first.step(Inputs::Tokens(&ids), &running).expect("fits");
                second.step(Inputs::Tokens(&ids), &running).expect("fits");
            }
        }
    }
}

#[test]
fn greedy_completions_do_not_depend_on_padding() {
    let mut distinct = std::collections::BTreeSet::new();
    for (seed, config) in shapes().iter().enumerate() {
        let decoder = decoder(config, 10 + seed as u64);
        let sampling = Sampling::greedy(20, None);
        let together = by_tensors(&decoder, &prompts(), &sampling, None, 0);
        assert_eq!(ids(&by_host(&decoder, &prompts(), &sampling, None, 0)), ids(&together));
        for (prompt, row) in prompts().iter().zip(&together) {
            let alone = by_tensors(&decoder, std::slice::from_ref(prompt), &sampling, None, 0);
            assert_eq!(alone[0].ids, row.ids);
            assert_close(&alone[0].log_probs, &row.log_probs);
            assert_close(&alone[0].entropies, &row.entropies);
        }
        distinct.extend(ids(&together).concat());
    }
    assert!(distinct.len() > 4, "the models always say the same");
}

fn ids(completions: &[Generated]) -> Vec<Vec<u32>> {
    completions.iter().map(|row| row.ids.clone()).collect()
}

/// What a row draws depends on its prompt and its place alone.
#[test]
fn draws_do_not_depend_on_other_rows() {
    let decoder = decoder(&small(), 3);
    let sampling = Sampling { max_new: 30, stop: vec![vec![5], vec![2, 2]], ..Sampling::default() };
    let mut others = prompts();
    others[0] = vec![1; 20];
    others[2] = vec![7];
    let (first, second) =
        (by_host(&decoder, &prompts(), &sampling, None, 8), by_host(&decoder, &others, &sampling, None, 8));
    for row in [1, 3, 4] {
        assert_eq!(first[row], second[row]);
    }
    assert_ne!(first[0].ids, second[0].ids);
    assert_ne!(first[1].ids, first[3].ids, "rows with one prompt draw apart");
    assert_eq!(by_host(&decoder, &prompts(), &sampling, None, 8), first);
    assert_eq!(ids(&by_tensors(&decoder, &prompts(), &sampling, None, 8)), ids(&first));
    assert_ne!(ids(&by_host(&decoder, &prompts(), &sampling, None, 9)), ids(&first));

    let (mut one, mut other) = (seeded(4), seeded(4));
    generate(&decoder, &prompts(), &sampling, None, &mut one).expect("completions");
    generate(&decoder, &others, &Sampling { max_new: 1, ..sampling }, None, &mut other).expect("completions");
    assert_eq!(one, other);
}

/// A row ends with its stop sequence, and what the others say stays what it was.
#[test]
fn rows_that_have_ended_are_frozen() {
    let decoder = decoder(&small(), 6);
    let free = Sampling { max_new: 12, ..Sampling::default() };
    let whole = by_tensors(&decoder, &prompts(), &free, None, 2);
    assert!(whole.iter().all(|row| row.ids.len() == 12 && row.ended == Ended::Length));
    let stop = whole[0].ids[3..5].to_vec();
    let stopped = Sampling { stop: vec![stop.clone()], ..free };
    for found in [
        by_tensors(&decoder, &prompts(), &stopped, None, 2),
        by_host(&decoder, &prompts(), &stopped, None, 2),
    ] {
        for (row, whole) in found.iter().zip(&whole) {
            let at = whole.ids.windows(2).position(|pair| pair == stop);
            let length = at.map_or(12, |at| at + 2);
            assert_eq!(row.ids, whole.ids[..length]);
            assert_eq!((row.log_probs.len(), row.entropies.len()), (length, length));
            assert_eq!(row.ended, if at.is_some() { Ended::Stop } else { Ended::Length });
        }
        assert!(found[0].ids.len() <= 5 && found[0].ended == Ended::Stop);
    }
}

#[test]
fn log_probabilities_are_those_of_scoring() {
    let decoder = decoder(&small(), 7);
    let prompt = vec![1, 2, 3];
    let sampling = Sampling { max_new: 9, top_k: 3, repetition_penalty: 1.3, ..Sampling::default() };
    let found = by_host(&decoder, std::slice::from_ref(&prompt), &sampling, None, 1);
    let scored = score(&decoder, &[prompt, found[0].ids.clone()].concat()).expect("fits");
    assert_close(&found[0].log_probs, &scored.log_probs[2..]);
    assert_close(&found[0].entropies, &scored.entropies[2..]);
    assert_eq!((scored.log_probs.len(), scored.logits.len()), (11, 17));
}

/// Thinks twice, reading the vector of token 4 both times, then draws with token 6 forbidden.
struct Thinker {
    drawn: usize,
    seen: Vec<f32>,
}

impl StepHook for Thinker {
    fn logits(&mut self, _step: &Step<'_>, logits: &mut [f32]) {
        logits.chunks_exact_mut(17).for_each(|row| row[6] = f32::NEG_INFINITY);
    }

    fn thinks(&mut self, step: &Step<'_>, logits: &[f32], thinking: &mut [bool]) {
        assert_eq!(logits.len(), step.rows * step.vocabulary);
        thinking.fill(step.index < 2);
    }

    fn drawn(&mut self, step: &Step<'_>) -> ControlFlow<()> {
        self.drawn += 1;
        if step.index == 2 {
            self.seen = step.probabilities.to_vec();
            let last = host(step.last());
            assert_eq!(last.len(), step.rows * 24);
        }
        if step.index == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn input(&mut self, step: &Step<'_>, embeddings: Tensor<2>) -> Tensor<2> {
        if step.index < 2 { self.four(embeddings) } else { embeddings }
    }
}

impl Thinker {
    fn four(&self, embeddings: Tensor<2>) -> Tensor<2> {
        let [rows, width] = embeddings.dims();
        let four = decoder(&small(), 5).embedding().narrow(0, 4, 1);
        four.expand([rows, width])
    }
}

#[test]
fn a_hook_can_think_forbid_and_interrupt() {
    let decoder = decoder(&small(), 5);
    let sampling = Sampling { max_new: 10, ..Sampling::default() };
    // Without a thought, the same tokens in the prompt, and the same tokens forbidden.
    let longer: Vec<Vec<u32>> = prompts().into_iter().map(|prompt| [prompt, vec![4, 4]].concat()).collect();
    let plain = Sampling { max_new: 5, bias: vec![(6, f32::NEG_INFINITY)], ..Sampling::default() };
    let expected = by_tensors(&decoder, &longer, &plain, None, 3);
    for run in [by_tensors, by_host] {
        let mut hook = Thinker { drawn: 0, seen: Vec::new() };
        let found = run(&decoder, &prompts(), &sampling, Some(&mut hook), 3);
        assert_eq!(ids(&found), ids(&expected));
        assert_eq!(hook.drawn, 7);
        for row in &found {
            assert_eq!((row.ended, row.thoughts.len()), (Ended::Interrupted, 2));
            assert!(row.thoughts.iter().all(|thought| thought.behind == 0 && thought.entropy > 0.0));
        }
        for row in hook.seen.chunks_exact(17) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row[6] == 0.0);
        }
    }
}

#[test]
fn the_context_ends_a_completion() {
    let decoder = decoder(&LmConfig { context: 8, ..small() }, 2);
    let sampling = Sampling { max_new: 50, ..Sampling::default() };
    let prompts = [vec![1, 2, 3], vec![1; 7], vec![2]];
    for found in
        [by_tensors(&decoder, &prompts, &sampling, None, 3), by_host(&decoder, &prompts, &sampling, None, 3)]
    {
        let lengths: Vec<usize> = found.iter().map(|row| row.ids.len()).collect();
        assert_eq!(lengths, [5, 1, 7]);
        assert!(found.iter().all(|row| row.ended == Ended::Length));
    }
    let error = |prompt: Vec<u32>| {
        generate(&decoder, &[vec![1], prompt], &sampling, None, &mut seeded(0)).expect_err("refused")
    };
    assert_eq!(error(vec![]), NetsError::EmptyPrompt { row: 1 });
    assert_eq!(error(vec![1; 8]), NetsError::TooLong { length: 9, context: 8 });
    assert!(matches!(error(vec![17]), NetsError::UnknownToken { id: 17, vocabulary: 17, .. }));
    assert_eq!(generate(&decoder, &[], &sampling, None, &mut seeded(0)), Ok(Vec::new()));
}
