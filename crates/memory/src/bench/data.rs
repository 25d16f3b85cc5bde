//! What opening a data set and drawing batches from it costs.

use std::{hint::black_box, path::Path, time::Instant};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::{ActionSpace, Field, Layout, Role};

use crate::{
    DataSpec, Dataset, MemoryError, Span, TransitionBatch,
    dataset::{
        DataError, Episode,
        formats::{
            native_write::Writer,
            sink::{Sink, Slot},
        },
    },
};

/// Numbers of an observation.
pub const OBSERVATION: usize = 20;

/// Numbers of an action.
pub const ACTION: usize = 4;

/// Steps of an episode.
pub const EPISODE: usize = 1_000;

/// Bytes of a step: observation, action and reward in single precision.
const STEP: u64 = (OBSERVATION + ACTION + 1) as u64 * 4;

/// Writes a data set of random numbers of about this many bytes as a folder of the own format;
/// gives its steps.
///
/// # Errors
/// The folder exists or the disk is full.
pub fn write(folder: &Path, bytes: u64, random: &mut ChaCha8Rng) -> Result<usize, DataError> {
    let count = (bytes / STEP) as usize / EPISODE;
    let spec = DataSpec {
        world: None,
        fields: vec![Field {
            name: "observation".into(),
            role: Role::Input,
            layout: Layout::Vector { size: OBSERVATION },
        }],
        action: Some(ActionSpace::Box { low: vec![-1.0; ACTION], high: vec![1.0; ACTION] }),
        rewards: vec!["reward".into()],
        extra: Vec::new(),
        horizon: Some(EPISODE),
        policy: "random".into(),
        seed: None,
    };
    let mut writer = Writer::create(folder, &spec, true)?;
    let mut numbers = vec![0.0; (EPISODE + 1) * OBSERVATION];
    let mut episodes = Vec::with_capacity(count);
    for index in 0..count {
        for (slot, size) in [
            (Slot::Field(0), (EPISODE + 1) * OBSERVATION),
            (Slot::Action, EPISODE * ACTION),
            (Slot::Reward, EPISODE),
        ] {
            let numbers = &mut numbers[..size];
            numbers.iter_mut().for_each(|number| *number = random.random_range(-1.0..1.0));
            writer.floats(slot, numbers)?;
        }
        let (observation, step) = (index * (EPISODE + 1), index * EPISODE);
        episodes.push(Episode { observation, step, length: EPISODE, terminated: false });
    }
    writer.finish(&spec, &episodes)?;
    Ok(count * EPISODE)
}

/// Seconds to draw `batch` one-step transitions uniformly and copy them out: the fastest of ten
/// blocks of `repeats / 10` batches.
///
/// # Errors
/// The data set has no step.
pub fn transitions(
    set: &Dataset,
    batch: usize,
    repeats: usize,
    random: &mut ChaCha8Rng,
) -> Result<f64, MemoryError> {
    let starts = set.starts(Span::transition(1))?;
    let (mut positions, mut out) = (Vec::new(), TransitionBatch::new());
    super::time(repeats, &mut || {
        starts.draw(batch, random, &mut positions);
        set.transitions(&positions, 1, 0.99, &mut out)?;
        black_box(&out);
        Ok(())
    })
}

/// Seconds that a call takes, and what it gives.
///
/// # Errors
/// Those of the call.
pub fn timed<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<(f64, T), E> {
    let began = Instant::now();
    let value = call()?;
    Ok((began.elapsed().as_secs_f64(), value))
}
