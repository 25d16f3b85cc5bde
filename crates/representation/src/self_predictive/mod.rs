//! Self-predictive learning (Tang et al., 2023, "Understanding Self-Predictive Learning for
//! Reinforcement Learning", arXiv 2212.03319).
//!
//! A representation that learns to predict itself a step ahead could become constant, but does not:
//! with a predictor that is always at its best and no gradient through the target its Gram matrix is
//! conserved, and on a symmetric chain it turns towards the top eigenspaces of the transition
//! matrix. Where the chain is not symmetric, two representations that predict each other, one
//! forward and one backward, turn towards the top singular subspaces.
//!
//! On a world whose table is known these dynamics are computed exactly in 64-bit floats
//! ([`tabular`]); elsewhere the same is an objective of an agent that learns values
//! ([`SelfPrediction`]), here of DQN's. The paper's agents learn from many worlds of first-person
//! images.
//!
//! The objective's maximum is the top eigenspace, but a symmetric matrix with eigenvalues of both
//! signs leaves it other local maxima: a small turn from an eigenvector to one of an eigenvalue of
//! the other sign makes it smaller first, however large that eigenvalue is.

mod config;
mod objective;
pub mod tabular;
#[cfg(test)]
mod tests;

use agents::{baseline::dqn::DqnConfig, value_agent::ValueAgent};
use learn::objective::Latent;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, scores, task::World,
};
use settings::Config;

use self::tabular::{Tabular, TabularSettings};
pub use self::{
    config::{Prediction, PredictionSettings},
    objective::{ID, SelfPrediction},
};
pub use agents::table::Variant;

/// Hyper-parameters of self-predictive learning.
///
/// The tabular settings are those of the paper's small experiments; the agent is DQN with its
/// paper's values in place of an agent for many worlds.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct SelfPredictiveConfig {
    /// `tabular`: exact dynamics of a representation of a table's states, in iterations; `deep`: an
    /// agent with the objective, in environment steps; `auto`: the first where the world's table is
    /// known.
    #[setting(Variant::Auto)]
    pub variant: Variant,
    /// Settings of `tabular`.
    #[setting(group, paper = TabularSettings::default())]
    pub tabular: TabularSettings,
    /// Settings of `deep`: DQN's.
    #[setting(group, laptop = DqnConfig { batch: 32, updates: 2, latent: Latent::of::<SelfPrediction>(&PredictionSettings::default()), ..DqnConfig::default() }, paper = DqnConfig { latent: Latent::of::<SelfPrediction>(&PredictionSettings::paper()), ..DqnConfig::paper() })]
    pub deep: DqnConfig,
}

impl SelfPredictiveConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        self.tabular.validate()?;
        self.deep.validate()
    }
}

/// A representation that learns to predict itself.
pub struct SelfPredictive {
    form: Form,
}

#[expect(clippy::large_enum_variant, reason = "a run has one")]
enum Form {
    Tabular(Tabular),
    Deep(ValueAgent),
}

run::register!(SelfPredictive);

impl Method for SelfPredictive {
    const CARD: Card = Card {
        id: ID,
        title: "Understanding Self-Predictive Learning for Reinforcement Learning",
        paper: "Tang et al., 2023, ICML, arXiv 2212.03319",
        family: "representation",
        summary: "a representation that predicts itself, forward and backward: why it does not collapse",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "loss/forward",
            "loss/backward",
            "loss/td",
            "diag/min_eigenvalue",
            "diag/gram_drift",
            "diag/cosine",
            "diag/collapsed",
            "diag/trace",
            "diag/svd_capture",
            "diag/backward_cosine",
            "diag/rank",
            "diag/value",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "iterations (environment steps of the deep form)",
        steps: 50_000,
        instead: "`tcrl`: the transition models of `self-predictive` take one-hot actions",
    };
    type Config = SelfPredictiveConfig;

    fn build(config: SelfPredictiveConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let known = config.variant.is_tabular(world)?;
        let form = match known {
            true => Form::Tabular(Tabular::new(&config.tabular, &world.table(&Self::CARD)?, run)?),
            false => Form::Deep(config.deep.agent(world, run)?),
        };
        Ok(Self { form })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.form {
            Form::Tabular(tabular) => tabular.advance(run).map(|()| Progress::MAIN),
            Form::Deep(agent) => agent.advance(run),
        }
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        match &self.form {
            Form::Tabular(_) => None,
            Form::Deep(agent) => Some(agent.policy()),
        }
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match (&self.form, self.policy(), &protocol.world) {
            (Form::Tabular(tabular), _, _) => Ok(tabular.scores()),
            (Form::Deep(_), Some(mut policy), Some(world)) => {
                let mut random = run.derived("eval", protocol.seed);
                scores::evaluate(policy.as_mut(), world, protocol, &mut random)
            }
            _ => Ok(Scores::new()),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.form {
            Form::Tabular(tabular) => tabular.save(snapshot),
            Form::Deep(agent) => agent.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.form {
            Form::Tabular(tabular) => tabular.load(snapshot),
            Form::Deep(agent) => agent.load(snapshot),
        }
    }
}
