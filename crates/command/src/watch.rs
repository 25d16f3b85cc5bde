//! What a person or a supervising process sees of a run while it trains.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use run::{Run, Scores, Settings, Watcher, metrics::Clock};
use serde::{Deserialize, Serialize};

use crate::output::{count, duration, number};

/// Time between plain progress lines where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// Time between updates of a live line and of reports.
const LIVE: Duration = Duration::from_millis(200);

/// Lets something happen at most once in a while.
pub struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    /// The first time is after one interval.
    pub fn new(every: Duration) -> Self {
        Self { every, next: Instant::now() + every }
    }

    /// Whether it is time again.
    pub fn due(&mut self) -> bool {
        let now = Instant::now();
        let due = now >= self.next;
        if due {
            self.next = now + self.every;
        }
        due
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Steps so far, in the method's unit.
    pub steps: u64,
    /// Complete training episodes.
    pub episodes: u64,
    /// Mean return of the latest training episodes.
    pub recent: Option<f64>,
    /// Steps per second.
    pub speed: f64,
    /// Seconds that are probably left.
    pub left: f64,
}

impl Standing {
    fn new(run: &Run, clock: Clock, steps: u64, budget: Option<f64>) -> Self {
        let remaining = steps.saturating_sub(run.steps()) as f64;
        let by_steps = remaining / clock.steps_per_second.max(1e-9);
        let by_time = budget.map_or(f64::INFINITY, |seconds| seconds - clock.seconds);
        Self {
            steps: run.steps(),
            episodes: run.meters().episodes,
            recent: run.recent_return(),
            speed: clock.steps_per_second,
            left: by_steps.min(by_time).max(0.0),
        }
    }

    /// Everything but the steps, which a progress bar shows by itself; what matters most comes
    /// first, as a narrow terminal cuts the line.
    fn details(&self) -> String {
        let recent = self.recent.map_or("-".to_owned(), number);
        format!(
            "return {recent}  {} left  {}/s  {} episodes",
            duration(self.left),
            count(self.speed.round() as u64),
            count(self.episodes),
        )
    }
}

/// What a child tells the process that supervises it, one JSON document a line on standard error.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Report {
    /// How far it is.
    Progress(Standing),
    /// An evaluation is done.
    Evaluated {
        /// Environment step.
        step: u64,
        /// What came out.
        scores: Scores,
    },
    /// Something worth telling.
    Note {
        /// The sentence.
        text: String,
    },
}

/// An evaluation in one line.
pub fn evaluation_line(step: u64, scores: &Scores) -> String {
    let mut parts = Vec::new();
    for (name, score) in scores {
        let spread = if score.n > 1 { format!(" ± {}", number(score.std)) } else { String::new() };
        let part = format!("{} {}{spread}", name.trim_start_matches("eval/"), number(score.mean));
        // The return is what people look for.
        parts.insert(if name == "eval/return" { 0 } else { parts.len() }, part);
    }
    let episodes = scores.get("eval/length").map(|score| format!(" ({} episodes)", score.n));
    format!("evaluation at step {}: {}{}", count(step), parts.join(", "), episodes.unwrap_or_default())
}

/// A progress bar on standard error: live on a terminal, a line every few seconds elsewhere.
pub struct Progress {
    bar: Option<ProgressBar>,
    pace: Pace,
    total: u64,
    /// Whether the numbers themselves mean something to a person.
    counted: bool,
}

impl Progress {
    /// Progress towards `total` environment steps.
    pub fn new(total: u64) -> Self {
        Self::with(total, true)
    }

    /// Progress in parts of which only the share counts.
    pub fn parts(total: u64) -> Self {
        Self::with(total, false)
    }

    fn with(total: u64, counted: bool) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = match counted {
                true => "{bar:8} {human_pos}/{human_len} steps  {wide_msg}",
                false => "{bar:20} {percent:>3} %  {wide_msg}",
            };
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style)
        });
        let pace = Pace::new(if bar.is_some() { LIVE } else { LINES });
        Self { bar, pace, total, counted }
    }

    /// Whether it is time to call [`Progress::show`] again.
    pub fn due(&mut self) -> bool {
        self.pace.due()
    }

    /// Shows how far everything is.
    pub fn show(&self, steps: u64, details: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(steps);
                bar.set_message(details.to_owned());
            }
            None if self.counted => {
                self.say(&format!("{}/{} steps  {details}", count(steps), count(self.total)));
            }
            None => self.say(&format!("{} %  {details}", 100 * steps / self.total.max(1))),
        }
    }

    /// Prints a line that stays.
    pub fn say(&self, line: &str) {
        match &self.bar {
            // Lines of a hidden bar would be lost, and the bar is redrawn below the line.
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    /// Removes the live line.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Prints to standard error; a reader that has gone away must not stop a run.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Shows one run to a person.
pub struct Person {
    progress: Progress,
    steps: u64,
    budget: Option<f64>,
}

impl Person {
    /// Shows a run with these settings.
    pub fn new(settings: &Settings) -> Self {
        let steps = settings.run.steps;
        Self { progress: Progress::new(steps), steps, budget: settings.run.budget_seconds }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.progress.clear();
    }
}

impl Watcher for Person {
    fn progress(&mut self, run: &Run, clock: Clock) {
        if self.progress.due() {
            let standing = Standing::new(run, clock, self.steps, self.budget);
            self.progress.show(standing.steps, &standing.details());
        }
    }

    fn evaluated(&mut self, step: u64, scores: &Scores) {
        self.progress.say(&evaluation_line(step, scores));
    }

    fn note(&mut self, text: &str) {
        self.progress.say(&format!("note: {text}"));
    }
}

/// Reports one run to the process that supervises it.
pub struct Reporter {
    pace: Pace,
    steps: u64,
    budget: Option<f64>,
}

impl Reporter {
    /// Reports a run with these settings.
    pub fn new(settings: &Settings) -> Self {
        Self { pace: Pace::new(LIVE), steps: settings.run.steps, budget: settings.run.budget_seconds }
    }

    fn report(report: &Report) {
        if let Ok(line) = serde_json::to_string(report) {
            say(&line);
        }
    }
}

impl Watcher for Reporter {
    fn progress(&mut self, run: &Run, clock: Clock) {
        if self.pace.due() {
            Self::report(&Report::Progress(Standing::new(run, clock, self.steps, self.budget)));
        }
    }

    fn evaluated(&mut self, step: u64, scores: &Scores) {
        Self::report(&Report::Evaluated { step, scores: scores.clone() });
    }

    fn note(&mut self, text: &str) {
        Self::report(&Report::Note { text: text.to_owned() });
    }
}
