//! Runs the runs of an investigation: several at once in one process, each resumable, none done
//! twice.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use run::{
    Entry, Run, RunError, Scores, Session, Settings, Task, Watcher, folder::Folder, metrics::Clock,
    session::Reason, summary::Summary,
};

use crate::{EvidenceError, Result};

/// One run to do.
#[derive(Clone)]
pub struct Job {
    /// Name of the arm, for people.
    pub arm: String,
    /// The method.
    pub entry: &'static Entry,
    /// Everything that defines the run.
    pub settings: Settings,
    /// Its folder.
    pub place: PathBuf,
}

/// What happens to the runs, told from several threads.
pub trait Audience: Sync {
    /// A run has come so far, as a share of its steps.
    fn progress(&self, job: usize, share: f64);
    /// A run has ended; `reused` if it had been done before.
    fn done(&self, job: usize, reused: bool);
    /// Something worth telling.
    fn note(&self, job: usize, text: &str);
}

/// Does every run that is not done yet, `threads` of them at once, on an equal share of the cores.
/// Gives whether all are done; not if `stop` was set, and then each run in progress is saved and
/// goes on from there next time.
///
/// # Errors
/// A run fails: its arm, seed and cause. Runs in progress are saved first.
pub fn execute(jobs: &[Job], threads: usize, stop: &AtomicBool, audience: &dyn Audience) -> Result<bool> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.clamp(1, jobs.len().max(1));
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<EvidenceError>> = Mutex::new(None);
    let halt = AtomicBool::new(false);
    let work = || {
        while let Some((index, job)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(index).map(|job| (index, job))
        } {
            if stop.load(Ordering::Relaxed) || halt.load(Ordering::Relaxed) {
                break;
            }
            let mut listener = Listener { index, job, audience, stop, halt: &halt, local: AtomicBool::new(false) };
            if let Err(error) = listener.complete() {
                halt.store(true, Ordering::Relaxed);
                let seed = job.settings.seed;
                let error = EvidenceError::Outcome(format!("arm `{}`, seed {seed}: {error}", job.arm));
                failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                if let Err(error) = methods::device::on_own_threads((cores / threads).max(1), work) {
                    let mut first = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    first.get_or_insert(error.into());
                }
            });
        }
    });
    match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(!stop.load(Ordering::Relaxed)),
    }
}

/// Drives one run and passes on what it tells.
struct Listener<'a> {
    index: usize,
    job: &'a Job,
    audience: &'a dyn Audience,
    stop: &'a AtomicBool,
    halt: &'a AtomicBool,
    /// What the session watches: the user's wish or another run's failure.
    local: AtomicBool,
}

impl Listener<'_> {
    fn complete(&mut self) -> std::result::Result<(), RunError> {
        if is_done(&self.job.place, &self.job.settings)? {
            self.audience.done(self.index, true);
            return Ok(());
        }
        let mut session = self.session()?;
        let local = std::mem::take(&mut self.local);
        let summary = session.drive(&mut Relay { listener: self, stop: &local }, &local)?;
        if summary.reason != Reason::Interrupted {
            self.audience.done(self.index, false);
        }
        Ok(())
    }

    /// The run where it stood, if it is the same run; a new one otherwise.
    fn session(&self) -> std::result::Result<Session, RunError> {
        let Job { entry, settings, place, .. } = self.job;
        let task = Task::of(entry.card, &settings.task)?;
        if let Some(folder) = same_run(place, settings)? {
            return Session::resume(entry, settings.clone(), task, folder);
        }
        if place.exists() {
            fs::remove_dir_all(place).map_err(|error| RunError::io("remove", place, error))?;
        }
        Session::create(entry, settings.clone(), task, place)
    }
}

struct Relay<'a, 'b> {
    listener: &'a Listener<'b>,
    stop: &'a AtomicBool,
}

impl Watcher for Relay<'_, '_> {
    fn progress(&mut self, run: &Run, _clock: Clock) {
        let Listener { index, job, audience, stop, halt, .. } = self.listener;
        if stop.load(Ordering::Relaxed) || halt.load(Ordering::Relaxed) {
            self.stop.store(true, Ordering::Relaxed);
        }
        audience.progress(*index, run.steps() as f64 / job.settings.run.steps as f64);
    }

    fn evaluated(&mut self, _step: u64, _scores: &Scores) {}

    fn note(&mut self, text: &str) {
        self.listener.audience.note(self.listener.index, text);
    }
}

/// Whether a finished run with exactly these settings lies there.
fn is_done(place: &Path, settings: &Settings) -> std::result::Result<bool, RunError> {
    let Some(folder) = same_run(place, settings)? else { return Ok(false) };
    Ok(Summary::read(&folder)?.is_some_and(|summary| summary.finished))
}

/// The run in this folder, if it has exactly these settings.
fn same_run(place: &Path, settings: &Settings) -> std::result::Result<Option<Folder>, RunError> {
    let Ok(folder) = Folder::open(place) else { return Ok(None) };
    let found = fs::read_to_string(folder.config()).map_err(|error| RunError::io("read", place, error))?;
    Ok((found == settings.to_toml()?).then_some(folder))
}
