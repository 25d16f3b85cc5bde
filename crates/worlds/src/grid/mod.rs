//! Worlds of cells: those whose transitions are known exactly, each with its
//! [`crate::tabular::Model`], and mazes that are drawn anew in every episode.

pub mod deep_sea;
pub mod drawing;
pub mod four_rooms;
pub mod maze_levels;

pub use deep_sea::DeepSea;
pub use four_rooms::FourRooms;
pub use maze_levels::MazeLevels;
