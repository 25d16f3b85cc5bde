//! Pictures and pages of made-up reports.

mod page;
mod pictures;
mod sample;
