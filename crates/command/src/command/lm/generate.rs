//! `latentrl lm generate`.

use nets::lm::generate::{Ended, Generated};
use serde::Serialize;

use super::Model;
use crate::{
    failure::Failure,
    language_model::{Drawing, LanguageModel, Tokens, tokens},
    output::{print, print_json},
    parse,
};

/// Complete a prompt
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["prompt", "ids"]))]
pub struct Arguments {
    #[command(flatten)]
    model: Model,
    /// Text to go on from, behind the special tokens that the tokenizer puts before it
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// Tokens to go on from
    #[arg(long, value_name = "1,2,3", value_parser = tokens)]
    ids: Option<Tokens>,
    /// Completions to draw
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse::positive_count, allow_negative_numbers = true)]
    count: usize,
    #[command(flatten)]
    drawing: Drawing,
    /// Print JSON, with log-probability and entropy of every token
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    model: String,
    seed: u64,
    prompt: Vec<u32>,
    completions: Vec<Completion>,
}

#[derive(Serialize)]
struct Completion {
    /// Without special tokens; none where the model has no tokenizer.
    text: Option<String>,
    #[serde(flatten)]
    generated: Generated,
}

/// Completes and prints.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let model = LanguageModel::load(&arguments.model.model)?;
    let prompt = model.tokens(arguments.prompt.as_deref(), arguments.ids.as_ref())?;
    let prompts = vec![prompt.clone(); arguments.count];
    let generated = model.complete(&prompts, &arguments.drawing, None, &mut arguments.drawing.random())?;
    let completions = generated
        .into_iter()
        .map(|generated| Ok(Completion { text: model.shown(&generated.ids)?, generated }));
    let document = Document {
        model: arguments.model.model.display().to_string(),
        seed: arguments.drawing.seed,
        prompt,
        completions: completions.collect::<Result<_, Failure>>()?,
    };
    if arguments.json { print_json(&document) } else { print(&told(&document)) }
}

fn told(document: &Document) -> String {
    let one = |completion: &Completion| {
        completion.text.clone().unwrap_or_else(|| {
            let ids: Vec<String> = completion.generated.ids.iter().map(u32::to_string).collect();
            ids.join(",")
        })
    };
    if let [completion] = document.completions.as_slice() {
        return one(completion);
    }
    let numbered = document.completions.iter().enumerate().map(|(place, completion)| {
        let ended = match completion.generated.ended {
            Ended::Stop => "",
            Ended::Length | Ended::Interrupted => ", cut",
        };
        format!("[{}: {} tokens{ended}]\n{}\n", place + 1, completion.generated.ids.len(), one(completion))
    });
    numbered.collect::<Vec<_>>().join("\n")
}
