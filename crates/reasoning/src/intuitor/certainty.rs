//! Self-certainty of answers, as numbers on the host: nothing here has a gradient.

use agents::language::{codec::Codec, rollout::Rollouts, supervised::Corpus};
use burn::tensor::Tensor;
use learn::language::tokens::{self_certainty, self_certainty_over, sequence_mean, top_probability};
use nets::lm::Decoder;
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError};
use settings::Choice;

/// Worked solutions among whose tokens those in use are looked for.
const SOLUTIONS: usize = 1_024;

/// The tokens over which the uniform distribution lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Over {
    /// All: the paper's. In a small vocabulary the mean of log-probabilities is ruled by tokens that are
    /// never used, so that the score can rise without the answer becoming surer.
    #[default]
    Vocabulary,
    /// Those that occur in worked solutions.
    Support,
}

/// What a model's distributions say of each answer, means over its tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Certainty {
    /// KL(uniform || p) over the whole vocabulary, in nats.
    pub vocabulary: Vec<f32>,
    /// The same over the tokens in use, of p restricted to them.
    pub support: Vec<f32>,
    /// Probability of the likeliest token.
    pub top: Vec<f32>,
}

impl Certainty {
    /// What `annotator` says of answers, from one pass with the answers given, at temperature 1.
    /// `support [V]` is 1 at the tokens in use.
    ///
    /// # Errors
    /// An answer is longer than the model's context.
    pub fn of(annotator: &Decoder, rollouts: &Rollouts, support: &[f32]) -> Result<Self> {
        let uniform = |tokens: f32| tokens.max(1.0).ln();
        let (all, used) = (uniform(support.len() as f32), uniform(support.iter().sum()));
        let mut found = Self::default();
        for piece in rollouts.pieces() {
            let batch = rollouts.batch(&piece);
            let logits = batch.logits(annotator)?;
            let device = logits.device();
            let mask = batch.mask(&device);
            let support = Tensor::<1>::from_data(support, &device);
            let mean =
                |values| sequence_mean(values, mask.clone()).into_data().iter::<f32>().collect::<Vec<_>>();
            found.vocabulary.extend(mean(self_certainty(logits.clone())).iter().map(|value| value - all));
            found
                .support
                .extend(mean(self_certainty_over(logits.clone(), support)).iter().map(|value| value - used));
            found.top.extend(mean(top_probability(logits)));
        }
        Ok(found)
    }

    /// The reward of each answer.
    ///
    /// # Errors
    /// One is not finite, as where logits were masked.
    pub fn rewards(&self, over: Over) -> Result<&[f32]> {
        let (rewards, cure) = match over {
            Over::Vocabulary => {
                (&self.vocabulary, "set over=support, which leaves out tokens that are never used")
            }
            Over::Support => (&self.support, "give logits of all tokens that solutions are made of"),
        };
        match rewards.iter().find(|reward| !reward.is_finite()) {
            None => Ok(rewards.as_slice()),
            Some(reward) => Err(RunError::Part(format!(
                "the self-certainty of an answer is {reward}, because some logits are not finite: it needs those of \
                 the whole vocabulary; {cure}"
            ))),
        }
    }
}

/// 1 at the tokens that worked solutions are made of, and 0 at the others, `[V]`.
///
/// # Errors
/// A character is no token.
pub fn support(corpus: &Corpus, codec: &Codec, tokens: usize, random: &mut ChaCha8Rng) -> Result<Vec<f32>> {
    let mut support = vec![0.0; tokens];
    for (_, solution) in corpus.solutions(codec, SOLUTIONS, random)? {
        for token in solution {
            if let Some(seen) = support.get_mut(token as usize) {
                *seen = 1.0;
            }
        }
    }
    Ok(support)
}

/// Refuses a batch in which more than the share `limit` of the answers are empty, which is where a score
/// of few tokens can end.
///
/// # Errors
/// There are more.
pub fn check_empty(rollouts: &Rollouts, limit: f64) -> Result<f64> {
    let empty = rollouts.answers.iter().filter(|answer| answer.ended && answer.ids.len() < 2).count();
    let share = empty as f64 / rollouts.answers.len().max(1) as f64;
    if share <= limit {
        return Ok(share);
    }
    Err(RunError::Part(format!(
        "{:.0} % of the answers are empty, which is the degenerate optimum of self-certainty: raise update.beta or \
         lower update.learning_rate; empty_limit says how many are allowed",
        100.0 * share
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_refused_with_the_way_out() {
        let found = Certainty { vocabulary: vec![1.0, f32::INFINITY], support: vec![0.5, 0.25], top: vec![] };
        let error = found.rewards(Over::Vocabulary).unwrap_err().to_string();
        assert!(error.contains("whole vocabulary; set over=support"), "{error}");
        assert_eq!(found.rewards(Over::Support).unwrap(), [0.5, 0.25]);
    }
}
