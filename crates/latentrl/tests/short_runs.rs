//! `reference/short_runs.txt`, by which a change of the code is held against the program before it,
//! holds nothing that is refused.

use latentrl::{
    methods as _,
    run::{Preset, config, registry},
};

const LIST: &str = include_str!("../../../reference/short_runs.txt");

/// The words of a line, with quotes as a shell reads them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

#[test]
fn every_short_run_has_settings_that_exist() {
    for line in LIST.lines() {
        let words = words(line);
        let entry = registry::find(&words[1]).expect("the method exists");
        let mut table = (entry.preset)(Preset::Laptop);
        for pair in words.windows(2) {
            let done = match pair[0].as_str() {
                "--latent" => config::set(&mut table, &format!("latent={}", pair[1])),
                "--set" => config::set(&mut table, &pair[1]),
                _ => Ok(()),
            };
            done.unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        (entry.check)(&table).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
