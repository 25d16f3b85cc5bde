//! From the runs of a plan to the verdict of each condition and of the claim.

mod measure;
mod verdict;
mod words;

pub use measure::{Outcomes, RunOutcome};
pub use verdict::{Judgement, LEVEL, judge};
