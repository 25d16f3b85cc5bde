//! Numbers for people: as many digits as mean something, and no more.

use crate::report::Estimate;

/// Digits of numbers that come without an interval.
const SIGNIFICANT: i32 = 4;

/// From here on, and below its inverse, a number is written with a power of ten.
const LARGE: f64 = 1e6;
const SMALL: f64 = 1e-4;

/// A number with four significant digits, without trailing zeros.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "not a number".into()
        } else {
            sign(format!("{value}").replace("inf", "∞"))
        };
    }
    if value == 0.0 {
        return "0".into();
    }
    if value.abs() >= LARGE || value.abs() < SMALL {
        return scientific(value, SIGNIFICANT - 1);
    }
    trimmed(value, (SIGNIFICANT - 1 - magnitude(value)).max(0))
}

/// An estimate and the ends of its interval, with as many decimals as the interval's width
/// deserves: two digits of it.
pub fn parts(estimate: &Estimate) -> (String, Option<(String, String)>) {
    let (Some(low), Some(high)) = (estimate.low, estimate.high) else {
        return (number(estimate.value), None);
    };
    let largest = estimate.value.abs().max(low.abs()).max(high.abs());
    let width = high - low;
    if !(width > 0.0 && width.is_finite() && (SMALL..LARGE).contains(&largest)) {
        return (number(estimate.value), Some((number(low), number(high))));
    }
    // Nine decimals are more than anyone reads; an interval narrower than that is a point.
    let decimals = match (1 - magnitude(width * 1.001)).clamp(0, 9) {
        0 if largest < 100.0 => 1,
        decimals => decimals,
    };
    let [value, low, high] = [estimate.value, low, high].map(|v| fixed(v, decimals));
    (value, Some((low, high)))
}

/// An estimate in one line: `0.83 [0.79, 0.86]`.
pub fn estimate(estimate: &Estimate) -> String {
    match parts(estimate) {
        (value, Some((low, high))) => format!("{value} [{low}, {high}]"),
        (value, None) => value,
    }
}

/// Steps: `250`, `20k`, `1.5M`.
pub fn steps(value: f64) -> String {
    let (scaled, unit) = match value {
        v if v >= 1e12 => return scientific(v, 2),
        v if v >= 1e9 => (v / 1e9, "G"),
        v if v >= 1e6 => (v / 1e6, "M"),
        v if v >= 1e4 => (v / 1e3, "k"),
        v => (v, ""),
    };
    format!("{}{unit}", trimmed(scaled, 2))
}

/// A whole number with its thousands set apart.
pub fn whole(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time: `0.4 s`, `48 s`, `12 min 30 s`, `3 h 5 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".into();
    }
    if seconds < 10.0 {
        return format!("{} s", trimmed(seconds, 1));
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// Seeds in the shortest form: `0–7`, `100–103, 200`.
pub fn seeds(seeds: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &seed in seeds {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(seed) => *last = seed,
            _ => ranges.push((seed, seed)),
        }
    }
    let texts = ranges.iter().map(|&(from, to)| match to - from {
        0 => from.to_string(),
        1 => format!("{from}, {to}"),
        _ => format!("{from}–{to}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// A value on an axis whose marks are `step` apart and at most `largest` from zero.
pub fn tick(value: f64, step: f64, largest: f64) -> String {
    if value.abs() < step * 1e-6 {
        return "0".into();
    }
    if !(1e-3..1e5).contains(&largest) {
        let digits = (magnitude(largest) - magnitude(step)).clamp(0, 8);
        return scientific(value, digits);
    }
    fixed(value, (-magnitude(step)).clamp(0, 9))
}

/// The power of ten that a number begins with.
pub fn magnitude(value: f64) -> i32 {
    // A number such as 1000 must not come out as 2.9999: its logarithm may be rounded down.
    let power = value.abs().log10().floor() as i32;
    if 10f64.powi(power + 1) <= value.abs() { power + 1 } else { power }
}

fn fixed(value: f64, decimals: i32) -> String {
    let text = format!("{value:.*}", decimals.max(0) as usize);
    let zero = text.chars().all(|c| matches!(c, '0' | '.' | '-'));
    sign(if zero { text.replace('-', "") } else { text })
}

fn trimmed(value: f64, decimals: i32) -> String {
    let text = fixed(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `1.2×10⁹`; a mantissa of exactly one is left out.
pub fn scientific(value: f64, digits: i32) -> String {
    let mut power = magnitude(value);
    // Dividing by powers of ten twice keeps the smallest numbers from a division by zero.
    let mut mantissa = trimmed(value / 10f64.powi(power / 2) / 10f64.powi(power - power / 2), digits);
    if mantissa.trim_start_matches('−') == "10" {
        mantissa = mantissa.replace("10", "1");
        power += 1;
    }
    let exponent: String = power.to_string().chars().map(superscript).collect();
    match mantissa.as_str() {
        "1" => format!("10{exponent}"),
        "−1" => format!("−10{exponent}"),
        _ => format!("{mantissa}×10{exponent}"),
    }
}

fn superscript(c: char) -> char {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])
}

/// A true minus sign, as wide as the figures.
fn sign(text: String) -> String {
    text.replace('-', "−")
}
