//! Where numbers lie on an axis, and which of them are marked.

use super::number;

/// More than this ratio between the largest and the smallest asks for a logarithmic axis.
const DECADES: f64 = 100.0;

/// A number that is marked, and its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: String,
}

/// An axis: an interval of numbers laid over an interval of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
    from: f64,
    to: f64,
}

impl Scale {
    /// An axis for these numbers; logarithmic if they are all positive and span more than two
    /// decades. Numbers that are not finite are passed over.
    pub fn fitting(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return Self::linear(0.0, 1.0, from, to);
        }
        if low > 0.0 && high / low > DECADES {
            return Self { low: low.log10(), high: high.log10(), logarithmic: true, from, to };
        }
        if low == high {
            // One number only: it stands in the middle of its own neighbourhood.
            let margin = if low == 0.0 { 1.0 } else { low.abs() / 2.0 };
            return Self::linear(low - margin, high + margin, from, to);
        }
        Self::linear(low, high, from, to)
    }

    /// An axis for estimates with intervals: their values decide whether it is logarithmic, and
    /// there the ends of intervals do not stretch it by more than a third of their distance to
    /// zero, where a logarithm has no end.
    pub fn fitting_with_ends(
        values: impl Iterator<Item = f64> + Clone,
        ends: impl Iterator<Item = f64>,
        from: f64,
        to: f64,
    ) -> Self {
        let least = values.clone().filter(|value| value.is_finite()).fold(f64::INFINITY, f64::min);
        if Self::fitting(values.clone(), from, to).logarithmic {
            return Self::fitting(values.chain(ends.filter(|&end| end > least / 1.5)), from, to);
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.chain(ends).filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low < high {
            Self::linear(low, high, from, to)
        } else {
            Self::fitting([low].into_iter(), from, to)
        }
    }

    /// An axis with given ends.
    pub fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low, high, logarithmic: false, from, to }
    }

    /// The same axis with free room at both ends, as a share of its length.
    pub fn padded(self, share: f64) -> Self {
        // Halves first: the difference of two huge numbers could overflow.
        let margin = (self.high / 2.0 - self.low / 2.0) * 2.0 * share;
        Self { low: self.low - margin, high: self.high + margin, ..self }
    }

    pub fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    /// Where a number lies; beyond the axis's ends for numbers beyond its interval.
    pub fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        // The halves of the two smallest numbers are equal.
        let share = if share.is_finite() { share } else { 0.5 };
        self.from + share * (self.to - self.from)
    }

    /// Where a number lies, no further than the axis's ends.
    pub fn within(&self, value: f64) -> f64 {
        self.at(value).clamp(self.from.min(self.to), self.from.max(self.to))
    }

    /// At most `most` numbers worth marking.
    pub fn ticks(&self, most: usize, label: fn(f64, f64, f64) -> String) -> Vec<Tick> {
        let most = most.max(2) as f64;
        if self.logarithmic {
            return self.decades(most);
        }
        let step = round_step((self.high - self.low) / most);
        if !step.is_finite() || step <= 0.0 {
            return Vec::new();
        }
        let largest = self.low.abs().max(self.high.abs());
        let first = (self.low / step - 1e-9).ceil();
        let last = (self.high / step + 1e-9).floor();
        let count = (last - first).clamp(0.0, 2.0 * most) as usize;
        let values = (0..=count).map(|index| (first + index as f64) * step);
        values.map(|value| Tick { value, label: label(value, step, largest) }).collect()
    }

    fn decades(&self, most: f64) -> Vec<Tick> {
        let first = (self.low - 1e-9).ceil();
        let last = (self.high + 1e-9).floor();
        let stride = ((last - first + 1.0) / most).ceil().max(1.0);
        let count = ((last - first) / stride).floor().max(0.0) as usize;
        let powers: Vec<i32> = (0..=count).map(|index| (first + index as f64 * stride) as i32).collect();
        if powers.len() as f64 > most / 2.0 {
            return powers
                .iter()
                .map(|&power| Tick { value: 10f64.powi(power), label: decade(10f64.powi(power)) })
                .collect();
        }
        // Few decades: their halves and fifths too.
        let mut ticks = Vec::new();
        for power in (first as i32 - 1)..=(last as i32) {
            for factor in [1.0, 2.0, 5.0] {
                let value = factor * 10f64.powi(power);
                if (self.low..=self.high).contains(&value.log10()) {
                    ticks.push(Tick { value, label: decade(value) });
                }
            }
        }
        ticks
    }
}

/// A label of a linear axis of values.
pub fn of_values(value: f64, step: f64, largest: f64) -> String {
    number::tick(value, step, largest)
}

/// A label of a linear axis of steps.
pub fn of_steps(value: f64, _step: f64, _largest: f64) -> String {
    number::steps(value)
}

/// A label of a logarithmic axis.
fn decade(value: f64) -> String {
    if (1e-3..1e4).contains(&value) { number::number(value) } else { number::scientific(value, 0) }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powi(number::magnitude(least));
    [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|m| m * power)
        .find(|&step| step >= least * (1.0 - 1e-9))
        .unwrap_or(least)
}
