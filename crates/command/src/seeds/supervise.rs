//! Keeps as many processes running as there should be, and adds up what they report.

use std::{
    collections::VecDeque,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use super::{
    Ending, Group,
    child::{Child, Said, finished},
};
use crate::{
    failure::Failure,
    interrupt,
    output::{count, duration, number},
    watch::{Progress, Report, evaluation_line},
};

/// How often an interrupt is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Trains every seed of a group; the endings are in the order of the seeds.
pub fn supervise(group: &Group) -> Result<Vec<(u64, Ending)>, Failure> {
    let stop = interrupt::on_interrupt()?;
    let (sender, receiver) = channel();
    let total = group.settings.run.steps.saturating_mul(group.plan.seeds.len() as u64);
    let mut supervisor = Supervisor {
        group,
        sender,
        waiting: VecDeque::new(),
        running: Vec::new(),
        endings: Vec::new(),
        progress: Progress::new(total),
    };
    for &seed in &group.plan.seeds {
        match finished(&group.child(seed)) {
            Some(ending) => supervisor.endings.push((seed, ending)),
            None => supervisor.waiting.push_back(seed),
        }
    }
    let supervised = supervisor.run(&receiver, &stop);
    supervisor.progress.clear();
    supervised?;
    supervisor.endings.sort_by_key(|(seed, _)| *seed);
    Ok(supervisor.endings)
}

struct Supervisor<'a> {
    group: &'a Group,
    sender: Sender<(u64, Said)>,
    waiting: VecDeque<u64>,
    running: Vec<Child>,
    endings: Vec<(u64, Ending)>,
    progress: Progress,
}

impl Supervisor<'_> {
    fn run(&mut self, receiver: &Receiver<(u64, Said)>, stop: &AtomicBool) -> Result<(), Failure> {
        loop {
            if stop.load(Ordering::SeqCst) {
                self.running.iter_mut().for_each(Child::stop);
                self.endings.extend(self.waiting.drain(..).map(|seed| (seed, Ending::Interrupted)));
            }
            while self.running.len() < self.group.plan.jobs
                && let Some(seed) = self.waiting.pop_front()
            {
                self.running.push(Child::start(self.group, seed, self.sender.clone())?);
            }
            if self.running.is_empty() {
                return Ok(());
            }
            if let Ok((seed, said)) = receiver.recv_timeout(TICK) {
                self.hear(seed, said);
            }
            if self.progress.due() {
                self.show();
            }
        }
    }

    fn hear(&mut self, seed: u64, said: Said) {
        let Some(index) = self.running.iter().position(|child| child.seed == seed) else { return };
        match said {
            Said::Report(Report::Progress(standing)) => self.running[index].standing = Some(standing),
            Said::Report(Report::Evaluated { step, scores }) => {
                self.progress.say(&format!("seed {seed}: {}", evaluation_line(step, &scores)));
            }
            Said::Report(Report::Note { text }) => self.progress.say(&format!("seed {seed}: note: {text}")),
            Said::Line(line) => {
                let sentence = line.trim_start_matches("error: ").to_owned();
                self.running[index].complaint = Some(sentence);
            }
            Said::End => {
                let ending = self.running.swap_remove(index).ending(self.group);
                if let Ending::Failed(message) = &ending {
                    self.progress.say(&format!("seed {seed} failed: {message}"));
                }
                self.endings.push((seed, ending));
            }
        }
    }

    fn show(&self) {
        let steps = self.group.settings.run.steps;
        let standings: Vec<_> = self.running.iter().filter_map(|child| child.standing).collect();
        let done = self.endings.len();
        let taken = done as u64 * steps + standings.iter().map(|standing| standing.steps).sum::<u64>();
        let speed: f64 = standings.iter().map(|standing| standing.speed).sum();
        let recent: Vec<f64> = standings.iter().filter_map(|standing| standing.recent).collect();
        let recent = match recent.len() {
            0 => "-".to_owned(),
            count => number(recent.iter().sum::<f64>() / count as f64),
        };
        self.progress.show(
            taken,
            &format!(
                "return {recent}  {} left  {}/s  {done} of {} seeds done, {} running",
                duration(self.left(speed)),
                count(speed.round() as u64),
                self.group.plan.seeds.len(),
                self.running.len(),
            ),
        );
    }

    /// Seconds until the last seed is done: the slowest of the running ones, and for the others as
    /// long as a whole run takes at the present speed.
    fn left(&self, speed: f64) -> f64 {
        let longest = self.running.iter().filter_map(|child| child.standing).map(|standing| standing.left);
        let run = &self.group.settings.run;
        let each = run.steps as f64 * self.running.len() as f64 / speed.max(1e-9);
        let each = each.min(run.budget_seconds.unwrap_or(f64::INFINITY));
        let rounds = self.waiting.len().div_ceil(self.group.plan.jobs) as f64;
        longest.fold(0.0, f64::max) + if rounds > 0.0 { rounds * each } else { 0.0 }
    }
}
