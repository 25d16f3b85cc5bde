//! Tests of the loop and its files with a method that learns nothing.

mod counter;
mod files;
mod problems;
mod recorded;
mod session;
mod settings;
mod threads;
