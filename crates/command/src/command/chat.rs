//! `latentrl chat`.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use nets::lm::{
    generate::Telling,
    tokenizer::{ChatOptions, Message},
};
use rand_chacha::ChaCha8Rng;

use crate::{
    failure::Failure,
    language_model::{Drawing, LanguageModel, is_run},
    stored::Stored,
};

const EXAMPLES: &str = "\
Examples:
  latentrl chat models/qwen
  latentrl chat models/qwen --temperature 0.7 --top-p 0.9 --system \"Answer briefly.\"
  echo \"What is 3+4?\" | latentrl chat models/qwen --temperature 0
  echo \"3+1*4?\" | latentrl chat runs/colar-arith-s0-20260131-120000

Every line is a turn; an empty line, /quit or Ctrl-D ends the conversation. Where the tokenizer of a
checkpoint has a chat template, the model sees the whole conversation in its form; otherwise, and of a
run, every line is a prompt of its own, which the model completes. A thought that is no token is shown
as · with its entropy in nats.";

/// Talk to a language model
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder of a checkpoint or of a run
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
    run::threads::prepare();
    let Arguments { model: folder, system, drawing } = arguments;
    let model = match is_run(folder) {
        true => Model::Trained(Box::new(Stored::load(folder)?)),
        false => Model::Published(Box::new(LanguageModel::load(folder)?)),
    };
    let chats = match &model {
        Model::Trained(_) => false,
        Model::Published(model) => model.tokenizer()?.has_chat(),
    };
    if system.is_some() && !chats {
        return Err(Failure::usage(format!(
            "`{}` has no chat template, so it cannot be told anything by --system",
            folder.display()
        )));
    }
    let messages = system.iter().map(Message::system).collect();
    let mut talk = Talk { model, drawing, random: drawing.random(), messages, chats };
    talk.model.check(folder)?;
    let terminal = io::stdin().is_terminal();
    let mut lines = io::stdin().lock().lines();
    loop {
        if terminal {
            write("> ").map_err(unwritten)?;
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

/// Who answers.
enum Model {
    Published(Box<LanguageModel>),
    Trained(Box<Stored>),
}

impl Model {
    /// Refuses a run that trained no language model.
    fn check(&self, folder: &Path) -> Result<(), Failure> {
        match self {
            Self::Trained(stored) if stored.method.speaker().is_none() => Err(Failure::usage(format!(
                "`{}` is the folder of a run that trained no language model: name another run, or a checkpoint's \
                 folder, which holds config.json, model.safetensors and tokenizer.json",
                folder.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// A conversation.
struct Talk<'a> {
    model: Model,
    drawing: &'a Drawing,
    random: ChaCha8Rng,
    messages: Vec<Message>,
    /// Whether there is a template.
    chats: bool,
}

impl Talk<'_> {
    /// Answers a line.
    fn turn(&mut self, line: String) -> Result<(), Failure> {
        let mut written = Ok(());
        let mut say = |text: &str| match write(text) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                written = Err(error);
                ControlFlow::Break(())
            }
        };
        match &mut self.model {
            Model::Trained(stored) => {
                if let Some(speaker) = stored.method.speaker() {
                    let speech = self.drawing.speech();
                    let told = speaker.speak(&line, &speech, &mut self.random, &mut say);
                    told.map_err(|error| Failure::usage(error.to_string()))?;
                }
            }
            Model::Published(model) => {
                let tokenizer = model.tokenizer()?;
                let prompt = if self.chats {
                    self.messages.push(Message::user(line));
                    tokenizer.encode(&tokenizer.chat(&self.messages, &ChatOptions::default())?)?
                } else {
                    tokenizer.encode_whole(&line)?
                };
                let mut telling = Telling::new(tokenizer, None, &mut say);
                let answer = model.complete(&[prompt], self.drawing, Some(&mut telling), &mut self.random)?;
                telling.finish();
                let ids = answer.first().map_or(&[][..], |answer| answer.ids.as_slice());
                self.messages.push(Message::assistant(tokenizer.shown(ids)?));
            }
        }
        match written.and_then(|()| write("\n")) {
            // A reader that has gone away is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(error)),
            _ => Ok(()),
        }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

fn unwritten(error: io::Error) -> Failure {
    Failure::failed(format!("cannot write to standard output: {error}"))
}
