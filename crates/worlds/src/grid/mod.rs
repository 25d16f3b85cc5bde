//! Worlds of cells: those whose transitions are known exactly, each with its
//! [`crate::tabular::Model`], and mazes and Minigrid's levels, which are drawn anew in every episode.

pub mod deep_sea;
pub mod drawing;
pub mod four_rooms;
pub mod maze_levels;
pub mod minigrid;

pub use deep_sea::DeepSea;
pub use four_rooms::FourRooms;
pub use maze_levels::MazeLevels;
