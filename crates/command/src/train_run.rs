//! Drives one run to its end and tells how it went.

use std::{
    fs::{File, TryLockError},
    path::Path,
    process::ExitCode,
};

use run::{
    RunError, Session, Settings, Watcher, checkpoint::Checkpoints, folder::Folder, session::Reason,
    summary::Summary,
};

use crate::{
    failure::{Failure, INTERRUPTED},
    interrupt,
    output::{command_line, count, duration, print, print_json},
    watch::{Person, Reporter, evaluation_line},
};

/// Who is told, and how.
#[derive(Clone, Copy, Debug)]
pub struct Audience {
    /// One JSON document at the end.
    pub json: bool,
    /// A supervising process reads standard error and holds standard input.
    pub supervised: bool,
}

/// Trains until something ends the run.
pub fn drive(mut session: Session, settings: &Settings, audience: Audience) -> Result<ExitCode, Failure> {
    let stop = if audience.supervised { interrupt::on_end_of_input() } else { interrupt::on_interrupt() }?;
    let folder = session.folder().clone();
    let _lock = lock(&folder)?;
    let mut watcher: Box<dyn Watcher> =
        if audience.supervised { Box::new(Reporter::new(settings)) } else { Box::new(Person::new(settings)) };
    let driven = session.drive(watcher.as_mut(), &stop);
    drop(watcher);
    let summary = driven.map_err(|error| explain(&error, &folder, settings))?;
    if audience.json {
        print_json(&document(&summary, folder.path())?)?;
    } else {
        print(&told(&summary, folder.path()))?;
    }
    Ok(if summary.finished { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) })
}

/// Keeps a second process from writing to the same run; the system releases it with the process.
pub fn lock(folder: &Folder) -> Result<File, Failure> {
    let path = folder.config();
    let file = File::open(&path).map_err(|error| RunError::io("open", &path, error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let place = folder.path().display();
            Err(Failure::usage(format!(
                "`{place}` is being trained by another process: wait for it or stop it"
            )))
        }
        // A file system without locks is no reason not to train.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// A failed run's sentence, with where its last checkpoint is.
fn explain(error: &RunError, folder: &Folder, settings: &Settings) -> Failure {
    let place = folder.path().display();
    let latest = Checkpoints::new(folder, &settings.method).latest();
    Failure::failed(match latest {
        Ok(Some(step)) => {
            format!("{error}; the last good checkpoint is kept in `{place}/checkpoints/{step}`")
        }
        _ => format!("{error}; the run in `{place}` had no checkpoint yet"),
    })
}

/// The summary as JSON, with the run's place.
pub fn document(summary: &Summary, place: &Path) -> Result<serde_json::Value, Failure> {
    let mut value = serde_json::to_value(summary).map_err(Failure::failed)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("run".to_owned(), place.display().to_string().into());
    }
    Ok(value)
}

/// The end of a run for people, and what to type next.
fn told(summary: &Summary, place: &Path) -> String {
    let steps = count(summary.steps);
    let time = duration(summary.clock.seconds);
    let shown = place.display();
    if summary.reason == Reason::Interrupted {
        return format!(
            "interrupted and saved at step {steps}: {shown}\ncontinue:  {}",
            command_line("resume", place, "")
        );
    }
    let episodes = match summary.episodes {
        0 => String::new(),
        episodes => format!(", {} episodes", count(episodes)),
    };
    let mut lines = vec![format!("{}: {steps} steps{episodes} in {time}", reason(summary.reason))];
    if !summary.scores.is_empty() {
        lines.push(evaluation_line(summary.steps, &summary.scores));
    }
    lines.push(format!("run:     {shown}"));
    lines.push(format!("score:   {}", command_line("eval", place, "")));
    if summary.world.as_deref().is_some_and(|world| !worlds::text::is_text_world(world)) {
        lines.push(format!("watch:   {}", command_line("play", place, "--gif play.gif")));
        lines.push(format!("export:  {}", command_line("export", place, "--out policy.safetensors")));
    }
    lines.join("\n")
}

/// Why a run ended, for people.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Steps => "done",
        Reason::Finished => "done, nothing is left to learn",
        Reason::Budget => "time is up",
        Reason::Interrupted => "interrupted",
    }
}
