//! `latentrl worlds`.

mod sheet;
mod text;

use std::path::PathBuf;

use serde::Serialize;
use worlds::demonstrator::{self, PolicyEntry};
use worlds::text::{TextEntry, text_worlds};
use worlds::{ActionSpace, Field, Layout, OptionHelp, Role, Spec, WorldError, name::nearest, registry};

use crate::{
    failure::Failure,
    output::{number, print, print_json},
    table::{Table, terminal_width, wrap},
};

const EXAMPLES: &str = "\
Examples:
  latentrl worlds
  latentrl worlds four-rooms,size=11,wind=0.1
  latentrl worlds cartpole+pixels=32+stack=4 --json
  latentrl worlds arith,m=7,n=1-3
  latentrl worlds --sheet worlds.png

A world's name is name[,option=value]*[+modifier[=value][,option=value]*]*; modifiers apply from
left to right. Worlds of text, which give language models problems, take no modifiers.";

/// List the worlds, or show one
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A world's name, with options and modifiers where wanted, or a file of problems (.jsonl)
    world: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print the catalogue as the tables of the README
    #[arg(long, conflicts_with_all = ["json", "world"])]
    markdown: bool,
    /// Draw every world, or the one that is named, some steps into an episode, as PNG
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "markdown"])]
    sheet: Option<PathBuf>,
}

#[derive(Serialize)]
struct Catalogue {
    worlds: &'static [registry::Entry],
    text: &'static [TextEntry],
    modifiers: &'static [registry::ModifierEntry],
    policies: &'static [PolicyEntry],
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    spec: Spec,
    options: &'static [OptionHelp],
    modifiers: Vec<&'static str>,
    policies: Vec<&'static str>,
}

/// Prints the catalogue, or what one world gives and takes.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.sheet {
        return sheet::write(arguments.world.as_deref(), path);
    }
    match &arguments.world {
        None => catalogue(arguments),
        Some(name) if text::is_text(name) => text::one(name, arguments.json),
        Some(name) => one(name, arguments.json),
    }
}

fn catalogue(arguments: &Arguments) -> Result<(), Failure> {
    let catalogue = Catalogue {
        worlds: worlds::catalogue(),
        text: text_worlds(),
        modifiers: worlds::modifiers(),
        policies: demonstrator::policies(),
    };
    if arguments.json {
        return print_json(&catalogue);
    }
    let mut table = Table::new(&["world", "observation", "actions", "horizon", "what it is"]);
    for entry in catalogue.worlds {
        let spec = worlds::spec(entry.name)?;
        table.row([
            entry.name,
            &layout(spec.input()),
            &actions(&spec.action),
            &horizon(&spec),
            entry.summary,
        ]);
    }
    let mut modifiers = Table::new(&["modifier", "option", "what it does"]);
    for entry in catalogue.modifiers {
        let main = entry.options.first().map_or("", |option| option.name);
        modifiers.row([&format!("+{}", entry.name), main, entry.summary]);
    }
    let mut policies = Table::new(&["policy", "options", "what it does"]);
    for entry in catalogue.policies {
        let options: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
        policies.row([entry.name, &options.join(", "), entry.summary]);
    }
    let tables = [table, text::table(), modifiers, policies];
    if arguments.markdown {
        return print(&tables.each_ref().map(Table::markdown).join("\n"));
    }
    let tables = tables.each_ref().map(Table::render).join("\n");
    print(&format!("{tables}\n`latentrl worlds <name>` shows a world's options."))
}

fn one(name: &str, json: bool) -> Result<(), Failure> {
    let parsed: worlds::WorldName = name.parse()?;
    let entry = registry::entry(parsed.base()).map_err(|_| unknown(parsed.base()))?;
    let document = Document {
        spec: worlds::spec(name)?,
        options: entry.options,
        modifiers: entry.modifiers(),
        policies: demonstrator::policies_of(name)?,
    };
    if json { print_json(&document) } else { print(&described(&document)) }
}

/// The error of a name that neither kind of world has.
fn unknown(name: &str) -> WorldError {
    let names = worlds::catalogue().iter().map(|entry| entry.name);
    let suggestion = nearest(name, names.chain(text_worlds().iter().map(|entry| entry.name)));
    WorldError::Unknown { kind: "world".to_owned(), name: name.to_owned(), suggestion }
}

fn described(document: &Document) -> String {
    let spec = &document.spec;
    let mut text = wrap(&format!("{}: {}", spec.name, spec.summary), terminal_width()).join("\n");
    text.push_str("\n\n");
    let mut lines = vec![("actions", actions(&spec.action)), ("horizon", horizon(spec))];
    lines.extend(
        spec.fields.iter().map(|field| (role(field), format!("`{}`, {}", field.name, layout(&field.layout)))),
    );
    if spec.rewards.len() > 1 {
        lines.push(("rewards", spec.rewards.join(", ")));
    }
    if let Some(reference) = spec.reference {
        let (random, expert) = (number(reference.random), number(reference.expert));
        lines.push(("reference", format!("return {random} at random, {expert} of an expert")));
    }
    if !document.modifiers.is_empty() {
        let names: Vec<String> = document.modifiers.iter().map(|name| format!("+{name}")).collect();
        lines.push(("modifiers", names.join(", ")));
    }
    lines.push(("policies", document.policies.join(", ")));
    for (name, value) in lines {
        text.push_str(&format!("{name:<13}{value}\n"));
    }
    let modifiers: Vec<_> = worlds::modifiers()
        .iter()
        .filter(|modifier| document.modifiers.contains(&modifier.name))
        .filter(|modifier| !modifier.options.is_empty())
        .collect();
    let mut table = Table::new(&["option", "default", "meaning"]);
    for option in document.options {
        table.row([option.name, option.default, option.help]);
    }
    for modifier in modifiers {
        for (index, option) in modifier.options.iter().enumerate() {
            let name =
                if index == 0 { format!("+{}=", modifier.name) } else { format!("  ,{}=", option.name) };
            table.row([&name, option.default, option.help]);
        }
    }
    text.push('\n');
    text.push_str(&table.render());
    text
}

fn role(field: &Field) -> &'static str {
    match field.role {
        Role::Input => "observation",
        Role::Truth => "truth",
        Role::Goal => "goal",
        Role::Legal => "legal actions",
    }
}

/// What a row of a field is.
pub fn layout(layout: &Layout) -> String {
    match layout {
        Layout::Vector { size: 1 } => "1 number".to_owned(),
        Layout::Vector { size } => format!("{size} numbers"),
        Layout::Image { height, width, channels, .. } => format!("{height}x{width}x{channels} image"),
    }
}

/// What an action is.
pub fn actions(space: &ActionSpace) -> String {
    match space {
        ActionSpace::Discrete { count } => format!("{count} discrete"),
        ActionSpace::Box { low, high } => {
            let same = |bounds: &[f32]| bounds.iter().all(|bound| *bound == bounds[0]);
            if low.is_empty() || !same(low) || !same(high) {
                return format!("{} continuous", low.len());
            }
            format!("{} in [{}, {}]", low.len(), low[0], high[0])
        }
    }
}

fn horizon(spec: &Spec) -> String {
    spec.horizon.map_or("none".to_owned(), |steps| steps.to_string())
}
