//! The method in a run.

use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Exported, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result,
    Run, RunError, Scores, Snapshot, Task, scores::exact, task::World,
};
use settings::{Choice, Refusal};
use worlds::{Actions, Observations, tabular::ThresholdOracle};

use super::{
    Aim, Class, LatentThresholds, LatentThresholdsConfig, QueryPlan, State, offline, online::OnlineLearner,
};

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
        if config.class == Class::Undeclared {
            let why = "no algorithm exists without it: `--set class=a` says that rewards do not fall with the \
                       threshold and values have a Lipschitz distribution, `--set class=b` that rewards are \
                       one-sided Lipschitz in the threshold";
            return Err(Refusal::saying("class", config.class.name(), why).into());
        }
        let online = (config.mode == Aim::Online).then(|| OnlineLearner::new(&config, run.total_steps()));
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
        self.iteration(run)
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

/// Refuses fewer queries than `least`, one for each threshold of each trial, or than the theorem's
/// plan can take.
fn check_budget(config: &LatentThresholdsConfig, least: u64, total: u64) -> Result<()> {
    if total < least {
        return Err(RunError::Config(format!(
            "{total} queries are less than one for each threshold: the least budget is {least} (--steps {least})"
        )));
    }
    let offline = config.mode == Aim::Offline && !config.search;
    if offline && config.plan == QueryPlan::Theory {
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

/// Proposes a recommended threshold in every row.
struct ThresholdPolicy {
    /// In [0, 1].
    threshold: f64,
}

impl Policy for ThresholdPolicy {
    fn act(
        &mut self,
        observations: &Observations,
        _mode: run::Mode,
        _random: &mut ChaCha8Rng,
    ) -> Result<Actions> {
        Ok(Actions::Continuous(vec![self.threshold as f32; observations.rows]))
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task(format!(
            "`latent-thresholds` has no weights to export: its product is the number {}",
            self.threshold
        )))
    }
}
