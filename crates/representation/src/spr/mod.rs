//! Self-predictive representations (Schwarzer et al., 2021, "Data-Efficient Reinforcement Learning
//! with Self-Predictive Representations", arXiv 2007.05929).
//!
//! The encoder's latent is rolled forward K steps by a transition model that knows the actions, and
//! every predicted latent must point in the direction of the latent that a target copy of the
//! encoder gives to what was really seen then. The target gets no gradient, a predictor sits on the
//! online side alone, and both sides see images augmented independently; the projection in which
//! directions are compared is the first layer of the value network's head, so that what becomes
//! predictable is what values are read from. The agent is Rainbow.

mod config;
mod objective;
#[cfg(test)]
mod tests;

use agents::{baseline::rainbow::RainbowConfig, value_agent::ValueAgent};
use learn::{objective::Latent, schedule::Schedule};
use nets::encoder::EncoderConfig;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, Snapshot, Task,
    task::World,
};
use settings::Config;

pub(super) use self::objective::feature_rank;
pub use self::{
    config::{SprSettings, SprVariant},
    objective::{ID, SprModel, SprObjective},
};

/// Hyper-parameters of SPR: Rainbow's, with the objective in `latent`.
#[derive(Clone, Debug, Config)]
pub struct SprConfig {
    /// The agent.
    #[setting(
        flatten,
        laptop = RainbowConfig {
            worlds: 1,
            learning_starts: 500,
            train_every: 2,
            updates: 1,
            n_step: 10,
            epsilon: Schedule::linear(1.0, 0.0, 501),
            target_every: 1,
            learning_rate: 5e-4,
            hidden: 64,
            encoder: EncoderConfig::Planes { channels: vec![16, 16] },
            latent: Latent::of::<SprObjective>(&SprSettings::default()),
            ..RainbowConfig::default()
        },
        paper = RainbowConfig {
            learning_starts: 2_000,
            train_every: 1,
            updates: 2,
            n_step: 10,
            epsilon: Schedule::linear(1.0, 0.0, 2_001),
            clip_rewards: true,
            noise_scale: 0.1,
            capacity: 100_000,
            target_every: 1,
            learning_rate: 1e-4,
            hidden: 256,
            encoder: EncoderConfig::Nature,
            latent: Latent::of::<SprObjective>(&SprSettings::paper()),
            ..RainbowConfig::paper()
        }
    )]
    pub rainbow: RainbowConfig,
}

/// Rainbow with self-predictive representations.
pub struct Spr {
    agent: ValueAgent,
}

run::register!(Spr);

impl Method for Spr {
    const CARD: Card = Card {
        id: ID,
        title: "Data-Efficient Reinforcement Learning with Self-Predictive Representations",
        paper: "Schwarzer et al., 2021, ICLR, arXiv 2007.05929",
        family: "representation",
        summary: "Rainbow whose encoder must predict its own latents several steps ahead",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "loss/td",
            "loss/spr",
            "diag/cosine",
            "diag/rank",
            "diag/projection_std",
            "diag/value",
            "diag/clipped",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 50_000,
        instead: "`tcrl`: the transition model of `spr` takes one-hot actions",
    };
    type Config = SprConfig;

    fn build(config: SprConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Ok(Self { agent: config.rainbow.agent(world, run)? })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.agent.advance(run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(self.agent.policy())
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.agent.load(snapshot)
    }
}
