//! One file per command.

pub mod bench;
pub mod chat;
pub mod collect;
pub mod compare;
pub mod data;
pub mod eval;
pub mod export;
pub mod info;
pub mod list;
pub mod lm;
pub mod play;
pub mod report;
pub mod reproduce;
pub mod resume;
pub mod train;
pub mod worlds;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;

/// What the program can do.
#[derive(Subcommand)]
pub enum Command {
    /// List the methods and objectives
    List(list::Arguments),
    /// Record a policy's experience as a data set
    Collect(collect::Arguments),
    /// Show a method, or an objective, and all its hyper-parameters
    Info(info::Arguments),
    /// List the worlds, or show one
    Worlds(worlds::Arguments),
    /// Train a method in a world
    Train(Box<train::Arguments>),
    /// Continue a run exactly where its latest checkpoint stands
    Resume(resume::Arguments),
    /// Score a run's latest checkpoint
    Eval(eval::Arguments),
    /// Watch a run play, as a GIF or in the terminal
    Play(play::Arguments),
    /// Write a policy's weights and how to feed them
    Export(export::Arguments),
    /// Re-run a paper's central claim and say whether it holds
    Reproduce(Box<reproduce::Arguments>),
    /// Compare methods in worlds, with intervals
    Compare(compare::Arguments),
    /// Look into recorded experience, or convert it
    Data(data::Arguments),
    /// Rebuild a report from finished runs
    Report(report::Arguments),
    /// Ask a language model what it says of tokens, or let it go on
    Lm(lm::Arguments),
    /// Talk to a language model
    Chat(chat::Arguments),
    /// Measure how fast this machine is at it
    Bench(bench::Arguments),
}

impl Command {
    /// Does it.
    pub fn execute(self) -> Result<ExitCode, Failure> {
        let done = |result: Result<(), Failure>| result.map(|()| ExitCode::SUCCESS);
        match self {
            Self::List(arguments) => done(list::execute(&arguments)),
            Self::Collect(arguments) => done(collect::execute(&arguments)),
            Self::Info(arguments) => done(info::execute(&arguments)),
            Self::Worlds(arguments) => done(worlds::execute(&arguments)),
            Self::Train(arguments) => train::execute(&arguments),
            Self::Resume(arguments) => resume::execute(&arguments),
            Self::Eval(arguments) => done(eval::execute(&arguments)),
            Self::Play(arguments) => done(play::execute(&arguments)),
            Self::Export(arguments) => done(export::execute(&arguments)),
            Self::Reproduce(arguments) => reproduce::execute(&arguments),
            Self::Compare(arguments) => compare::execute(&arguments),
            Self::Data(arguments) => done(data::execute(&arguments)),
            Self::Report(arguments) => done(report::execute(&arguments)),
            Self::Lm(arguments) => done(lm::execute(&arguments)),
            Self::Chat(arguments) => done(chat::execute(&arguments)),
            Self::Bench(arguments) => done(bench::execute(&arguments)),
        }
    }
}
