//! What a model is worth on held-out problems.

use std::collections::BTreeMap;

use nets::lm::{Decoder, generate::StepHook};
use rand_chacha::ChaCha8Rng;
use run::{Problems, Result, Score, Scores};
use settings::Config;
use worlds::text::Problem;

use super::{
    codec::Codec,
    rollout::{Answer, Drawing, Rollouts, answer, reborrow},
};

/// Completions that are shown.
const SHOWN: usize = 2;

/// How a model is scored, beside its greedy answers.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct EvaluationConfig {
    /// Drawn answers to each problem, for the mean accuracy and the majority's; 0 for greedy ones only.
    #[setting(4)]
    pub samples: usize,
    /// Temperature at which they are drawn; greedy answers are scored in any case.
    #[setting(1.0, above = 0)]
    pub temperature: f64,
    /// Other problems that greedy answers are scored on besides, such as longer ones: text worlds or
    /// `.jsonl` files.
    #[setting(Vec::new())]
    pub tests: Vec<String>,
}

/// One number per problem, by name.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    values: BTreeMap<&'static str, Vec<f64>>,
    /// Prompts with the greedy answers to them.
    pub shown: Vec<String>,
}

impl Measures {
    /// Their summaries as `eval/<prefix><name>`.
    pub fn scores(&self, prefix: &str) -> Scores {
        let summary =
            |(name, values): (&&str, &Vec<f64>)| Some((format!("eval/{prefix}{name}"), Score::of(values)?));
        self.values.iter().filter_map(summary).collect()
    }

    /// How much more these are than `other`'s, problem by problem.
    pub fn above(&self, other: &Measures) -> Measures {
        let gain = |(name, values): (&&'static str, &Vec<f64>)| {
            let before = other.values.get(name)?;
            Some((*name, values.iter().zip(before).map(|(after, before)| after - before).collect()))
        };
        Measures { values: self.values.iter().filter_map(gain).collect(), shown: Vec::new() }
    }
}

/// Scores a model on problems: `accuracy`, `length` in tokens and `format` of greedy answers, and where
/// some are drawn their `sampled_accuracy`, the `majority`'s, and the mean `entropy` of their tokens'
/// distributions in nats. A hook sees all of them.
///
/// # Errors
/// A prompt has characters that are no tokens, or is too long for the model.
#[allow(clippy::too_many_arguments, reason = "each is of another kind")]
pub fn measure(
    decoder: &Decoder,
    codec: &Codec,
    problems: &Problems,
    given: &[Problem],
    config: &EvaluationConfig,
    max_new: usize,
    mut hook: Option<&mut dyn StepHook>,
    random: &mut ChaCha8Rng,
) -> Result<Measures> {
    let mut drawn = |count, temperature| {
        let drawing = Drawing { temperature, max_new };
        let hook = hook.as_mut().map(reborrow);
        answer(decoder, codec, problems, given.to_vec(), count, drawing, hook, random)
    };
    let greedy = drawn(1, 0.0)?;
    let each = |measure: fn(&Answer) -> f64| greedy.answers.iter().map(measure).collect::<Vec<f64>>();
    let mut values = BTreeMap::from([
        ("accuracy", each(|answer| share(answer.verdict.correct))),
        ("format", each(|answer| share(answer.verdict.format))),
        ("length", each(|answer| answer.ids.len() as f64)),
    ]);
    if config.samples > 0 {
        let samples = drawn(config.samples, config.temperature)?;
        let groups = || samples.answers.chunks(config.samples);
        values.insert("entropy", groups().map(entropy).collect());
        values.insert("sampled_accuracy", groups().map(accuracy).collect());
        values.insert("majority", groups().map(|group| majority(group, problems)).collect());
    }
    Ok(Measures { values, shown: shown(&greedy) })
}

fn share(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Mean entropy of the distributions that the answers' tokens were drawn from.
pub fn entropy(answers: &[Answer]) -> f64 {
    let entropies: Vec<f64> =
        answers.iter().flat_map(|answer| &answer.entropies).map(|entropy| f64::from(*entropy)).collect();
    entropies.iter().sum::<f64>() / entropies.len().max(1) as f64
}

/// Share of right answers.
pub fn accuracy(answers: &[Answer]) -> f64 {
    let right: f64 = answers.iter().map(|answer| share(answer.verdict.correct)).sum();
    right / answers.len().max(1) as f64
}

/// 1 if the answer that most samples agree on is right, the first found among equals. Samples without a
/// readable answer have no vote.
pub fn majority(samples: &[Answer], problems: &Problems) -> f64 {
    let marker = problems.world.marker();
    let vote = |answer: &'_ Answer| Some((result(answer, marker)?, answer.verdict.correct));
    let votes: Vec<(String, bool)> = samples.iter().filter_map(vote).collect();
    let count = |text: &str| votes.iter().filter(|vote| vote.0 == text).count();
    let best = votes.iter().rev().max_by_key(|vote| count(&vote.0));
    best.map_or(0.0, |vote| share(vote.1))
}

/// What an answer says behind the marker, where it can be read.
pub fn result(answer: &Answer, marker: &str) -> Option<String> {
    let text = answer.text.rsplit_once(marker).map_or("", |(_, result)| result).trim();
    answer.verdict.format.then(|| text.to_owned())
}

fn shown(greedy: &Rollouts) -> Vec<String> {
    let line = |(problem, answer): (&Problem, &Answer)| {
        let word = if answer.verdict.correct { "right" } else { "wrong" };
        format!("{} -> {} ({word})", problem.prompt, answer.text)
    };
    greedy.problems.iter().zip(&greedy.answers).take(SHOWN).map(line).collect()
}
