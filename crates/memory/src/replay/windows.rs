//! Windows of consecutive steps.

use super::batch::WindowBatch;
use super::record::Record;
use super::ring::Replay;
use super::span::{Boundary, Fill, Position, Span};
use crate::MemoryError;

impl Replay {
    /// Fills a batch with the windows of `length` steps that begin `span.before` entries before
    /// the positions.
    ///
    /// `length` is at most `span.before + span.after`; draw the positions with the same span. What
    /// lies outside an episode is [`Boundary`]'s to say. Weights are set to 1.
    ///
    /// # Errors
    /// The window is longer than the span, or a position was overwritten or is not valid for it.
    pub fn windows(
        &self,
        positions: &[Position],
        length: usize,
        span: Span,
        out: &mut WindowBatch,
    ) -> Result<(), MemoryError> {
        if length == 0 || length > span.before.saturating_add(span.after) {
            let Span { before, after, .. } = span;
            return Err(MemoryError::Length { length, before, after });
        }
        self.require_valid(positions, span)?;
        out.begin(positions, length);
        for &position in positions {
            if span.boundary == Boundary::Cross {
                self.plan_crossing(position, length, span, out);
            } else {
                self.plan_inside(position, length, span, out);
            }
        }
        self.fill_steps(out);
        self.gather_place(&self.record.fields[0].1, &out.seen, &mut out.observations);
        self.gather_rest(&out.seen, &mut out.fields);
        self.gather_actions(&out.done, &mut out.actions);
        self.gather_extra(&out.done, &mut out.extra);
        Ok(())
    }

    /// Sources of a window that runs through episodes' ends.
    fn plan_crossing(&self, at: Position, length: usize, span: Span, out: &mut WindowBatch) {
        let begin = at.step - span.before as u64;
        for offset in 0..=length {
            let entry = self.entry(at.row(), begin + offset as u64);
            out.seen.push(Some(entry as u32));
            if offset < length {
                let boundary = Record::meta(self.words_of(entry)).boundary();
                out.done.push(Some(entry as u32));
                out.mask.push(if boundary { 0.0 } else { 1.0 });
            }
        }
    }

    /// Sources of a window that keeps to the position's episode.
    fn plan_inside(&self, at: Position, length: usize, span: Span, out: &mut WindowBatch) {
        let row = at.row();
        let age = u64::from(self.meta(row, at.step).age);
        let first = at.step - (span.before as u64).min(age);
        let missing = span.before - (at.step - first) as usize;
        let last = self.last_inside(at, span.after as u64);
        let window = WindowPlan { missing, first, last, length, boundary: span.boundary };
        let entry = |step| self.entry(row, step) as u32;
        plan(&window, entry, entry, out);
    }

    /// The last entry of the position's episode, or the one `after` steps on if that is nearer.
    fn last_inside(&self, at: Position, after: u64) -> u64 {
        let end = at.step.saturating_add(after);
        let inside = (at.step + 1..end).find(|&step| self.meta(at.row(), step).boundary());
        inside.unwrap_or(end)
    }

    /// Rewards and discounts of the planned steps.
    fn fill_steps(&self, out: &mut WindowBatch) {
        let (at, channels) = self.record.reward;
        out.reward.resize(out.done.len() * channels, 0.0);
        self.gather_floats(at, channels, &out.done, &mut out.reward);
        out.discount.clear();
        for (index, (&source, &mask)) in out.done.iter().zip(&out.mask).enumerate() {
            if mask == 0.0 {
                out.reward[index * channels..][..channels].fill(0.0);
            }
            let ended = source.is_some_and(|entry| Record::meta(self.words_of(entry as usize)).terminated());
            out.discount.push(if ended { 0.0 } else { mask });
        }
    }
}

/// A window that keeps to its episode, in the episode's own steps.
pub(crate) struct WindowPlan {
    /// Steps of the window before the episode's first one.
    pub missing: usize,
    /// The first step inside.
    pub first: u64,
    /// The last observation inside; the step that led to it is the last one.
    pub last: u64,
    /// Steps of the window.
    pub length: usize,
    /// What stands in for steps outside.
    pub boundary: Boundary,
}

/// Appends the sources and masks of a window, where `seen` gives the entry of a step's observation
/// and `done` that of the step itself.
pub(crate) fn plan(
    window: &WindowPlan,
    seen: impl Fn(u64) -> u32,
    done: impl Fn(u64) -> u32,
    out: &mut WindowBatch,
) {
    let &WindowPlan { missing, first, last, length, boundary } = window;
    let (repeat_seen, repeat_done) = match boundary {
        Boundary::Pad(Fill::Zero) => (false, false),
        Boundary::Pad(Fill::RepeatLast) => (true, true),
        _ => (true, false),
    };
    for offset in 0..=length {
        let (early, step) = match offset.checked_sub(missing) {
            None => (true, first),
            Some(inside) => (false, first + inside as u64),
        };
        let visible = !early && step <= last;
        let taken = !early && step < last;
        out.seen.push((visible || repeat_seen).then(|| seen(step.min(last))));
        if offset < length {
            let nearest = step.min(last.saturating_sub(1)).max(first);
            out.done.push((taken || repeat_done).then(|| done(nearest)));
            out.mask.push(if taken { 1.0 } else { 0.0 });
        }
    }
}
