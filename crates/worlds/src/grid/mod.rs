//! Worlds of cells: those whose transitions are known exactly, each with its
//! [`crate::tabular::Model`], mazes and Minigrid's levels, which are drawn anew in every episode, and a
//! maze that asks for memory.

pub mod deep_sea;
pub mod drawing;
pub mod four_rooms;
pub mod maze_levels;
pub mod minigrid;
pub mod t_maze;

pub use deep_sea::DeepSea;
pub use four_rooms::FourRooms;
pub use maze_levels::MazeLevels;
pub use t_maze::TMaze;
