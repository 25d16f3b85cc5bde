//! The method in a run: building, evaluation, saving.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task,
    scores::{exact, of_policy},
    task::World,
};
use worlds::tabular::LatentMdp;

use super::{
    Context, Counts, LmdpHorizonFree, LmdpHorizonFreeConfig, Model, Planner, Reference, State, log_term,
    planner::beliefs, policy::BeliefPolicy,
};

/// How much finer the grid is on which the best policy is planned.
const FINER: usize = 8;

/// Contexts beyond which random beliefs are sparse.
const FEW_CONTEXTS: usize = 6;

run::register!(LmdpHorizonFree);

impl Method for LmdpHorizonFree {
    const CARD: Card = Card {
        id: "lmdp-horizon-free",
        title: "Horizon-Free and Variance-Dependent Reinforcement Learning for Latent Markov Decision Processes",
        paper: "Zhou, Wang and Du, 2023, ICML",
        family: "theory",
        summary: "learns a mixture of processes with a bonus that follows the alpha vectors' variance",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "diag/regret",
            "diag/late_regret",
            "diag/realised_regret",
            "diag/normalised_regret",
            "diag/solver_calls",
            "diag/optimal_value",
            "diag/optimistic_value",
            "diag/alpha_vectors",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/regret", higher_is_better: false },
        unit: "episodes",
        steps: 16_000,
        instead: "a table such as lmdp-rooms: the method is tabular only",
    };
    type Config = LmdpHorizonFreeConfig;

    fn build(config: LmdpHorizonFreeConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let mdp = latent_process(task.require(&Self::CARD)?)?;
        if mdp.contexts() > FEW_CONTEXTS && config.context == Context::Revealed {
            run.note(format!(
                "with {} contexts the {} beliefs of the planner are random, and optimism holds only up to them",
                mdp.contexts(),
                config.belief_draws + mdp.contexts()
            ));
        }
        let grid = |contexts, finer, random: &mut ChaCha8Rng| {
            let (points, draws) = (finer * (config.belief_points - 1) + 1, finer * config.belief_draws);
            beliefs(contexts, points, draws, random)
        };
        let exact = Model::exact(&mdp);
        let mut random = run.derived("beliefs", 0);
        let reference = Reference::new(&mdp, grid(exact.contexts, FINER, &mut random));
        let model = if config.context == Context::Ignored { exact.blind() } else { exact };
        let planner = Planner::new(grid(model.contexts, 1, &mut random), model.contexts);
        let counts = Counts::new(model.contexts, model.states, model.actions);
        let state = State {
            epoch: counts.clone(),
            counts,
            episodes: 0,
            regret: 0.0,
            late_regret: 0.0,
            returns: 0.0,
            solver_calls: 0,
        };
        let iota = log_term(&model, run.total_steps(), config.delta);
        let (states, actions) = (Vec::new(), Vec::new());
        let (model, plan) = (Arc::new(model), Arc::default());
        let mut method = Self { config, mdp, reference, planner, iota, model, plan, state, states, actions };
        method.replan();
        Ok(method)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iteration(run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(BeliefPolicy::new(self.model.clone(), self.plan.clone())))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let state = &self.state;
        let optimal = self.reference.value();
        let complexity = self.mdp.contexts() * self.mdp.branching() * self.mdp.states() * self.mdp.actions();
        let scale = (complexity as f64 * state.episodes.max(1) as f64).sqrt();
        let mut scores = exact([
            ("diag/regret", state.regret),
            ("diag/late_regret", state.late_regret),
            ("diag/realised_regret", state.episodes as f64 * optimal - state.returns),
            ("diag/normalised_regret", state.regret / scale),
            ("diag/solver_calls", state.solver_calls as f64),
            ("diag/optimal_value", optimal),
            ("diag/optimistic_value", self.plan.value(&self.model)),
            ("diag/alpha_vectors", self.plan.vectors() as f64),
        ]);
        scores.extend(of_policy(self.policy(), protocol, run)?);
        Ok(scores)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("latent", &self.state)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: State = snapshot.get("latent")?;
        let calls = state.solver_calls;
        self.state = state;
        self.replan();
        self.state.solver_calls = calls;
        Ok(())
    }
}

/// The latent process of a world.
///
/// # Errors
/// The world is no table, does not tell the context, or can earn more than 1 in an episode.
fn latent_process(world: &World) -> Result<LatentMdp> {
    let name = &world.spec.name;
    let Some(mdp) = LatentMdp::named(name)? else {
        return Err(RunError::Task(if worlds::table(name)?.is_some() {
            format!(
                "`lmdp-horizon-free` needs context in hindsight, but `{name}` does not tell a context after the \
                 episode; try lmdp-rooms"
            )
        } else {
            format!("`lmdp-horizon-free` is tabular only, but `{name}` has no table; try lmdp-rooms")
        }));
    };
    let greatest = mdp.greatest_return();
    if greatest > 1.0 + 1e-9 {
        return Err(RunError::Task(format!(
            "`lmdp-horizon-free` needs a total reward of at most 1 an episode, but an episode of `{name}` can earn \
             {greatest}: divide its rewards by that"
        )));
    }
    Ok(mdp)
}
