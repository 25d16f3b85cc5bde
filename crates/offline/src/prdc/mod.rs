//! Policy regularisation with data set constraint (Ran et al., 2023, arXiv 2306.06569).
//!
//! Holding a policy to what was done in the *same* state is too strict where that was bad. PRDC pulls
//! pi(s) towards the action of the nearest recorded *pair* under a weighted distance in which states
//! count `beta` times as much as actions: the pair may come from a neighbouring state where better
//! was done, so pi may choose what was never done in s, yet (s, pi(s)) stays near some data, which
//! bounds how far the critic extrapolates. Everything else is TD3+BC's.
//!
//! With d(s, a) the distance of [beta s; a] to the nearest recorded [beta s_i; a_i], whose action is
//! a_nn, the actor descends
//!
//! ```text
//! - alpha Q_1(s, pi(s)) / mean |Q_1(s, pi(s))| + |pi(s) - a_nn|^2.
//! ```
//!
//! The pair is searched anew at every update of the actor, among all of the data (`neighbours`), for
//! what the actor would do *now*; it is a constant in the loss, and gradients reach the actor through
//! pi(s) alone.

mod neighbours;
#[cfg(test)]
mod tests;

use agents::{
    baseline::td3_bc::{Core, Td3BcConfig},
    offline::measure,
};
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Score, Scores, Snapshot, Task, data::Data,
};
use settings::{Choice, Config};

use self::neighbours::Neighbours;

/// From this weight on, another state is practically never the nearest.
const SAME_STATE: f32 = 100.0;

/// Towards what the actor is pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Constraint {
    /// The action of the nearest recorded pair.
    #[default]
    Nearest,
    /// Nothing: the critic alone decides.
    None,
}

/// Hyper-parameters of PRDC.
///
/// The published values for hopper and walker. Others: `agent.alpha = 40` for halfcheetah;
/// `agent.alpha = 7.5`, `beta = 7.5`, `agent.rewards.shift = -1` and `agent.rewards.scale = 10000` for
/// the ant in its mazes.
#[derive(Clone, Debug, Config)]
pub struct PrdcConfig {
    /// Weight of a difference in state against one in action. A large one asks for the same state, a
    /// small one for any action of the data.
    #[setting(2.0, above = 0.0)]
    pub beta: f32,
    /// Recorded pairs whose actions' mean the actor is pulled towards.
    #[setting(1, min = 1)]
    pub neighbours: usize,
    /// Towards what the actor is pulled.
    #[setting(Constraint::Nearest)]
    pub constraint: Constraint,
    /// Actor and critics.
    #[setting(group)]
    pub agent: Td3BcConfig,
}

/// Policy regularisation with data set constraint.
pub struct Prdc {
    constraint: Constraint,
    gamma: f64,
    core: Core,
    neighbours: Neighbours,
}

run::register!(Prdc);

impl Method for Prdc {
    const CARD: Card = Card {
        id: "prdc",
        title: "Policy Regularization with Dataset Constraint for Offline Reinforcement Learning",
        paper: "Ran et al., ICML 2023, arXiv 2306.06569",
        family: "offline",
        summary: "pulls the policy towards the nearest recorded state-action pair instead of the same state's action",
        needs: &[Need::Data {
            actions: DataActions::Continuous,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &[
            "loss/critic",
            "loss/actor",
            "diag/q",
            "diag/distance",
            "diag/state_distance",
            "diag/action_distance",
            "diag/overestimation",
            "eval/discounted",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 10_000,
        instead: "`iql` or `bc`",
    };
    type Config = PrdcConfig;

    fn build(config: PrdcConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        if config.beta >= SAME_STATE {
            run.note(format!(
                "`beta` is {}: the nearest pair is practically always one of the same state, as in TD3+BC",
                config.beta
            ));
        }
        let gamma = config.agent.gamma;
        let rewards = config.agent.rewards_of(&data.set).map_err(|refusal| refusal.inside("agent"))?;
        let core = Core::new(config.agent, rewards, data, run)?;
        let neighbours = Neighbours::new(core.recorded(), config.beta, config.neighbours)?;
        Ok(Self { constraint: config.constraint, gamma, core, neighbours })
    }

    /// One update of the critics and, as often as TD3's actor, of the actor towards its neighbours.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let (constraint, neighbours) = (self.constraint, &mut self.neighbours);
        self.core.improve(run, |proposal, run| {
            let found = neighbours.of(&proposal.states, &proposal.proposed)?;
            run.log("diag/distance", found.distance)?;
            run.log("diag/state_distance", found.state_distance)?;
            run.log("diag/action_distance", found.action_distance)?;
            Ok(match constraint {
                Constraint::Nearest => Some(found.actions),
                Constraint::None => None,
            })
        })?;
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        self.core.policy().ok()
    }

    /// The policy's scores, with `diag/overestimation`: what the first critic says at the start of
    /// every episode less the discounted return that followed. What lies behind a time limit counts
    /// as nothing.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let Some((mut scores, played)) = measure::play(self.core.policy()?, self.gamma, protocol, run)?
        else {
            return Ok(Scores::new());
        };
        let believed = self.core.values(&played.starts)?;
        let earned = played.discounted.iter().zip(&played.weights);
        let earned = earned.map(|(sum, weight)| self.core.rewards().discounted(*sum, *weight));
        let over: Vec<f64> =
            believed.iter().zip(earned).map(|(believed, earned)| believed - earned).collect();
        if let Some(score) = Score::of(&over) {
            scores.insert("diag/overestimation".to_owned(), score);
        }
        Ok(scores)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.core.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.core.load(snapshot)
    }
}
