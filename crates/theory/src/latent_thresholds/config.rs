//! Settings of threshold learning.

use settings::{Choice, Config, Refusal};

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
pub enum Aim {
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
pub enum QueryPlan {
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
    #[setting(Aim::Offline)]
    pub mode: Aim,
    /// L, the Lipschitz constant of the class.
    #[setting(1.0, above = 0.0)]
    pub lipschitz: f64,
    /// How far below the best expected reward a recommendation may be.
    #[setting(0.05, above = 0.0, below = 1.0)]
    pub eps: f64,
    /// Probability with which it may be further below.
    #[setting(0.05, above = 0.0, below = 1.0)]
    pub delta: f64,
    /// Offline: grid, random or golden-section.
    #[setting(Strategy::Grid)]
    pub strategy: Strategy,
    /// Offline: theory makes ceil(8/eps^2 ln(2K/delta)) queries of each threshold; budget shares
    /// the run's steps evenly among trials and thresholds.
    #[setting(QueryPlan::Theory)]
    pub plan: QueryPlan,
    /// K, the number of thresholds; 0 for the theory's: ceil(2L/eps) offline,
    /// ceil((L^2 T / ln T)^(1/3)) online.
    #[setting(0)]
    pub points: usize,
    /// Offline, on the grid: give thresholds up once empirical Bernstein intervals rule them out.
    #[setting(false)]
    pub elimination: bool,
    /// Offline: independent learners, one after the other; with more than one, each meets the
    /// world's instance with its place drawn anew.
    #[setting(1, min = 1)]
    pub trials: u64,
    /// Offline: look for the least number of queries a threshold, grown by 25 %, at which the share
    /// `success_rate` of the trials succeeds.
    #[setting(false)]
    pub search: bool,
    /// The share of trials that a search asks for.
    #[setting(0.9, above = 0.0, max = 1.0)]
    pub success_rate: f64,
    /// Online: c, the factor of the optimistic bonus sqrt(2 ln T / n).
    #[setting(0.5, min = 0.0)]
    pub exploration: f64,
    /// Online: the number of queries is not known beforehand; epochs of doubling length.
    #[setting(false)]
    pub doubling: bool,
}

impl LatentThresholdsConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let online = self.mode == Aim::Online;
        let one = "since `.mode` is online and follows one learner: use --seeds for repetitions";
        if online && self.search {
            return Err(Refusal::new("search", true, format!("false, {one}")));
        }
        if online && self.trials > 1 {
            return Err(Refusal::new("trials", self.trials, format!("1, {one}")));
        }
        if self.elimination && (online || self.search || self.strategy != Strategy::Grid) {
            let allowed = "false unless `.mode` is offline, `.strategy` is grid and `.search`, which shares its \
                           queries evenly, is false";
            return Err(Refusal::new("elimination", true, allowed));
        }
        Ok(())
    }
}
