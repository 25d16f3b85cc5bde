//! Claims that can fail, comparisons with honest statistics, plots and reports.

pub mod claim;
pub mod claims;
pub mod condition;
pub mod error;
pub mod page;
pub mod plot;
pub mod report;
pub mod series;
pub mod statistics;

pub use claim::Claim;
pub use error::{EvidenceError, Result};
pub use series::Series;
