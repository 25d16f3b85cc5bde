//! Horizon-free learning in latent Markov decision processes (Zhou, Wang and Du, *Horizon-Free and
//! Variance-Dependent Reinforcement Learning for Latent Markov Decision Processes*, 2023).
//!
//! Each episode nature draws one of M processes; the learner acts without knowing which and is told
//! afterwards. It keeps one empirical kernel per context and plans optimistically on the mixture, a
//! policy of histories. Where no episode earns more than 1, a bonus proportional to the empirical
//! deviation of the alpha vector (what a history is worth in each context) makes the regret depend
//! on the horizon through logarithms only, since the variance along an episode is bounded; for
//! deterministic processes it is constant.
//!
//! The planner, an oracle in the paper, is point-based on a grid of beliefs. Regret is measured
//! against the same planner on the true kernels with an eight times finer grid, without the noise
//! of returns (see `regret`). `bonus = hoeffding` and `none` and `context = ignored` remove parts.

mod backup;
mod config;
mod counts;
mod planner;
mod policy;
mod regret;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use run::scores::{evaluate, exact};
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, task::World,
};
use serde::{Deserialize, Serialize};
use worlds::tabular::LatentMdp;

pub use config::{Bonus, Context, LmdpHorizonFreeConfig, Optimism};

use backup::{Backup, log_term};
use counts::{Counts, Model};
use planner::{Plan, Planner, beliefs};
use policy::BeliefPolicy;
use regret::Reference;

/// Episodes of one iteration.
const CHUNK: u64 = 100;

/// How much finer the grid is on which the best policy is planned.
const FINER: usize = 8;

/// Contexts beyond which random beliefs are sparse.
const FEW_CONTEXTS: usize = 6;

/// Learns a latent process with context in hindsight.
pub struct LmdpHorizonFree {
    config: LmdpHorizonFreeConfig,
    mdp: LatentMdp,
    reference: Reference,
    planner: Planner,
    iota: f64,
    model: Arc<Model>,
    plan: Arc<Plan>,
    state: State,
    /// States and actions of an episode, reused.
    states: Vec<u32>,
    actions: Vec<u32>,
}

/// Everything that changes, besides what follows from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    counts: Counts,
    /// The counts as they were when the epoch began.
    epoch: Counts,
    episodes: u64,
    regret: f64,
    /// Of the second half of the run.
    late_regret: f64,
    returns: f64,
    solver_calls: u64,
}

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
        let left = run.total_steps().saturating_sub(run.steps());
        for _ in 0..CHUNK.min(left) {
            let context = self.mdp.sample_context(run.random("worlds"));
            let (earned, lost) = self.episode(context, run.random("worlds"));
            self.learn(context);
            self.state.episodes += 1;
            self.state.regret += lost;
            self.state.returns += earned;
            if 2 * self.state.episodes > run.total_steps() {
                self.state.late_regret += lost;
            }
            run.episode(earned, self.mdp.horizon() as u64);
            run.log("diag/regret", self.state.regret)?;
            run.count_steps(1);
        }
        Ok(Progress::MAIN)
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
        if let (Some(mut policy), Some(world)) = (self.policy(), &protocol.world) {
            let mut random = run.derived("eval", protocol.seed);
            scores.extend(evaluate(policy.as_mut(), world, protocol, &mut random)?);
        }
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

impl LmdpHorizonFree {
    /// One episode in a context that the learner does not look at; gives return and regret.
    fn episode(&mut self, context: usize, random: &mut ChaCha8Rng) -> (f64, f64) {
        let (mut earned, mut lost) = (0.0, 0.0);
        let mut state = self.mdp.sample_start(context, random);
        let mut at = self.reference.begin(state);
        let mut belief = vec![0.0; self.model.contexts];
        self.model.first_belief(state, &mut belief);
        self.states.clear();
        self.actions.clear();
        self.states.push(state as u32);
        for step in 0..self.mdp.horizon() {
            let action = self.plan.action(step, state, self.plan.best(step, state, &belief));
            let next = self.mdp.step(context, state, action, random);
            earned += self.mdp.reward(context, state, action);
            lost += self.reference.step(&mut at, step, context, (state, action, next));
            self.model.update_belief(&mut belief, state, action, next);
            self.actions.push(action as u32);
            self.states.push(next as u32);
            state = next;
        }
        (earned, lost)
    }

    /// The context is told: counts, and a new plan where some count has doubled.
    fn learn(&mut self, context: usize) {
        let context = if self.config.context == Context::Ignored { 0 } else { context };
        if self.state.counts.add(context, &self.states, &self.actions) {
            self.state.epoch = self.state.counts.clone();
            self.replan();
        }
    }

    fn replan(&mut self) {
        let mut model = (*self.model).clone();
        model.refresh(&self.state.epoch, self.config.known_mixture);
        let mut backup = Backup::new(&self.config, &model, self.iota);
        self.plan = Arc::new(self.planner.solve(&model, &mut backup));
        self.model = Arc::new(model);
        self.state.solver_calls += 1;
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
