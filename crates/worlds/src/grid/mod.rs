//! Worlds of cells whose transitions are known exactly, each with its [`crate::tabular::Model`].

pub mod deep_sea;
pub mod drawing;
pub mod four_rooms;

pub use deep_sea::DeepSea;
pub use four_rooms::FourRooms;
