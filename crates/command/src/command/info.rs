//! `latentrl info`.

use learn::plug::{SHELVES, Shelf};
use run::{ActionNeed, Card, DataActions, Need, ObservationNeed, config::unknown};
use serde::Serialize;
use serde_json::Value;
use settings::Field;

use crate::{
    failure::Failure,
    output::{count, print, print_json},
    setup::takers,
    table::{Table, terminal_width, wrap},
};

const EXAMPLES: &str = "\
Examples:
  latentrl info ppo
  latentrl info --latent spr
  latentrl info --bonus rnd
  latentrl info tcrl --json | jq '.settings[] | select(.key == \"horizon\")'";

/// Show a method, an objective or a bonus, and all its hyper-parameters
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The method's name, as `latentrl list` shows it
    #[arg(required_unless_present_any = ["latent", "bonus"])]
    method: Option<String>,
    /// A representation objective instead of a method
    #[arg(long, value_name = "OBJECTIVE", conflicts_with_all = ["method", "bonus"])]
    latent: Option<String>,
    /// An intrinsic reward instead of a method
    #[arg(long, value_name = "BONUS", conflicts_with = "method")]
    bonus: Option<String>,
    /// Print card and settings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    card: &'a Card,
    settings: &'a [Field],
}

/// What is said of a part that plugs into methods.
#[derive(Serialize)]
struct Part<'a> {
    id: &'a str,
    summary: &'a str,
    /// Methods that can carry it.
    methods: Vec<&'a str>,
    settings: Vec<Field>,
}

/// Prints a method's card, or what is known of a part, and every hyper-parameter.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    for (shelf, name) in SHELVES.iter().zip([&arguments.latent, &arguments.bonus]) {
        if let Some(name) = name {
            return part(shelf, name, arguments.json);
        }
    }
    let entry = run::registry::find(arguments.method.as_deref().unwrap_or_default())?;
    let settings = (entry.fields)();
    if arguments.json {
        return print_json(&Document { card: entry.card, settings: &settings });
    }
    let mut text = format!("{}\n{}", head(entry.card), table(&settings).render());
    for Shelf { key, word, .. } in
        SHELVES.iter().filter(|shelf| takers(shelf).any(|taker| taker.card.id == entry.card.id))
    {
        text.push_str(&format!("\n`latentrl info --{key} <{word}>` shows what stands beside `{key}.name`."));
    }
    print(&text)
}

fn part(shelf: &Shelf, name: &str, json: bool) -> Result<(), Failure> {
    let found = (shelf.shown)(name);
    let (summary, mut settings) =
        found.ok_or_else(|| unknown(shelf.word, name, (shelf.names)().into_iter().skip(1)))?;
    settings.iter_mut().for_each(|field| field.key.insert_str(0, &format!("{}.", shelf.key)));
    let methods = takers(shelf).map(|entry| entry.card.id).collect();
    let shown = Part { id: name, summary, methods, settings };
    if json {
        return print_json(&shown);
    }
    let head = wrap(&format!("{}: {}", shown.id, shown.summary), terminal_width()).join("\n");
    let methods = lines("methods", &shown.methods.join(", "));
    print(&format!("{head}\n\n{methods}\n{}", table(&shown.settings).render()))
}

/// Hyper-parameters with what is allowed and what they mean.
fn table(settings: &[Field]) -> Table {
    let mut table = Table::new(&["setting", "laptop", "paper", "meaning"]);
    for field in settings {
        let mut meaning = field.help.clone();
        if !field.allowed.is_empty() {
            meaning.push_str(&format!(" It must be {}.", field.allowed));
        }
        table.row([&field.key, &shown(&field.default), &shown(&field.paper), &meaning]);
    }
    table
}

fn head(card: &Card) -> String {
    let mut text = wrap(&format!("{}: {}", card.id, card.summary), terminal_width()).join("\n");
    let facts = [
        ("title", card.title.to_owned()),
        ("paper", card.paper.to_owned()),
        ("family", card.family.to_owned()),
        ("needs", needs(card)),
        ("stages", card.stages.join(", ")),
        ("metrics", card.metrics.join(", ")),
        ("steps", format!("{} {} where neither --steps nor --budget is given", count(card.steps), card.unit)),
    ];
    text.push_str("\n\n");
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&lines(name, value));
    }
    text
}

/// A name with what stands behind it, on as many lines as that takes.
fn lines(name: &str, value: &str) -> String {
    let lines = wrap(value, terminal_width().saturating_sub(9));
    format!("{name:<9}{}\n", lines.join("\n         "))
}

/// What a method cannot do without, in a few words.
pub fn needs(card: &Card) -> String {
    let words = card.needs.iter().map(|need| match need {
        Need::World { actions, observations } => {
            let actions = match actions {
                ActionNeed::Any => "any actions",
                ActionNeed::Discrete => "discrete actions",
                ActionNeed::Continuous => "continuous actions",
            };
            observed(actions, *observations)
        }
        Need::Data { actions, rewards, observations } => {
            let actions = match actions {
                DataActions::None => "a data set",
                DataActions::Any => "a data set with any actions",
                DataActions::Discrete => "a data set with discrete actions",
                DataActions::Continuous => "a data set with continuous actions",
            };
            let rewards = if *rewards { " and rewards" } else { "" };
            observed(&format!("{actions}{rewards}"), *observations)
        }
        Need::Problems => "problems in text (a text world, or a .jsonl file)".to_owned(),
    });
    words.collect::<Vec<_>>().join("; ")
}

fn observed(what: &str, observations: ObservationNeed) -> String {
    match observations {
        ObservationNeed::Any => what.to_owned(),
        ObservationNeed::Vector => format!("{what}, vectors"),
        ObservationNeed::Image => format!("{what}, images"),
    }
}

/// A value as `--set` takes it; a number of single precision without the digits it does not have.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().map(float).unwrap_or_default(),
        other => other.to_string(),
    }
}

fn float(value: f64) -> String {
    let single = value as f32;
    let text = if f64::from(single) == value { single.to_string() } else { value.to_string() };
    let small = value != 0.0 && value.abs() < 1e-4;
    match (small, f64::from(single) == value) {
        (true, true) => format!("{single:e}"),
        (true, false) => format!("{value:e}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_show_the_digits_they_have() {
        assert_eq!(shown(&serde_json::json!(0.0003_f32)), "0.0003");
        assert_eq!(shown(&serde_json::json!(1e-8)), "1e-8");
        assert_eq!(shown(&serde_json::json!(0.99)), "0.99");
        assert_eq!(shown(&serde_json::json!([64, 64])), "[64,64]");
        assert_eq!(shown(&Value::Null), "-");
    }
}
