//! One token from one row of logits.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Sampling, truncate};
use crate::elu::exponential;
use crate::{NetsError, argmax};

/// A token that was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Which.
    pub id: u32,
    /// What the model's distribution says of it.
    pub told: Told,
}

/// What a row of logits says before any rule but the temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Log-probability of the token in nats, at the sampling temperature (at 1 where that is 0).
    pub log_prob: f32,
    /// Entropy of the whole distribution in nats, at temperature 1.
    pub entropy: f32,
}

/// Room for one row, reused from step to step.
#[derive(Debug, Default)]
pub(in crate::lm) struct Scratch {
    /// Tokens that can be drawn.
    candidates: Vec<u32>,
    /// Their scores behind bias, penalty, minimum length and temperature.
    scores: Vec<f32>,
    /// exp(score - largest) of each.
    weights: Vec<f32>,
}

impl Scratch {
    /// Draws a token.
    pub fn choose(
        &mut self,
        sampling: &Sampling,
        logits: &[f32],
        seen: &[bool],
        drawn: &[u32],
        random: &mut ChaCha8Rng,
    ) -> Result<Choice, NetsError> {
        self.process(sampling, logits, seen, drawn)?;
        let place =
            if sampling.temperature > 0.0 { self.draw(random.random()) } else { argmax(&self.scores) };
        let id = self.candidates[place];
        Ok(Choice { id, told: tell(logits, id, sampling.divisor()) })
    }

    /// Candidates and their scores by the rules.
    pub fn process(
        &mut self,
        sampling: &Sampling,
        logits: &[f32],
        seen: &[bool],
        drawn: &[u32],
    ) -> Result<(), NetsError> {
        if logits.iter().any(|logit| logit.is_nan() || *logit == f32::INFINITY) {
            return Err(NetsError::Logits { what: "not all numbers" });
        }
        self.scores.clear();
        self.scores.extend_from_slice(logits);
        for (id, bias) in &sampling.bias {
            self.scores[*id as usize] += bias;
        }
        let penalty = sampling.repetition_penalty as f32;
        for (score, _) in self.scores.iter_mut().zip(seen).filter(|(_, seen)| **seen) {
            *score = if *score > 0.0 { *score / penalty } else { *score * penalty };
        }
        if drawn.len() < sampling.min_new {
            forbid_stops(sampling, drawn, &mut self.scores);
        }
        self.candidates.clear();
        let allowed = |(_, score): &(usize, &f32)| **score > f32::NEG_INFINITY;
        let candidates = self.scores.iter().enumerate().filter(allowed).map(|(id, _)| id as u32);
        self.candidates.extend(candidates);
        if self.candidates.is_empty() {
            return Err(NetsError::Logits { what: "minus infinity for every token that may follow" });
        }
        if self.candidates.len() < logits.len() {
            self.scores.retain(|score| *score > f32::NEG_INFINITY);
        }
        if sampling.temperature > 0.0 {
            let factor = 1.0 / sampling.divisor();
            self.scores.iter_mut().for_each(|score| *score *= factor);
            truncate::truncate(sampling, &mut self.candidates, &mut self.scores);
        }
        Ok(())
    }

    /// The probabilities of all tokens behind [`Scratch::process`].
    pub fn probabilities(&mut self, sampling: &Sampling, vocabulary: usize) -> Vec<f32> {
        let mut all = vec![0.0; vocabulary];
        if sampling.temperature > 0.0 {
            self.spread(&mut all);
        } else {
            all[self.candidates[argmax(&self.scores)] as usize] = 1.0;
        }
        all
    }

    /// Writes the softmax of the scores over `all [V]`.
    pub fn spread(&mut self, all: &mut [f32]) {
        all.fill(0.0);
        let total = self.weigh();
        for (id, weight) in self.candidates.iter().zip(&self.weights) {
            all[*id as usize] = (f64::from(*weight) / total) as f32;
        }
    }

    /// The place where the distribution function passes `level`, in [0, 1).
    fn draw(&mut self, level: f64) -> usize {
        let total = self.weigh();
        let mut left = level * total;
        let mut last = 0;
        for (place, weight) in self.weights.iter().enumerate() {
            let weight = f64::from(*weight);
            if weight > 0.0 {
                last = place;
            }
            if left < weight {
                return place;
            }
            left -= weight;
        }
        // Rounding may leave a remainder behind the last token: it goes to the last that is possible.
        last
    }

    /// The token at a level of the distribution function.
    #[cfg(test)]
    pub fn at(&mut self, level: f64) -> u32 {
        let place = self.draw(level);
        self.candidates[place]
    }

    /// exp(score - largest) of every candidate, and their sum.
    fn weigh(&mut self) -> f64 {
        let largest = largest(&self.scores);
        self.weights.clear();
        self.weights.extend(self.scores.iter().map(|score| exponential(score - largest)));
        self.weights.iter().map(|weight| f64::from(*weight)).sum()
    }
}

/// Log-probability and entropy of a whole row of logits, those of minus infinity taken as impossible.
pub(in crate::lm) fn tell(logits: &[f32], id: u32, temperature: f32) -> Told {
    let (entropy, normaliser) = spread(logits);
    let normaliser = if temperature == 1.0 { normaliser } else { scaled_normaliser(logits, temperature) };
    Told { log_prob: logits[id as usize] / temperature - normaliser, entropy }
}

/// Entropy and log of the sum of exponentials.
pub(in crate::lm) fn spread(logits: &[f32]) -> (f32, f32) {
    let largest = largest(logits);
    let (mut total, mut mean) = (0.0_f64, 0.0_f64);
    for logit in logits.iter().map(|logit| logit - largest).filter(|logit| *logit > -87.0) {
        let weight = f64::from(exponential(logit));
        total += weight;
        mean += weight * f64::from(logit);
    }
    let log = total.ln();
    ((log - mean / total).max(0.0) as f32, (log + f64::from(largest)) as f32)
}

fn scaled_normaliser(logits: &[f32], temperature: f32) -> f32 {
    let largest = largest(logits);
    let weight = |logit: &f32| f64::from(exponential((logit - largest) / temperature));
    let total: f64 = logits.iter().map(weight).sum();
    (total.ln() + f64::from(largest / temperature)) as f32
}

fn largest(scores: &[f32]) -> f32 {
    scores.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Forbids the tokens that would complete a stop sequence.
fn forbid_stops(sampling: &Sampling, drawn: &[u32], scores: &mut [f32]) {
    for sequence in &sampling.stop {
        if let Some((last, before)) = sequence.split_last()
            && drawn.ends_with(before)
        {
            scores[*last as usize] = f32::NEG_INFINITY;
        }
    }
}
