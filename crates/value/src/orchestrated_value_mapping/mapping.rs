//! Invertible mappings under which values are stored.

use serde::Serialize;
use settings::Choice;

/// Added under the root, so that its slope is bounded at 0: f(x) = sqrt(x + SHIFT) - sqrt(SHIFT).
const SHIFT: f64 = 0.01;

/// Which mapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Kind {
    /// f(x) = x.
    Identity,
    /// f(x) = c ln x + d.
    Log,
    /// Logarithmic up to exp(-d/c), and from there on straight with the slope it has there.
    #[default]
    LogLinear,
    /// f(x) = sqrt(x + 0.01) - 0.1.
    SquareRoot,
}

impl Kind {
    /// Whether it is defined for values from 0 on only.
    pub fn needs_non_negative(self) -> bool {
        self != Kind::Identity
    }
}

/// A mapping with its constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mapping {
    /// Which.
    pub kind: Kind,
    /// Factor of the logarithm, above 0.
    pub c: f64,
    /// What is added to it.
    pub d: f64,
    /// Smallest value that enters a logarithm, above 0.
    pub floor: f64,
}

impl Mapping {
    /// The stored form of a value. Values below what the mapping is defined for are raised first.
    pub fn apply(&self, value: f64) -> f64 {
        let Self { kind, c, d, floor } = *self;
        match kind {
            Kind::Identity => value,
            Kind::Log => c * value.max(floor).ln() + d,
            Kind::LogLinear => {
                let value = value.max(floor);
                match value <= (-d / c).exp() {
                    true => c * value.ln() + d,
                    false => c * (d / c).exp() * value - c,
                }
            }
            Kind::SquareRoot => (value.max(0.0) + SHIFT).sqrt() - SHIFT.sqrt(),
        }
    }

    /// The value of a stored form.
    pub fn invert(&self, stored: f64) -> f64 {
        let Self { kind, c, d, .. } = *self;
        match kind {
            Kind::Identity => stored,
            Kind::Log => ((stored - d) / c).exp(),
            Kind::LogLinear if stored <= 0.0 => ((stored - d) / c).exp(),
            Kind::LogLinear => (stored + c) * (-d / c).exp() / c,
            // Left of its vertex the parabola would rise again; a network may reach that far.
            Kind::SquareRoot => (stored + SHIFT.sqrt()).max(0.0).powi(2) - SHIFT,
        }
    }

    /// What a table begins with: the floor under logarithms, 0 elsewhere.
    pub fn start(&self) -> f64 {
        self.apply(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 4] = [Kind::Identity, Kind::Log, Kind::LogLinear, Kind::SquareRoot];

    fn mappings() -> impl Iterator<Item = Mapping> {
        let constants = [(0.5, 0.0), (0.5, 0.4), (2.0, -0.3)];
        KINDS.into_iter().flat_map(move |kind| constants.map(|(c, d)| Mapping { kind, c, d, floor: 0.0148 }))
    }

    #[test]
    fn mappings_invert() {
        for mapping in mappings() {
            for step in 0..200 {
                let value = 0.015 + 0.05 * f64::from(step);
                let back = mapping.invert(mapping.apply(value));
                assert!((back - value).abs() < 1e-12 * value.max(1.0), "{mapping:?} at {value}: {back}");
            }
        }
    }

    #[test]
    fn mappings_rise_and_their_slopes_do_not_jump() {
        for mapping in mappings() {
            let slope = |at: f64| (mapping.apply(at + 1e-6) - mapping.apply(at - 1e-6)) / 2e-6;
            let turn = (-mapping.d / mapping.c).exp();
            assert!((slope(turn - 1e-5) - slope(turn + 1e-5)).abs() < 1e-3, "{mapping:?}");
            assert!((1..100).all(|step| slope(0.02 + 0.05 * f64::from(step)) > 0.0), "{mapping:?}");
        }
    }

    #[test]
    fn logarithms_are_those_of_the_paper() {
        let mapping = |kind, d| Mapping { kind, c: 0.5, d, floor: 0.0148 };
        assert!((mapping(Kind::Log, 0.1).apply(4.0) - (0.5 * 4.0_f64.ln() + 0.1)).abs() < 1e-15);
        let linear = mapping(Kind::LogLinear, 0.0);
        assert!((linear.apply(0.25) - 0.5 * 0.25_f64.ln()).abs() < 1e-15);
        assert!((linear.apply(4.0) - 1.5).abs() < 1e-15);
        assert!((linear.invert(1.5) - 4.0).abs() < 1e-15);
        assert_eq!(linear.apply(-1.0), linear.apply(0.0148));
        assert!(linear.start().is_finite());
    }
}
