//! Values on the command line.

/// A whole number of at least 1; `100_000` is read too.
pub fn positive(text: &str) -> Result<u64, String> {
    match text.replace('_', "").parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("it must be a whole number of at least 1".to_owned()),
    }
}

/// The same for counts of things held in memory.
pub fn positive_count(text: &str) -> Result<usize, String> {
    positive(text).and_then(|number| usize::try_from(number).map_err(|_| "it is too large".to_owned()))
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a seed is a whole number from 0 on".to_owned())
}

/// Pixels of a rendered image's side.
pub fn side(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(side) if (16..=2_048).contains(&side) => Ok(side),
        _ => Err("the side must be a whole number from 16 to 2048".to_owned()),
    }
}

/// Seconds of `90s`, `5m`, `1h` or `90`.
pub fn budget(text: &str) -> Result<f64, String> {
    run::settings::parse_duration(text)
        .map_err(|_| "it must be a time above 0, like 90s, 5m or 1h".to_owned())
}

/// Tokens as numbers set apart by commas.
pub fn tokens(text: &str) -> Result<Vec<u32>, String> {
    let numbers = text.split(',').map(|number| number.trim().parse());
    numbers
        .collect::<Result<_, _>>()
        .map_err(|_| "tokens are whole numbers from 0 on with commas between them, like 1,2,3".to_owned())
}

/// The parser's message on several lines as one sentence: its first paragraph and its tips.
pub fn one_sentence(message: &str) -> String {
    let paragraphs = message.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let kept = paragraphs.enumerate().filter(|(index, text)| *index == 0 || text.starts_with("tip: "));
    let parts: Vec<String> = kept.map(|(_, text)| text.trim_start_matches("tip: ").to_owned()).collect();
    parts.join("; ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(positive("100_000"), Ok(100_000));
        for text in ["0", "-3", "abc", "1.5", ""] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!(budget("2m"), Ok(120.0));
        for text in ["0", "-90s", "soon", "inf"] {
            assert!(budget(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_stand_between_commas() {
        assert_eq!(tokens("1, 20,3"), Ok(vec![1, 20, 3]));
        for text in ["", "1,,2", "-1", "1.5", "a"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_message_of_many_lines_becomes_one_sentence() {
        let message = "error: unexpected argument '--wrld' found\n\n  tip: a similar argument exists: '--world'\n\nUsage: x\n";
        assert_eq!(
            one_sentence(message),
            "unexpected argument '--wrld' found; a similar argument exists: '--world'"
        );
    }
}
