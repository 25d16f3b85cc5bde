//! Claims that can fail, comparisons with honest statistics, plots and reports.

pub mod aggregate;
pub mod claim;
pub mod claims;
pub mod compare;
pub mod condition;
pub mod error;
pub mod execute;
pub mod measure;
pub mod page;
pub mod plot;
pub mod report;
pub mod reproduce;
pub mod series;
pub mod statistics;
mod summarise;

pub use claim::Claim;
pub use error::{EvidenceError, Result};
pub use series::Series;
