//! Learning a threshold from censored rewards (Zhang et al., *Learning Thresholds with Latent
//! Values and Censored Feedback*, 2024).
//!
//! A query proposes a threshold x in [0, 1]; a latent value v, never shown, is drawn; the reward is
//! g(x, v) where x <= v and 0 otherwise. The expected reward U(x) is known exactly, so that what a
//! learner recommends can be scored without chance. The two bumps are the hard instances behind the
//! lower bound 1/eps^3: U is flat at c = 1/4 apart from a rise by 2 eps over a width of order eps.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};

use crate::spec::Reference;
use crate::{Options, WorldError, WorldName, seed};

/// The level of the two bumps' plateau, c in the comments.
const PLATEAU: f64 = 0.25;

/// Name of the world in the registry.
pub const NAME: &str = "threshold-oracle";

/// Which rewards g and values v.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// v uniform, g(x) = max(min(1, c/(1-x)), (c + 2 eps)/(1-a) from a on): g is non-decreasing and
    /// v has a Lipschitz distribution. U jumps at a and falls back linearly.
    FlatBump,
    /// The posted price g(x) = x, P(v >= x) = min(1, c/x) with an atom at a: g is one-sided
    /// Lipschitz and v is not. U rises linearly up to a and falls back in a jump.
    PriceBump,
    /// v is always the place x*, g(x) = 1 from x* on: only x* itself earns anything, so that no
    /// number of queries finds it.
    Needle,
    /// v ~ Beta(2, 3), g = v: hire whoever is at least this good.
    BetaQuality,
}

/// What some queries of one threshold gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Number of queries.
    pub count: u64,
    /// Sum of the rewards.
    pub sum: f64,
    /// Sum of their squares.
    pub squares: f64,
    /// The greatest of them, and at least 0.
    pub greatest: f64,
}

/// Answers queries of thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdOracle {
    instance: Instance,
    eps: f64,
    place: f64,
    /// What every reward is multiplied by.
    scale: f64,
    /// The place was given, so that another seed does not move it.
    fixed: bool,
}

impl ThresholdOracle {
    /// The oracle that the world's options describe.
    ///
    /// # Errors
    /// A value out of range, or options that do not go together.
    pub fn from_options(options: &Options) -> Result<Self, WorldError> {
        let names = ["flat-bump", "price-bump", "needle", "beta-quality"];
        let instance = match options.choice("instance", names[0], &names)?.as_str() {
            "price-bump" => Instance::PriceBump,
            "needle" => Instance::Needle,
            "beta-quality" => Instance::BetaQuality,
            _ => Instance::FlatBump,
        };
        let eps = height(options)?;
        let scale = options.float("scale", 1.0, 0.01..=100.0)?;
        let unplaced = Self { instance, eps, place: 0.0, scale, fixed: false };
        let range = unplaced.places();
        match options.text("place") {
            None | Some("seeded") => Ok(unplaced.redrawn(options.world_seed()?)),
            Some(_) => {
                let place = options.float("place", range.0, range.0..=range.1)?;
                Ok(Self { place, fixed: true, ..unplaced })
            }
        }
    }

    /// The oracle of the world of this name; none where it is another world or a modified one.
    ///
    /// # Errors
    /// The name does not parse, or an option does not fit.
    pub fn named(name: &str) -> Result<Option<Self>, WorldError> {
        let name: WorldName = name.parse()?;
        let plain = name.base() == NAME && name.modifiers.is_empty();
        plain.then(|| Self::from_options(&name.options)).transpose()
    }

    /// The same instance with its place drawn by this seed, unless the place was given.
    pub fn redrawn(&self, world_seed: u64) -> Self {
        let (low, high) = self.places();
        let share: f64 = seed::stream(world_seed, "threshold", 0).random();
        let place = if self.fixed { self.place } else { low + (high - low) * share };
        Self { place, ..self.clone() }
    }

    /// Where the bump or needle may stand. The bump of height c + 2 eps must leave g, or the atom's
    /// probability, within [0, 1].
    fn places(&self) -> (f64, f64) {
        let top = PLATEAU + 2.0 * self.eps;
        match self.instance {
            Instance::FlatBump => (0.1, 0.6_f64.min(1.0 - top)),
            Instance::PriceBump => (0.4_f64.max(top), 0.9),
            Instance::Needle | Instance::BetaQuality => (0.0, 1.0),
        }
    }

    /// Which rewards and values.
    pub fn instance(&self) -> Instance {
        self.instance
    }

    /// Half the bump's height.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// Where the bump or needle stands; without meaning for [`Instance::BetaQuality`].
    pub fn place(&self) -> f64 {
        self.place
    }

    /// Draws a latent value, in [0, 1].
    pub fn value(&self, random: &mut ChaCha8Rng) -> f64 {
        match self.instance {
            Instance::FlatBump => random.random(),
            Instance::Needle => self.place,
            Instance::PriceBump => {
                // The largest x with P(v >= x) at least the uniform number.
                let share = 1.0 - random.random::<f64>();
                let plain = (PLATEAU / share).min(1.0);
                let lifted = share <= (PLATEAU + 2.0 * self.eps) / self.place;
                if lifted { plain.max(self.place) } else { plain }
            }
            Instance::BetaQuality => {
                // The second smallest of four uniform numbers.
                let mut four = [0.0; 4].map(|_: f64| random.random::<f64>());
                four.sort_by(f64::total_cmp);
                four[1]
            }
        }
    }

    /// The reward g before censoring, in [0, scale].
    pub fn reward(&self, threshold: f64, value: f64) -> f64 {
        match self.instance {
            Instance::BetaQuality => self.scale * value,
            _ => self.level(threshold),
        }
    }

    /// g where it depends on the threshold alone.
    fn level(&self, threshold: f64) -> f64 {
        let unit = match self.instance {
            Instance::FlatBump => {
                let base = if threshold < 1.0 - PLATEAU { PLATEAU / (1.0 - threshold) } else { 1.0 };
                let bump = (PLATEAU + 2.0 * self.eps) / (1.0 - self.place);
                if threshold >= self.place { base.max(bump) } else { base }
            }
            Instance::PriceBump => threshold,
            Instance::Needle => f64::from(u8::from(threshold >= self.place)),
            Instance::BetaQuality => 0.0,
        };
        self.scale * unit
    }

    /// P(v >= threshold).
    pub fn acceptance(&self, threshold: f64) -> f64 {
        match self.instance {
            Instance::FlatBump => 1.0 - threshold,
            Instance::PriceBump => {
                let plain = if threshold <= PLATEAU { 1.0 } else { PLATEAU / threshold };
                let lifted = (PLATEAU + 2.0 * self.eps) / self.place;
                if threshold <= self.place { plain.max(lifted).min(1.0) } else { plain }
            }
            Instance::Needle => f64::from(u8::from(threshold <= self.place)),
            // The distribution function of the second smallest of four uniform numbers.
            Instance::BetaQuality => {
                let rest = 1.0 - threshold;
                rest.powi(4) + 4.0 * threshold * rest.powi(3)
            }
        }
    }

    /// One query: g(threshold, v) where threshold <= v, and 0 otherwise.
    pub fn query(&self, threshold: f64, random: &mut ChaCha8Rng) -> f64 {
        let value = self.value(random);
        if threshold <= value { self.reward(threshold, value) } else { 0.0 }
    }

    /// `count` queries of one threshold at once. Where g does not depend on v the number of rewards
    /// is one binomial draw, so that a million queries cost as much as one.
    pub fn queries(&self, threshold: f64, count: u64, random: &mut ChaCha8Rng) -> Sample {
        if self.instance == Instance::BetaQuality {
            let add = |sample: Sample, reward: f64| Sample {
                count: sample.count + 1,
                sum: sample.sum + reward,
                squares: sample.squares + reward * reward,
                greatest: sample.greatest.max(reward),
            };
            return (0..count).map(|_| self.query(threshold, random)).fold(Sample::default(), add);
        }
        let level = self.level(threshold);
        // A probability in [0, 1] is never refused.
        let draw = Binomial::new(count, self.acceptance(threshold).clamp(0.0, 1.0));
        let accepted = draw.map_or(0, |draw| draw.sample(random)) as f64;
        let greatest = if accepted > 0.0 { level } else { 0.0 };
        Sample { count, sum: accepted * level, squares: accepted * level * level, greatest }
    }

    /// U(threshold), the expected reward of a query, exactly.
    pub fn expected(&self, threshold: f64) -> f64 {
        match self.instance {
            Instance::BetaQuality => {
                // 12 times the integral of v^2 (1 - v)^2 from the threshold to 1.
                let x = threshold;
                self.scale * (0.4 - 12.0 * x.powi(3) * (1.0 / 3.0 - x / 2.0 + x * x / 5.0))
            }
            _ => self.level(threshold) * self.acceptance(threshold),
        }
    }

    /// The best threshold and sup U, which it attains.
    pub fn best(&self) -> (f64, f64) {
        let threshold = match self.instance {
            Instance::BetaQuality => 0.0,
            _ => self.place,
        };
        (threshold, self.expected(threshold))
    }

    /// Expected rewards of a uniformly random and of the best threshold.
    pub fn reference(&self) -> Reference {
        let unit = match self.instance {
            // The plateau, the slope beyond it, and the triangle of height 2 eps.
            Instance::FlatBump => self.bump_area(1.0 - self.place),
            Instance::PriceBump => self.bump_area(self.place),
            Instance::Needle => 0.0,
            // The integral of v over the thresholds up to v: E v^2.
            Instance::BetaQuality => 0.2,
        };
        Reference { random: self.scale * unit, expert: self.best().1 }
    }

    fn bump_area(&self, distance: f64) -> f64 {
        let triangle = 2.0 * self.eps * self.eps * distance / (PLATEAU + 2.0 * self.eps);
        PLATEAU * (1.0 - PLATEAU) + PLATEAU * PLATEAU / 2.0 + triangle
    }
}

/// `eps` as given, or the height that is hardest for `queries` queries.
fn height(options: &Options) -> Result<f64, WorldError> {
    let queries = options.usize("queries", 0, 0..=1_000_000_000_000)?;
    if queries > 0 && options.text("eps").is_some() {
        return Err(WorldError::Invalid(format!(
            "{} is given both `eps` and `queries`, which sets eps: leave one out",
            options.owner()
        )));
    }
    match queries {
        0 => options.float("eps", 0.05, 0.0001..=0.25),
        queries => Ok((0.5 / (queries as f64).cbrt()).clamp(0.0001, 0.25)),
    }
}
