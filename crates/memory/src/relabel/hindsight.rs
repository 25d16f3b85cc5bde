//! Transitions whose goals, rewards and ends are told anew.

use rand_chacha::ChaCha8Rng;
use worlds::Array;

use super::draw::draw;
use super::{GoalDraw, GoalRule, Origin, Pairs, Shares, Verdict};
use crate::recall::{Recall, plan};
use crate::replay::nstep::{End, accumulate};
use crate::{Dataset, MemoryError, Position, Replay, TransitionBatch, rows};

/// Draws goals for transitions and judges every step again by them, in reused buffers.
///
/// The reward of the first channel and the ends come from the rule for every transition, those that
/// keep their own goal included, so that a batch speaks one language; further channels stay the
/// world's. Returns over several steps stop where the goal is reached. An end that the world gave stays
/// one, unless its own goal was reached there: then it says nothing about another goal.
#[derive(Clone, Debug)]
pub struct Hindsight<R> {
    shares: Shares,
    rule: R,
    ends: bool,
    draw: GoalDraw,
    /// The goals of the batch, and those that the transitions had, `[B, ...]`.
    goals: Array,
    own: Array,
    /// Sources of what is to be judged, `[P]`, and inputs read from some sources.
    sources: Vec<Option<u32>>,
    inputs: Array,
    /// Pairs to be judged, `[P, ...]`.
    achieved: Array,
    wanted: Array,
    origins: Vec<Origin>,
    verdicts: Vec<Verdict>,
    /// Whether the world ended the transition's episode because its own goal was reached, `[B]`.
    explained: Vec<bool>,
}

impl<R: GoalRule> Hindsight<R> {
    /// Goals from these sources, judged by this rule; with `ends`, nothing is worth anything after a
    /// goal is reached.
    pub fn new(shares: Shares, rule: R, ends: bool) -> Self {
        let empty = || Array::Float(Vec::new());
        Self {
            shares,
            rule,
            ends,
            draw: GoalDraw::default(),
            goals: empty(),
            own: empty(),
            sources: Vec::new(),
            inputs: empty(),
            achieved: empty(),
            wanted: empty(),
            origins: Vec::new(),
            verdicts: Vec::new(),
            explained: Vec::new(),
        }
    }

    /// The rule, to be told what has changed.
    pub fn rule_mut(&mut self) -> &mut R {
        &mut self.rule
    }

    /// The goals of the last batch, `[B, ...]`.
    pub fn goals(&self) -> &Array {
        &self.goals
    }

    /// Where the goals of the last batch come from.
    pub fn last(&self) -> &GoalDraw {
        &self.draw
    }

    fn fill(
        &mut self,
        source: &impl Recall,
        positions: &[Position],
        n: usize,
        gamma: f32,
        random: &mut ChaCha8Rng,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        if source.goal_field().is_none() && self.shares.total() < 1.0 {
            let reason = format!(
                "a share of {} gets new goals, but the rest has none to keep: keep the field of the goal, or let \
                 the shares sum to 1",
                self.shares.total()
            );
            return Err(MemoryError::setting("share", reason));
        }
        plan(source, positions, n, gamma, out)?;
        draw(source, positions, &self.shares, random, &mut self.draw)?;
        self.set_goals(source, out)?;
        self.judge(source, out)?;
        self.settle(source, gamma, out);
        source.gather(out);
        self.show_goals(source, out);
        Ok(())
    }

    /// Reads the goals that were drawn, and those that are kept.
    fn set_goals(&mut self, source: &impl Recall, out: &TransitionBatch) -> Result<(), MemoryError> {
        let count = out.rows;
        self.sources.clear();
        for (&goal, &origin) in self.draw.positions.iter().zip(&self.draw.origins) {
            self.sources.push((origin != Origin::Kept).then(|| source.seen(goal, 0)));
        }
        source.gather_field(0, &self.sources, &mut self.inputs);
        self.rule.achieved(&self.inputs, count, &mut self.goals)?;
        let Some(field) = source.goal_field() else { return Ok(()) };
        source.gather_field(field, &out.from, &mut self.own);
        rows::check_alike("a goal as the rule has it", &self.own, &self.goals)?;
        let width = rows::width(&self.goals, count);
        for (row, origin) in self.draw.origins.iter().enumerate() {
            if *origin == Origin::Kept {
                rows::copy(&mut self.goals, row, &self.own, row, width);
            }
        }
        Ok(())
    }

    /// Judges every step of every transition, and the ends that the world gave by the goal it had.
    fn judge(&mut self, source: &impl Recall, out: &TransitionBatch) -> Result<(), MemoryError> {
        let width = rows::width(&self.goals, out.rows);
        self.sources.clear();
        self.origins.clear();
        rows::empty_like(&mut self.wanted, &self.goals);
        for (row, &position) in out.positions.iter().enumerate() {
            for step in 1..=out.steps[row] {
                self.sources.push(Some(source.seen(position, step as usize)));
                self.origins.push(seen_later(self.draw.origins[row], step));
                rows::push(&mut self.wanted, &self.goals, row, width);
            }
        }
        // Behind these, one pair for every end whose reason is to be known.
        let has_own = source.goal_field().is_some();
        for row in 0..out.rows {
            if has_own && self.is_doubtful(source, out, row) {
                self.sources.push(out.to[row]);
                self.origins.push(Origin::Kept);
                rows::push(&mut self.wanted, &self.own, row, width);
            }
        }
        source.gather_field(0, &self.sources, &mut self.inputs);
        self.rule.achieved(&self.inputs, self.sources.len(), &mut self.achieved)?;
        self.verdicts.clear();
        self.verdicts.resize(self.sources.len(), Verdict::default());
        let pairs = Pairs { achieved: &self.achieved, goals: &self.wanted, origins: &self.origins };
        self.rule.judge(&pairs, &mut self.verdicts);
        self.explain(source, out, has_own);
        Ok(())
    }

    /// Whether the world ended the episode of a transition that has a new goal.
    fn is_doubtful(&self, source: &impl Recall, out: &TransitionBatch, row: usize) -> bool {
        let last = out.steps[row] as usize - 1;
        self.draw.origins[row] != Origin::Kept
            && source.add_reward(out.positions[row], last, 0.0, &mut []) == End::Terminated
    }

    /// Notes which ends came from the goal that the transition had.
    fn explain(&mut self, source: &impl Recall, out: &TransitionBatch, has_own: bool) {
        self.explained.clear();
        let mut last = 0;
        let mut further = out.steps.iter().map(|steps| *steps as usize).sum();
        for row in 0..out.rows {
            last += out.steps[row] as usize;
            let kept = self.draw.origins[row] == Origin::Kept;
            let doubtful = has_own && self.is_doubtful(source, out, row);
            let verdict = if doubtful { further } else { last - 1 };
            further += usize::from(doubtful);
            self.explained.push((kept || doubtful) && self.verdicts[verdict].reached);
        }
    }

    /// Rewards, discounts and successors as the verdicts have them.
    fn settle(&self, source: &impl Recall, gamma: f32, out: &mut TransitionBatch) {
        let channels = source.channels().max(1);
        out.reward.clear();
        out.reward.resize(out.rows * channels, 0.0);
        let mut first = 0;
        for (row, sum) in out.reward.chunks_exact_mut(channels).enumerate() {
            let (position, steps) = (out.positions[row], out.steps[row] as usize);
            let verdicts = &self.verdicts[first..first + steps];
            first += steps;
            let mut reward = 0.0;
            let bootstrap = accumulate(steps, gamma, |offset, factor| {
                reward += factor * verdicts[offset].reward;
                let end = source.add_reward(position, offset, factor, sum);
                match end {
                    _ if self.ends && verdicts[offset].reached => End::Terminated,
                    End::Terminated if self.explained[row] => End::Truncated,
                    end => end,
                }
            });
            sum[0] = reward;
            out.discount[row] = bootstrap.discount;
            out.steps[row] = bootstrap.steps as u32;
            out.to[row] = Some(source.seen(position, bootstrap.steps));
            out.then[row] = source.taken(position, bootstrap.steps);
        }
    }

    /// Puts new goals where the observations show theirs.
    fn show_goals(&self, source: &impl Recall, out: &mut TransitionBatch) {
        let Some(field) = source.goal_field().and_then(|field| field.checked_sub(1)) else { return };
        let width = rows::width(&self.goals, out.rows);
        for (row, origin) in self.draw.origins.iter().enumerate() {
            if *origin != Origin::Kept {
                rows::copy(&mut out.fields[field], row, &self.goals, row, width);
                rows::copy(&mut out.next_fields[field], row, &self.goals, row, width);
            }
        }
    }
}

/// The origin of a goal, seen from `steps` steps after its position.
fn seen_later(origin: Origin, steps: u32) -> Origin {
    match origin {
        Origin::Ahead(ahead) => ahead.checked_sub(steps).map_or(Origin::Elsewhere, Origin::Ahead),
        other => other,
    }
}

impl Replay {
    /// As [`Replay::transitions`], with goals drawn in hindsight and judged anew. Where the field of the
    /// goal is kept, it shows the new goals; [`Hindsight::goals`] has them in any case.
    ///
    /// # Errors
    /// Those of [`Replay::transitions`]; goals are to be kept that the replay does not hold; the rule's
    /// goals are not those of the field.
    pub fn hindsight<R: GoalRule>(
        &self,
        positions: &[Position],
        n: usize,
        gamma: f32,
        hindsight: &mut Hindsight<R>,
        random: &mut ChaCha8Rng,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        hindsight.fill(self, positions, n, gamma, random, out)
    }
}

impl Dataset {
    /// As [`Dataset::transitions`], with goals drawn in hindsight and judged anew, as
    /// [`Replay::hindsight`] does; a data set without rewards gets those of the rule.
    ///
    /// # Errors
    /// Those of [`Replay::hindsight`].
    pub fn hindsight<R: GoalRule>(
        &self,
        positions: &[Position],
        n: usize,
        gamma: f32,
        hindsight: &mut Hindsight<R>,
        random: &mut ChaCha8Rng,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        hindsight.fill(self, positions, n, gamma, random, out)
    }
}
