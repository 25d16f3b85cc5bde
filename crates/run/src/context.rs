//! What a method sees of its run: generators, meters, and a place to report to.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Result, RunError, Snapshot, streams::Streams};

/// Episodes over which the live display averages.
const RECENT: usize = 100;

/// A mean in the making.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Mean {
    sum: f64,
    count: u64,
}

/// Counters that budgets and learning curves are measured in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meters {
    /// Steps in the method's unit; environment steps of all copies together.
    pub steps: u64,
    /// Complete training episodes.
    pub episodes: u64,
    /// Gradient updates by part.
    pub updates: BTreeMap<String, u64>,
}

/// The run as a method sees it. It owns everything that must be equal after a resume, and no file.
pub struct Run {
    streams: Streams,
    meters: Meters,
    pending: BTreeMap<String, Mean>,
    recent: VecDeque<f64>,
    tallies: BTreeMap<String, (u64, u64)>,
    phases: BTreeMap<String, Mean>,
    notes: Vec<String>,
    total_steps: u64,
    device: String,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    streams: Streams,
    meters: Meters,
    pending: BTreeMap<String, Mean>,
    recent: VecDeque<f64>,
    tallies: BTreeMap<String, (u64, u64)>,
}

impl Run {
    /// A run that has not begun, of `total_steps` environment steps.
    pub fn new(seed: u64, total_steps: u64, device: &str) -> Self {
        Self {
            streams: Streams::new(seed),
            meters: Meters::default(),
            pending: BTreeMap::new(),
            recent: VecDeque::new(),
            tallies: BTreeMap::new(),
            phases: BTreeMap::new(),
            notes: Vec::new(),
            total_steps,
            device: device.to_owned(),
        }
    }

    /// The run's seed.
    pub fn seed(&self) -> u64 {
        self.streams.seed()
    }

    /// The generator of this name, carried along and saved with the run.
    pub fn random(&mut self, name: &str) -> &mut ChaCha8Rng {
        self.streams.get(name)
    }

    /// A generator that depends on (seed, name, index) only.
    pub fn derived(&self, name: &str, index: u64) -> ChaCha8Rng {
        self.streams.derived(name, index)
    }

    /// The device's name as the user gave it.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Steps so far, in the method's unit.
    pub fn steps(&self) -> u64 {
        self.meters.steps
    }

    /// Steps of the whole run; schedules are laid over it. A run with a budget of time
    /// uses the method's own number, so that nothing it computes depends on the clock.
    pub fn total_steps(&self) -> u64 {
        self.total_steps
    }

    /// All counters.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Mean return of the last hundred training episodes.
    pub fn recent_return(&self) -> Option<f64> {
        (!self.recent.is_empty()).then(|| self.recent.iter().sum::<f64>() / self.recent.len() as f64)
    }

    /// Counts steps.
    pub fn count_steps(&mut self, steps: u64) {
        self.meters.steps += steps;
    }

    /// Counts gradient updates of a part.
    pub fn count_updates(&mut self, part: &str, updates: u64) {
        *self.meters.updates.entry(part.to_owned()).or_default() += updates;
    }

    /// Reports a complete training episode.
    pub fn episode(&mut self, episode_return: f64, length: u64) {
        self.meters.episodes += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(episode_return);
        self.add("train/return", episode_return);
        self.add("train/length", length as f64);
    }

    /// Reports a value; the record that is written next holds the mean of all values reported
    /// since the last one.
    ///
    /// # Errors
    /// The value is not finite.
    pub fn log(&mut self, name: &str, value: f64) -> Result<()> {
        if !value.is_finite() {
            return Err(self.not_finite(name, value));
        }
        self.add(name, value);
        Ok(())
    }

    /// The mean of what was reported under this name since the last record.
    pub fn reported(&self, name: &str) -> Option<f64> {
        self.pending.get(name).map(|mean| mean.sum / mean.count as f64)
    }

    /// The error for a value that is not finite, at the current step.
    pub fn not_finite(&self, term: &str, value: f64) -> RunError {
        RunError::NotFinite { term: term.to_owned(), value, step: self.meters.steps }
    }

    /// Counts bad events among `total` and ends the run when their share passes `abort_at`.
    ///
    /// # Errors
    /// The share of bad events since the run's start exceeds `abort_at` after at least 1,000.
    pub fn tally(&mut self, name: &str, bad: u64, total: u64, abort_at: f64) -> Result<()> {
        let (all_bad, all) = self.tallies.entry(name.to_owned()).or_default();
        *all_bad += bad;
        *all += total;
        let share = *all_bad as f64 / (*all).max(1) as f64;
        if *all >= 1_000 && share > abort_at {
            let percent = 100.0 * share;
            return Err(RunError::Part(format!(
                "{percent:.1} % of {name} so far, more than the {:.1} % that make sense",
                100.0 * abort_at
            )));
        }
        Ok(())
    }

    /// Reports how long a phase of an iteration took. Means over the session stand under `clock`,
    /// apart from everything that must be equal after a resume.
    pub fn phase(&mut self, name: &str, seconds: f64) {
        let mean = self.phases.entry(name.to_owned()).or_default();
        mean.sum += seconds;
        mean.count += 1;
    }

    pub(crate) fn phases(&self) -> BTreeMap<String, f64> {
        self.phases.iter().map(|(name, mean)| (name.clone(), mean.sum / mean.count as f64)).collect()
    }

    /// Tells the user something once, such as an action box that is being rescaled.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The means reported since the last call.
    pub(crate) fn take_means(&mut self) -> BTreeMap<String, f64> {
        let pending = std::mem::take(&mut self.pending);
        pending.into_iter().map(|(name, mean)| (name, mean.sum / mean.count as f64)).collect()
    }

    fn add(&mut self, name: &str, value: f64) {
        if !self.pending.contains_key(name) {
            self.pending.insert(name.to_owned(), Mean::default());
        }
        if let Some(mean) = self.pending.get_mut(name) {
            mean.sum += value;
            mean.count += 1;
        }
    }

    /// Writes everything that must be equal after a resume.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let saved = Saved {
            streams: self.streams.clone(),
            meters: self.meters.clone(),
            pending: self.pending.clone(),
            recent: self.recent.clone(),
            tallies: self.tallies.clone(),
        };
        snapshot.put("run", &saved)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another version.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let saved: Saved = snapshot.get("run")?;
        self.streams = saved.streams;
        self.meters = saved.meters;
        self.pending = saved.pending;
        self.recent = saved.recent;
        self.tallies = saved.tallies;
        Ok(())
    }
}
