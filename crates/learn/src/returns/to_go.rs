//! Returns that sequence and trajectory models are conditioned on.

/// How rewards become the numbers that a model is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReturnToGo {
    /// Discount per step.
    pub discount: f64,
    /// Added to every reward.
    pub shift: f64,
    /// Added to the last reward of an episode that terminated.
    pub terminal: f64,
    /// What returns are divided by.
    pub divisor: f64,
    /// Largest number given; infinity for none.
    pub clip: f64,
}

impl ReturnToGo {
    /// Plain discounted sums.
    pub fn new(discount: f64) -> Self {
        Self { discount, shift: 0.0, terminal: 0.0, divisor: 1.0, clip: f64::INFINITY }
    }

    /// min((sum over k >= t of discount^(k-t) r_k)/divisor, clip) for every step t of one episode.
    pub fn of(&self, rewards: &[f32], terminated: bool) -> Vec<f32> {
        let mut next = if terminated { self.terminal } else { 0.0 };
        let mut returns = vec![0.0; rewards.len()];
        for (index, (out, &reward)) in returns.iter_mut().zip(rewards).enumerate().rev() {
            // The terminal summand belongs to the last reward, and is not discounted against it.
            let onward = if index + 1 == rewards.len() { next } else { self.discount * next };
            next = f64::from(reward) + self.shift + onward;
            *out = (next / self.divisor).min(self.clip) as f32;
        }
        returns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_a_small_case() {
        let plain = ReturnToGo::new(0.5);
        assert_eq!(plain.of(&[1.0, 2.0, 4.0], false), [3.0, 4.0, 4.0]);
        let all = ReturnToGo { shift: 1.0, terminal: -10.0, divisor: 2.0, clip: 1.0, ..plain };
        // Last: 4 + 1 - 10 = -5; before: 2 + 1 - 2.5 = 0.5; first: 1 + 1 + 0.25 = 2.25, clipped.
        assert_eq!(all.of(&[1.0, 2.0, 4.0], true), [1.0, 0.25, -2.5]);
        assert!(plain.of(&[], true).is_empty());
    }
}
