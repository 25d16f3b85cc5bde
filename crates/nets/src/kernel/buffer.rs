//! Space that is used over and over.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Numbers whose space goes back to a common store when they are dropped: fresh pages from the system
/// cost a fifth of a step of training. What it begins with means nothing.
#[derive(Debug)]
pub struct Buffer(Vec<f32>);

/// Space that waits for its next use.
static STORE: Mutex<Store> = Mutex::new(Store { waiting: Vec::new(), total: 0 });

/// More numbers than these do not wait: 256 MiB.
const MOST: usize = 1 << 26;

struct Store {
    waiting: Vec<Vec<f32>>,
    total: usize,
}

impl Store {
    /// The latest of this length.
    fn take(&mut self, length: usize) -> Option<Vec<f32>> {
        let place = self.waiting.iter().rposition(|space| space.len() == length)?;
        self.total -= length;
        Some(self.waiting.remove(place))
    }

    /// Lets it wait, and drops those that have waited longest where there are too many.
    fn give(&mut self, space: Vec<f32>) {
        self.total += space.len();
        self.waiting.push(space);
        let mut dropped = 0;
        while self.total > MOST {
            self.total -= self.waiting[dropped].len();
            dropped += 1;
        }
        self.waiting.drain(..dropped);
    }
}

impl Buffer {
    /// Space for `length` numbers, whatever they are.
    pub fn new(length: usize) -> Self {
        let waiting = STORE.lock().unwrap_or_else(PoisonError::into_inner).take(length);
        Self(waiting.unwrap_or_else(|| vec![0.0; length]))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        STORE.lock().unwrap_or_else(PoisonError::into_inner).give(std::mem::take(&mut self.0));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
