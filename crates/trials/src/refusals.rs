//! Settings and tasks that cannot be taken are refused in a sentence.

use run::{Preset, Run, Task, config, registry};
use settings::Field;
use toml::{Table, Value};

/// The sentence with which a method refuses a task under these settings.
///
/// # Panics
/// There is no such method or setting, or it is not refused.
pub fn refused(id: &str, task: &Task, settings: &[&str]) -> String {
    let entry = registry::find(id).expect("the method is registered");
    let mut table = (entry.preset)(Preset::Laptop);
    for setting in settings {
        config::set(&mut table, setting).expect("the setting exists");
    }
    let built = (entry.build)(&table, task, &mut Run::new(0, 10, "cpu"));
    built.err().expect("it is refused").to_string()
}

/// Walks every setting of every method of this crate through a value of a wrong type and through
/// numbers outside its range; whatever is refused is refused by its full key and the value. The
/// presets themselves are taken.
///
/// # Panics
/// A value is taken that should not be, or a sentence lacks the key or the value.
pub fn every_setting(crate_name: &str) {
    let own = |module: &str| module.split("::").next() == Some(crate_name);
    for entry in registry::all().iter().filter(|entry| own(entry.module)) {
        let id = entry.card.id;
        for preset in [Preset::Laptop, Preset::Paper] {
            let table = (entry.preset)(preset);
            if let Err(error) = (entry.check)(&table) {
                panic!("{id}: the preset {} is refused: {error}", preset.name());
            }
        }
        for field in (entry.fields)() {
            walk(id, &field, |value| {
                let mut table = (entry.preset)(Preset::Laptop);
                put(&mut table, &field.key, value);
                (entry.check)(&table).err().map(|error| error.to_string())
            });
        }
    }
}

/// Tries wrong values of one setting.
fn walk(id: &str, field: &Field, refusal: impl Fn(Value) -> Option<String>) {
    let key = &field.key;
    let says = |sentence: &str, value: &str| sentence.contains(&format!("`{key}` is {value}"));
    let wrong = match field.default.is_string() {
        true => Value::Integer(7_777),
        false => Value::String("wrong-type".to_owned()),
    };
    let shown = wrong.as_str().map_or_else(|| wrong.to_string(), str::to_owned);
    let sentence = refusal(wrong).unwrap_or_else(|| panic!("{id}: `{key}` takes {shown}"));
    assert!(says(&sentence, &shown), "{id}: `{key}` with {shown}: {sentence}");
    for number in [-3.0, -0.5, 0.0, 1.5, 1e9] {
        let whole = field.default.is_i64() || field.default.is_u64();
        if !field.default.is_number() || (whole && number % 1.0 != 0.0) {
            continue;
        }
        let value = if whole { Value::Integer(number as i64) } else { Value::Float(number) };
        let shown = number.to_string();
        match refusal(value) {
            None => assert!(!forbids(&field.allowed, number), "{id}: `{key}` takes {shown}"),
            // A number that is allowed by itself may not fit what another setting says.
            Some(sentence) if forbids(&field.allowed, number) || number < 0.0 => {
                assert!(says(&sentence, &shown), "{id}: `{key}` with {shown}: {sentence}");
            }
            Some(sentence) => assert!(sentence.contains('`'), "{id}: `{key}` with {shown}: {sentence}"),
        }
    }
}

/// Whether the words for a range, as `latentrl info` shows them, leave this number out.
fn forbids(allowed: &str, number: f64) -> bool {
    let limit = |word: &str| {
        let behind = allowed.split(word).nth(1)?;
        behind.split_whitespace().next()?.trim_end_matches(',').parse::<f64>().ok()
    };
    let between = allowed.strip_prefix("between ").and_then(|rest| rest.split_once(" and "));
    let between = between.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    limit("at least ").is_some_and(|least: f64| number < least)
        || limit("above ").is_some_and(|least| number <= least)
        || limit("at most ").is_some_and(|most| number > most)
        || limit("below ").is_some_and(|most| number >= most)
        || between.is_some_and(|(low, high): (f64, f64)| number < low || number > high)
}

/// Puts a value at a dotted path, whatever stood there.
fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        Some((group, rest)) => {
            let inner = table.entry(group).or_insert_with(|| Value::Table(Table::new()));
            put(inner.as_table_mut().expect("a group is a table"), rest, value);
        }
        None => drop(table.insert(key.to_owned(), value)),
    }
}
