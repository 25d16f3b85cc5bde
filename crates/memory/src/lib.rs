//! What a learner remembers: replay of transitions and windows, recorded data sets, mixtures of both,
//! trajectories, goals in hindsight, running normalisers.
//!
//! Everything here is host memory in plain arrays, and every draw comes from a generator that the
//! caller passes in; uploading to a device is the business of whoever learns from the batches.
//!
//! A [`Replay`] keeps one *stream* per row of a vector world. With next-step autoreset the call
//! after an episode's end sees the final observation and ignores its action: that call is stored as
//! a *boundary* entry, so that the final observation of every episode is kept exactly once and the
//! successor of an entry is always the next entry of its stream.

pub mod bench;
pub mod dataset;
pub mod error;
pub mod index;
pub mod mixed;
pub mod normaliser;
mod recall;
pub mod relabel;
pub mod replay;
pub mod reservoir;
mod rows;
mod saved;
pub mod trajectories;
pub mod two_level;

pub use dataset::{DataSpec, Dataset, FrameBatch, Starts, Videos};
pub use error::MemoryError;
pub use mixed::{Batch, Mixed, Ratio};
pub use normaliser::{Cdf, MinMax, Normaliser, ReturnScale, Scale, Scaling};
pub use relabel::{GoalDraw, GoalRule, Hindsight, Relabel, RelabelConfig, Shares};
pub use replay::batch::{TransitionBatch, WindowBatch};
pub use replay::config::{Column, ReplayConfig};
pub use replay::prioritised::{Draw, Prioritised, PriorityConfig};
pub use replay::ring::Replay;
pub use replay::span::{Boundary, Fill, Position, Span};
pub use replay::sum_tree::SumTree;
pub use reservoir::{Reservoir, ReservoirBatch, Weighting};
pub use trajectories::{RankConfig, Ranks, SegmentPairs, Trajectories, Trajectory};
pub use two_level::{Decision, DecisionDiscount, TwoLevel, TwoLevelConfig};
