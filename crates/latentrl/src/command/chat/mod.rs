//! `latentrl chat`.

mod stream;

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::PathBuf,
};

use nets::lm::tokenizer::{ChatOptions, Message};
use rand_chacha::ChaCha8Rng;

use crate::{
    failure::Failure,
    language_model::{Drawing, LanguageModel},
};
use stream::Stream;

const EXAMPLES: &str = "\
Examples:
  latentrl chat models/qwen
  latentrl chat models/qwen --temperature 0.7 --top-p 0.9 --system \"Answer briefly.\"
  echo \"What is 3+4?\" | latentrl chat models/qwen --temperature 0

Every line is a turn; an empty line, /quit or Ctrl-D ends the conversation. Where the tokenizer has a
chat template, the model sees the whole conversation in its form; otherwise every line is a prompt of
its own, which the model completes. A thought that is no token is shown as · with its entropy in nats.";

/// Talk to a language model
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder of a checkpoint
    #[arg(value_name = "DIR")]
    model: PathBuf,
    /// What the model is told before the conversation
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    #[command(flatten)]
    drawing: Drawing,
}

/// Talks until the input ends.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    methods::prepare_threads();
    let model = LanguageModel::load(&arguments.model)?;
    let chats = model.tokenizer()?.has_chat();
    if arguments.system.is_some() && !chats {
        return Err(Failure::usage(format!(
            "`{}` has no chat template, so it cannot be told anything by --system",
            arguments.model.display()
        )));
    }
    let terminal = io::stdin().is_terminal();
    let mut talk = Talk {
        model: &model,
        drawing: &arguments.drawing,
        random: arguments.drawing.random(),
        messages: arguments.system.iter().map(Message::system).collect(),
        chats,
    };
    let mut lines = io::stdin().lock().lines();
    loop {
        if terminal {
            write(b"> ")?;
        }
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| Failure::failed(format!("cannot read what was typed: {error}")))?;
        if line.trim().is_empty() || line.trim() == "/quit" {
            break;
        }
        talk.turn(line)?;
    }
    Ok(())
}

/// A conversation.
struct Talk<'a> {
    model: &'a LanguageModel,
    drawing: &'a Drawing,
    random: ChaCha8Rng,
    messages: Vec<Message>,
    /// Whether there is a template.
    chats: bool,
}

impl Talk<'_> {
    /// Answers a line.
    fn turn(&mut self, line: String) -> Result<(), Failure> {
        let tokenizer = self.model.tokenizer()?;
        let prompt = if self.chats {
            self.messages.push(Message::user(line));
            tokenizer.encode(&tokenizer.chat(&self.messages, &ChatOptions::default())?)?
        } else {
            tokenizer.encode_whole(&line)?
        };
        let mut stream = Stream::new(tokenizer, io::stdout());
        let answer = self.model.complete(&[prompt], self.drawing, Some(&mut stream), &mut self.random)?;
        stream.finish().map_err(unwritten)?;
        let ids = answer.first().map_or(&[][..], |answer| answer.ids.as_slice());
        self.messages.push(Message::assistant(tokenizer.shown(ids)?));
        Ok(())
    }
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(unwritten)
}

fn unwritten(error: io::Error) -> Failure {
    Failure::failed(format!("cannot write to standard output: {error}"))
}
