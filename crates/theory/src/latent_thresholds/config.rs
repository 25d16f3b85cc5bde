//! Settings of threshold learning.

use settings::{Choice, Config};

/// What is known about rewards and values; without one of the two no algorithm exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Class {
    /// Nothing has been said yet.
    Undeclared,
    /// Rewards that do not fall with the threshold, and values with a Lipschitz distribution.
    A,
    /// Rewards that are one-sided Lipschitz in the threshold, and values of any distribution.
    B,
}

/// What the learner is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Mode {
    /// Find a good threshold with few queries.
    Offline,
    /// Earn much while querying.
    Online,
}

/// Where an offline learner queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Strategy {
    /// The class's grid, rounded to the safe side.
    Grid,
    /// As many uniformly random thresholds.
    Random,
    /// Golden-section search, which takes the expected reward to have one peak.
    GoldenSection,
}

/// How many queries an offline learner makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Plan {
    /// As many as the theorem asks for.
    Theory,
    /// The run's steps, shared evenly among trials and thresholds.
    Budget,
}

/// Settings of threshold learning.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct LatentThresholdsConfig {
    /// a: rewards do not fall with the threshold and values have a Lipschitz distribution; b:
    /// rewards are one-sided Lipschitz in the threshold, values of any distribution. Must be
    /// declared.
    #[setting(Class::Undeclared)]
    pub class: Class,
    /// offline: recommend a threshold; online: earn much while querying.
    #[setting(Mode::Offline)]
    pub mode: Mode,
    /// L, the Lipschitz constant of the class.
    #[setting(1.0)]
    pub lipschitz: f64,
    /// How far below the best expected reward a recommendation may be.
    #[setting(0.05)]
    pub eps: f64,
    /// Probability with which it may be further below.
    #[setting(0.05)]
    pub delta: f64,
    /// Offline: grid, random or golden-section.
    #[setting(Strategy::Grid)]
    pub strategy: Strategy,
    /// Offline: theory makes ceil(8/eps^2 ln(2K/delta)) queries of each threshold; budget shares
    /// the run's steps evenly among trials and thresholds.
    #[setting(Plan::Theory)]
    pub plan: Plan,
    /// K, the number of thresholds; 0 for the theory's: ceil(2L/eps) offline,
    /// ceil((L^2 T / ln T)^(1/3)) online.
    #[setting(0)]
    pub points: usize,
    /// Offline, on the grid: give thresholds up once empirical Bernstein intervals rule them out.
    #[setting(false)]
    pub elimination: bool,
    /// Offline: independent learners, one after the other; with more than one, each meets the
    /// world's instance with its place drawn anew.
    #[setting(1)]
    pub trials: u64,
    /// Offline: look for the least number of queries a threshold, grown by 25 %, at which the share
    /// `success_rate` of the trials succeeds.
    #[setting(false)]
    pub search: bool,
    /// The share of trials that a search asks for.
    #[setting(0.9)]
    pub success_rate: f64,
    /// Online: c, the factor of the optimistic bonus sqrt(2 ln T / n).
    #[setting(0.5)]
    pub exploration: f64,
    /// Online: the number of queries is not known beforehand; epochs of doubling length.
    #[setting(false)]
    pub doubling: bool,
}

impl LatentThresholdsConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if !(self.lipschitz.is_finite() && self.lipschitz > 0.0) {
            return Err(format!("`lipschitz` is {}: it must be above 0", self.lipschitz));
        }
        for (name, value) in [("eps", self.eps), ("delta", self.delta)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(format!("`{name}` is {value}: it must lie between 0 and 1"));
            }
        }
        if !(self.success_rate > 0.0 && self.success_rate <= 1.0) {
            return Err(format!("`success_rate` is {}: it must lie in (0, 1]", self.success_rate));
        }
        if !(self.exploration.is_finite() && self.exploration >= 0.0) {
            return Err(format!("`exploration` is {}: it must be at least 0", self.exploration));
        }
        if self.trials == 0 {
            return Err("`trials` is 0: at least one learner must try".to_owned());
        }
        self.fits()
    }
}

impl LatentThresholdsConfig {
    fn fits(&self) -> std::result::Result<(), String> {
        let online = self.mode == Mode::Online;
        if online && (self.search || self.trials > 1) {
            return Err("`mode = online` follows one learner: leave `search` false and `trials` 1, and use \
                        --seeds for repetitions"
                .to_owned());
        }
        if self.elimination && (online || self.search || self.strategy != Strategy::Grid) {
            return Err(
                "`elimination` goes with an offline learner on the grid and without `search`, whose \
                        queries are shared evenly"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
