//! What a condition asks of the arms.

/// How a run's series becomes one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The last record.
    End,
    /// The largest value, or the smallest where below is better.
    Best,
    /// The area under the curve divided by the range of steps.
    Auc,
}

impl At {
    /// The name in the file and the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Best => "best",
            Self::Auc => "auc",
        }
    }
}

/// On which side of a number something should lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Larger.
    Above,
    /// Smaller.
    Below,
}

/// One number per seed: an arm's, or that of an arm against another.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Name of the arm; for a slope over a sweep its name without brackets, and with `[*]` behind it
    /// the mean over the sweep's points.
    pub arm: String,
    /// The arm it is held against.
    pub versus: Option<String>,
    /// What the other arm's value is multiplied by in a difference; 1 unless the file says otherwise.
    pub times: f64,
    /// Name of the metric.
    pub metric: String,
    /// How a run's series becomes a number.
    pub at: At,
    /// Which side is asked for.
    pub direction: Direction,
}

/// A subject against one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What is compared.
    pub subject: Subject,
    /// With what.
    pub margin: f64,
}

/// What stands behind an arm's name for the mean over the points of its sweep.
pub(super) const EVERY_POINT: &str = "[*]";

/// Whether the name of an arm in a condition stands for this arm, alone or as a point of its sweep.
pub(crate) fn stands_for(name: &str, arm: &str) -> bool {
    match name.strip_suffix(EVERY_POINT) {
        Some(base) => arm.strip_prefix(base).is_some_and(|point| point.starts_with('[')),
        None => name == arm,
    }
}

/// How many seeds must be inside a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// So many ...
    pub inside: usize,
    /// ... of so many.
    pub of: usize,
}

impl Share {
    /// The number among this many seeds, rounded up.
    pub fn of_seeds(self, seeds: usize) -> usize {
        (self.inside * seeds).div_ceil(self.of.max(1))
    }
}

/// Along what a slope is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum SlopeOver {
    /// The points of a sweep: x and the names of the arms there, of `arm` and of `versus`.
    Sweep {
        /// Points of the arm.
        arm: Vec<(f64, String)>,
        /// Points of the arm it is held against; empty where there is none.
        versus: Vec<(f64, String)>,
    },
    /// The steps of every run.
    Step {
        /// First step that counts.
        from: Option<f64>,
        /// Last step that counts.
        to: Option<f64>,
    },
}

/// What a condition asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Mean over seeds of value(arm) - times value(versus), or of value(arm) alone, against a margin:
    /// with a margin of 0 a ratio that has a meaning where the other value is 0.
    Difference(Threshold),
    /// mean(arm) / mean(versus) against a margin.
    Ratio(Threshold),
    /// steps(arm) / steps(versus) to a level of the metric, at least the margin.
    Reach {
        /// The arms; the direction is that of the crossing.
        threshold: Threshold,
        /// The level of the metric.
        level: f64,
    },
    /// The value of every seed, or of a share of them, between two ends.
    Bound {
        /// What is measured.
        subject: Subject,
        /// Lower end, where there is one.
        low: Option<f64>,
        /// Upper end, where there is one.
        high: Option<f64>,
        /// How many seeds must be inside.
        share: Share,
    },
    /// The exponent of a power law between two ends.
    Slope {
        /// What is measured.
        subject: Subject,
        /// Along what.
        over: SlopeOver,
        /// Lower end, where there is one.
        low: Option<f64>,
        /// Upper end, where there is one.
        high: Option<f64>,
    },
    /// At least `need` of these claims hold.
    Study {
        /// Ids of claims.
        claims: Vec<String>,
        /// How many must hold.
        need: usize,
    },
}

impl Question {
    /// Its kind's name in the file and the report.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Difference(_) => "difference",
            Self::Ratio(_) => "ratio",
            Self::Reach { .. } => "reach",
            Self::Bound { .. } => "bound",
            Self::Slope { .. } => "slope",
            Self::Study { .. } => "study",
        }
    }

    /// The arms and the metric it is about; nothing for a study.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Difference(threshold) | Self::Ratio(threshold) | Self::Reach { threshold, .. } => {
                Some(&threshold.subject)
            }
            Self::Bound { subject, .. } | Self::Slope { subject, .. } => Some(subject),
            Self::Study { .. } => None,
        }
    }

    /// Names of all arms whose runs it needs, of which some may stand for all points of a sweep.
    pub fn arms(&self) -> Vec<&str> {
        match self {
            Self::Slope { over: SlopeOver::Sweep { arm, versus }, .. } => {
                arm.iter().chain(versus).map(|(_, name)| name.as_str()).collect()
            }
            _ => self.subject().map_or_else(Vec::new, |subject| {
                std::iter::once(subject.arm.as_str()).chain(subject.versus.as_deref()).collect()
            }),
        }
    }
}
