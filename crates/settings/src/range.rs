//! Ranges of numbers.

/// Where every number of a setting must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Smallest number.
    pub min: Option<f64>,
    /// A number that is too small.
    pub above: Option<f64>,
    /// Largest number.
    pub max: Option<f64>,
    /// A number that is too large.
    pub below: Option<f64>,
}

impl Range {
    /// Every finite number.
    pub const ANY: Range = Range { min: None, above: None, max: None, below: None };

    /// Whether the number is finite and lies inside.
    pub fn holds(&self, number: f64) -> bool {
        number.is_finite()
            && self.min.is_none_or(|least| number >= least)
            && self.above.is_none_or(|least| number > least)
            && self.max.is_none_or(|most| number <= most)
            && self.below.is_none_or(|most| number < most)
    }

    /// The range in words, as they stand behind "it must be"; nothing where every number will do.
    pub fn words(&self) -> Option<String> {
        let low = match (self.min, self.above) {
            (_, Some(above)) => Some(format!("above {above}")),
            (Some(min), None) => Some(format!("at least {min}")),
            (None, None) => None,
        };
        let high = match (self.max, self.below) {
            (_, Some(below)) => Some(format!("below {below}")),
            (Some(max), None) => Some(format!("at most {max}")),
            (None, None) => None,
        };
        match (self, low, high) {
            (Range { min: Some(min), above: None, max: Some(max), below: None }, ..) => {
                Some(format!("between {min} and {max}"))
            }
            (_, Some(low), Some(high)) => Some(format!("{low} and {high}")),
            (_, low, high) => low.or(high),
        }
    }
}
