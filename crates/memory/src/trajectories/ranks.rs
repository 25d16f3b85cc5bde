//! Drawing by rank: the best most often, whatever the distances between them.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use settings::{Choice, Config};

use crate::{MemoryError, relabel::geometric_offset};

/// Which ranks are drawn how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum RankLaw {
    /// Rank i with a probability proportional to (1 - p)^(i - 1).
    #[default]
    Geometric,
    /// Rank i with a probability proportional to i^-alpha (Schaul et al., 2016, section 3.3).
    Power,
    /// Rank i of n with a probability proportional to n - i + 1.
    Linear,
}

/// How ranks are drawn.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct RankConfig {
    /// Which ranks are drawn how often: `geometric`, `power` or `linear`.
    #[setting(RankLaw::Geometric)]
    pub law: RankLaw,
    /// Probability p of `geometric` to stop at a rank; 0 draws uniformly.
    #[setting(0.01, min = 0.0, max = 1.0)]
    pub p: f64,
    /// Exponent of `power`; 0 draws uniformly.
    #[setting(0.7, min = 0.0)]
    pub alpha: f64,
}

impl RankConfig {
    /// What draws so.
    ///
    /// # Errors
    /// A number is out of range.
    pub fn ranks(&self) -> Result<Ranks, MemoryError> {
        if !(0.0..=1.0).contains(&self.p) {
            return Err(MemoryError::setting("p", format!("{} is not between 0 and 1", self.p)));
        }
        if !(self.alpha.is_finite() && self.alpha >= 0.0) {
            let reason = format!("{} is not a finite number of at least 0", self.alpha);
            return Err(MemoryError::setting("alpha", reason));
        }
        Ok(Ranks { config: self.clone(), sums: Vec::new() })
    }
}

/// Draws ranks, of trajectories or of whatever else is in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    config: RankConfig,
    /// Sums of i^-alpha over the first ranks.
    sums: Vec<f64>,
}

impl Ranks {
    /// A rank of `count` (at least 1), from 0.
    pub fn draw(&mut self, count: usize, random: &mut ChaCha8Rng) -> usize {
        let (count, gamma) = (count.max(1), 1.0 - self.config.p);
        match self.config.law {
            RankLaw::Geometric if gamma == 1.0 => random.random_range(0..count),
            RankLaw::Geometric if gamma == 0.0 => 0,
            RankLaw::Geometric => geometric_offset(count, gamma, random) - 1,
            RankLaw::Power => self.power(count, random),
            RankLaw::Linear => count - 1 - triangular(count, random),
        }
    }

    fn power(&mut self, count: usize, random: &mut ChaCha8Rng) -> usize {
        for rank in self.sums.len()..count {
            let before = self.sums.last().copied().unwrap_or(0.0);
            self.sums.push(before + ((rank + 1) as f64).powf(-self.config.alpha));
        }
        let target = random.random::<f64>() * self.sums[count - 1];
        self.sums[..count].partition_point(|&sum| sum <= target).min(count - 1)
    }
}

/// A number from 0 to `count - 1`, k with a probability proportional to k + 1.
fn triangular(count: usize, random: &mut ChaCha8Rng) -> usize {
    let count = count as u64;
    let draw = random.random_range(0..count * (count + 1) / 2);
    // k (k + 1) / 2 numbers come before those of k; the root is off by one where it is rounded.
    let mut k = (((8.0 * draw as f64 + 1.0).sqrt() - 1.0) / 2.0) as u64;
    while k * (k + 1) / 2 > draw {
        k -= 1;
    }
    while (k + 1) * (k + 2) / 2 <= draw {
        k += 1;
    }
    k as usize
}
