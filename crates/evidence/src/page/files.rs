//! A report's files.

use std::{fs, path::Path};

use run::{Result, RunError, folder::write_whole};

use crate::{
    plot::{Format, Theme, figures},
    report::Report,
};

/// The page's file.
pub const PAGE: &str = "report.html";

/// Everything that is written into a report's folder.
pub const FILES: [&str; 3] = [PAGE, "report.json", "figures"];

/// Writes `report.json`, `report.html` and `figures/`, in which every picture lies as SVG (which
/// follows the reader's preference for light or dark), as PNG and as PNG for dark pages
/// (`-dark.png`). Each file is written whole or not at all; the page comes last, so that where it
/// is, everything is. The folder is made where it is missing; older pictures stay.
///
/// # Errors
/// The disk is full, the place cannot be written, or a picture is too large.
pub fn write(report: &Report, folder: &Path) -> Result<()> {
    let pictures = folder.join("figures");
    fs::create_dir_all(&pictures).map_err(|error| RunError::io("create", &pictures, error))?;
    let mut json = serde_json::to_vec_pretty(report).map_err(|error| {
        RunError::Part(format!("the report `{}` cannot be written as JSON: {error}", report.id))
    })?;
    json.push(b'\n');
    write_whole(&folder.join("report.json"), &json)?;
    for figure in figures(report, Format::Wide) {
        let place = |ending: &str| pictures.join(format!("{}{ending}", figure.name));
        write_whole(&place(".svg"), figure.svg(Theme::Reader).as_bytes())?;
        write_whole(&place(".png"), &figure.png(Theme::Light)?)?;
        write_whole(&place("-dark.png"), &figure.png(Theme::Dark)?)?;
    }
    write_whole(&folder.join(PAGE), super::html(report).as_bytes())
}

/// Writes the overview of several claims into the folder that holds theirs.
///
/// # Errors
/// The disk is full or the place cannot be written.
pub fn write_overview(reports: &[Report], folder: &Path) -> Result<()> {
    write_whole(&folder.join(PAGE), super::overview(reports).as_bytes())
}
