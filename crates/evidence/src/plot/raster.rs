//! Pictures as pixels.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, Point};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

use super::{
    Theme,
    canvas::{Anchor, Element},
    palette::Rules,
};

/// Pixels to a unit of the picture: sharp on screens of high density and in print.
pub const DENSITY: f64 = 2.0;

/// The only fonts: the system's would differ from machine to machine. What the first lacks, such as
/// arrows, is looked up in the second.
static FONTS: LazyLock<Vec<FontRef<'static>>> = LazyLock::new(|| {
    let files = [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR];
    files.into_iter().filter_map(|bytes| FontRef::try_from_slice(bytes).ok()).collect()
});

/// A picture in the making.
pub struct Drawing {
    pixels: Pixmap,
    rules: Rules,
}

impl Drawing {
    /// An empty one of this width and height.
    ///
    /// # Errors
    /// It is too large for an image.
    pub fn new((width, height): (u32, u32), theme: Theme) -> Result<Self, String> {
        let pixels = Pixmap::new(width, height)
            .ok_or_else(|| format!("{width} by {height} pixels are more than an image can have"))?;
        Ok(Self { pixels, rules: Rules::of(theme) })
    }

    /// The picture as a file.
    ///
    /// # Errors
    /// It is too large for the format.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        self.pixels.encode_png().map_err(|error| error.to_string())
    }

    /// Draws elements, `down` units further down than they say.
    pub fn draw(&mut self, elements: &[Element], down: f64) {
        let density = DENSITY as f32;
        let place = Transform::from_scale(density, density).pre_translate(0.0, down as f32);
        for element in elements {
            if let Some((kind, class, dash, path)) = self.outline(element) {
                self.fill(kind, class, &path, place);
                self.stroke(kind, class, dash, &path, place);
            }
        }
    }

    /// An element's name in the rules, its classes, its dashes and its outline; nothing where there is
    /// nothing to see.
    fn outline<'a>(&self, element: &'a Element) -> Option<(&'static str, &'a str, &'static str, Path)> {
        let mut path = PathBuilder::new();
        let (kind, class, dash) = match element {
            Element::Line { class, from, to } => {
                trace(&mut path, &[*from, *to]);
                ("line", class, "")
            }
            Element::Rect { class, at, size } => {
                path.push_rect(Rect::from_xywh(at.0 as f32, at.1 as f32, size.0 as f32, size.1 as f32)?);
                ("rect", class, "")
            }
            Element::Circle { class, centre, radius } => {
                path.push_circle(centre.0 as f32, centre.1 as f32, *radius as f32);
                ("circle", class, "")
            }
            Element::Path { class, dash, points, closed } => {
                trace(&mut path, points);
                if *closed {
                    path.close();
                }
                ("path", class, *dash)
            }
            Element::Text { class, at, anchor, text } => {
                let size = self.number("text", class, "font-size").unwrap_or(13.0);
                write(&mut path, text, (at.0 as f32, at.1 as f32), *anchor, size);
                ("text", class, "")
            }
            Element::Open { .. } | Element::Close => return None,
        };
        Some((kind, class, dash, path.finish()?))
    }

    /// Puts an image of `width` columns, three bytes a pixel, with its left upper corner at these
    /// pixels; what lies outside the picture is left out.
    pub fn stamp(&mut self, image: &[u8], width: usize, (left, top): (usize, usize)) {
        let (across, down) = (self.pixels.width() as usize, self.pixels.height() as usize);
        let whole = self.pixels.data_mut();
        for (index, colour) in image.as_chunks::<3>().0.iter().enumerate() {
            let (x, y) = (left + index % width, top + index / width);
            if x < across && y < down {
                whole[(y * across + x) * 4..][..3].copy_from_slice(colour);
            }
        }
    }

    fn fill(&mut self, kind: &str, class: &str, path: &Path, place: Transform) {
        let colour = match self.rules.find(kind, class, "fill") {
            Some("none") => return,
            found => found.and_then(colour).unwrap_or(Color::BLACK),
        };
        let opacity = self.number(kind, class, "fill-opacity").unwrap_or(1.0);
        let paint = paint(colour, opacity);
        self.pixels.fill_path(path, &paint, FillRule::Winding, place, None);
    }

    fn stroke(&mut self, kind: &str, class: &str, dash: &str, path: &Path, place: Transform) {
        let Some(colour) = self.rules.find(kind, class, "stroke").and_then(colour) else { return };
        let dash = self.rules.find(kind, class, "stroke-dasharray").unwrap_or(dash);
        let lengths = dash.split_whitespace().filter_map(|length| length.parse().ok()).collect();
        let round = |property, found| self.rules.find(kind, class, property) == Some(found);
        let stroke = Stroke {
            width: self.number(kind, class, "stroke-width").unwrap_or(1.0),
            line_cap: if round("stroke-linecap", "round") { LineCap::Round } else { LineCap::Butt },
            line_join: if round("stroke-linejoin", "round") { LineJoin::Round } else { LineJoin::Miter },
            dash: StrokeDash::new(lengths, 0.0),
            ..Stroke::default()
        };
        self.pixels.stroke_path(path, &paint(colour, 1.0), &stroke, place, None);
    }

    fn number(&self, kind: &str, class: &str, property: &str) -> Option<f32> {
        self.rules.find(kind, class, property)?.trim_end_matches("px").parse().ok()
    }
}

/// `#rrggbb`.
fn colour(text: &str) -> Option<Color> {
    let digits = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    let [_, red, green, blue] = digits.to_be_bytes();
    Some(Color::from_rgba8(red, green, blue, 255))
}

fn paint(mut colour: Color, opacity: f32) -> Paint<'static> {
    colour.apply_opacity(opacity);
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(colour);
    paint
}

fn trace(path: &mut PathBuilder, points: &[(f64, f64)]) {
    for (index, &(x, y)) in points.iter().enumerate() {
        let (x, y) = (x as f32, y as f32);
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
}

/// The outlines of a text's letters, with the line on which they stand at `at`.
fn write(path: &mut PathBuilder, text: &str, at: (f32, f32), anchor: Anchor, size: f32) {
    let mut letters = Vec::new();
    let (mut x, mut before): (f32, Option<(usize, GlyphId)>) = (0.0, None);
    for letter in text.chars() {
        let Some((index, font, glyph)) = glyph(letter) else { continue };
        let scale = size / font.units_per_em().unwrap_or(1000.0);
        if let Some((_, last)) = before.filter(|(last, _)| *last == index) {
            x += font.kern_unscaled(last, glyph) * scale;
        }
        letters.push((font, glyph, scale, x));
        x += font.h_advance_unscaled(glyph) * scale;
        before = Some((index, glyph));
    }
    let left = match anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - x / 2.0,
        Anchor::End => at.0 - x,
    };
    for (font, glyph, scale, x) in letters {
        letter(path, font, glyph, |point| (left + x + point.x * scale, at.1 - point.y * scale));
    }
}

/// The first font that has a letter, and the letter's place in it; a box where none has it.
fn glyph(letter: char) -> Option<(usize, &'static FontRef<'static>, GlyphId)> {
    let mut found = FONTS.iter().enumerate().map(|(index, font)| (index, font, font.glyph_id(letter)));
    found.clone().find(|(.., glyph)| glyph.0 != 0).or_else(|| found.next())
}

/// One letter's outline, whose points stand where `to` says.
fn letter(path: &mut PathBuilder, font: &FontRef<'_>, glyph: GlyphId, to: impl Fn(Point) -> (f32, f32)) {
    let mut end = None;
    for curve in font.outline(glyph).map(|outline| outline.curves).unwrap_or_default() {
        let (first, last) = match curve {
            OutlineCurve::Line(a, b) | OutlineCurve::Quad(a, _, b) | OutlineCurve::Cubic(a, _, _, b) => {
                (a, b)
            }
        };
        if end != Some(first) {
            let (x, y) = to(first);
            path.move_to(x, y);
        }
        let (x, y) = to(last);
        match curve {
            OutlineCurve::Line(..) => path.line_to(x, y),
            OutlineCurve::Quad(_, a, _) => path.quad_to(to(a).0, to(a).1, x, y),
            OutlineCurve::Cubic(_, a, b, _) => path.cubic_to(to(a).0, to(a).1, to(b).0, to(b).1, x, y),
        }
        end = Some(last);
    }
}
