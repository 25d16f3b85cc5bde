//! `+stack`: the last observations together.

use rand_chacha::ChaCha8Rng;

use super::{renamed, wrapper::Wrapper};
use crate::spec::{Array, GoalSpace, Layout, Spec};
use crate::world::{Action, Environment, Step, decode, encode};
use crate::{ModifierName, WorldError};

/// A world whose input is its last k inputs, oldest first: vectors end to end, images by channels.
/// The first input of an episode fills all k places.
pub struct Stack {
    inner: Box<dyn Environment>,
    spec: Spec,
    /// One row each, oldest first.
    frames: Vec<Array>,
}

impl Stack {
    /// Stacks the observations of `inner`, as many as `name` says.
    ///
    /// # Errors
    /// The number is missing or out of range, or the observations are stacked already.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        let count = name.options_with("k")?.required("k", 1..=64)?;
        if super::has(inner.spec(), "stack") {
            return Err(WorldError::Invalid(
                "`+stack` is given twice; write it once with the product of the numbers".to_owned(),
            ));
        }
        let mut spec = renamed(&*inner, name);
        let frames = vec![spec.input().zeros(1); count];
        match &mut spec.fields[0].layout {
            Layout::Vector { size } => *size *= count,
            Layout::Image { channels, frames, .. } => {
                *channels *= count;
                *frames = count;
            }
        }
        Ok(Self { inner, spec, frames })
    }
}

/// Writes the frames' pixels so that a pixel's channels are those of all frames, oldest first.
fn interleave(frames: &[Array], channels: usize, image: &mut [u8]) {
    let count = frames.len();
    for (index, frame) in frames.iter().enumerate() {
        let Array::Byte(frame) = frame else { continue };
        let pixels = image.chunks_exact_mut(channels * count);
        for (pixel, source) in pixels.zip(frame.chunks_exact(channels)) {
            pixel[index * channels..][..channels].copy_from_slice(source);
        }
    }
}

impl Wrapper for Stack {
    fn inner(&self) -> &dyn Environment {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Environment {
        &mut *self.inner
    }

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.inner.reset(random);
        for frame in &mut self.frames {
            self.inner.observe(0, 0, frame);
        }
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let step = self.inner.step(action, random);
        self.frames.rotate_left(1);
        if let Some(newest) = self.frames.last_mut() {
            self.inner.observe(0, 0, newest);
        }
        step
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        if field > 0 {
            return self.inner.observe(field, row, array);
        }
        let (size, count) = (self.frames[0].len(), self.frames.len());
        match array {
            Array::Float(_) => {
                for (index, frame) in self.frames.iter().enumerate() {
                    array.write_rows(row * count + index, size, frame);
                }
            }
            Array::Byte(bytes) => {
                let channels = match *self.spec.input() {
                    Layout::Image { channels, .. } => channels / count,
                    Layout::Vector { .. } => return,
                };
                interleave(&self.frames, channels, &mut bytes[row * size * count..][..size * count]);
            }
        }
    }

    fn save(&self) -> Vec<u8> {
        encode(&(&self.frames, self.inner.save()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (frames, inner): (Vec<Array>, Vec<u8>) = decode(state)?;
        let kinds = |frames: &[Array]| -> Vec<(bool, usize)> {
            frames.iter().map(|x| (matches!(x, Array::Byte(_)), x.len())).collect()
        };
        if kinds(&frames) != kinds(&self.frames) {
            return Err("it has stacked observations of another size".to_owned());
        }
        self.inner.restore(&inner)?;
        self.frames = frames;
        Ok(())
    }

    fn cost(&self) -> usize {
        self.inner.cost() + self.spec.input().size()
    }

    fn goal(&self) -> Option<GoalSpace> {
        None
    }

    fn board(&self) -> Option<[usize; 2]> {
        None
    }
}
