//! Values that cannot be learned from, counted and located while a file is read.

use serde::Serialize;
use worlds::ActionSpace;

/// How far outside its box an action may lie, as a share of the box's width: rounding of bounds
/// and actions to single precision.
const SLACK: f32 = 1e-5;

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// It is infinite or not a number.
    NotFinite,
    /// An action outside the declared box.
    OutsideBox,
    /// An index outside the declared range.
    OutOfRange,
}

/// One kind of flaw of one array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub flaw: Flaw,
    /// The array's name, without the episode it belongs to.
    pub array: String,
    /// How many values.
    pub count: u64,
    /// The key under which the file has the first.
    pub key: String,
    /// The first one's row there.
    pub row: usize,
    /// The first one's column: its element within the row.
    pub column: usize,
    /// The first one as text, since JSON has no NaN.
    pub value: String,
    /// What it should have been; empty for values that are not finite.
    pub allowed: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, key, row, column, value, allowed, array, .. } = self;
        let (values, are) = if *count == 1 { ("value", "is") } else { ("values", "are") };
        let what = match self.flaw {
            Flaw::NotFinite => format!("{are} not finite"),
            Flaw::OutsideBox => format!("{are} outside the declared box {allowed}"),
            Flaw::OutOfRange => format!("{are} outside the declared range {allowed}"),
        };
        write!(formatter, "{count} {values} of `{array}` {what}, ")?;
        let first = if *count == 1 { "it is" } else { "the first is" };
        write!(formatter, "{first} {value} in row {row}, column {column} of `{key}`")
    }
}

/// Everything found so far, in the order in which it was met.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Looks at rows of `width` numbers, the first of which is row `row` of `key`.
    pub fn finite(&mut self, array: &str, key: &str, row: usize, width: usize, values: &[f32]) {
        // Nearly always all are: one quick pass, without looking for places.
        if values.iter().all(|value| value.is_finite()) {
            return;
        }
        for (index, value) in values.iter().enumerate().filter(|(_, value)| !value.is_finite()) {
            let place = Place { array, key, row: row + index / width.max(1), column: index % width.max(1) };
            self.note(Flaw::NotFinite, &place, || (value.to_string(), String::new()));
        }
    }

    /// Looks at actions in rows as wide as the space; indices are looked at by [`Findings::index`].
    pub fn inside(&mut self, space: &ActionSpace, array: &str, key: &str, row: usize, values: &[f32]) {
        let ActionSpace::Box { low, high } = space else { return };
        if low.is_empty() {
            return;
        }
        for (index, actions) in values.chunks_exact(low.len()).enumerate() {
            for (column, &value) in actions.iter().enumerate() {
                let slack = (high[column] - low[column]) * SLACK;
                if value < low[column] - slack || value > high[column] + slack {
                    let place = Place { array, key, row: row + index, column };
                    let allowed = || format!("[{}, {}]", low[column], high[column]);
                    self.note(Flaw::OutsideBox, &place, || (value.to_string(), allowed()));
                }
            }
        }
    }

    /// The index of an action in `0..count`, or a finding and the nearest index.
    pub fn index(&mut self, value: i64, count: usize, array: &str, key: &str, row: usize) -> u32 {
        let most = count.saturating_sub(1) as i64;
        if value < 0 || value > most {
            let place = Place { array, key, row, column: 0 };
            self.note(Flaw::OutOfRange, &place, || (value.to_string(), format!("0 to {most}")));
        }
        value.clamp(0, most) as u32
    }

    fn note(&mut self, flaw: Flaw, place: &Place<'_>, texts: impl FnOnce() -> (String, String)) {
        let known = |finding: &&mut Finding| finding.flaw == flaw && finding.array == place.array;
        if let Some(finding) = self.0.iter_mut().find(known) {
            finding.count += 1;
            return;
        }
        let (value, allowed) = texts();
        self.0.push(Finding {
            flaw,
            array: place.array.to_owned(),
            count: 1,
            key: place.key.to_owned(),
            row: place.row,
            column: place.column,
            value,
            allowed,
        });
    }
}

/// Where a value lies.
struct Place<'a> {
    array: &'a str,
    key: &'a str,
    row: usize,
    column: usize,
}
