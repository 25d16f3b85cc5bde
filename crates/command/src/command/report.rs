//! `latentrl report`.

use std::path::PathBuf;

use evidence::{
    aggregate::aggregate,
    compare::gather,
    page,
    reproduce::{again, is_at},
};

use crate::{
    failure::Failure,
    findings,
    output::{print, print_json},
};

const EXAMPLES: &str = "\
Examples:
  latentrl report runs/reproduce-mdvi-quick        judge a claim's finished runs once more
  latentrl report runs                             compare all finished runs below a folder";

/// Rebuild a report from finished runs
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A folder of finished runs
    folder: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Print a claim's section of docs/verdicts.md
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// Reads the runs, judges or aggregates them and writes the page.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let place = &arguments.folder;
    let report = if is_at(place) {
        again(place)?
    } else {
        let report = aggregate(&gather(place)?, &format!("latentrl report {}", place.display()))?;
        page::write(&report, place)?;
        report
    };
    if arguments.json {
        return print_json(&report);
    }
    if arguments.markdown {
        return print(&findings::section(&report));
    }
    print(&format!("{}\n\nreport:  {}", findings::told(&report), place.join(page::PAGE).display()))
}
