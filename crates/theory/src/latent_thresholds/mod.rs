//! Thresholds with latent values and censored feedback (Zhang, Lin, Zheng, Feng, Teng and Deng,
//! *Learning Thresholds with Latent Values and Censored Feedback*, 2024).
//!
//! A threshold x is proposed, a latent value v is drawn and never shown, and g(x, v) is earned and
//! seen where x <= v, else 0. If g does not fall with x and v has a Lipschitz distribution, or if g
//! is one-sided Lipschitz in x, a grid of about 1/eps thresholds, rounded to the safe side and each
//! queried about 1/eps^2 times, finds one within eps of the best, and no algorithm needs fewer than
//! of the order of 1/eps^3 queries. Online, an optimistic index on a coarser grid has regret of the
//! order of T^(2/3).
//!
//! Added here: successive elimination with empirical Bernstein intervals, a search for the least
//! number of queries that suffices, and three comparators (few thresholds by `points`, random ones,
//! golden-section search). Recommendations are scored by the oracle's exact expected reward.

mod config;
mod grid;
mod offline;
mod online;
mod policy;
#[cfg(test)]
mod tests;

use rand::Rng;
use run::scores::exact;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, task::World,
};
use serde::{Deserialize, Serialize};
use worlds::tabular::ThresholdOracle;

pub use config::{Class, LatentThresholdsConfig, Mode, Plan, Strategy};

use offline::Learner;
use online::OnlineLearner;
use policy::ThresholdPolicy;

/// Queries of an online learner in one iteration.
const CHUNK: u64 = 100;

/// Learns a threshold.
pub struct LatentThresholds {
    config: LatentThresholdsConfig,
    oracle: ThresholdOracle,
    state: State,
}

/// Everything that changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    /// Offline learners scored so far, of the current level where a search goes on.
    trials: u64,
    successes: u64,
    gaps: f64,
    queries: u64,
    threshold: Option<f64>,
    /// Queries of each threshold, where a search looks for the least.
    level: u64,
    found: bool,
    online: Option<OnlineLearner>,
}

run::register!(LatentThresholds);

impl Method for LatentThresholds {
    const CARD: Card = Card {
        id: "latent-thresholds",
        title: "Learning Thresholds with Latent Values and Censored Feedback",
        paper: "Zhang et al., 2024, ICLR",
        family: "theory",
        summary: "finds a threshold from rewards that hide the value it is compared with",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Any }],
        metrics: &[
            "diag/gap",
            "diag/success",
            "diag/failure",
            "diag/queries",
            "diag/queries_needed",
            "diag/repeats_needed",
            "diag/points",
            "diag/regret",
            "diag/regret_per_step",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/gap", higher_is_better: false },
        unit: "queries",
        steps: 10_000_000,
        instead: "threshold-oracle",
    };
    type Config = LatentThresholdsConfig;

    fn build(config: LatentThresholdsConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let oracle = ThresholdOracle::named(&world.spec.name)?.ok_or_else(|| {
            RunError::Task(format!(
                "`latent-thresholds` needs a threshold oracle, but `{}` is none; try threshold-oracle",
                world.spec.name
            ))
        })?;
        check_class(config.class)?;
        let online = (config.mode == Mode::Online).then(|| OnlineLearner::new(&config, run.total_steps()));
        let least = match &online {
            Some(learner) => learner.points() as u64,
            None => config.trials * offline::least_queries(&config),
        };
        check_budget(&config, least, run.total_steps())?;
        let state = State {
            trials: 0,
            successes: 0,
            gaps: 0.0,
            queries: 0,
            threshold: None,
            level: 1,
            found: false,
            online,
        };
        Ok(Self { config, oracle, state })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let finished = match self.config.mode {
            Mode::Online => self.query_online(run)?,
            Mode::Offline if self.config.search => self.search_level(run)?,
            Mode::Offline => {
                let queries = self.queries_of_a_trial(run.total_steps());
                self.try_once(queries, run)?;
                self.state.trials == self.config.trials
            }
        };
        Ok(Progress { finished, ..Progress::MAIN })
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let threshold = self.recommendation()?;
        Some(Box::new(ThresholdPolicy { threshold }))
    }

    fn evaluate(&mut self, _protocol: &Protocol, _run: &mut Run) -> Result<Scores> {
        if let Some(learner) = &self.state.online {
            let (steps, regret) = (self.state.queries.max(1) as f64, learner.regret());
            return Ok(exact([
                ("diag/regret", regret),
                ("diag/regret_per_step", regret / steps),
                ("diag/gap", self.oracle.best().1 - self.oracle.expected(learner.recommendation())),
                ("diag/points", learner.points() as f64),
            ]));
        }
        Ok(self.offline_scores())
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("thresholds", &self.state)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.state = snapshot.get("thresholds")?;
        Ok(())
    }
}

impl LatentThresholds {
    fn recommendation(&self) -> Option<f64> {
        match &self.state.online {
            Some(learner) => (self.state.queries > 0).then(|| learner.recommendation()),
            None => self.state.threshold,
        }
    }

    fn queries_of_a_trial(&self, total: u64) -> u64 {
        match self.config.plan {
            Plan::Theory => offline::theory_queries(&self.config),
            Plan::Budget => total / self.config.trials,
        }
    }

    /// One offline learner from the first query to its recommendation, scored exactly.
    fn try_once(&mut self, queries: u64, run: &mut Run) -> Result<()> {
        let oracle = if self.config.trials > 1 {
            // The world's own seeds are 32 bits wide; these never meet them.
            self.oracle.redrawn(run.random("instances").next_u64())
        } else {
            self.oracle.clone()
        };
        let random = run.random("worlds");
        let recommended = Learner { config: &self.config, oracle: &oracle, random }.recommend(queries)?;
        let gap = oracle.best().1 - oracle.expected(recommended.threshold);
        let state = &mut self.state;
        state.trials += 1;
        // Rounding may leave the best threshold an ulp below the best reward.
        state.successes += u64::from(gap <= self.config.eps + 1e-12);
        state.gaps += gap;
        state.queries += recommended.queries;
        state.threshold = Some(recommended.threshold);
        run.count_steps(recommended.queries);
        run.log("diag/gap", gap)
    }

    /// All trials at one number of queries per threshold; gives whether the search is over. A level
    /// that the run's steps cannot pay for is not begun.
    fn search_level(&mut self, run: &mut Run) -> Result<bool> {
        if self.state.trials > 0 {
            // Grown by a quarter, and by one at least.
            self.state.level += self.state.level.div_ceil(4);
        }
        let queries = self.state.level * offline::least_queries(&self.config);
        let left = run.total_steps().saturating_sub(run.steps());
        if queries.saturating_mul(self.config.trials) > left {
            run.note(format!(
                "the next level of the search takes {} queries, but {left} are left: give more --steps",
                queries.saturating_mul(self.config.trials)
            ));
            return Ok(true);
        }
        let state = &mut self.state;
        (state.trials, state.successes, state.gaps, state.queries) = (0, 0, 0.0, 0);
        for _ in 0..self.config.trials {
            self.try_once(queries, run)?;
        }
        let share = self.state.successes as f64 / self.state.trials as f64;
        run.log("diag/success", share)?;
        self.state.found = share >= self.config.success_rate;
        Ok(self.state.found)
    }

    fn query_online(&mut self, run: &mut Run) -> Result<bool> {
        let count = CHUNK.min(run.total_steps().saturating_sub(run.steps()));
        let Some(learner) = &mut self.state.online else { return Ok(true) };
        for _ in 0..count {
            learner.step(&self.config, &self.oracle, run.random("worlds"))?;
        }
        self.state.queries += count;
        run.log("diag/regret_per_step", learner.regret() / self.state.queries.max(1) as f64)?;
        run.count_steps(count);
        Ok(false)
    }

    fn offline_scores(&self) -> Scores {
        let state = &self.state;
        if state.trials == 0 {
            return Scores::new();
        }
        let trials = state.trials as f64;
        let success = state.successes as f64 / trials;
        let each = state.queries as f64 / trials;
        let mut scores = exact([
            ("diag/gap", state.gaps / trials),
            ("diag/success", success),
            ("diag/failure", 1.0 - success),
            ("diag/queries", each),
            ("diag/points", offline::points(&self.config) as f64),
        ]);
        if state.found {
            let needed = [("diag/queries_needed", each), ("diag/repeats_needed", state.level as f64)];
            scores.extend(exact(needed));
        }
        scores
    }
}

fn check_class(class: Class) -> Result<()> {
    if class != Class::Undeclared {
        return Ok(());
    }
    Err(RunError::Config(
        "`class` is not declared, and no algorithm exists without it: `--set class=a` says that rewards do \
         not fall with the threshold and values have a Lipschitz distribution, `--set class=b` that rewards \
         are one-sided Lipschitz in the threshold"
            .to_owned(),
    ))
}

/// Refuses fewer queries than `least`, one for each threshold of each trial, or than the theorem's
/// plan can take.
fn check_budget(config: &LatentThresholdsConfig, least: u64, total: u64) -> Result<()> {
    if total < least {
        return Err(RunError::Config(format!(
            "{total} queries are less than one for each threshold: the least budget is {least} (--steps {least})"
        )));
    }
    let offline = config.mode == Mode::Offline && !config.search;
    if offline && config.plan == Plan::Theory {
        let wanted = offline::theory_queries(config).saturating_mul(config.trials);
        if total < wanted {
            return Err(RunError::Config(format!(
                "the theorem asks for up to {wanted} queries, but the run has {total}: give --steps {wanted}, \
                 or set plan=budget to share out what there is"
            )));
        }
    }
    Ok(())
}
