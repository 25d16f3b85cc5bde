//! `latentrl data info`.

use memory::dataset::{
    Format,
    formats::native,
    inspect::{ColumnStatistics, Histogram, Inspection, Statistics, inspect},
};
use serde::Serialize;

use super::File;
use crate::{
    command::worlds::actions,
    failure::Failure,
    output::{count, number, print, print_json},
    table::Table,
};

/// Characters of the longest bar.
const BAR: f64 = 40.0;

/// Say what a data set holds and what is wrong with it
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    file: File,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    file: String,
    #[serde(flatten)]
    inspection: &'a Inspection,
}

/// Prints what a data set holds. Values that cannot be learned from are listed, not refused.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.file.path()?;
    let surveyed = arguments.file.survey()?;
    if surveyed.format == Format::Native {
        native::verify(&path)?;
    }
    let inspection = inspect(&surveyed);
    let file = path.display().to_string();
    if arguments.json {
        return print_json(&Document { file, inspection: &inspection });
    }
    print(&told(&file, &inspection))
}

fn told(file: &str, inspection: &Inspection) -> String {
    let Inspection { format, spec, episodes, terminated, steps, missing, .. } = inspection;
    let mut text = format!(
        "{file}: {}, {} episodes of {} steps together; {} end, {} are cut\n\n",
        format.name(),
        count(*episodes as u64),
        count(*steps as u64),
        count(*terminated as u64),
        count((episodes - terminated) as u64)
    );
    let unknown = || "unknown".to_owned();
    let mut lines = vec![
        ("world", spec.world.clone().unwrap_or_else(unknown)),
        ("policy", spec.policy.clone()),
        ("seed", spec.seed.map_or_else(unknown, |seed| seed.to_string())),
        ("actions", spec.action.as_ref().map_or_else(|| "missing".to_owned(), actions)),
    ];
    if let Some(horizon) = spec.horizon {
        lines.push(("horizon", horizon.to_string()));
    }
    if !missing.is_empty() {
        lines.push(("missing", missing.join(", ")));
    }
    lines.extend(inspection.findings.iter().map(|finding| ("wrong", finding.to_string())));
    lines.extend(inspection.notes.iter().map(|note| ("note", note.clone())));
    for (name, value) in lines {
        text.push_str(&format!("{name:<9}{value}\n"));
    }
    text.push('\n');
    text.push_str(&columns(&inspection.columns));
    if let Some(returns) = &inspection.returns {
        text.push_str(&bars("return", returns));
    }
    text.push_str(&bars("length", &inspection.lengths));
    text
}

fn columns(columns: &[ColumnStatistics]) -> String {
    let mut table =
        Table::new(&["column", "part", "a row is", "", "min", "mean", "std", "max", "not finite"]);
    for column in columns {
        let many = column.dimensions.len() > 1;
        for (index, statistics) in column.dimensions.iter().enumerate() {
            let first = index == 0;
            let head = |text: &str| if first { text.to_owned() } else { String::new() };
            let dimension = if many { index.to_string() } else { String::new() };
            let mut cells = vec![head(&column.name), head(column.part), head(&column.row), dimension];
            cells.extend(moments(statistics));
            table.row(cells);
        }
    }
    let mut text = table.render();
    for column in columns.iter().filter(|column| !column.counts.is_empty()) {
        let counts: Vec<String> = column.counts.iter().map(|&chosen| count(chosen)).collect();
        text.push_str(&format!("\nchosen, from 0 on: {}\n", counts.join("  ")));
    }
    text
}

fn moments(statistics: &Statistics) -> [String; 5] {
    let Statistics { count: numbers, not_finite, min, mean, deviation, max } = *statistics;
    let shown = |value| if numbers == 0 { "-".to_owned() } else { number(value) };
    let wrong = if not_finite == 0 { String::new() } else { count(not_finite) };
    [shown(min), shown(mean), shown(deviation), shown(max), wrong]
}

/// A histogram as text.
fn bars(name: &str, histogram: &Histogram) -> String {
    let Histogram { statistics, from, width, counts, .. } = histogram;
    let Statistics { min, mean, deviation, max, .. } = *statistics;
    let mut text = format!(
        "\n{name}: {} to {}, mean {}, standard deviation {}\n",
        number(min),
        number(max),
        number(mean),
        number(deviation)
    );
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    for (index, &numbers) in counts.iter().enumerate() {
        let low = from + width * index as f64;
        let bar = "#".repeat((numbers as f64 / most * BAR).ceil() as usize);
        let space = if bar.is_empty() { "" } else { " " };
        text.push_str(&format!("{:>10}  {bar}{space}{}\n", number(low), count(numbers)));
    }
    text
}
