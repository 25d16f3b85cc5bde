//! Pictures of a data set: how often numbers occur, where the observations lie, what frames show.

use tiny_skia::Pixmap;

use super::{
    Figure, HEADING, Theme,
    canvas::{Anchor, Area, Canvas},
    number,
    raster::{DENSITY, Drawing},
    scale::{Scale, of_values},
    stem,
};

/// Width of a picture.
const WIDTH: f64 = 720.0;

/// Steps of opacity from rare to frequent; the classes are `d1` to `d8`.
const SHADES: f64 = 8.0;

/// Frames in a row of a contact sheet, and rows.
const SHEET: (usize, usize) = (6, 4);

/// Least side of a frame on a contact sheet.
const SIDE: usize = 96;

/// How often numbers fall into intervals of equal width.
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// What is counted, as a heading.
    pub title: &'a str,
    /// What the numbers are.
    pub across: &'a str,
    /// What is counted, in the plural.
    pub of: &'a str,
    /// Where the first interval begins.
    pub from: f64,
    /// Width of an interval; 0 where all numbers are the same.
    pub width: f64,
    /// Numbers in each interval.
    pub counts: &'a [u64],
}

/// A histogram.
pub fn histogram(bars: &Bars<'_>) -> Figure {
    let width = if bars.width > 0.0 { bars.width } else { 1.0 };
    let from = if bars.width > 0.0 { bars.from } else { bars.from - 0.5 };
    let area = Area { left: 70.0, top: 34.0, right: WIDTH - 20.0, bottom: 334.0 };
    let mut canvas = Canvas::new(WIDTH, area.bottom + 52.0);
    let most = bars.counts.iter().copied().max().unwrap_or(1).max(1);
    let across = Scale::linear(from, from + width * bars.counts.len() as f64, area.left, area.right);
    let up = Scale::linear(0.0, most as f64 * 1.04, area.bottom, area.top);
    axes(&mut canvas, area, (&across, bars.across), (&up, bars.of));
    for (index, &count) in bars.counts.iter().enumerate() {
        let low = from + width * index as f64;
        let (left, right) = (across.at(low), across.at(low + width));
        let told =
            format!("{} to {}: {}", number::number(low), number::number(low + width), number::whole(count));
        canvas.open(&told);
        let bar =
            Area { left: left + 0.5, right: right - 0.5, top: up.at(count as f64), bottom: area.bottom };
        canvas.rect("f0", bar);
        canvas.close();
    }
    let total: u64 = bars.counts.iter().sum();
    let description = format!("Histogram of {} over {} {}.", bars.across, number::whole(total), bars.of);
    Figure::new(stem(bars.title), bars.title.to_owned(), description, canvas)
}

/// How often two numbers fall into the cells of a grid.
#[derive(Clone, Debug)]
pub struct Grid<'a> {
    /// What the first number is.
    pub across: &'a str,
    /// What the second is.
    pub up: &'a str,
    /// Range of the first.
    pub x: (f64, f64),
    /// Range of the second.
    pub y: (f64, f64),
    /// Cells along the first.
    pub columns: usize,
    /// Counts, row by row, smallest second number first.
    pub counts: Vec<u64>,
}

/// Where two numbers lie: the darker a cell, the more often, on a logarithmic scale.
pub fn coverage(grid: &Grid<'_>) -> Figure {
    let columns = grid.columns.max(1);
    let rows = grid.counts.len() / columns;
    let area = Area { left: 70.0, top: 34.0, right: WIDTH - 20.0, bottom: 634.0 };
    let mut canvas = Canvas::new(WIDTH, area.bottom + 52.0);
    let across = Scale::linear(grid.x.0, grid.x.1, area.left, area.right);
    let up = Scale::linear(grid.y.0, grid.y.1, area.bottom, area.top);
    let most = grid.counts.iter().copied().max().unwrap_or(0) as f64;
    let (wide, high) = (area.width() / columns as f64, (area.bottom - area.top) / rows.max(1) as f64);
    let mut visited = 0;
    for (index, &count) in grid.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        visited += 1;
        let shade = ((count as f64).ln_1p() / most.ln_1p() * SHADES).ceil().clamp(1.0, SHADES);
        let left = area.left + (index % columns) as f64 * wide;
        let bottom = area.bottom - (index / columns) as f64 * high;
        canvas.rect(&format!("f0 d{shade}"), Area { left, right: left + wide, top: bottom - high, bottom });
    }
    axes(&mut canvas, area, (&across, grid.across), (&up, grid.up));
    let total: u64 = grid.counts.iter().sum();
    let description = format!(
        "Heat map of {} against {} over {} observations, which lie in {visited} of {} cells; the darkest holds {}.",
        grid.up,
        grid.across,
        number::whole(total),
        grid.counts.len(),
        number::whole(most as u64)
    );
    Figure::new("coverage".into(), "Where the observations lie".into(), description, canvas)
}

fn axes(canvas: &mut Canvas, area: Area, across: (&Scale, &str), up: (&Scale, &str)) {
    for tick in up.0.ticks(6, of_values) {
        let y = up.0.at(tick.value);
        canvas.line("grid", (area.left, y), (area.right, y));
        canvas.text("quiet small", (area.left - 8.0, y + 4.0), Anchor::End, &tick.label);
    }
    for tick in across.0.ticks(8, of_values) {
        let x = across.0.at(tick.value);
        canvas.line("axis", (x, area.bottom), (x, area.bottom + 5.0));
        canvas.text("quiet small", (x, area.bottom + 19.0), Anchor::Middle, &tick.label);
    }
    canvas.line("axis", (area.left, area.bottom), (area.right, area.bottom));
    canvas.fitted("quiet", (8.0, HEADING / 2.0), Anchor::Start, up.1, area.width(), 13.0);
    let middle = f64::midpoint(area.left, area.right);
    canvas.fitted("quiet", (middle, area.bottom + 40.0), Anchor::Middle, across.1, area.width(), 13.0);
}

/// Frames of one size and how their bytes are to be shown.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    /// Height, width and channels; of several frames in the channels the last is shown.
    pub size: [usize; 3],
    /// What a byte is multiplied by to lie in [0, 1].
    pub scale: f32,
    /// The frames' bytes, `[height, width, channels]` each.
    pub frames: Vec<&'a [u8]>,
}

/// At most 24 frames beside and below each other, as PNG.
///
/// Three channels, or the last three of a multiple of three, are colours; of any others the
/// brightest is shown in grey.
///
/// # Errors
/// The frames are too large for an image.
pub fn contact_sheet(sheet: &Frames<'_>) -> run::Result<Vec<u8>> {
    let [height, width, channels] = sheet.size;
    let refuse = |cause: String| run::RunError::Part(format!("the frames cannot be drawn as PNG: {cause}"));
    let enlarge = SIDE.div_ceil(height.max(width).max(1)).max(1);
    let (columns, rows) = (SHEET.0, sheet.frames.len().min(SHEET.0 * SHEET.1).div_ceil(SHEET.0));
    let (cell_high, cell_wide) = (height * enlarge + 4, width * enlarge + 4);
    let (high, wide) = (rows * cell_high, columns * cell_wide);
    let mut pixels = Pixmap::new(wide as u32, high as u32)
        .ok_or_else(|| refuse(format!("{wide} by {high} pixels are not an image")))?;
    let data = pixels.data_mut();
    data.as_chunks_mut::<4>().0.fill([150, 150, 150, 255]);
    for (index, frame) in sheet.frames.iter().take(columns * rows).enumerate() {
        let (top, left) = (index / columns * cell_high + 2, index % columns * cell_wide + 2);
        for y in 0..height * enlarge {
            for x in 0..width * enlarge {
                let at = (y / enlarge * width + x / enlarge) * channels;
                let colour = colour(&frame[at..at + channels], sheet.scale);
                let to = ((top + y) * wide + left + x) * 4;
                data[to..to + 3].copy_from_slice(&colour);
            }
        }
    }
    pixels.encode_png().map_err(|error| refuse(error.to_string()))
}

/// A picture with its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// What stands below it.
    pub name: String,
    /// `side * side` pixels of three bytes.
    pub pixels: Vec<u8>,
}

/// Pictures of `side` by `side` pixels beside and below each other, each with its name, as PNG.
///
/// # Errors
/// They are too large for an image.
pub fn gallery(pictures: &[Named], side: usize) -> run::Result<Vec<u8>> {
    const COLUMNS: usize = 6;
    const GAP: usize = 16;
    const NAME: usize = 36;
    let columns = pictures.len().clamp(1, COLUMNS);
    let (cell_wide, cell_high) = (side + GAP, side + NAME);
    let (wide, high) = (columns * cell_wide + GAP, pictures.len().div_ceil(columns) * cell_high + GAP);
    let unit = |pixels: usize| pixels as f64 / DENSITY;
    let mut canvas = Canvas::new(unit(wide), unit(high));
    canvas.rect("paper", Area { left: 0.0, top: 0.0, right: unit(wide), bottom: unit(high) });
    let corner = |index: usize| (GAP + index % columns * cell_wide, GAP + index / columns * cell_high);
    for (index, picture) in pictures.iter().enumerate() {
        let (left, top) = corner(index);
        let at = (unit(left + side / 2), unit(top + side + 24));
        canvas.fitted("small", at, Anchor::Middle, &picture.name, unit(side), 12.0);
    }
    let drawn = Drawing::new((wide as u32, high as u32), Theme::Light).and_then(|mut drawing| {
        drawing.draw(&canvas.into_elements(), 0.0);
        for (index, picture) in pictures.iter().enumerate() {
            drawing.stamp(&picture.pixels, side, corner(index));
        }
        drawing.png()
    });
    drawn.map_err(|cause| run::RunError::Part(format!("the pictures cannot be drawn as PNG: {cause}")))
}

fn colour(pixel: &[u8], scale: f32) -> [u8; 3] {
    let shown = |byte: u8| (f32::from(byte) * scale * 255.0).clamp(0.0, 255.0) as u8;
    match pixel {
        [.., red, green, blue] if pixel.len().is_multiple_of(3) => [*red, *green, *blue].map(shown),
        _ => [shown(pixel.iter().copied().max().unwrap_or(0)); 3],
    }
}
