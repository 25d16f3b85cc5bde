//! The elements of SVG that the pictures use, with coordinates to a tenth of a unit.

use std::fmt::Write;

/// Width of an average character in units of the font's size; browsers differ, so it is generous.
const CHARACTER: f64 = 0.56;

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }
}

/// A picture in the making.
#[derive(Debug)]
pub struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height: height.ceil(), body: String::new() }
    }

    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    pub fn into_body(self) -> String {
        self.body
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
    }

    /// Opens a group whose elements tell `title` to whoever points at them.
    pub fn open(&mut self, class: &str, title: &str) {
        self.push(format_args!("<g class=\"{class}\">"));
        if !title.is_empty() {
            self.push(format_args!("<title>{}</title>", escape(title)));
        }
    }

    pub fn close(&mut self) {
        self.body.push_str("</g>");
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
        self.push(format_args!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"));
    }

    pub fn rect(&mut self, class: &str, area: Area) {
        let [x, y] = [area.left, area.top].map(short);
        let [w, h] = [area.right - area.left, area.bottom - area.top].map(|v| short(v.max(0.0)));
        self.push(format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/>"));
    }

    pub fn circle(&mut self, class: &str, centre: (f64, f64), radius: f64) {
        let [x, y, r] = [centre.0, centre.1, radius].map(short);
        self.push(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>"));
    }

    /// A path through points; `closed` joins the last to the first.
    pub fn path(&mut self, class: &str, dash: &str, points: &[(f64, f64)], closed: bool) {
        if points.is_empty() {
            return;
        }
        let dashed = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        self.push(format_args!("<path class=\"{class}\"{dashed} d=\""));
        for (index, &(x, y)) in points.iter().enumerate() {
            let verb = if index == 0 { "M" } else { "L" };
            self.push(format_args!("{verb}{} {}", short(x), short(y)));
        }
        self.body.push_str(if closed { "Z\"/>" } else { "\"/>" });
    }

    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let [x, y] = [at.0, at.1].map(short);
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>",
            escape(text)
        ));
    }

    /// A text that is cut in its middle where it is wider than `room`; pointing at it tells all.
    pub fn fitted(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str, room: f64, size: f64) {
        let cut = shorten(text, (room / (size * CHARACTER)) as usize);
        self.open("", if cut == text { "" } else { text });
        self.text(class, at, anchor, &cut);
        self.close();
    }
}

/// Roughly how wide a text comes out.
pub fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * CHARACTER
}

/// Cuts the middle out of a text that has more than `most` characters: names of arms often differ
/// at their ends only.
pub fn shorten(text: &str, most: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let most = most.max(5);
    if characters.len() <= most {
        return text.to_owned();
    }
    let head = most / 2;
    let tail = most - head - 1;
    characters[..head].iter().chain(['…'].iter()).chain(&characters[characters.len() - tail..]).collect()
}

/// Breaks a text into lines of at most `most` characters, at spaces where there are any.
pub fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(shorten(word, most)),
        }
    }
    lines
}

/// Makes a text safe between tags and inside quoted attributes. Control characters, which XML
/// does not allow, become spaces.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// A coordinate to a tenth, without trailing zeros.
fn short(value: f64) -> f64 {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}
