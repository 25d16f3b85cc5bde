//! Pictures as text of SVG.

use std::fmt::{Result, Write};

use super::canvas::{Anchor, Element};

/// The elements one after the other.
pub fn body(elements: &[Element]) -> String {
    let mut out = String::new();
    for element in elements {
        // Writing to a string cannot fail.
        let _ = write_element(&mut out, element);
    }
    out
}

fn write_element(out: &mut String, element: &Element) -> Result {
    match element {
        Element::Line { class, from: (x1, y1), to: (x2, y2) } => {
            write!(out, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>")
        }
        Element::Rect { class, at: (x, y), size: (width, height) } => {
            write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>")
        }
        Element::Circle { class, centre: (x, y), radius } => {
            write!(out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>")
        }
        Element::Path { class, dash, points, closed } => {
            let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
            write!(out, "<path class=\"{class}\"{dash} d=\"")?;
            for (index, (x, y)) in points.iter().enumerate() {
                write!(out, "{}{x} {y}", if index == 0 { "M" } else { "L" })?;
            }
            out.write_str(if *closed { "Z\"/>" } else { "\"/>" })
        }
        Element::Text { class, at: (x, y), anchor, text } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            write!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", escape(text))
        }
        Element::Open { title } if title.is_empty() => out.write_str("<g>"),
        Element::Open { title } => write!(out, "<g><title>{}</title>", escape(title)),
        Element::Close => out.write_str("</g>"),
    }
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
