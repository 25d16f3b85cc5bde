//! Settings of horizon-free learning in latent processes.

use settings::{Choice, Config};

/// How the solver is optimistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Optimism {
    /// A bonus on every backup.
    Value,
    /// The best kernel within the confidence set.
    Model,
}

/// What the bonus of the value-optimistic solver is proportional to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Bonus {
    /// The empirical deviation of the alpha vector.
    Bernstein,
    /// The greatest deviation that numbers in [0, 1] can have, 1/2.
    Hoeffding,
    /// No bonus.
    None,
}

/// What the learner does with the context that it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Context {
    /// It keeps one kernel per context.
    Revealed,
    /// It keeps one kernel for all, which is the wrong model.
    Ignored,
}

/// Settings of horizon-free learning in latent processes.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct LmdpHorizonFreeConfig {
    /// value: a bonus on every backup; model: the best kernel within the confidence set.
    #[setting(Optimism::Value)]
    pub optimism: Optimism,
    /// Of optimism=value: bernstein, proportional to the alpha vector's deviation; hoeffding,
    /// to the greatest possible deviation; none.
    #[setting(Bonus::Bernstein)]
    pub bonus: Bonus,
    /// revealed: one kernel per context; ignored: one for all.
    #[setting(Context::Revealed)]
    pub context: Context,
    /// (c1, c2), which multiply the square-root term and the 1/N term of bonus and confidence set.
    #[setting([0.1, 0.001], paper = [1.0, 1.0])]
    pub bonus_scale: [f64; 2],
    /// Probability with which the confidence set may miss.
    #[setting(0.1)]
    pub delta: f64,
    /// Whether weights and first states of the contexts are known instead of counted.
    #[setting(false)]
    pub known_mixture: bool,
    /// D, beliefs on which the planner backs up with two contexts.
    #[setting(17)]
    pub belief_points: usize,
    /// Random beliefs on which it backs up with more than two, besides the corners.
    #[setting(200)]
    pub belief_draws: usize,
}

impl LmdpHorizonFreeConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if let Some(scale) = self.bonus_scale.iter().find(|scale| !(scale.is_finite() && **scale >= 0.0)) {
            return Err(format!("`bonus_scale` holds {scale}: both numbers must be at least 0"));
        }
        if !(self.delta > 0.0 && self.delta < 1.0) {
            return Err(format!("`delta` is {}: it must lie between 0 and 1", self.delta));
        }
        if !(2..=1_025).contains(&self.belief_points) {
            return Err(format!("`belief_points` is {}: it must be 2 to 1025", self.belief_points));
        }
        if self.belief_draws > 10_000 {
            return Err(format!("`belief_draws` is {}: it must be at most 10000", self.belief_draws));
        }
        if self.optimism == Optimism::Model && self.bonus != Bonus::Bernstein {
            return Err(
                "`bonus` belongs to optimism=value: the model-optimistic solver has a confidence set \
                        instead, so leave it at bernstein"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
