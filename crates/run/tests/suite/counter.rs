//! A method that counts, draws and reports, in two stages and without a world.

use rand::RngExt;
use run::{Card, Method, Policy, Primary, Progress, Result, Run, Snapshot, Task};
use settings::Config;

/// Settings of the counter.
#[derive(Clone, Debug, Config)]
pub struct CounterConfig {
    /// Step at which the second stage begins.
    #[setting(50, paper = 500)]
    pub switch: u64,
    /// Step at which there is nothing left to do.
    #[setting(u64::MAX >> 1)]
    pub end: u64,
    /// Step at which the loss is not a number.
    #[setting(u64::MAX >> 1)]
    pub broken: u64,
    /// How fast.
    #[setting(group)]
    pub pace: Pace,
}

/// A table inside the settings.
#[derive(Clone, Debug, Config)]
pub struct Pace {
    /// Steps of an iteration.
    #[setting(3, min = 1)]
    pub stride: u64,
    /// A number with a point.
    #[setting(0.5)]
    pub rate: f64,
}

/// Counts to the end of its budget.
pub struct Counter {
    config: CounterConfig,
    total: f64,
}

impl Method for Counter {
    const CARD: Card = Card {
        id: "counter",
        title: "A counter",
        paper: "none",
        family: "test",
        summary: "counts",
        needs: &[],
        metrics: &["loss/count"],
        stages: &["first", "second"],
        primary: Primary::RETURN,
        unit: "counts",
        steps: 100,
        instead: "nothing",
    };
    type Config = CounterConfig;

    fn build(config: CounterConfig, _task: &Task, _run: &mut Run) -> Result<Self> {
        Ok(Self { config, total: 0.0 })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        run.count_steps(self.config.pace.stride);
        self.total += run.random("noise").random::<f64>();
        let loss = if run.steps() >= self.config.broken { f64::NAN } else { self.total };
        run.log("loss/count", loss)?;
        if run.steps().is_multiple_of(6) {
            run.episode(self.total, 2);
        }
        let stage = if run.steps() < self.config.switch { "first" } else { "second" };
        Ok(Progress { stage, finished: run.steps() >= self.config.end })
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        None
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("total", &self.total)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.total = snapshot.get("total")?;
        Ok(())
    }
}
