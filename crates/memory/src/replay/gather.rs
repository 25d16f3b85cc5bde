//! Copying fields of many entries into the buffers of a batch.
//!
//! A source is the index of an entry, or nothing where the batch holds zeros.

use worlds::{Actions, Array};

use super::record::{Place, Record};
use super::ring::Replay;

impl Replay {
    /// Copies one kept field of every source; image stacks are rebuilt.
    pub(crate) fn gather_place(&self, place: &Place, sources: &[Option<u32>], out: &mut Array) {
        match *place {
            Place::Words { at, size } => {
                let values = floats(out, sources.len() * size);
                self.gather_floats(at, size, sources, values);
            }
            Place::Frame { at, pixels, channels, frames } => {
                let size = pixels * channels;
                let values = bytes(out, sources.len() * size * frames);
                for (&source, stack) in sources.iter().zip(values.chunks_exact_mut(size * frames)) {
                    match source {
                        None => stack.fill(0),
                        Some(entry) if frames == 1 => {
                            stack.copy_from_slice(&self.bytes_of(entry as usize)[at..at + size]);
                        }
                        Some(entry) => {
                            self.stack(entry as usize, at..at + size, channels, frames, stack);
                        }
                    }
                }
            }
        }
    }

    /// Copies every kept field after the first.
    pub(crate) fn gather_rest(&self, sources: &[Option<u32>], out: &mut Vec<Array>) {
        let rest = &self.record.fields[1..];
        out.resize_with(rest.len(), || Array::Float(Vec::new()));
        for ((_, place), array) in rest.iter().zip(out) {
            self.gather_place(place, sources, array);
        }
    }

    /// Copies the actions of every source.
    pub(crate) fn gather_actions(&self, sources: &[Option<u32>], out: &mut Actions) {
        let width = self.record.action;
        if self.record.discrete {
            if !matches!(out, Actions::Discrete(_)) {
                *out = Actions::Discrete(Vec::new());
            }
            if let Actions::Discrete(indices) = out {
                indices.clear();
                indices.extend(sources.iter().map(|source| match source {
                    Some(entry) => self.record.action_words(self.words_of(*entry as usize))[0],
                    None => 0,
                }));
            }
        } else {
            if !matches!(out, Actions::Continuous(_)) {
                *out = Actions::Continuous(Vec::new());
            }
            if let Actions::Continuous(values) = out {
                values.resize(sources.len() * width, 0.0);
                self.gather_floats(Record::ACTION, width, sources, values);
            }
        }
    }

    /// Copies the extra columns of every source.
    pub(crate) fn gather_extra(&self, sources: &[Option<u32>], out: &mut Vec<Vec<f32>>) {
        out.resize_with(self.record.extra.len(), Vec::new);
        for (&(at, width), column) in self.record.extra.iter().zip(out) {
            column.resize(sources.len() * width, 0.0);
            self.gather_floats(at, width, sources, column);
        }
    }

    /// Copies `width` words from word `at` on of every source.
    pub(crate) fn gather_floats(&self, at: usize, width: usize, sources: &[Option<u32>], out: &mut [f32]) {
        if width == 0 {
            return;
        }
        for (&source, target) in sources.iter().zip(out.chunks_exact_mut(width)) {
            match source {
                None => target.fill(0.0),
                Some(entry) => {
                    let words = &self.words_of(entry as usize)[at..at + width];
                    for (value, word) in target.iter_mut().zip(words) {
                        *value = f32::from_bits(*word);
                    }
                }
            }
        }
    }

    /// Rebuilds a stack of frames, oldest first, repeating the episode's first frame at its start.
    fn stack(
        &self,
        entry: usize,
        range: std::ops::Range<usize>,
        channels: usize,
        frames: usize,
        out: &mut [u8],
    ) {
        let age = Record::meta(self.words_of(entry)).age as usize;
        let start = entry - entry % self.length;
        for frame in 0..frames {
            let back = (frames - 1 - frame).min(age);
            let slot = entry - start;
            let slot = if slot >= back { slot - back } else { slot + self.length - back };
            let source = &self.bytes_of(start + slot)[range.clone()];
            let stacked = out.chunks_exact_mut(channels * frames);
            if channels == 1 {
                for (pixel, value) in stacked.zip(source) {
                    pixel[frame] = *value;
                }
            } else {
                for (pixel, values) in stacked.zip(source.chunks_exact(channels)) {
                    pixel[frame * channels..][..channels].copy_from_slice(values);
                }
            }
        }
    }
}

/// The array as `length` numbers, whatever it was before.
fn floats(array: &mut Array, length: usize) -> &mut [f32] {
    if !matches!(array, Array::Float(_)) {
        *array = Array::Float(Vec::new());
    }
    match array {
        Array::Float(values) => {
            values.resize(length, 0.0);
            values
        }
        Array::Byte(_) => &mut [],
    }
}

/// The array as `length` bytes, whatever it was before.
fn bytes(array: &mut Array, length: usize) -> &mut [u8] {
    if !matches!(array, Array::Byte(_)) {
        *array = Array::Byte(Vec::new());
    }
    match array {
        Array::Byte(values) => {
            values.resize(length, 0);
            values
        }
        Array::Float(_) => &mut [],
    }
}
