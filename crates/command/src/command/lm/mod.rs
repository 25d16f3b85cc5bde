//! `latentrl lm`.

mod generate;
mod score;

use std::path::PathBuf;

use clap::Subcommand;

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  latentrl lm score --model models/qwen --text \"3+4=7\"
  latentrl lm score --model models/qwen --ids 1,2,3 --json | jq .log_prob
  latentrl lm generate --model models/qwen --prompt \"3+4=\" --max-new 8 --temperature 0
  latentrl lm generate --model models/qwen --prompt \"Once\" --count 4 --top-p 0.9 --seed 7 --json

A model is a folder as Hugging Face transformers writes it: config.json of the Llama, Qwen 2 or Qwen 3
family, model.safetensors or its index and shards, and tokenizer.json unless tokens are given by --ids.";

/// Ask a language model what it says of tokens, or let it go on
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Log-probability and entropy of every token, and what would follow
    Score(score::Arguments),
    /// Complete a prompt
    Generate(generate::Arguments),
}

/// Where the model is.
#[derive(clap::Args)]
struct Model {
    /// The model's folder
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
}

/// Does what was asked.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    run::threads::prepare();
    match &arguments.command {
        Command::Score(arguments) => score::execute(arguments),
        Command::Generate(arguments) => generate::execute(arguments),
    }
}
