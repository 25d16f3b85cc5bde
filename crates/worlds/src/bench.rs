//! How fast worlds step, and random actions to step them with.

use std::time::{Duration, Instant};

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::registry::make_on_threads;
use crate::{ActionSpace, Actions, Outcome, WorldError, seed};

/// Uniform actions in reused buffers.
#[derive(Clone, Debug)]
pub struct RandomActions {
    space: ActionSpace,
    /// The actions drawn last.
    pub actions: Actions,
    bytes: Vec<u8>,
}

impl RandomActions {
    /// Draws for `rows` rows of `space`.
    pub fn new(space: &ActionSpace, rows: usize) -> Self {
        let bytes = match space {
            // One bit an action where there are two, four bytes otherwise.
            ActionSpace::Discrete { count: 2 } => rows.div_ceil(8),
            ActionSpace::Discrete { .. } => rows * 4,
            ActionSpace::Box { low, .. } => rows * low.len() * 4,
        };
        Self { space: space.clone(), actions: Actions::zeros(space, rows), bytes: vec![0; bytes] }
    }

    /// Draws new actions for all rows.
    pub fn draw(&mut self, random: &mut ChaCha8Rng) -> &Actions {
        random.fill_bytes(&mut self.bytes);
        let words = self.bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
        match (&mut self.actions, &self.space) {
            (Actions::Discrete(values), ActionSpace::Discrete { count: 2 }) => {
                for (values, byte) in values.chunks_mut(8).zip(&self.bytes) {
                    for (bit, value) in values.iter_mut().enumerate() {
                        *value = u32::from(byte >> bit & 1);
                    }
                }
            }
            (Actions::Discrete(values), ActionSpace::Discrete { count }) => {
                for (value, word) in values.iter_mut().zip(words) {
                    // A product's upper half is uniform up to count / 2^32.
                    *value = ((u64::from(word) * *count as u64) >> 32) as u32;
                }
            }
            (Actions::Continuous(values), ActionSpace::Box { low, high }) => {
                let bounds = low.iter().zip(high).cycle();
                for ((value, word), (low, high)) in values.iter_mut().zip(words).zip(bounds) {
                    // 24 bits, so that the fraction is exact in single precision.
                    *value = low + (high - low) * ((word >> 8) as f32 / 16_777_216.0);
                }
            }
            // The actions were made from the space.
            _ => {}
        }
        &self.actions
    }
}

/// When a measurement ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// After this much time.
    Elapsed(Duration),
    /// After this many calls of `step` on every thread.
    Calls(usize),
}

/// What a measurement found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// Steps of the environment, all rows and threads together; resets are not counted.
    pub steps: u64,
    /// Time from the first step to the last.
    pub seconds: f64,
    /// `steps / seconds`.
    pub steps_per_second: f64,
    /// Copies of the world, all threads together.
    pub rows: usize,
    /// Threads, each with its own batch of the rows.
    pub threads: usize,
    /// Sum of all rewards: the proof that the work was done, the same for equal `Until::Calls`.
    pub reward: f64,
}

/// Steps `rows` copies of the world called `name` with uniformly random actions, divided among
/// `threads` threads that each step their own batch; drawing the actions is part of the time.
///
/// # Errors
/// The name is wrong, there are fewer rows than threads or no threads, or a step fails.
pub fn random_actions(name: &str, rows: usize, threads: usize, until: Until) -> Result<Speed, WorldError> {
    if threads == 0 || rows < threads {
        return Err(WorldError::Invalid(format!(
            "{rows} copies cannot be divided among {threads} threads; ask for at least one copy \
             for each and for one thread or more"
        )));
    }
    let share = |thread: usize| (thread + 1) * rows / threads - thread * rows / threads;
    let results: Vec<Result<(u64, f64, f64), WorldError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || measure(name, share(thread), thread, until)))
            .collect();
        let stopped = |_| Err(WorldError::Invalid("a thread of the measurement stopped".to_owned()));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(stopped)).collect()
    });
    let (mut steps, mut seconds, mut reward) = (0, 0.0_f64, 0.0);
    for result in results {
        let part = result?;
        steps += part.0;
        seconds = seconds.max(part.1);
        reward += part.2;
    }
    let steps_per_second = steps as f64 / seconds.max(1e-9);
    Ok(Speed { steps, seconds, steps_per_second, rows, threads, reward })
}

/// Steps, seconds and summed reward of one thread.
fn measure(name: &str, rows: usize, thread: usize, until: Until) -> Result<(u64, f64, f64), WorldError> {
    let mut worlds = make_on_threads(name, rows, thread as u64, 1)?;
    let mut out = Outcome::new(worlds.spec(), rows);
    let mut random = seed::stream(0, "actions", thread);
    let mut policy = RandomActions::new(&worlds.spec().action, rows);
    worlds.reset(&mut out);
    let start = Instant::now();
    let (mut steps, mut reward, mut calls) = (0, 0.0, 0);
    loop {
        worlds.step(policy.draw(&mut random), &mut out)?;
        calls += 1;
        steps += rows as u64 - out.reset.iter().map(|reset| u64::from(*reset)).sum::<u64>();
        reward += f64::from(out.reward.iter().sum::<f32>());
        let over = match until {
            // The clock is read now and then, as it can cost as much as a few steps.
            Until::Elapsed(time) => calls % 16 == 0 && start.elapsed() >= time,
            Until::Calls(most) => calls >= most,
        };
        if over {
            return Ok((steps, start.elapsed().as_secs_f64(), reward));
        }
    }
}
