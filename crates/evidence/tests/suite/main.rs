//! Claims, conditions and statistics from outside; pictures and pages of made-up reports.

// Links the baselines, which register themselves.
use agents as _;

mod claim_files;
mod claim_plan;
mod claim_refusals;
mod conditions;
mod data_pictures;
mod page;
mod pictures;
mod sample;
mod statistics;
