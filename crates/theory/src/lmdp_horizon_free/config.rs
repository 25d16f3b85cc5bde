//! Settings of horizon-free learning in latent processes.

use settings::{Choice, Config, Refusal};

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
    #[setting([0.1, 0.001], paper = [1.0, 1.0], min = 0.0)]
    pub bonus_scale: [f64; 2],
    /// Probability with which the confidence set may miss.
    #[setting(0.1, above = 0.0, below = 1.0)]
    pub delta: f64,
    /// Whether weights and first states of the contexts are known instead of counted.
    #[setting(false)]
    pub known_mixture: bool,
    /// D, beliefs on which the planner backs up with two contexts.
    #[setting(17, min = 2, max = 1_025)]
    pub belief_points: usize,
    /// Random beliefs on which it backs up with more than two, besides the corners.
    #[setting(200, max = 10_000)]
    pub belief_draws: usize,
}

impl LmdpHorizonFreeConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        if self.optimism == Optimism::Model && self.bonus != Bonus::Bernstein {
            let allowed = "bernstein where `.optimism` is model: that solver has a confidence set instead";
            return Err(Refusal::new("bonus", self.bonus.name(), allowed));
        }
        Ok(())
    }
}
