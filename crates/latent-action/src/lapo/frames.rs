//! The two things that a data set is to this method: frames without actions, and a few labels.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use learn::batch;
use memory::{
    Boundary, Dataset, FrameBatch, Position, Span, Starts, Videos,
    dataset::{ActionColumn, FieldColumn},
};
use nets::observed::Observed;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError};
use worlds::{Array, Layout};

/// A batch of windows: `past + 2` frames on the channels, the oldest first, pixels in [-0.5, 0.5].
pub(super) struct Windows {
    /// `[B, (past + 2) C, H, W]`.
    pub all: Tensor<4>,
    channels: usize,
}

impl Windows {
    /// All but the last frame.
    pub fn past(&self) -> Tensor<4> {
        let [_, depth, ..] = self.all.dims();
        self.all.clone().narrow(1, 0, depth - self.channels)
    }

    /// The frame in which the agent acts: the last but one.
    pub fn current(&self) -> Tensor<4> {
        let [_, depth, ..] = self.all.dims();
        self.all.clone().narrow(1, depth - 2 * self.channels, self.channels)
    }

    /// The last frame.
    pub fn next(&self) -> Tensor<4> {
        let [_, depth, ..] = self.all.dims();
        self.all.clone().narrow(1, depth - self.channels, self.channels)
    }
}

/// Windows of a data set's frames. There is no way from here to an action or a reward.
pub(super) struct Frames {
    videos: Videos,
    starts: Starts,
    past: usize,
    positions: Vec<Position>,
    batch: FrameBatch,
}

impl Frames {
    /// Windows of `past` frames, the current and the next one.
    ///
    /// # Errors
    /// No episode is long enough; the sentence gives both lengths.
    pub fn new(set: &Arc<Dataset>, past: usize) -> Result<Self> {
        let videos = Videos::new(set);
        let starts = videos.starts(span(past))?;
        Ok(Self { videos, starts, past, positions: Vec::new(), batch: FrameBatch::new() })
    }

    /// Layout of a frame.
    pub fn layout(&self) -> &Layout {
        &self.videos.field().layout
    }

    /// All windows.
    pub fn starts(&self) -> &Starts {
        &self.starts
    }

    /// `count` windows drawn uniformly, with replacement.
    ///
    /// # Errors
    /// None for positions of its own.
    pub fn draw(&mut self, count: usize, random: &mut ChaCha8Rng, device: &Device) -> Result<Windows> {
        let mut positions = std::mem::take(&mut self.positions);
        self.starts.draw(count, random, &mut positions);
        let windows = self.at(&positions, device);
        self.positions = positions;
        windows
    }

    /// The windows that begin at these positions.
    ///
    /// # Errors
    /// A window would leave its episode.
    pub fn at(&mut self, positions: &[Position], device: &Device) -> Result<Windows> {
        self.videos.windows(positions, self.past + 1, span(self.past), &mut self.batch)?;
        let layout = self.layout();
        let frames = self.past + 2;
        Ok(stack(self.batch.observations(), layout, frames, positions.len(), device))
    }
}

/// A window that never leaves its episode.
fn span(past: usize) -> Span {
    Span::window(past + 1, Boundary::Exclude)
}

/// `rows` times `frames` consecutive images, uploaded as windows.
pub(super) fn stack(images: &Array, layout: &Layout, frames: usize, rows: usize, device: &Device) -> Windows {
    let (channels, height, width) = match *layout {
        Layout::Image { channels, height, width, .. } => (channels, height, width),
        Layout::Vector { size } => (size, 1, 1),
    };
    let all = match batch::observe(images, layout, rows * frames, device) {
        Observed::Image(images) => images.reshape([rows, frames * channels, height, width]),
        Observed::Flat(vectors) => vectors.reshape([rows, frames * channels, height, width]),
    };
    Windows { all: all.sub_scalar(HALF), channels }
}

/// What is subtracted from pixels in [0, 1].
pub(super) const HALF: f64 = 0.5;

/// Refuses images that the forward model cannot make.
///
/// # Errors
/// A pixel lies outside [-0.5, 0.5] once 0.5 is subtracted; the sentence gives the range.
pub(super) fn check_range(set: &Dataset) -> Result<()> {
    let (FieldColumn::Bytes(bytes), Layout::Image { scale, .. }) = (set.field(0), set.spec().input()) else {
        return Ok(());
    };
    let extreme = |byte: Option<&u8>| byte.map_or(0.0, |&byte| f64::from(byte) * f64::from(*scale) - HALF);
    let (low, high) = (extreme(bytes.iter().min()), extreme(bytes.iter().max()));
    // A scale of 1/255 is not exact in 32 bits.
    let limit = HALF + 1e-6;
    match low >= -limit && high <= limit {
        true => Ok(()),
        false => Err(RunError::Task(format!(
            "the data's pixels lie in [{low}, {high}] once 0.5 is subtracted, but the forward model \
             reaches only [-0.5, 0.5]: record images whose scaled pixels lie in [0, 1]"
        ))),
    }
}

/// Transitions whose action is known.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    /// Where their windows begin.
    pub positions: Vec<Position>,
    /// Their actions.
    pub actions: Vec<usize>,
}

impl Labels {
    /// At most `count` of the windows `starts`, drawn without replacement, with their actions.
    pub fn draw(set: &Dataset, starts: &Starts, past: usize, count: usize, random: &mut ChaCha8Rng) -> Self {
        let mut numbers: Vec<usize> = (0..starts.len()).collect();
        let count = count.min(numbers.len());
        for place in 0..count {
            let other = random.random_range(place..numbers.len());
            numbers.swap(place, other);
        }
        numbers.truncate(count);
        let positions: Vec<Position> = numbers.into_iter().map(|number| starts.get(number)).collect();
        let actions = positions.iter().filter_map(|&position| action(set, position, past)).collect();
        Self { positions, actions }
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.actions.len()
    }
}

/// The action in the last but one frame of the window that begins at `position`.
pub(super) fn action(set: &Dataset, position: Position, past: usize) -> Option<usize> {
    let Some(ActionColumn::Discrete(indices)) = set.actions() else { return None };
    Some(indices[set.episodes()[position.row()].step + position.step() as usize + past] as usize)
}

/// Whether the frame changes with the action of the window that begins at `position`.
pub(super) fn changes(set: &Dataset, position: Position, past: usize) -> bool {
    let size = set.spec().input().size();
    let row = set.episodes()[position.row()].observation + position.step() as usize + past;
    match set.field(0) {
        FieldColumn::Bytes(bytes) => bytes[row * size..][..size] != bytes[(row + 1) * size..][..size],
        FieldColumn::Floats(values) => values[row * size..][..size] != values[(row + 1) * size..][..size],
    }
}
