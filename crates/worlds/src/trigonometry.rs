//! Sine and cosine from one inlined polynomial.
//!
//! Faster than a call into the system's library, and the same bits on every machine, which the
//! system's library does not promise.

use std::f64::consts::FRAC_2_PI;

/// Adding and subtracting it rounds a number below 2^51 in magnitude to the nearest integer.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// pi/2 in three parts; the first two have enough trailing zeros for exact products with small
/// integers (Cody and Waite's reduction).
const HALF_PI: [f64; 3] = [1.570_796_251_296_997, 7.549_789_415_861_596e-8, 5.390_302_858_158_119e-15];

/// Sine and cosine of `angle` in radians, within 4e-16 for magnitudes up to 100; the error grows
/// in proportion beyond that.
#[inline]
pub fn sin_cos(angle: f64) -> (f64, f64) {
    let shifted = angle * FRAC_2_PI + ROUND;
    let turns = shifted - ROUND;
    let rest = ((angle - turns * HALF_PI[0]) - turns * HALF_PI[1]) - turns * HALF_PI[2];
    let (sine, cosine) = (sine_near_zero(rest), cosine_near_zero(rest));
    // The lowest bits of the shifted number are the quadrant.
    match shifted.to_bits() & 3 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

/// Sine for |x| <= pi/4: the Taylor polynomial to degree 17, whose remainder there is below 1e-19.
#[inline]
fn sine_near_zero(x: f64) -> f64 {
    let z = x * x;
    let series = -1.0 / 6.0
        + z * (1.0 / 120.0
            + z * (-1.0 / 5_040.0
                + z * (1.0 / 362_880.0
                    + z * (-1.0 / 39_916_800.0
                        + z * (1.0 / 6_227_020_800.0
                            + z * (-1.0 / 1_307_674_368_000.0 + z * (1.0 / 355_687_428_096_000.0)))))));
    x + x * z * series
}

/// Cosine for |x| <= pi/4: the Taylor polynomial to degree 16, whose remainder there is below
/// 1e-17.
#[inline]
fn cosine_near_zero(x: f64) -> f64 {
    let z = x * x;
    let series = 1.0 / 24.0
        + z * (-1.0 / 720.0
            + z * (1.0 / 40_320.0
                + z * (-1.0 / 3_628_800.0
                    + z * (1.0 / 479_001_600.0
                        + z * (-1.0 / 87_178_291_200.0 + z * (1.0 / 20_922_789_888_000.0))))));
    1.0 - 0.5 * z + z * z * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        for step in -2_000_000..=2_000_000 {
            let angle = f64::from(step) * 5e-5;
            let (sine, cosine) = sin_cos(angle);
            assert!((sine - angle.sin()).abs() < 4e-16, "sine of {angle}");
            assert!((cosine - angle.cos()).abs() < 4e-16, "cosine of {angle}");
        }
    }
}
