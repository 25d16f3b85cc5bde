//! Settings in a table of their own.

use toml::{Table, Value};

use crate::{Config, Field, Refusal, refusal::shown};

/// Appends the settings of a group under its name.
#[doc(hidden)]
pub fn describe_group<C: Config>(group: &str, laptop: &C, paper: &C, fields: &mut Vec<Field>) {
    let start = fields.len();
    C::describe(laptop, paper, fields);
    for field in &mut fields[start..] {
        field.key.insert_str(0, &format!("{group}."));
    }
}

/// Puts a group into a table.
#[doc(hidden)]
pub fn write_group<C: Config>(group: &str, config: &C, table: &mut Table) {
    table.insert(group.to_owned(), Value::Table(config.table()));
}

/// Takes a group from a table, if it is there.
#[doc(hidden)]
pub fn read_group<C: Config>(group: &str, config: &mut C, table: &Table) -> Result<(), Refusal> {
    match table.get(group) {
        None => Ok(()),
        Some(Value::Table(inner)) => config.read(inner).map_err(|refusal| refusal.inside(group)),
        Some(other) => Err(Refusal::new(group, shown(other), "a table of settings")),
    }
}
