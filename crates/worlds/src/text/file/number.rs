//! Numbers as answers.

/// The canonical text of a number such as `-1,234.50` (here `-1234.5`), so that equal numbers have
/// equal texts; none where `text` is no number.
pub(super) fn read(text: &str) -> Option<String> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => ("-", size),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = size.split_once('.').unwrap_or((size, "0"));
    let whole = grouped(whole)?;
    if fraction.is_empty() || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let sign = if whole.is_empty() && fraction.is_empty() { "" } else { sign };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Digits, without the commas that may stand before each group of three.
fn grouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next().filter(|first| !first.is_empty() && all_digits(first))?;
    let mut digits = first.to_owned();
    for group in groups {
        if first.len() > 3 || group.len() != 3 || !all_digits(group) {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn equal_numbers_have_one_text() {
        for (texts, canonical) in [
            (&["1000", "1,000", "+1000.0", "01000"][..], "1000"),
            (&["-0.5", "-00.50"], "-0.5"),
            (&["0", "-0", "0.000", "+0"], "0"),
            (&["12,345,678.25"], "12345678.25"),
        ] {
            assert!(texts.iter().all(|text| read(text).as_deref() == Some(canonical)), "{canonical}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "-", "--1", "1,00", "1000,000", "1,", ",100", "1.", ".5", "1.2.3", "1e3", "$5", "5 %", "٣"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
