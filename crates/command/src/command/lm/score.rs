//! `latentrl lm score`.

use nets::lm::generate::{Scored, score};
use serde::Serialize;

use super::Model;
use crate::{
    failure::Failure,
    language_model::{LanguageModel, Tokens, tokens},
    output::{number, print, print_json},
    table::Table,
};

/// Tokens that may follow which are shown.
const SHOWN: usize = 5;

/// Log-probability and entropy of every token, and what would follow
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["text", "ids"]))]
pub struct Arguments {
    #[command(flatten)]
    model: Model,
    /// Text to score, between the special tokens that the tokenizer puts around it
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    text: Option<String>,
    /// Tokens to score
    #[arg(long, value_name = "1,2,3", value_parser = tokens)]
    ids: Option<Tokens>,
    /// Print JSON, with all logits of what would follow
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    model: String,
    tokens: Vec<Token>,
    /// Of all tokens but the first.
    log_prob: f64,
    logits: Vec<f32>,
}

#[derive(Serialize)]
struct Token {
    id: u32,
    token: String,
    /// In nats; none for the first token.
    log_prob: Option<f32>,
    /// Of the distribution that the token was compared with, in nats; none for the first.
    entropy: Option<f32>,
}

/// Scores and prints.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let model = LanguageModel::load(&arguments.model.model)?;
    let ids = model.tokens(arguments.text.as_deref(), arguments.ids.as_ref())?;
    let scored = score(&model.decoder, &ids)?;
    let document = document(arguments, &model, &ids, scored);
    if arguments.json { print_json(&document) } else { print(&told(&model, &document)) }
}

fn document(arguments: &Arguments, model: &LanguageModel, ids: &[u32], scored: Scored) -> Document {
    let behind = |values: &[f32], place: usize| place.checked_sub(1).map(|place| values[place]);
    let token = |(place, id): (usize, &u32)| Token {
        id: *id,
        token: model.name(*id),
        log_prob: behind(&scored.log_probs, place),
        entropy: behind(&scored.entropies, place),
    };
    Document {
        model: arguments.model.model.display().to_string(),
        tokens: ids.iter().enumerate().map(token).collect(),
        log_prob: scored.log_probs.iter().map(|value| f64::from(*value)).sum(),
        logits: scored.logits,
    }
}

fn told(model: &LanguageModel, document: &Document) -> String {
    let shown = |value: Option<f32>| value.map_or_else(|| "-".to_owned(), |value| number(value.into()));
    let mut table = Table::new(&["place", "id", "log-prob", "entropy", "token"]);
    for (place, token) in document.tokens.iter().enumerate() {
        let cells = [place.to_string(), token.id.to_string(), shown(token.log_prob), shown(token.entropy)];
        table.row(cells.into_iter().chain([format!("{:?}", token.token)]));
    }
    let mut next = Table::new(&["next", "logit", "probability", "token"]);
    let mut order: Vec<usize> = (0..document.logits.len()).collect();
    order.sort_by(|a, b| document.logits[*b].total_cmp(&document.logits[*a]));
    let largest = order.first().map_or(0.0, |id| document.logits[*id]);
    let weight = |id: usize| f64::from(document.logits[id] - largest).exp();
    let total: f64 = (0..document.logits.len()).map(weight).sum();
    for id in order.into_iter().take(SHOWN) {
        let logit = number(document.logits[id].into());
        let token = format!("{:?}", model.name(id as u32));
        next.row([id.to_string(), logit, number(weight(id) / total), token]);
    }
    let sum = number(document.log_prob);
    format!(
        "{}\nlog-probability of all tokens but the first: {sum} nats\n\n{}",
        table.render(),
        next.render()
    )
}
