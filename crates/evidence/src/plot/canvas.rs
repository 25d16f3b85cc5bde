//! What the pictures are made of, with coordinates to a tenth of a unit.

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

/// One thing on a picture; its classes say how it looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    Line {
        class: String,
        from: (f64, f64),
        to: (f64, f64),
    },
    Rect {
        class: String,
        at: (f64, f64),
        size: (f64, f64),
    },
    Circle {
        class: String,
        centre: (f64, f64),
        radius: f64,
    },
    Path {
        class: String,
        dash: &'static str,
        points: Vec<(f64, f64)>,
        closed: bool,
    },
    Text {
        class: String,
        at: (f64, f64),
        anchor: Anchor,
        text: String,
    },
    /// What follows up to [`Element::Close`] tells this to whoever points at it.
    Open {
        title: String,
    },
    Close,
}

/// A picture in the making.
#[derive(Debug)]
pub struct Canvas {
    width: f64,
    height: f64,
    elements: Vec<Element>,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height: height.ceil(), elements: Vec::new() }
    }

    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    pub fn into_elements(self) -> Vec<Element> {
        self.elements
    }

    /// Opens a group whose elements tell `title` to whoever points at them.
    pub fn open(&mut self, title: &str) {
        self.elements.push(Element::Open { title: title.to_owned() });
    }

    pub fn close(&mut self) {
        self.elements.push(Element::Close);
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.elements.push(Element::Line { class: class.to_owned(), from: short(from), to: short(to) });
    }

    pub fn rect(&mut self, class: &str, area: Area) {
        let size = short((area.width().max(0.0), (area.bottom - area.top).max(0.0)));
        self.elements.push(Element::Rect { class: class.to_owned(), at: short((area.left, area.top)), size });
    }

    pub fn circle(&mut self, class: &str, centre: (f64, f64), radius: f64) {
        self.elements.push(Element::Circle { class: class.to_owned(), centre: short(centre), radius });
    }

    /// A path through points; `closed` joins the last to the first.
    pub fn path(&mut self, class: &str, dash: &'static str, points: &[(f64, f64)], closed: bool) {
        if points.is_empty() {
            return;
        }
        let points = points.iter().copied().map(short).collect();
        self.elements.push(Element::Path { class: class.to_owned(), dash, points, closed });
    }

    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let (class, at, text) = (class.to_owned(), short(at), text.to_owned());
        self.elements.push(Element::Text { class, at, anchor, text });
    }

    /// A text that is cut in its middle where it is wider than `room`; pointing at it tells all.
    pub fn fitted(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str, room: f64, size: f64) {
        let cut = shorten(text, (room / (size * CHARACTER)) as usize);
        self.open(if cut == text { "" } else { text });
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

/// A point to a tenth of a unit, with zero for minus zero.
fn short((x, y): (f64, f64)) -> (f64, f64) {
    let tenth = |value: f64| (value * 10.0).round() / 10.0 + 0.0;
    (tenth(x), tenth(y))
}
