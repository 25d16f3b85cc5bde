//! `latentrl list`.

use learn::objective::OBJECTIVES;
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

/// List the methods and objectives
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

/// Prints every method with its family, paper and one line, and every objective.
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
        return print(&format!("{}\n{}", table.markdown(), objectives().markdown()));
    }
    let mut table = Table::new(&["method", "family", "needs", "paper", "what it does"]);
    for card in cards {
        table.row([card.id, card.family, &super::info::needs(card), card.paper, card.summary]);
    }
    let takers: Vec<&str> = takers().map(|entry| entry.card.id).collect();
    print(&format!(
        "{}\n{}\n`latentrl info <method>` and `latentrl info --latent <objective>` show hyper-parameters; `train \
         --latent` plugs an objective into {}.",
        table.render(),
        objectives().render(),
        takers.join(", ")
    ))
}

/// All representation objectives.
fn objectives() -> Table {
    let mut plugs: Vec<_> = OBJECTIVES.iter().collect();
    plugs.sort_by_key(|plug| plug.id);
    let mut table = Table::new(&["objective", "what it does"]);
    for plug in plugs {
        table.row([plug.id, plug.summary]);
    }
    table
}
