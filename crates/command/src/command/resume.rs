//! `latentrl resume`.

use std::{path::PathBuf, process::ExitCode};

use run::{Session, Settings, Task, folder::Folder, summary::Summary};

use crate::{
    failure::Failure,
    output::{count, print, print_json},
    seeds::Group,
    train_run::{Audience, document, drive, lock},
    watch::evaluation_line,
};

const EXAMPLES: &str = "\
Examples:
  latentrl resume runs/ppo-cartpole-s0-20260131-120000

The run goes on as if it had never stopped: its metrics are the same, number by number. A folder of
several seeds continues those that are not finished.";

/// Continue a run exactly where its latest checkpoint stands
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Report to a supervising process, which stops the run by closing standard input
    #[arg(long, hide = true)]
    supervised: bool,
}

/// Continues one run or several seeds; a finished one is left as it is.
pub fn execute(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if Group::is_at(&arguments.run) {
        run::threads::prepare();
        return Group::open(&arguments.run)?.train(arguments.json);
    }
    let folder = Folder::open(&arguments.run)?;
    if let Some(summary) = Summary::read(&folder)?.filter(|summary| summary.finished) {
        if arguments.json {
            print_json(&document(&summary, folder.path())?)?;
        } else {
            print(&format!(
                "`{}` is finished: {} steps; {}",
                folder.path().display(),
                count(summary.steps),
                evaluation_line(summary.steps, &summary.scores)
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings::of_checkpoint(&folder)?;
    let entry = run::registry::find(&settings.method)?;
    agents::device::check(&settings.device)?;
    let task = Task::of(entry.card, &settings.task)?;
    run::threads::prepare();
    // Opening a session cuts the metrics back, which must not happen to a run in progress.
    drop(lock(&folder)?);
    let session = Session::resume(entry, settings.clone(), task, folder)?;
    drive(session, &settings, Audience { json: arguments.json, supervised: arguments.supervised })
}
