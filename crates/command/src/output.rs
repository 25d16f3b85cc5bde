//! What goes to standard output: one text or one JSON document, and nothing else.

use std::{
    io::{ErrorKind, Write},
    path::Path,
};

use serde::Serialize;

use crate::failure::Failure;

/// Prints a text. A reader that has gone away (`latentrl list | head -1`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON document.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value).map_err(Failure::failed)?)
}

/// A command to type next, with the program named as it was called.
pub fn command_line(command: &str, path: &Path, rest: &str) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "latentrl".to_owned());
    let text = format!("{} {command} {} {rest}", quoted(&program), quoted(&path.display().to_string()));
    text.trim_end().to_owned()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/-_.+=,:@".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A number as people read it: at most four decimals where it is not an integer.
pub fn number(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    match value.abs() {
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 1e-3 => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    }
}

/// A whole number with its thousands set apart.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Seconds as `42s`, `3m 20s` or `1h 05m`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e9).round() as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_readable() {
        assert_eq!(number(-195.4321), "-195.4");
        assert_eq!(number(3.0), "3");
        assert_eq!(number(0.00003), "3.00e-5");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(duration(3_725.0), "1h 02m");
        assert_eq!(duration(59.6), "1m 00s");
    }

    #[test]
    fn words_are_quoted_for_a_shell_only_where_needed() {
        assert_eq!(quoted("runs/ppo-four-rooms+pixels-s0"), "runs/ppo-four-rooms+pixels-s0");
        assert_eq!(quoted("my run's"), r"'my run'\''s'");
    }
}
