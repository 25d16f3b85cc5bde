//! Files of data sets: those of other programs, those written here, and broken ones.

mod read;
mod refusals;
mod sample;
mod write;
