//! Replay in proportion to priorities.
//!
//! Schaul et al. 2016, "Prioritized Experience Replay": entry `i` is drawn with probability
//! `P(i) = p_i^alpha / sum_k p_k^alpha` (equation 1) and weighted by `(N P(i))^-beta`, divided by
//! the largest weight of the batch (section 3.4). `N` and the sum cancel in that division.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::{Actions, Observations, Outcome};

use super::batch::{TransitionBatch, WindowBatch};
use super::ring::Replay;
use super::span::{Position, Span};
use super::sum_tree::SumTree;
use crate::MemoryError;

/// Rounds of redrawing a refused target inside its own stratum.
const STRATIFIED_ROUNDS: usize = 4;

/// How priorities become probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorityConfig {
    /// Exponent of the priorities, from 0 (uniform) to 1 (proportional).
    pub alpha: f64,
    /// Smallest priority, above 0, so that every entry keeps a chance.
    pub floor: f64,
    /// One draw from each of `count` equal shares of the total, instead of independent draws.
    pub stratified: bool,
}

/// Positions drawn by priority, in reused buffers.
#[derive(Clone, Debug, Default)]
pub struct Draw {
    /// The positions.
    pub positions: Vec<Position>,
    /// Importance weights, the largest of the draw being 1.
    pub weights: Vec<f32>,
    targets: Vec<(f64, usize)>,
    /// The stratum of each target still to be placed.
    strata: Vec<usize>,
    /// Entry of every stratum's position, where one was found.
    entries: Vec<Option<usize>>,
}

/// A [`Replay`] with a priority for every entry; new entries get the largest seen so far.
#[derive(Clone, Debug)]
pub struct Prioritised {
    pub(crate) replay: Replay,
    pub(crate) config: PriorityConfig,
    pub(crate) tree: SumTree,
    pub(crate) max_priority: f64,
}

impl Prioritised {
    /// Gives priorities to a replay; entries already in it get priority 1.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn new(replay: Replay, config: PriorityConfig) -> Result<Self, MemoryError> {
        if !(0.0..=1.0).contains(&config.alpha) {
            let reason = format!("{} is not in [0, 1]", config.alpha);
            return Err(MemoryError::setting("alpha", reason));
        }
        if !(config.floor.is_finite() && config.floor > 0.0) {
            let reason = format!("{} is not a finite number above 0", config.floor);
            return Err(MemoryError::setting("floor", reason));
        }
        let mut values = vec![0.0; replay.length * replay.config.rows];
        for row in 0..replay.config.rows {
            for step in replay.oldest()..replay.pushed {
                let boundary = replay.meta(row, step).boundary();
                values[replay.entry(row, step)] = if boundary { 0.0 } else { 1.0 };
            }
        }
        Ok(Self { replay, config, tree: SumTree::from_values(&values), max_priority: 1.0 })
    }

    /// Appends one entry per row; see [`Replay::push`].
    ///
    /// # Errors
    /// Those of [`Replay::push`].
    pub fn push(
        &mut self,
        observations: &Observations,
        actions: &Actions,
        outcome: &Outcome,
        extra: &[&[f32]],
    ) -> Result<(), MemoryError> {
        self.replay.push(observations, actions, outcome, extra)?;
        let newest = self.max_priority.powf(self.config.alpha);
        for row in 0..self.replay.config.rows {
            let entry = self.replay.entry(row, self.replay.pushed - 1);
            self.tree.set(entry, if outcome.reset[row] { 0.0 } else { newest });
        }
        Ok(())
    }

    /// The replay below.
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// The largest priority seen so far, which new entries get.
    pub fn max_priority(&self) -> f64 {
        self.max_priority
    }

    /// Sets the priorities (`[B]`) of positions, e.g. to `|TD error|`; where a position occurs
    /// twice the later one stays, and positions overwritten since they were drawn are passed over.
    ///
    /// # Errors
    /// The lengths differ, or a priority is negative or not finite. Nothing is changed then.
    pub fn update(&mut self, positions: &[Position], priorities: &[f32]) -> Result<(), MemoryError> {
        if positions.len() != priorities.len() {
            let (expected, found) = (positions.len(), priorities.len());
            return Err(MemoryError::length("the priorities", expected, found));
        }
        let wrong = |value: &f32| !value.is_finite() || *value < 0.0;
        if let Some(index) = priorities.iter().position(wrong) {
            return Err(MemoryError::Priority { index, value: priorities[index] });
        }
        let present = Span { before: 0, after: 0, ..Span::transition(0) };
        for (&position, &priority) in positions.iter().zip(priorities) {
            let priority = f64::from(priority).max(self.config.floor);
            self.max_priority = self.max_priority.max(priority);
            if self.replay.is_valid(position, present) {
                let entry = self.replay.entry(position.row(), position.step);
                self.tree.set(entry, priority.powf(self.config.alpha));
            }
        }
        Ok(())
    }

    /// Draws `count` positions that are valid for the span, in proportion to `p^alpha`.
    ///
    /// `beta` is the exponent of the importance weights: 0 leaves the bias, 1 undoes it. With
    /// strata, a target that falls on an invalid entry is drawn again from its stratum a few times,
    /// then from everywhere.
    ///
    /// # Errors
    /// No position is valid.
    pub fn sample(
        &self,
        count: usize,
        span: Span,
        beta: f64,
        random: &mut ChaCha8Rng,
        out: &mut Draw,
    ) -> Result<(), MemoryError> {
        out.positions.clear();
        out.weights.clear();
        if count == 0 {
            return Ok(());
        }
        if self.tree.total() <= 0.0 {
            return Err(self.replay.nothing_valid(span));
        }
        out.entries.clear();
        out.entries.resize(count, None);
        out.strata.clear();
        out.strata.extend(0..count);
        let rounds = 16 + self.replay.len() / (32 * count);
        for round in 0..rounds {
            let stratified = self.config.stratified && round < STRATIFIED_ROUNDS;
            self.place(stratified, span, random, out);
            if out.strata.is_empty() {
                break;
            }
        }
        if !out.strata.is_empty() {
            self.place_listed(span, random, out)?;
        }
        self.finish(beta, out);
        Ok(())
    }

    /// One target for each stratum that has no position yet.
    fn place(&self, stratified: bool, span: Span, random: &mut ChaCha8Rng, out: &mut Draw) {
        let total = self.tree.total();
        let share = total / out.entries.len() as f64;
        out.targets.clear();
        for &stratum in &out.strata {
            let draw: f64 = random.random();
            let target = if stratified { (stratum as f64 + draw) * share } else { draw * total };
            out.targets.push((target, 0));
        }
        self.tree.descend(&mut out.targets);
        for &(_, entry) in &out.targets {
            self.replay.prefetch(self.replay.position(entry));
        }
        let mut targets = out.targets.iter();
        let entries = &mut out.entries;
        out.strata.retain(|&stratum| {
            let found = targets.next().map(|target| target.1);
            entries[stratum] = found.filter(|&entry| self.replay.suits(self.replay.position(entry), span));
            entries[stratum].is_none()
        });
    }

    /// Draws what is missing from a list of all valid entries.
    fn place_listed(&self, span: Span, random: &mut ChaCha8Rng, out: &mut Draw) -> Result<(), MemoryError> {
        let mut listed = Vec::new();
        let mut total = 0.0;
        for position in self.replay.valid_positions(span) {
            let entry = self.replay.entry(position.row(), position.step);
            total += self.tree.values()[entry];
            listed.push((total, entry));
        }
        let Some(&(_, last)) = listed.last() else {
            return Err(self.replay.nothing_valid(span));
        };
        for stratum in out.strata.drain(..) {
            let target = random.random::<f64>() * total;
            let index = listed.partition_point(|&(sum, _)| sum <= target);
            out.entries[stratum] = Some(listed.get(index).map_or(last, |&(_, entry)| entry));
        }
        Ok(())
    }

    /// Positions and weights of the entries found.
    fn finish(&self, beta: f64, out: &mut Draw) {
        let values = self.tree.values();
        let entries = || out.entries.iter().flatten();
        let least = entries().map(|&entry| values[entry]).fold(f64::INFINITY, f64::min);
        out.positions.extend(entries().map(|&entry| self.replay.position(entry)));
        out.weights.extend(entries().map(|&entry| (values[entry] / least).powf(-beta) as f32));
    }

    /// [`Replay::transitions`] of a draw, with its weights.
    ///
    /// # Errors
    /// Those of [`Replay::transitions`].
    pub fn transitions(
        &self,
        draw: &Draw,
        n: usize,
        gamma: f32,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        self.replay.transitions(&draw.positions, n, gamma, out)?;
        out.weight.copy_from_slice(&draw.weights);
        Ok(())
    }

    /// [`Replay::windows`] of a draw, with its weights.
    ///
    /// # Errors
    /// Those of [`Replay::windows`].
    pub fn windows(
        &self,
        draw: &Draw,
        length: usize,
        span: Span,
        out: &mut WindowBatch,
    ) -> Result<(), MemoryError> {
        self.replay.windows(&draw.positions, length, span, out)?;
        out.weight.copy_from_slice(&draw.weights);
        Ok(())
    }
}
