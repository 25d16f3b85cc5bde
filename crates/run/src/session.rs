//! The loop around every method, written once: budget, evaluation, records, checkpoints,
//! interrupts, resume.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{
    Result, RunError, Snapshot, Task,
    checkpoint::Checkpoints,
    context::Run,
    data::Data,
    folder::{Folder, write_whole},
    method::AnyMethod,
    metrics::{Clock, Kind, Metrics, Record},
    policy::Mode,
    problems::Problems,
    registry::Entry,
    scores::{Protocol, Scores},
    settings::Settings,
    summary::Summary,
    task::World,
};

/// Seconds between checkpoints where no number of steps is given.
const CHECKPOINT_SECONDS: f64 = 60.0;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// All steps were taken.
    Steps,
    /// The method had nothing left to do.
    Finished,
    /// The budget of time ran out.
    Budget,
    /// The user asked to stop; the run can be resumed.
    Interrupted,
}

/// What the loop tells whoever watches.
pub trait Watcher {
    /// One iteration is done.
    fn progress(&mut self, run: &Run, clock: Clock);
    /// An evaluation is done.
    fn evaluated(&mut self, step: u64, scores: &Scores);
    /// Something worth telling.
    fn note(&mut self, text: &str);
}

/// Where the loop stands; part of every checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Position {
    stage: String,
    next_record: u64,
    next_evaluation: u64,
    next_checkpoint: u64,
    metrics_length: u64,
    seconds: f64,
}

impl Position {
    /// Before the first iteration.
    fn start(settings: &Settings) -> Self {
        Self {
            stage: String::new(),
            next_record: settings.run.record_every,
            next_evaluation: settings.run.eval_every,
            next_checkpoint: settings.run.checkpoint_every.unwrap_or(u64::MAX),
            metrics_length: 0,
            seconds: 0.0,
        }
    }
}

/// A run in progress, with its folder.
pub struct Session {
    folder: Folder,
    settings: Settings,
    task: Task,
    run: Run,
    method: Box<dyn AnyMethod>,
    metrics: Metrics,
    checkpoints: Checkpoints,
    position: Position,
    began: Instant,
    began_step: u64,
    last_checkpoint: Instant,
}

/// A method and its run without a folder, for evaluation and play.
pub fn build(entry: &Entry, settings: &Settings, task: &Task) -> Result<(Box<dyn AnyMethod>, Run)> {
    let mut run = Run::new(settings.seed, settings.run.steps, &settings.device);
    let method = (entry.build)(&settings.config, task, &mut run)?;
    Ok((method, run))
}

/// Loads the latest checkpoint of a run into a method built for it; gives the step it is of.
///
/// # Errors
/// There is none yet, or it is damaged or of another method.
pub fn load_latest(
    folder: &Folder,
    settings: &Settings,
    method: &mut dyn AnyMethod,
    run: &mut Run,
) -> Result<u64> {
    let mut checkpoints = Checkpoints::new(folder, &settings.method);
    let loaded = restore(&mut checkpoints, method, run)?;
    loaded.map(|(step, _)| step).ok_or_else(|| {
        RunError::checkpoint(&folder.checkpoints(), "the run has not written one yet: resume it first")
    })
}

/// Loads the latest checkpoint, where there is one; gives its step and all that it holds.
fn restore(
    checkpoints: &mut Checkpoints,
    method: &mut dyn AnyMethod,
    run: &mut Run,
) -> Result<Option<(u64, Snapshot)>> {
    let Some(step) = checkpoints.latest()? else { return Ok(None) };
    let snapshot = checkpoints.read(step)?;
    run.load(&snapshot)?;
    method.load(&snapshot)?;
    Ok(Some((step, snapshot)))
}

impl Session {
    /// Begins a run in a new folder. Everything is built and checked before the folder exists.
    ///
    /// # Errors
    /// A setting, the task or the place does not fit; nothing is left behind.
    pub fn create(entry: &Entry, settings: Settings, task: Task, place: &std::path::Path) -> Result<Self> {
        settings.run.validate()?;
        let (method, run) = build(entry, &settings, &task)?;
        let text = settings.to_toml()?;
        let folder = Folder::create(place)?;
        let checkpoints = folder.checkpoints();
        let written = std::fs::create_dir(&checkpoints)
            .map_err(|error| RunError::io("create", &checkpoints, error))
            .and_then(|()| write_whole(&folder.config(), text.as_bytes()));
        if written.is_err() {
            let _ = std::fs::remove_dir_all(place);
        }
        written?;
        let position = Position::start(&settings);
        let checkpoints = Checkpoints::new(&folder, &settings.method);
        Self::assemble(folder, settings, task, run, method, position, checkpoints)
    }

    /// Continues a run from its latest checkpoint, or from the start where it died before its
    /// first.
    ///
    /// # Errors
    /// The folder, its config or its checkpoint cannot be used.
    pub fn resume(entry: &Entry, settings: Settings, task: Task, folder: Folder) -> Result<Self> {
        let mut checkpoints = Checkpoints::new(&folder, &settings.method);
        let (mut method, mut run) = build(entry, &settings, &task)?;
        let mut position = Position::start(&settings);
        if let Some((_, snapshot)) = restore(&mut checkpoints, method.as_mut(), &mut run)? {
            position = snapshot.get("loop")?;
        }
        Self::assemble(folder, settings, task, run, method, position, checkpoints)
    }

    fn assemble(
        folder: Folder,
        settings: Settings,
        task: Task,
        run: Run,
        method: Box<dyn AnyMethod>,
        position: Position,
        checkpoints: Checkpoints,
    ) -> Result<Self> {
        let metrics = Metrics::open(&folder, position.metrics_length)?;
        let now = Instant::now();
        let began_step = run.steps();
        Ok(Self {
            folder,
            settings,
            task,
            run,
            method,
            metrics,
            checkpoints,
            position,
            began: now,
            began_step,
            last_checkpoint: now,
        })
    }

    /// Where the run lies.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The run so far.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Advances until the budget, the method or the user ends it, then evaluates, saves and writes
    /// the summary.
    ///
    /// # Errors
    /// The method, the world or the disk fails; the last good checkpoint stands.
    pub fn drive(&mut self, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Summary> {
        if self.task.get::<Data>().is_some() && self.settings.task.eval_world.is_none() {
            watcher.note("no evaluation world was given: acting is not evaluated (--eval-world names one)");
        }
        let reason = loop {
            for note in self.run.take_notes() {
                watcher.note(&note);
            }
            if let Some(reason) = self.ended(stop) {
                break reason;
            }
            let progress = self.method.advance(&mut self.run)?;
            watcher.progress(&self.run, self.clock());
            let next_stage = self.enter_stage(progress.stage)?;
            self.record_training()?;
            if progress.finished {
                break Reason::Finished;
            }
            self.evaluate_on_the_way(watcher)?;
            self.checkpoint_on_the_way(next_stage)?;
        };
        // Saved before the last evaluation, so that a run killed between the two evaluates once
        // more instead of recording it twice.
        self.save()?;
        let scores = match reason {
            Reason::Interrupted => Scores::new(),
            _ => self.evaluate(self.settings.run.final_episodes, watcher)?,
        };
        self.metrics.flush()?;
        let clock = Clock { phases: self.run.phases(), ..self.clock() };
        let summary = Summary::new(&self.settings, &self.run, reason, scores, clock);
        summary.write(&self.folder)?;
        Ok(summary)
    }

    fn ended(&self, stop: &AtomicBool) -> Option<Reason> {
        let budget = self.settings.run.budget_seconds;
        if self.run.steps() >= self.settings.run.steps {
            Some(Reason::Steps)
        } else if budget.is_some_and(|seconds| self.clock().seconds >= seconds) {
            Some(Reason::Budget)
        } else if stop.load(Ordering::Relaxed) {
            Some(Reason::Interrupted)
        } else {
            None
        }
    }

    fn clock(&self) -> Clock {
        let seconds = self.began.elapsed().as_secs_f64();
        let steps = (self.run.steps() - self.began_step) as f64;
        Clock {
            seconds: self.position.seconds + seconds,
            steps_per_second: steps / seconds.max(1e-9),
            ..Clock::default()
        }
    }

    fn append(&mut self, kind: Kind, values: std::collections::BTreeMap<String, f64>) -> Result<()> {
        let record = Record {
            kind,
            step: self.run.steps(),
            stage: self.position.stage.clone(),
            values,
            text: None,
            clock: Clock { phases: self.run.phases(), ..self.clock() },
        };
        self.metrics.append(&record)
    }

    /// Records a stage's beginning; says whether another one ended with it. The checkpoint that is
    /// due then waits for the end of the iteration, where everything else is recorded.
    fn enter_stage(&mut self, stage: &str) -> Result<bool> {
        if self.position.stage == stage {
            return Ok(false);
        }
        let first = self.position.stage.is_empty();
        self.position.stage = stage.to_owned();
        self.append(Kind::Stage, Default::default())?;
        Ok(!first)
    }

    fn record_training(&mut self) -> Result<()> {
        if self.run.steps() < self.position.next_record {
            return Ok(());
        }
        self.position.next_record = next_multiple(self.run.steps(), self.settings.run.record_every);
        let means = self.run.take_means();
        if means.is_empty() { Ok(()) } else { self.append(Kind::Train, means) }
    }

    fn evaluate_on_the_way(&mut self, watcher: &mut dyn Watcher) -> Result<()> {
        let every = self.settings.run.eval_every;
        let steps = self.run.steps();
        if every == 0 || steps < self.position.next_evaluation || steps >= self.settings.run.steps {
            return Ok(());
        }
        self.position.next_evaluation = next_multiple(steps, every);
        self.evaluate(self.settings.run.eval_episodes, watcher).map(drop)
    }

    /// Scores the method in the evaluation world under seeds that depend on the run's seed and the
    /// step only.
    fn evaluate(&mut self, episodes: usize, watcher: &mut dyn Watcher) -> Result<Scores> {
        let other = self.settings.task.eval_world.as_deref();
        let problems = match (self.task.get::<Problems>(), other) {
            (Some(problems), Some(name)) => Some(problems.to_score(name)?),
            (problems, _) => problems.cloned(),
        };
        let world = match other {
            Some(name) if problems.is_none() => Some(World::new(name)?),
            _ => self.task.get::<World>().cloned(),
        };
        let step = self.run.steps();
        let seed = self.run.derived("eval-world", step).next_u64();
        let protocol = Protocol { world, problems, episodes, seed, mode: Mode::Greedy };
        let scores = self.method.evaluate(&protocol, &mut self.run)?;
        if scores.is_empty() {
            return Ok(scores);
        }
        let means = scores.iter().map(|(name, score)| (name.clone(), score.mean)).collect();
        self.append(Kind::Eval, means)?;
        watcher.evaluated(step, &scores);
        for note in self.run.take_notes() {
            watcher.note(&note);
        }
        Ok(scores)
    }

    fn checkpoint_on_the_way(&mut self, next_stage: bool) -> Result<()> {
        let due = next_stage
            || match self.settings.run.checkpoint_every {
                Some(_) => self.run.steps() >= self.position.next_checkpoint,
                None => self.last_checkpoint.elapsed().as_secs_f64() >= CHECKPOINT_SECONDS,
            };
        if due { self.save() } else { Ok(()) }
    }

    fn save(&mut self) -> Result<()> {
        if let Some(every) = self.settings.run.checkpoint_every {
            self.position.next_checkpoint = next_multiple(self.run.steps(), every);
        }
        self.position.metrics_length = self.metrics.flush()?;
        let mut snapshot: Snapshot = self.checkpoints.begin();
        self.run.save(&mut snapshot)?;
        self.method.save(&mut snapshot)?;
        snapshot.put("loop", &Position { seconds: self.clock().seconds, ..self.position.clone() })?;
        self.checkpoints.write(&snapshot, self.run.steps())?;
        self.last_checkpoint = Instant::now();
        Ok(())
    }
}

/// The first multiple of `every` above `steps`.
fn next_multiple(steps: u64, every: u64) -> u64 {
    (steps / every + 1) * every
}
