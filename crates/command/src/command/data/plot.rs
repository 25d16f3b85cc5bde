//! `latentrl data plot`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use evidence::plot::{Bars, Figure, Frames, Grid, Theme, contact_sheet, coverage, histogram};
use memory::{
    Dataset,
    dataset::{FieldColumn, inspect::Histogram},
};
use run::folder::write_whole;
use worlds::Layout;

use super::File;
use crate::{failure::Failure, output::print};

/// Cells along each side of the picture of coverage.
const CELLS: usize = 64;

/// Frames of a contact sheet.
const FRAMES: usize = 24;

/// Draw returns, lengths and where the observations lie
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    file: File,
    /// Folder of the pictures
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The two elements of the observation whose coverage is drawn
    #[arg(long, value_name = "X,Y", value_delimiter = ',', num_args = 1..=2, default_value = "0,1")]
    dims: Vec<usize>,
}

/// Draws what there is to draw, as SVG and PNG; images as a contact sheet.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let set = arguments.file.survey()?.set;
    let lengths: Vec<f64> = set.episodes().iter().map(|episode| episode.length as f64).collect();
    let mut figures = vec![bars("Lengths", "steps", "episodes", &lengths)];
    let returns = set.returns();
    if !returns.is_empty() {
        figures.push(bars("Returns", "return", "episodes", &returns));
    }
    let mut sheet = None;
    match (set.spec().input(), set.field(0)) {
        (&Layout::Image { height, width, channels, scale, .. }, FieldColumn::Bytes(values)) => {
            let size = height * width * channels;
            let rows = values.len() / size.max(1);
            let row = |index: usize| index * rows.saturating_sub(1) / (FRAMES - 1).max(1) * size;
            let frames = (0..FRAMES.min(rows)).map(|index| &values[row(index)..row(index) + size]).collect();
            sheet = Some(contact_sheet(&Frames { size: [height, width, channels], scale, frames })?);
        }
        (&Layout::Vector { size }, FieldColumn::Floats(values)) => {
            figures.push(covered(&set, values, size, &arguments.dims)?);
        }
        _ => {}
    }
    let out = &arguments.out;
    fs::create_dir_all(out)
        .map_err(|error| Failure::usage(format!("cannot create `{}`: {error}", out.display())))?;
    let mut written = Vec::new();
    for figure in figures {
        let name = &figure.name;
        write(&mut written, out.join(format!("{name}.svg")), figure.svg(Theme::Reader).as_bytes())?;
        write(&mut written, out.join(format!("{name}.png")), &figure.png(Theme::Light)?)?;
    }
    if let Some(bytes) = sheet {
        write(&mut written, out.join("frames.png"), &bytes)?;
    }
    print(&written.join("\n"))
}

fn write(written: &mut Vec<String>, path: PathBuf, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(&path, bytes)?;
    written.push(shown(&path));
    Ok(())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn bars(title: &str, across: &str, of: &str, values: &[f64]) -> Figure {
    let Histogram { whole, from, width, counts, .. } = Histogram::of(values);
    // The bar of a whole number stands around it.
    let from = if whole && width == 1.0 { from - 0.5 } else { from };
    histogram(&Bars { title, across, of, from, width, counts: &counts })
}

/// Where the observations lie: along two elements, or the only one.
fn covered(set: &Dataset, values: &[f32], size: usize, dims: &[usize]) -> Result<Figure, Failure> {
    let name = &set.spec().fields[0].name;
    let label = |element: usize| format!("{name}[{element}]");
    let one = size == 1 || dims.len() == 1;
    let dims = if size == 1 { &dims[..1] } else { dims };
    if let Some(element) = dims.iter().find(|element| **element >= size) {
        let last = size.saturating_sub(1);
        return Err(Failure::usage(format!(
            "--dims names element {element}, but `{name}` has the elements 0 to {last}"
        )));
    }
    let column = |element: usize| values.iter().skip(element).step_by(size).map(|&value| f64::from(value));
    if one {
        let numbers: Vec<f64> = column(dims[0]).filter(|value| value.is_finite()).collect();
        return Ok(bars("Coverage", &label(dims[0]), "observations", &numbers));
    }
    let (x, y) = (range(column(dims[0])), range(column(dims[1])));
    let mut counts = vec![0; CELLS * CELLS];
    let cell = |value: f64, (low, high): (f64, f64)| {
        (((value - low) / (high - low) * CELLS as f64) as usize).min(CELLS - 1)
    };
    for (a, b) in column(dims[0]).zip(column(dims[1])).filter(|(a, b)| a.is_finite() && b.is_finite()) {
        counts[cell(b, y) * CELLS + cell(a, x)] += 1;
    }
    let (across, up) = (label(dims[0]), label(dims[1]));
    Ok(coverage(&Grid { across: &across, up: &up, x, y, columns: CELLS, counts }))
}

/// Smallest and largest finite number, apart in any case.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match (low, high) {
        (low, high) if low < high => (low, high),
        (low, _) if low.is_finite() => (low - 0.5, low + 0.5),
        _ => (0.0, 1.0),
    }
}
