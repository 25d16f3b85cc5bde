//! One experiment: configuration, seeds, metrics, checkpoints, resume, budgets and interrupts, and
//! the interfaces that every method has. Nothing here knows a particular method or a tensor.

pub mod card;
pub mod checkpoint;
pub mod collect;
pub mod collector;
pub mod config;
pub mod context;
pub mod data;
pub mod error;
pub mod events;
pub mod folder;
pub mod method;
pub mod metrics;
pub mod policy;
pub mod problems;
mod recipe;
pub mod registry;
pub mod scores;
pub mod session;
pub mod settings;
pub mod shared;
pub mod snapshot;
pub mod speech;
pub mod streams;
pub mod summary;
pub mod task;
pub mod threads;

pub use card::{ActionNeed, Card, DataActions, Need, ObservationNeed, Primary};
pub use collector::{ActionScale, Collector};
pub use context::Run;
pub use error::{Result, RunError};
pub use method::{AnyMethod, Method, Progress};
pub use policy::{Exported, Mode, Policy, Scope};
pub use problems::Problems;
pub use registry::{Entry, Preset};
pub use scores::{Protocol, Score, Scores};
pub use session::{Session, Watcher};
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use speech::{Speaker, Speech};
pub use task::Task;
pub use worlds::NamedArray;

/// Program and version, as files name it.
pub const PROGRAM: &str = concat!("latentrl ", env!("CARGO_PKG_VERSION"));
