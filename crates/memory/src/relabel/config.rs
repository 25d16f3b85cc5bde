//! Settings of hindsight relabelling.

use settings::{Choice, Config, Refusal};
use worlds::GoalSpace;

use super::{GoalReward, Hindsight, Reached, Relabel, Shares};
use crate::MemoryError;

/// Which observations serve as goals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Scheme {
    /// A later one of the same episode, uniformly.
    #[default]
    Future,
    /// A later one of the same episode, near ones more often.
    Geometric,
    /// The last one of the same episode.
    Final,
    /// The end of one of the windows that follow each other, near ones more often.
    WindowEnd,
    /// Any one.
    Random,
}

/// How goals are told anew when transitions are drawn.
///
/// The paper's values are those of hindsight experience replay (Andrychowicz et al., 2017), which is off
/// until there is a share: theirs is 0.8, k = 4 new goals for each one that is kept.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct RelabelConfig {
    /// Which observations serve as goals: `future`, `geometric` or `window-end` ones of the same
    /// episode, its `final` one, or `random` ones.
    #[setting(Scheme::Future)]
    pub scheme: Scheme,
    /// Share of the transitions that get a goal by `scheme`; 0 keeps every goal.
    #[setting(0.0, min = 0.0, max = 1.0)]
    pub share: f64,
    /// Share that gets any observation as its goal, besides.
    #[setting(0.0, min = 0.0, max = 1.0)]
    pub random: f64,
    /// Share whose goal is what is seen already, besides.
    #[setting(0.0, min = 0.0, max = 1.0)]
    pub current: f64,
    /// Probability p of `geometric` and `window-end`: the k-th step or window has (1 - p)^(k-1) p, cut
    /// at the end of the episode.
    #[setting(0.01, above = 0.0, below = 1.0)]
    pub p: f64,
    /// Steps within which `future` goals lie, if not within the episode alone.
    #[setting(None, min = 1)]
    pub within: Option<usize>,
    /// Steps of a window of `window-end`.
    #[setting(16, min = 1)]
    pub window: usize,
    /// Whether goals from anywhere are never what is seen already.
    #[setting(false)]
    pub distinct: bool,
    /// What reaching a goal earns: `success` gives 1 there and 0 elsewhere, `cost` -1 elsewhere and 0
    /// there, `distance` minus the distance.
    #[setting(GoalReward::Success, paper = GoalReward::Cost)]
    pub reward: GoalReward,
    /// Whether nothing is worth anything after a goal is reached.
    #[setting(true, paper = false)]
    pub ends: bool,
}

impl RelabelConfig {
    /// Whether any transition gets a new goal.
    pub fn is_used(&self) -> bool {
        self.share + self.random + self.current > 0.0
    }

    /// The sources of goals with their shares.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn shares(&self) -> Result<Shares, MemoryError> {
        let gamma = 1.0 - self.p;
        let relabel = match (self.scheme, self.within) {
            (Scheme::Future, None) => Relabel::Future,
            (Scheme::Future, Some(steps)) => Relabel::Within { steps },
            (Scheme::Geometric, _) => Relabel::Geometric { gamma },
            (Scheme::Final, _) => Relabel::Final,
            (Scheme::WindowEnd, _) => Relabel::WindowEnd { length: self.window, gamma },
            (Scheme::Random, _) => Relabel::Random,
        };
        let all = [(relabel, self.share), (Relabel::Random, self.random), (Relabel::Current, self.current)];
        let shares = Shares::new(&all)?;
        if self.distinct { shares.distinct() } else { Ok(shares) }
    }

    /// Relabelling in a world with such goals.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn hindsight(&self, space: GoalSpace) -> Result<Hindsight<Reached>, MemoryError> {
        let rule = Reached { space, reward: self.reward };
        Ok(Hindsight::new(self.shares()?, rule, self.ends))
    }

    fn combinations(&self) -> Result<(), Refusal> {
        let further = self.random + self.current;
        if self.share + further > 1.0 + 1e-9 {
            let why = format!(
                "with `.random` = {} and `.current` = {} it is more than 1: lower one of them",
                self.random, self.current
            );
            return Err(Refusal::saying("share", self.share, why));
        }
        if self.within.is_some() && self.scheme != Scheme::Future {
            let why = format!("`.scheme` is {}, and only `future` goals have a limit", self.scheme.name());
            return Err(Refusal::saying("within", self.within.unwrap_or(0), why));
        }
        if self.distinct && self.current > 0.0 {
            let why = "`.distinct` asks for goals that are never what is seen already: set one of them only";
            return Err(Refusal::saying("current", self.current, why));
        }
        Ok(())
    }
}
