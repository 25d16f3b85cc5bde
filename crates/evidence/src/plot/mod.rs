//! Pictures of a report: learning curves, intervals, conditions, comparisons.
//!
//! Every picture is drawn once, as a list of elements with classes instead of colours, and coloured by
//! a few rules of CSS: so one drawing serves a light and a dark page, and its PNG is the same picture.
//! The PNG's fonts come with the program, so that its pixels do not depend on the machine: Ubuntu
//! Light (Ubuntu font licence 1.0) and, for what that lacks, Hack (MIT and Bitstream Vera licences).
//!
//! What distinguishes arms is never colour alone: each has its dash pattern, its marker and a
//! label at its line.

mod canvas;
mod comparison;
mod conditions;
mod curves;
mod data;
mod dots;
mod intervals;
mod lines;
pub(crate) mod number;
mod palette;
mod raster;
mod scale;
mod series;
mod svg;

pub use comparison::{aggregates, efficiency, improvement, profiles};
pub use conditions::conditions;
pub(crate) use conditions::{row, sign};
pub use curves::curves;
pub(crate) use curves::measured;
pub use data::{Bars, Frames, Grid, Named, contact_sheet, coverage, gallery, histogram};
pub use intervals::intervals;
pub(crate) use intervals::way;
pub(crate) use palette::{rules, rules_by_preference};

use canvas::{Anchor, Area, Canvas, Element, shorten};
use svg::escape;

/// Height of the title above a picture that stands alone.
const HEADING: f64 = 36.0;

/// The colours of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white.
    Light,
    /// Light ink on near-black.
    Dark,
    /// Whichever the reader's system prefers; light where nothing is known. For SVG only: a PNG
    /// comes out light.
    Reader,
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A screen or a page: 920 units wide, names beside what they name.
    Wide,
    /// A telephone: 380 units wide, names in a list below or above.
    Narrow,
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Stem of its file: lower-case letters, digits and hyphens.
    pub name: String,
    /// What it shows, as a heading.
    pub title: String,
    /// The same in a sentence or two, for people who cannot see it.
    pub description: String,
    width: f64,
    height: f64,
    elements: Vec<Element>,
}

impl Figure {
    fn new(name: String, title: String, description: String, canvas: Canvas) -> Self {
        let (width, height) = canvas.size();
        Self { name, title, description, width, height, elements: canvas.into_elements() }
    }

    /// The paper, and the title above the picture.
    fn frame(&self) -> Vec<Element> {
        let mut canvas = Canvas::new(self.width, self.height + HEADING);
        canvas.rect("paper", Area { left: 0.0, top: 0.0, right: self.width, bottom: self.height + HEADING });
        let heading = shorten(&self.title, (self.width / 8.5) as usize);
        canvas.text("head", (10.0, 26.0), Anchor::Start, &heading);
        canvas.into_elements()
    }

    /// A complete SVG document, with its title above the picture.
    pub fn svg(&self, theme: Theme) -> String {
        let style = match theme {
            Theme::Light | Theme::Dark => rules(theme),
            Theme::Reader => rules_by_preference(),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" \
             height=\"{h}\"><title>{}</title><desc>{}</desc><style>{style}</style>{}\
             <g transform=\"translate(0 {HEADING})\">{}</g></svg>\n",
            escape(&self.title),
            escape(&self.description),
            svg::body(&self.frame()),
            svg::body(&self.elements),
            w = self.width,
            h = self.height + HEADING,
        )
    }

    /// The picture as an element of a page that has the rules of [`rules`] in its own style.
    pub(crate) fn inline(&self, class: &str) -> String {
        format!(
            "<svg class=\"plot {class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            self.width,
            self.height,
            escape(&self.description),
            svg::body(&self.elements)
        )
    }

    /// The picture as PNG, with two pixels to a unit.
    ///
    /// # Errors
    /// The picture is too large for an image.
    pub fn png(&self, theme: Theme) -> run::Result<Vec<u8>> {
        let drawn = raster::Drawing::new(self.pixels(), theme).and_then(|mut drawing| {
            drawing.draw(&self.frame(), 0.0);
            drawing.draw(&self.elements, HEADING);
            drawing.png()
        });
        drawn.map_err(|cause| {
            run::RunError::Part(format!("the picture `{}` cannot be drawn as PNG: {cause}", self.name))
        })
    }

    /// Width and height in pixels of the PNG.
    pub fn pixels(&self) -> (u32, u32) {
        let pixels = |length: f64| (length * raster::DENSITY).ceil() as u32;
        (pixels(self.width), pixels(self.height + HEADING))
    }
}

/// Every picture that the report has numbers for, in the order in which they are best read.
pub fn figures(report: &crate::report::Report, format: Format) -> Vec<Figure> {
    let mut figures = Vec::new();
    if !report.conditions.is_empty() {
        figures.push(conditions(report, format));
    }
    if let Some(comparison) = &report.comparison {
        figures.push(aggregates(comparison, format));
        figures.extend(efficiency(comparison, format));
        figures.extend(profiles(comparison, format));
        figures.extend(improvement(comparison, format));
    }
    for metric in measured(report) {
        figures.extend(curves(report, metric, format));
        figures.extend(intervals(report, metric, format));
    }
    figures
}

/// A name as part of a file's stem.
fn stem(text: &str) -> String {
    let kept = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let mut stem = String::new();
    for c in kept {
        if c != '-' || !(stem.is_empty() || stem.ends_with('-')) {
            stem.push(c);
        }
    }
    stem.trim_end_matches('-').to_owned()
}
