//! Answers that a model gave to training problems, with what was observed on the way.

use nets::lm::{
    Decoder,
    generate::{Ended, Generated, StepHook, generate},
    sampling::Sampling,
};
use rand_chacha::ChaCha8Rng;
use run::{Problems, Result, RunError};
use settings::Config;
use worlds::text::{Problem, Split, Verdict};

use super::{batch::Batch, codec::Codec};

/// Rows that are generated together at most.
const ROWS: usize = 128;

/// How training problems are answered.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct RolloutConfig {
    /// Prompts of an update.
    #[setting(16, min = 1)]
    pub prompts: usize,
    /// Answers to each prompt.
    #[setting(8, min = 1)]
    pub group: usize,
    /// Temperature at which they are drawn, from the whole vocabulary; at 0 all answers to a prompt would
    /// be equal and nothing would be learnt.
    #[setting(1.0, above = 0)]
    pub temperature: f64,
    /// Most tokens of an answer; 0 for the longest solution of the problems.
    #[setting(0)]
    pub max_new: usize,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its tokens, the end token included.
    pub ids: Vec<u32>,
    /// Log-probability of each at the sampling temperature.
    pub log_probs: Vec<f32>,
    /// Entropy of the distribution of each, at temperature 1.
    pub entropies: Vec<f32>,
    /// Whether the model ended it, or the limit of tokens did.
    pub ended: bool,
    /// As text, with the world's end sign where the model ended it.
    pub text: String,
    /// What the verifier says of it.
    pub verdict: Verdict,
}

/// The answers to some problems, a group after the other.
#[derive(Clone, Debug)]
pub struct Rollouts {
    /// The problems, one per group.
    pub problems: Vec<Problem>,
    /// Their prompts as tokens.
    pub prompts: Vec<Vec<u32>>,
    /// Answers per problem.
    pub group: usize,
    /// All answers.
    pub answers: Vec<Answer>,
}

impl Rollouts {
    /// The prompt of an answer.
    pub fn prompt(&self, answer: usize) -> &[u32] {
        &self.prompts[answer / self.group]
    }

    /// One number per answer.
    pub fn of(&self, measure: impl Fn(&Answer) -> f32) -> Vec<f32> {
        self.answers.iter().map(measure).collect()
    }

    /// The verifier's reward: 1 for every right answer, 0 for the others.
    pub fn correct(&self) -> Vec<f32> {
        self.of(|answer| f32::from(u8::from(answer.verdict.correct)))
    }

    /// The answers of these indices, for one teacher-forced pass.
    pub fn batch(&self, indices: &[usize]) -> Batch {
        let pair = |&index: &usize| (self.prompt(index), self.answers[index].ids.as_slice());
        Batch::new(&indices.iter().map(pair).collect::<Vec<_>>())
    }

    /// The indices of all answers, in pieces that are passed through a model together.
    pub fn pieces(&self) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.answers.len()).collect();
        all.chunks(ROWS).map(<[usize]>::to_vec).collect()
    }
}

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    /// 0 takes the likeliest token.
    pub temperature: f64,
    /// Most tokens of an answer.
    pub max_new: usize,
}

/// Draws `count` training problems.
pub fn training(problems: &Problems, count: usize, random: &mut ChaCha8Rng) -> Vec<Problem> {
    (0..count).map(|_| problems.world.draw(Split::Train, random)).collect()
}

/// `group` answers to each of `given`. A hook sees every piece of at most 128 rows from its beginning.
///
/// # Errors
/// A prompt has characters that are no tokens, or is too long for the model.
#[allow(clippy::too_many_arguments, reason = "each is of another kind")]
pub fn answer(
    decoder: &Decoder,
    codec: &Codec,
    problems: &Problems,
    given: Vec<Problem>,
    group: usize,
    drawing: Drawing,
    mut hook: Option<&mut dyn StepHook>,
    random: &mut ChaCha8Rng,
) -> Result<Rollouts> {
    let prompts: Vec<Vec<u32>> = given.iter().map(|problem| codec.prompt(problem)).collect::<Result<_>>()?;
    let rows: Vec<Vec<u32>> =
        prompts.iter().flat_map(|prompt| std::iter::repeat_n(prompt.clone(), group)).collect();
    let sampling = Sampling {
        temperature: drawing.temperature,
        max_new: drawing.max_new,
        stop: vec![vec![codec.end()]],
        ..Sampling::default()
    };
    let mut answers = Vec::with_capacity(rows.len());
    for piece in rows.chunks(ROWS) {
        let hook = hook.as_mut().map(reborrow);
        let generated = generate(decoder, piece, &sampling, hook, random).map_err(RunError::part)?;
        for generated in generated {
            let problem = &given[answers.len() / group];
            answers.push(graded(codec, problems, problem, generated)?);
        }
    }
    Ok(Rollouts { problems: given, prompts, group, answers })
}

/// A hook for a shorter time.
pub fn reborrow<'a>(hook: &'a mut &mut dyn StepHook) -> &'a mut dyn StepHook {
    &mut **hook
}

fn graded(codec: &Codec, problems: &Problems, problem: &Problem, generated: Generated) -> Result<Answer> {
    let text = codec.text(&generated.ids)?;
    let verdict = problems.world.verify(problem, &text);
    Ok(Answer {
        ids: generated.ids,
        log_probs: generated.log_probs,
        entropies: generated.entropies,
        ended: generated.ended == Ended::Stop,
        text,
        verdict,
    })
}
