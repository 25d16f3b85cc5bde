//! `latentrl list`.

use learn::plug::{SHELVES, Shelf};
use run::Card;

use crate::{
    failure::Failure,
    output::{print, print_json},
    setup::takers,
    table::Table,
};

const EXAMPLES: &str = "\
Examples:
  latentrl list
  latentrl list --json | jq -r '.[].id'";

/// List the methods and what plugs into them
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Print an array of the methods' cards
    #[arg(long)]
    json: bool,
    /// Print the tables of the README
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// Prints every method with its family, paper and one line, and every part that plugs into methods.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let cards: Vec<&Card> = run::registry::all().iter().map(|entry| entry.card).collect();
    if arguments.json {
        return print_json(&cards);
    }
    if arguments.markdown {
        let mut table = Table::new(&["method", "family", "what it does"]);
        for card in cards {
            table.row([card.id, card.family, card.summary]);
        }
        let parts: Vec<String> = SHELVES.iter().map(|shelf| parts(shelf).markdown()).collect();
        return print(&format!("{}\n{}", table.markdown(), parts.join("\n")));
    }
    let mut table = Table::new(&["method", "family", "needs", "paper", "what it does"]);
    for card in cards {
        table.row([card.id, card.family, &super::info::needs(card), card.paper, card.summary]);
    }
    let mut text = table.render();
    for shelf in &SHELVES {
        let Shelf { key, word, .. } = shelf;
        let takers: Vec<&str> = takers(shelf).map(|entry| entry.card.id).collect();
        text.push_str(&format!(
            "\n{}\n`latentrl info --{key} <{word}>` shows hyper-parameters; `train --{key}` plugs one into {}.\n",
            parts(shelf).render(),
            takers.join(", ")
        ));
    }
    text.push_str("\n`latentrl info <method>` shows a method's hyper-parameters.");
    print(&text)
}

/// All parts of a kind.
fn parts(shelf: &Shelf) -> Table {
    let mut table = Table::new(&[shelf.word, "what it does"]);
    for name in (shelf.names)().into_iter().skip(1) {
        let summary = (shelf.shown)(name).map_or("", |(summary, _)| summary);
        table.row([name, summary]);
    }
    table
}
