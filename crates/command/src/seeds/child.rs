//! The process of one seed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child as Process, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::Sender,
};

use run::{folder::Folder, summary::Summary};

use super::{Ending, Group, SETTINGS};
use crate::{
    failure::{Failure, INTERRUPTED},
    watch::{Report, Standing},
};

/// What a seed's process says.
pub enum Said {
    /// A report.
    Report(Report),
    /// Any other line: the sentence of an error.
    Line(String),
    /// It closed its standard error: it is ending.
    End,
}

/// A process that trains one seed.
pub struct Child {
    /// Its seed.
    pub seed: u64,
    /// How far it is.
    pub standing: Option<Standing>,
    /// What it said last that was no report.
    pub complaint: Option<String>,
    process: Process,
    /// Closed to make it stop.
    input: Option<ChildStdin>,
}

impl Child {
    /// Starts training a seed, or continues it where it was begun.
    pub fn start(group: &Group, seed: u64, said: Sender<(u64, Said)>) -> Result<Self, Failure> {
        let place = group.child(seed);
        clear_unborn(&place);
        let program = std::env::current_exe().map_err(Failure::failed)?;
        let mut command = Command::new(program);
        if place.exists() {
            command.arg("resume").arg(&place);
        } else {
            command.args(["train", &group.settings.method, "--seed", &seed.to_string()]);
            command.arg("--config").arg(group.place.join(SETTINGS)).arg("--out").arg(&place);
        }
        command.arg("--supervised").env("RAYON_NUM_THREADS", group.threads().to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process =
            command.spawn().map_err(|error| Failure::failed(format!("cannot start a process: {error}")))?;
        let input = process.stdin.take();
        if let Some(errors) = process.stderr.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(errors).lines().map_while(Result::ok) {
                    let what = serde_json::from_str(&line).map_or_else(|_| Said::Line(line), Said::Report);
                    let _ = said.send((seed, what));
                }
                let _ = said.send((seed, Said::End));
            });
        }
        Ok(Self { seed, standing: None, complaint: None, process, input })
    }

    /// Asks it to save and stop.
    pub fn stop(&mut self) {
        self.input = None;
    }

    /// Waits until it has ended.
    pub fn ending(mut self, group: &Group) -> Ending {
        let place = group.child(self.seed);
        match self.process.wait() {
            Err(error) => Ending::Failed(format!("it cannot be waited for: {error}")),
            Ok(status) if status.success() => finished(&place)
                .unwrap_or_else(|| Ending::Failed(format!("`{}` has no summary", place.display()))),
            Ok(status) if status.code() == Some(i32::from(INTERRUPTED)) => Ending::Interrupted,
            Ok(status) => Ending::Failed(self.complaint.unwrap_or_else(|| died(status))),
        }
    }
}

/// The ending of a seed that needs no process any more.
pub fn finished(place: &Path) -> Option<Ending> {
    let folder = Folder::open(place).ok()?;
    let summary = Summary::read(&folder).ok()??;
    summary.finished.then_some(Ending::Finished(summary))
}

fn died(status: ExitStatus) -> String {
    format!("its process ended with {status}")
}

/// Removes the empty folder of a run that died before it had a `config.toml`.
fn clear_unborn(place: &Path) {
    if !place.join("config.toml").exists() {
        let _ = std::fs::remove_dir(place.join("checkpoints"));
        let _ = std::fs::remove_dir(place);
    }
}
