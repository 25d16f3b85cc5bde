//! What the online stage remembers: the last frames of every copy of the world, and the latent
//! actions seen so far with the actions that were taken.

use std::collections::VecDeque;

use burn::tensor::Device;
use nets::{dynamics::FrameInverse, host};
use run::{NamedArray, Result, RunError, Snapshot};
use worlds::{Array, Layout};

use super::frames::stack;

/// Frames and labelled latent actions.
pub struct Experience {
    /// Frames of a window.
    window: usize,
    layout: Layout,
    /// The last frames of all copies, the oldest first.
    recent: VecDeque<Vec<u8>>,
    /// How many of a copy's frames belong to its running episode.
    ages: Vec<usize>,
    /// `[N, size]`.
    latents: Vec<f32>,
    /// `[N]`.
    actions: Vec<usize>,
}

const LATENTS: &str = "experience.latents";
const ACTIONS: &str = "experience.actions";

impl Experience {
    /// Nothing seen by `rows` copies yet.
    pub fn new(past: usize, layout: &Layout, rows: usize) -> Self {
        Self {
            window: past + 2,
            layout: layout.clone(),
            recent: VecDeque::new(),
            ages: vec![0; rows],
            latents: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// Takes down what every copy shows now; where `begins`, an episode does.
    pub fn see(&mut self, images: &Array, begins: &[bool]) {
        let Array::Byte(bytes) = images else { return };
        if self.recent.len() == self.window {
            self.recent.pop_front();
        }
        self.recent.push_back(bytes.clone());
        for (age, &begins) in self.ages.iter_mut().zip(begins) {
            *age = if begins { 1 } else { *age + 1 };
        }
    }

    /// Adds the latent action of every window that ends now, inside one episode, with the action
    /// that its copy took last.
    pub fn label(&mut self, inverse: &FrameInverse, taken: &[u32], device: &Device) {
        let size = self.layout.size();
        let complete = |row: &usize| self.ages[*row] >= self.window && self.recent.len() == self.window;
        let rows: Vec<usize> = (0..self.ages.len()).filter(complete).collect();
        if rows.is_empty() {
            return;
        }
        let frame = |row: usize| self.recent.iter().flat_map(move |frame| &frame[row * size..][..size]);
        let images: Vec<u8> = rows.iter().flat_map(|&row| frame(row)).copied().collect();
        let windows = stack(&Array::Byte(images), &self.layout, self.window, rows.len(), device);
        self.latents.extend(host(inverse.network.forward(windows.all)));
        self.actions.extend(rows.iter().map(|&row| taken[row] as usize));
    }

    /// The latent actions so far, `[N, size]`, with the actions that were taken; nothing before the
    /// first.
    pub fn labelled(&self) -> Option<(&[f32], &[usize])> {
        (!self.actions.is_empty()).then_some((&self.latents, &self.actions))
    }

    /// Writes everything.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let count = self.actions.len();
        let size = self.latents.len().checked_div(count).unwrap_or(0);
        let actions = self.actions.iter().map(|&action| action as f32).collect();
        snapshot.put_arrays([
            NamedArray { name: LATENTS.to_owned(), shape: vec![count, size], values: self.latents.clone() },
            NamedArray { name: ACTIONS.to_owned(), shape: vec![count], values: actions },
        ]);
        snapshot.put_bytes("recent", self.recent.iter().flatten().copied().collect());
        snapshot.put("ages", &self.ages)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method or version.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let values = |name: &str| {
            let array = snapshot.arrays().get(name).ok_or_else(|| {
                RunError::Part(format!("the checkpoint has no `{name}`: it was written by another version"))
            });
            array.map(|array| array.values.clone())
        };
        self.latents = values(LATENTS)?;
        self.actions = values(ACTIONS)?.into_iter().map(|action| action as usize).collect();
        self.ages = snapshot.get("ages")?;
        let frame = self.ages.len() * self.layout.size();
        self.recent = snapshot.bytes("recent")?.chunks_exact(frame.max(1)).map(<[u8]>::to_vec).collect();
        Ok(())
    }
}
