//! What a person sees while an investigation runs: arms and seeds, finished and in progress.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use evidence::execute::{Audience, Job};

use crate::watch::Progress;

/// Parts into which a run's progress is divided for the bar.
const PARTS: f64 = 1_000.0;

/// Shows the runs of one investigation.
pub struct RunsShown {
    name: String,
    state: Mutex<Option<State>>,
}

struct State {
    progress: Progress,
    runs: usize,
    done: usize,
    /// Share of each run in progress, by arm and seed.
    active: BTreeMap<String, f64>,
    noted: Vec<String>,
}

impl RunsShown {
    /// Nothing has begun yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), state: Mutex::new(None) }
    }

    /// Removes the live line.
    pub fn clear(&self) {
        self.with(|state| state.progress.clear());
    }

    fn with(&self, act: impl FnOnce(&mut State)) {
        if let Some(state) = self.state.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            act(state);
        }
    }
}

impl State {
    fn show(&mut self, name: &str) {
        if !self.progress.due() {
            return;
        }
        let share: f64 = self.done as f64 + self.active.values().sum::<f64>();
        let active: Vec<&str> = self.active.keys().map(String::as_str).collect();
        let details = format!("{name}: {}/{} runs  {}", self.done, self.runs, active.join(", "));
        self.progress.show((share * PARTS) as u64, &details);
    }
}

impl Audience for RunsShown {
    fn begin(&self, runs: usize) {
        let progress = Progress::parts(runs as u64 * PARTS as u64);
        let state = State { progress, runs, done: 0, active: BTreeMap::new(), noted: Vec::new() };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    fn progress(&self, job: &Job, share: f64) {
        self.with(|state| {
            state.active.insert(title(job), share.min(1.0));
            state.show(&self.name);
        });
    }

    fn done(&self, job: &Job, _reused: bool) {
        self.with(|state| {
            state.active.remove(&title(job));
            state.done += 1;
            state.show(&self.name);
        });
    }

    /// A note is told once, whatever arm and seed it comes from.
    fn note(&self, job: &Job, text: &str) {
        self.with(|state| {
            if !state.noted.iter().any(|noted| noted == text) {
                state.progress.say(&format!("note ({}): {text}", job.arm));
                state.noted.push(text.to_owned());
            }
        });
    }
}

fn title(job: &Job) -> String {
    format!("{} s{}", job.arm, job.settings.seed)
}
