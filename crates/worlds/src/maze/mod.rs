//! Mazes of unit cells that a point moves through.

pub mod geodesic;
pub mod layout;
pub mod point;

pub use geodesic::{Field, Geodesic};
pub use layout::Layout;
pub use point::{Giant, Large, Medium, PointMaze, Preset, UMaze};
