//! Claims that can fail, comparisons with honest statistics, plots and reports.

pub mod page;
pub mod plot;
pub mod report;
