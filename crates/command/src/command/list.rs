//! `latentrl list`.

use run::Card;

use crate::{
    failure::Failure,
    output::{print, print_json},
    table::Table,
};

const EXAMPLES: &str = "\
Examples:
  latentrl list
  latentrl list --json | jq -r '.[].id'";

/// List the methods
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Print an array of the methods' cards
    #[arg(long)]
    json: bool,
}

/// Prints every method with its family, paper and one line.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let cards: Vec<&Card> = run::registry::all().iter().map(|entry| entry.card).collect();
    if arguments.json {
        return print_json(&cards);
    }
    let mut table = Table::new(&["method", "family", "needs", "paper", "what it does"]);
    for card in cards {
        table.row([card.id, card.family, &super::info::needs(card), card.paper, card.summary]);
    }
    print(&format!("{}\n`latentrl info <method>` shows its hyper-parameters.", table.render()))
}
