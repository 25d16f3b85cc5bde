//! Absolute learning progress with Gaussian mixtures (Portelas, Colas, Hofmann and Oudeyer, 2019,
//! arXiv 1910.07224).
//!
//! A teacher chooses the parameters of the next episode for a student of which it sees nothing but
//! returns. Absolute learning progress is how much an episode's return differs from that of the
//! most similar earlier episode, up or down. A mixture of Gaussians over parameters and progress,
//! refitted every 250 episodes, makes a bandit of the space: a Gaussian is drawn in proportion to
//! its mean progress and the parameters from the Gaussian, a fifth of them uniformly.
//!
//! Different here: parameters are scaled to [0, 1] for the teacher (`scale`), the student of a
//! control world is a small PPO instead of SAC, and the paper's other teachers (`covar-gmm`, `riac`,
//! `random`, `oracle`) are settings of this method. The teachers themselves are
//! [`learn::curriculum`]'s; here they meet a student.

mod config;
mod method;
mod student;
#[cfg(test)]
mod tests;

use learn::curriculum::Curriculum;
use run::{Collector, Progress, Result, Run, RunError};
use worlds::Actions;

pub use config::{AlpGmmConfig, TeacherKind};
use student::{Agent, Student};

/// Episodes of a world that is its own student in one iteration.
const CHUNK: u64 = 100;

/// A teacher and its student.
pub struct AlpGmm {
    curriculum: Curriculum,
    student: Student,
}

impl AlpGmm {
    /// One iteration: some one-step episodes, or a rollout of the policy and its updates.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.student {
            Student::World { collector, .. } => {
                let left = run.total_steps().saturating_sub(run.steps());
                for _ in 0..left.clamp(1, CHUNK) {
                    episode(collector, &mut self.curriculum, run)?;
                }
                Ok(Progress::MAIN)
            }
            Student::Agent(agent) => rollout(agent, &mut self.curriculum, run),
        }
    }
}

/// One episode of a world that is its own student.
fn episode(collector: &mut Collector, curriculum: &mut Curriculum, run: &mut Run) -> Result<()> {
    let task = curriculum.sample(run.random("teacher"));
    let action = Actions::Continuous(task.iter().map(|value| *value as f32).collect());
    // The call after an episode's end only begins the next one.
    loop {
        collector.step(&action, run)?;
        if let [(_, episode_return)] = *collector.finished() {
            return teach(curriculum, &task, episode_return, run);
        }
    }
}

/// One iteration of a policy: every copy of the world that ends an episode gets the next task.
fn rollout(agent: &mut Agent, curriculum: &mut Curriculum, run: &mut Run) -> Result<Progress> {
    let Agent { ppo, tasks, .. } = agent;
    ppo.advance_with(run, |collector, run| {
        let finished = collector.finished().to_vec();
        for (row, episode_return) in finished {
            teach(curriculum, &tasks[row], episode_return, run)?;
            tasks[row] = curriculum.sample(run.random("teacher"));
            collector.set_parameters(row, &tasks[row])?;
        }
        Ok(())
    })
}

/// Tells the teacher of an episode.
fn teach(curriculum: &mut Curriculum, task: &[f64], episode_return: f64, run: &mut Run) -> Result<()> {
    let update = curriculum.update(task, episode_return, run.random("teacher")).map_err(RunError::part)?;
    if let Some(progress) = update.progress {
        run.log("train/progress", progress)?;
    }
    if let Some(parts) = update.parts {
        run.log("diag/parts", parts as f64)?;
    }
    if let Some(warning) = update.warning {
        run.note(warning);
    }
    Ok(())
}
