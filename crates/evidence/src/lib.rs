//! Claims that can fail, comparisons with honest statistics, plots and reports.

pub mod report;
