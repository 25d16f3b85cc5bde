//! What is drawn equals what the scripted world did, for random episodes, rings and spans.

mod script;

use std::collections::HashSet;

use memory::{Boundary, Fill, Position, Replay, Span, TransitionBatch, WindowBatch};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Entry, Script, action_numbers, config, numbers};

/// The log of one row with the oldest step that the ring can still hold.
struct Stream<'a> {
    log: &'a [Entry],
    oldest: usize,
    frames: usize,
}

impl Stream<'_> {
    fn same(&self, step: usize, other: usize) -> bool {
        self.log[step].episode == self.log[other].episode
    }

    /// First step of the step's episode.
    fn start(&self, step: usize) -> usize {
        (0..=step).rev().take_while(|&other| self.same(step, other)).last().unwrap_or(step)
    }

    /// The boundary entry of the step's episode, if it was pushed.
    fn end(&self, step: usize) -> Option<usize> {
        (step..self.log.len()).find(|&other| self.log[other].boundary)
    }

    /// Whether the whole stack of frames seen at the step is stored.
    fn visible(&self, step: usize) -> bool {
        let back = self.frames.max(1) - 1;
        step >= self.oldest && step.saturating_sub(back).max(self.start(step)) >= self.oldest
    }

    fn valid(&self, step: usize, span: Span) -> bool {
        if self.log[step].boundary || step < self.oldest {
            return false;
        }
        let last = step + span.after;
        match span.boundary {
            Boundary::Exclude => {
                step >= span.before
                    && last < self.log.len()
                    && (step - span.before..=last).all(|other| self.same(step, other) && self.visible(other))
            }
            Boundary::Cross => {
                step >= span.before
                    && last < self.log.len()
                    && (step - span.before..=last).all(|other| self.visible(other))
            }
            Boundary::Mask | Boundary::Pad(_) => {
                let first = step.saturating_sub(span.before).max(self.start(step));
                self.visible(first) && (last < self.log.len() || self.end(step).is_some())
            }
        }
    }
}

fn streams<'a>(script: &'a Script, replay: &Replay) -> Vec<Stream<'a>> {
    let oldest = replay.oldest() as usize;
    let stream = |log: &'a Vec<Entry>| Stream { log, oldest, frames: script.frames };
    script.log.iter().map(stream).collect()
}

/// The valid positions, checked against the definition.
fn valid(script: &Script, replay: &Replay, span: Span) -> Vec<Position> {
    let streams = streams(script, replay);
    let listed: Vec<Position> = replay.valid_positions(span).collect();
    let found: HashSet<(usize, usize)> =
        listed.iter().map(|position| (position.row(), position.step() as usize)).collect();
    for (row, stream) in streams.iter().enumerate() {
        for step in 0..stream.log.len() {
            let expected = stream.valid(step, span);
            assert_eq!(found.contains(&(row, step)), expected, "row {row} step {step} {span:?}");
        }
    }
    listed
}

fn check_transitions(script: &Script, replay: &Replay, n: usize) {
    let gamma = 0.5;
    let positions = valid(script, replay, Span::transition(n));
    let mut batch = TransitionBatch::new();
    replay.transitions(&positions, n, gamma, &mut batch).expect("valid positions");
    let (seen, next) = (numbers(&batch.observations), numbers(&batch.next));
    let actions = action_numbers(&batch.actions);
    for (index, position) in positions.iter().enumerate() {
        let log = &script.log[position.row()];
        let step = position.step() as usize;
        let steps = (1..=n).find(|steps| log[step + steps].boundary).unwrap_or(n);
        let mut reward = [0.0; 2];
        for entry in log[step..step + steps].iter().rev() {
            reward = [entry.reward[0] + gamma * reward[0], entry.reward[1] + gamma * reward[1]];
        }
        let alive = if log[step + steps - 1].terminated { 0.0 } else { 1.0 };
        assert_eq!(batch.reward[2 * index], reward[0], "exact: halves of whole numbers");
        assert!((batch.reward[2 * index + 1] - reward[1]).abs() < 1e-6);
        assert_eq!(batch.discount[index], gamma.powi(steps as i32) * alive);
        assert_eq!(batch.steps[index] as usize, steps);
        let size = log[step].observation.len();
        assert_eq!(seen[index * size..][..size], log[step].observation);
        assert_eq!(next[index * size..][..size], log[step + steps].observation);
        let width = log[step].action.len();
        assert_eq!(actions[index * width..][..width], log[step].action);
        assert_eq!(batch.extra[0][2 * index..][..2], log[step].extra);
        assert_eq!(numbers(&batch.fields[0])[2 * index], log[step].episode as f32);
        assert_eq!(numbers(&batch.next_fields[0])[2 * index], log[step].episode as f32);
    }
    assert!(batch.weight.iter().all(|&weight| weight == 1.0));
}

/// What one step of a window should show: the entries to see and to act by, and the mask.
struct Expected {
    seen: Option<usize>,
    done: Option<usize>,
    mask: bool,
}

fn expected(stream: &Stream<'_>, step: usize, offset: usize, span: Span) -> Expected {
    let at = step as isize - span.before as isize + offset as isize;
    if span.boundary == Boundary::Cross {
        let at = at as usize;
        return Expected { seen: Some(at), done: Some(at), mask: !stream.log[at].boundary };
    }
    let first = stream.start(step) as isize;
    let end = stream.end(step).map_or(isize::MAX, |end| end as isize);
    let nearest = at.clamp(first, end) as usize;
    let mask = at >= first && at < end;
    let nearest_step = at.clamp(first, (end - 1).max(first)) as usize;
    let repeats = span.boundary == Boundary::Pad(Fill::RepeatLast);
    let zero = span.boundary == Boundary::Pad(Fill::Zero);
    let inside = at >= first && at <= end;
    Expected {
        seen: (inside || !zero).then_some(nearest),
        done: (mask || repeats).then_some(nearest_step),
        mask,
    }
}

fn check_windows(script: &Script, replay: &Replay, span: Span) {
    let length = span.before + span.after;
    let positions = valid(script, replay, span);
    let streams = streams(script, replay);
    let mut batch = WindowBatch::new();
    replay.windows(&positions, length, span, &mut batch).expect("valid positions");
    let (all_seen, all_done) = (numbers(&batch.observations), action_numbers(&batch.actions));
    for (index, position) in positions.iter().enumerate() {
        let stream = &streams[position.row()];
        let step = position.step() as usize;
        let (size, width) = (stream.log[step].observation.len(), stream.log[step].action.len());
        for offset in 0..=length {
            let want = expected(stream, step, offset, span);
            let seen = &all_seen[(index * (length + 1) + offset) * size..][..size];
            match want.seen {
                Some(entry) => assert_eq!(seen, stream.log[entry].observation),
                None => assert!(seen.iter().all(|&value| value == 0.0)),
            }
            if offset == length {
                continue;
            }
            let at = index * length + offset;
            let entry = want.done.map(|entry| &stream.log[entry]);
            let action = entry.map_or(vec![0.0; width], |entry| entry.action.clone());
            let extra = entry.map_or(vec![0.0; 2], |entry| entry.extra.clone());
            assert_eq!(all_done[at * width..][..width], action);
            assert_eq!(batch.extra[0][at * 2..][..2], extra);
            assert_eq!(batch.mask[at], f32::from(u8::from(want.mask)));
            let taken = entry.filter(|_| want.mask);
            let reward = taken.map_or([0.0; 2], |entry| entry.reward);
            let discount = taken.is_some_and(|entry| !entry.terminated);
            assert_eq!(batch.reward[at * 2..][..2], reward);
            assert_eq!(batch.discount[at], f32::from(u8::from(discount)));
        }
        if span.boundary == Boundary::Exclude {
            assert!(batch.mask[index * length..][..length].iter().all(|&mask| mask == 1.0));
        }
    }
}

fn boundaries() -> impl Strategy<Value = Boundary> {
    prop_oneof![
        Just(Boundary::Exclude),
        Just(Boundary::Mask),
        Just(Boundary::Pad(Fill::RepeatLast)),
        Just(Boundary::Pad(Fill::Zero)),
        Just(Boundary::Cross),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn transitions_are_what_happened(
        frames in 0usize..5, discrete: bool, rows in 1usize..4, length in 6usize..40,
        pushes in 1usize..120, longest in 1u32..15, n in 1usize..6, seed: u64,
    ) {
        let mut script = Script::new(frames, discrete, rows, longest, seed);
        let mut replay = Replay::new(config(&script.spec, rows, length)).unwrap();
        script.fill(&mut replay, pushes);
        check_transitions(&script, &replay, n);
    }

    #[test]
    fn windows_are_what_happened(
        frames in 0usize..5, discrete: bool, rows in 1usize..4, length in 6usize..40,
        pushes in 1usize..120, longest in 1u32..15, before in 0usize..4, after in 0usize..6,
        boundary in boundaries(), seed: u64,
    ) {
        prop_assume!(before + after > 0);
        let mut script = Script::new(frames, discrete, rows, longest, seed);
        let mut replay = Replay::new(config(&script.spec, rows, length)).unwrap();
        script.fill(&mut replay, pushes);
        check_windows(&script, &replay, Span { before, after, boundary });
    }

    #[test]
    fn draws_are_valid_and_episodes_counted(
        rows in 1usize..4, length in 6usize..40, pushes in 1usize..120, longest in 1u32..15,
        after in 1usize..8, boundary in boundaries(), seed: u64,
    ) {
        let mut script = Script::new(0, true, rows, longest, seed);
        let mut replay = Replay::new(config(&script.spec, rows, length)).unwrap();
        script.fill(&mut replay, pushes);
        let span = Span::window(after, boundary);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut drawn = Vec::new();
        let any = replay.valid_positions(span).next().is_some();
        let result = replay.sample_uniform(33, span, &mut random, &mut drawn);
        prop_assert_eq!(result.is_ok(), any);
        prop_assert_eq!(drawn.len(), if any { 33 } else { 0 });
        prop_assert!(drawn.iter().all(|&position| replay.is_valid(position, span)));
        let oldest = replay.oldest() as usize;
        let mut complete = Vec::new();
        for stream in streams(&script, &replay) {
            for step in oldest..stream.log.len() {
                if stream.log[step].boundary && stream.start(step) >= oldest {
                    complete.push(step - stream.start(step));
                }
            }
        }
        prop_assert_eq!(replay.episodes().complete(), complete.len());
        prop_assert_eq!(replay.episodes().longest(), complete.into_iter().max().unwrap_or(0));
    }
}
