//! `latentrl worlds` for worlds of text.

use std::path::Path;

use serde::Serialize;
use worlds::OptionHelp;
use worlds::text::{Problem, Size, TextWorld, from_json_lines, is_text_world, text_world, text_worlds};

use crate::{
    failure::Failure,
    output::{print, print_json},
    table::{Table, terminal_width, wrap},
};

/// Held-out problems among which samples are looked for.
const SEEN: usize = 200;
/// Most problems shown.
const SHOWN: usize = 8;

#[derive(Serialize)]
struct Document {
    name: String,
    kind: &'static str,
    summary: &'static str,
    levels: Vec<usize>,
    sizes: Sizes,
    alphabet: String,
    marker: String,
    end: String,
    longest: Longest,
    samples: Vec<Sample>,
    options: &'static [OptionHelp],
}

#[derive(Serialize)]
struct Sizes {
    train: Size,
    test: Size,
}

/// In characters.
#[derive(Serialize)]
struct Longest {
    prompt: usize,
    response: usize,
}

#[derive(Serialize)]
struct Sample {
    #[serde(flatten)]
    problem: Problem,
    solution: String,
}

impl Document {
    fn of(name: &str) -> Result<Self, Failure> {
        let world = if is_file(name) { from_json_lines(Path::new(name))? } else { text_world(name)? };
        let base = name.split(',').next().unwrap_or_default();
        let entry = text_worlds().iter().find(|entry| entry.name == base);
        let [prompt, response] = world.longest();
        let [train, test] = world.sizes();
        Ok(Self {
            name: world.name().to_owned(),
            kind: "text",
            summary: entry.map_or("problems of a file", |entry| entry.summary),
            levels: world.levels().to_vec(),
            sizes: Sizes { train, test },
            alphabet: world.alphabet().to_owned(),
            marker: world.marker().to_owned(),
            end: world.end().to_owned(),
            longest: Longest { prompt, response },
            samples: samples(&*world),
            options: entry.map_or(&[], |entry| entry.options),
        })
    }
}

/// Whether `name` is that of a file of problems.
fn is_file(name: &str) -> bool {
    name.ends_with(".jsonl")
}

/// Whether `name` is that of a text world or of a file of problems.
pub fn is_text(name: &str) -> bool {
    is_file(name) || is_text_world(name)
}

/// Some held-out problems of each level.
fn samples(world: &dyn TextWorld) -> Vec<Sample> {
    let problems = world.held_out(SEEN);
    let mut levels: Vec<usize> = problems.iter().map(|problem| problem.level).collect();
    levels.sort_unstable();
    levels.dedup();
    let each = (SHOWN / levels.len().max(1)).clamp(1, SHOWN / 2);
    let of_level = |level: &usize| {
        let level = *level;
        problems.iter().filter(move |problem| problem.level == level).take(each)
    };
    let shown = levels.iter().flat_map(of_level).take(SHOWN);
    shown.map(|problem| Sample { problem: problem.clone(), solution: world.solution(problem) }).collect()
}

/// Prints what problems the world called `name` has.
pub fn one(name: &str, json: bool) -> Result<(), Failure> {
    let document = Document::of(name)?;
    if json { print_json(&document) } else { print(&described(&document)) }
}

/// All text worlds with their options.
pub fn table() -> Table {
    let mut table = Table::new(&["text world", "options", "what it is"]);
    for entry in text_worlds() {
        let options: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
        table.row([entry.name, &options.join(", "), entry.summary]);
    }
    table
}

fn described(document: &Document) -> String {
    let summary = format!("{}: {}", document.name, document.summary);
    let mut text = wrap(&summary, terminal_width()).join("\n") + "\n\n";
    let levels: Vec<String> = document.levels.iter().map(usize::to_string).collect();
    let Longest { prompt, response } = document.longest;
    let (train, test) = (size(document.sizes.train), size(document.sizes.test));
    for (name, value) in [
        ("levels", levels.join(", ")),
        ("problems", format!("{train} to learn from, {test} held out")),
        (
            "vocabulary",
            format!("{} characters: {}", document.alphabet.chars().count(), shown(&document.alphabet)),
        ),
        ("answer", format!("after `{}`, closed by `{}`", document.marker, shown(&document.end))),
        ("longest", format!("{prompt} characters of a prompt, {response} of a solution")),
    ] {
        text.push_str(&format!("{name:<13}{value}\n"));
    }
    let mut samples = Table::new(&["held-out prompt", "level", "solution"]);
    for Sample { problem, solution } in &document.samples {
        samples.row([shown(&problem.prompt), problem.level.to_string(), shown(solution)]);
    }
    text.push_str(&format!("\n{}", samples.render()));
    if !document.options.is_empty() {
        let mut options = Table::new(&["option", "default", "meaning"]);
        for option in document.options {
            options.row([option.name, option.default, option.help]);
        }
        text.push_str(&format!("\n{}", options.render()));
    }
    text
}

/// A text on one line, control characters by their escapes.
fn shown(text: &str) -> String {
    let escaped = |character: char| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    text.chars().map(escaped).collect()
}

fn size(size: Size) -> String {
    match size {
        Size::Exactly(count) => count.to_string(),
        Size::About(count) => format!("about {count:.1e}"),
    }
}
