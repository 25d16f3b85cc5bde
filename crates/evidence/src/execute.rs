//! Runs the runs of an investigation: several at once in one process, each resumable, none done
//! twice.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use run::{
    Entry, Run, RunError, Scores, Session, Settings, Task, Watcher, folder::Folder, metrics::Clock,
    summary::Summary,
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
    /// So many runs are to be done, those that are done already included.
    fn begin(&self, runs: usize);
    /// A run has come so far, as a share of its steps.
    fn progress(&self, job: &Job, share: f64);
    /// A run has ended; `reused` if it had been done before.
    fn done(&self, job: &Job, reused: bool);
    /// Something worth telling.
    fn note(&self, job: &Job, text: &str);
}

/// Does every run that is not done yet, `threads` of them at once, on an equal share of the cores.
/// Gives whether all are done; not if `stop` was set, and then each run in progress is saved and
/// goes on from there next time.
///
/// # Errors
/// A run fails: its arm, seed and cause. Runs in progress are saved first.
pub fn execute(jobs: &[Job], threads: usize, stop: &AtomicBool, audience: &dyn Audience) -> Result<bool> {
    audience.begin(jobs.len());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.clamp(1, jobs.len().max(1));
    let (next, halt) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failure: Mutex<Option<EvidenceError>> = Mutex::new(None);
    let fail = |error: EvidenceError| {
        halt.store(true, Ordering::Relaxed);
        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    };
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) || halt.load(Ordering::Relaxed) {
                break;
            }
            let mut relay = Relay { job, audience, stop, halt: &halt, asked: &AtomicBool::new(false) };
            if let Err(error) = relay.complete() {
                let seed = job.settings.seed;
                fail(EvidenceError::Outcome(format!("arm `{}`, seed {seed}: {error}", job.arm)));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let done = run::threads::on_own((cores / threads).max(1), work);
                done.unwrap_or_else(|error| fail(error.into()));
            });
        }
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(!stop.load(Ordering::Relaxed)),
    }
}

/// Drives one run and passes on what it tells.
struct Relay<'a> {
    job: &'a Job,
    audience: &'a dyn Audience,
    /// The user wants to stop.
    stop: &'a AtomicBool,
    /// Another run has failed.
    halt: &'a AtomicBool,
    /// What the session watches: one of the two.
    asked: &'a AtomicBool,
}

impl Relay<'_> {
    fn complete(&mut self) -> run::Result<()> {
        if is_done(&self.job.place, &self.job.settings)? {
            self.audience.done(self.job, true);
            return Ok(());
        }
        let asked = self.asked;
        let summary = self.session()?.drive(self, asked)?;
        if summary.finished {
            self.audience.done(self.job, false);
        }
        Ok(())
    }

    /// The run where it stood, if it is the same run; a new one otherwise.
    fn session(&self) -> run::Result<Session> {
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

impl Watcher for Relay<'_> {
    fn progress(&mut self, run: &Run, _clock: Clock) {
        if self.stop.load(Ordering::Relaxed) || self.halt.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
        }
        self.audience.progress(self.job, run.steps() as f64 / self.job.settings.run.steps as f64);
    }

    fn evaluated(&mut self, _step: u64, _scores: &Scores) {}

    fn note(&mut self, text: &str) {
        self.audience.note(self.job, text);
    }
}

/// Whether a finished run with exactly these settings lies there.
fn is_done(place: &Path, settings: &Settings) -> run::Result<bool> {
    let Some(folder) = same_run(place, settings)? else { return Ok(false) };
    Ok(Summary::read(&folder)?.is_some_and(|summary| summary.finished))
}

/// The run in this folder, if it has exactly these settings.
fn same_run(place: &Path, settings: &Settings) -> run::Result<Option<Folder>> {
    let Ok(folder) = Folder::open(place) else { return Ok(None) };
    let found = fs::read_to_string(folder.config()).map_err(|error| RunError::io("read", place, error))?;
    Ok((found == settings.to_toml()?).then_some(folder))
}
