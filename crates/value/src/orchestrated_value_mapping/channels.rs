//! Rewards split into channels that add up to them again.

use settings::Choice;

use super::{Bootstrap, mapping::Mapping};

/// How far the channels' sum may be from the reward.
const TOLERANCE: f64 = 1e-9;

/// Channels per sign in `config-1` and `config-2`.
const DECADES: usize = 4;

/// How rewards are split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Decomposition {
    /// One channel, the reward itself.
    None,
    /// Gains and losses.
    #[default]
    Polar,
    /// Gains and losses, each by the power of ten that holds the reward.
    #[choice("config-1")]
    Config1,
    /// Gains and losses, each filling one power of ten after the other.
    #[choice("config-2")]
    Config2,
    /// Gains and losses, twice with half the weight.
    EnsemblePolar,
}

/// The channels of a decomposition.
#[derive(Clone, Debug, PartialEq)]
pub struct Channels {
    decomposition: Decomposition,
    /// Cuts every channel's reward at 1.
    clip: bool,
    /// Factor of every channel in the reward and in the value, lambda; with a sign.
    weights: Vec<f64>,
    mappings: Vec<Mapping>,
}

impl Channels {
    /// The channels of `decomposition`, gains (or the reward itself) under `gains`, losses under `losses`.
    pub fn new(decomposition: Decomposition, clip: bool, gains: Mapping, losses: Mapping) -> Self {
        let weights: Vec<f64> = match decomposition {
            Decomposition::None => vec![1.0],
            Decomposition::Polar => signed(&[1.0]),
            Decomposition::Config1 => signed(&std::array::from_fn::<f64, DECADES, _>(power)),
            Decomposition::Config2 => {
                signed(&std::array::from_fn::<f64, DECADES, _>(|index| power(index) - below(index)))
            }
            Decomposition::EnsemblePolar => signed(&[0.5, 0.5]),
        };
        let mappings = weights.iter().map(|weight| if *weight > 0.0 { gains } else { losses }).collect();
        Self { decomposition, clip, weights, mappings }
    }

    /// Number of channels, L.
    pub fn count(&self) -> usize {
        self.weights.len()
    }

    /// Factors of the channels, `[L]`.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Mappings of the channels' values, `[L]`.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// What `channel` receives of a reward, before its weight.
    pub fn reward(&self, channel: usize, reward: f64) -> f64 {
        let size = (reward * self.weights[channel].signum()).max(0.0);
        let place = channel % DECADES;
        let part = match self.decomposition {
            Decomposition::None if self.clip => return reward.clamp(-1.0, 1.0),
            Decomposition::None => return reward,
            Decomposition::Polar | Decomposition::EnsemblePolar => size,
            Decomposition::Config1 => {
                let last = place + 1 == DECADES;
                let inside = size > below(place) && (size <= power(place) || last);
                if inside { (size / power(place)).min(1.0) } else { 0.0 }
            }
            Decomposition::Config2 => {
                let room = power(place) - below(place);
                (size - below(place)).clamp(0.0, room) / room
            }
        };
        if self.clip { part.min(1.0) } else { part }
    }

    /// The value of channels whose stored forms are given.
    pub fn value(&self, stored: impl IntoIterator<Item = f64>) -> f64 {
        let parts = self.weights.iter().zip(&self.mappings).zip(stored);
        parts.map(|((weight, mapping), stored)| weight * mapping.invert(stored)).sum()
    }

    /// The best action by the aggregate of stored forms `[A, L]`, the first among equals.
    pub fn greedy<T: Copy + Into<f64>>(&self, stored: &[T]) -> usize {
        best(stored.chunks_exact(self.count()).map(|row| self.value(row.iter().map(|&stored| stored.into()))))
    }

    /// The action at which a channel bootstraps, by stored forms `[A, L]` whose best one by the
    /// aggregate is `shared`.
    pub fn bootstrap<T: Copy + Into<f64>>(
        &self,
        rule: Bootstrap,
        channel: usize,
        shared: usize,
        stored: &[T],
    ) -> usize {
        let factor = match rule {
            Bootstrap::Shared => return shared,
            Bootstrap::Own => 1.0,
            Bootstrap::OwnSigned => self.weights[channel],
        };
        let own = stored.iter().skip(channel).step_by(self.count());
        best(own.map(|&stored| factor * self.mappings[channel].invert(stored.into())))
    }

    /// The range of a channel's value: [0, 1/(1 - discount)] where rewards lie in [0, 1], wider
    /// where they may not.
    pub fn range(&self, discount: f64) -> (f64, f64) {
        let signed = self.decomposition == Decomposition::None && !self.mappings[0].kind.needs_non_negative();
        let decades = matches!(self.decomposition, Decomposition::Config1 | Decomposition::Config2);
        let high = if self.clip || decades { 1.0 / (1.0 - discount) } else { f64::INFINITY };
        (if signed { -high } else { 0.0 }, high)
    }

    /// Refuses a reward that a channel's mapping cannot hold.
    ///
    /// # Errors
    /// One sentence naming the channel and the reward.
    pub fn check_sign(&self, reward: f64) -> Result<(), String> {
        for (channel, Mapping { kind, .. }) in self.mappings.iter().enumerate() {
            let part = self.reward(channel, reward);
            if kind.needs_non_negative() && part < 0.0 {
                return Err(format!(
                    "channel {channel} received the reward {part}, but its mapping `{}` holds no negative \
                     values: set `decomposition` to `polar`, or `mapping` to `identity`",
                    kind.name()
                ));
            }
        }
        Ok(())
    }

    /// Refuses a reward that its channels do not add up to; where they are clipped, they need not.
    ///
    /// # Errors
    /// One sentence naming both.
    pub fn check_sum(&self, reward: f64) -> Result<(), String> {
        let parts = self.weights.iter().enumerate();
        let sum: f64 = parts.map(|(channel, weight)| weight * self.reward(channel, reward)).sum();
        if self.clip || (sum - reward).abs() <= TOLERANCE * reward.abs().max(1.0) {
            return Ok(());
        }
        Err(format!(
            "the channels of the reward {reward} add up to {sum}: this decomposition holds rewards up to \
             {} only, set `decomposition` to `polar`",
            power(DECADES - 1)
        ))
    }
}

/// The index of the largest value, the first among equals.
fn best(values: impl Iterator<Item = f64>) -> usize {
    let largest = |best: (usize, f64), one: (usize, f64)| if one.1 > best.1 { one } else { best };
    values.enumerate().fold((0, f64::NEG_INFINITY), largest).0
}

/// 10^place.
fn power(place: usize) -> f64 {
    10.0_f64.powi(place as i32)
}

/// Where the decade of a place begins: 10^(place - 1), and 0 for the first.
fn below(place: usize) -> f64 {
    if place == 0 { 0.0 } else { power(place - 1) }
}

/// The weights of gains, then those of losses.
fn signed(weights: &[f64]) -> Vec<f64> {
    weights.iter().copied().chain(weights.iter().map(|weight| -weight)).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::mapping::Kind, *};

    const MAPPING: Mapping = Mapping { kind: Kind::LogLinear, c: 0.5, d: 0.0, floor: 0.01 };
    const IDENTITY: Mapping = Mapping { kind: Kind::Identity, ..MAPPING };

    fn channels(decomposition: Decomposition) -> Channels {
        Channels::new(decomposition, false, MAPPING, MAPPING)
    }

    fn parts(decomposition: Decomposition, reward: f64) -> Vec<f64> {
        let channels = channels(decomposition);
        (0..channels.count()).map(|channel| channels.reward(channel, reward)).collect()
    }

    #[test]
    fn channels_add_up_to_the_reward() {
        use Decomposition::*;
        for decomposition in [None, Polar, Config1, Config2, EnsemblePolar] {
            for reward in [0.0, 0.3, -0.7, 1.0, -1.5, 5.0, 10.0, -37.0, 100.0, 640.0, -1000.0] {
                channels(decomposition).check_sum(reward).unwrap();
            }
        }
    }

    #[test]
    fn decades_are_those_of_the_paper() {
        assert_eq!(parts(Decomposition::Config1, 37.0), [0.0, 0.0, 0.37, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(parts(Decomposition::Config1, -10.0), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(parts(Decomposition::Config2, 55.0), [1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(channels(Decomposition::Config2).weights()[..4], [1.0, 9.0, 90.0, 900.0]);
        assert_eq!(parts(Decomposition::EnsemblePolar, -2.0), [0.0, 0.0, 2.0, 2.0]);
    }

    #[test]
    fn what_channels_cannot_hold_is_refused() {
        let text = channels(Decomposition::Config1).check_sum(2_000.0).unwrap_err();
        assert!(text.contains("2000") && text.contains("1000"), "{text}");
        let text = channels(Decomposition::None).check_sign(-0.5).unwrap_err();
        assert!(text.contains("channel 0") && text.contains("-0.5") && text.contains("log-linear"), "{text}");
        channels(Decomposition::Polar).check_sign(-0.5).unwrap();
        Channels::new(Decomposition::None, false, IDENTITY, IDENTITY).check_sign(-0.5).unwrap();
    }

    #[test]
    fn clipped_channels_are_at_most_one() {
        let clipped = Channels::new(Decomposition::Polar, true, MAPPING, MAPPING);
        assert_eq!((clipped.reward(0, 7.0), clipped.reward(1, -7.0)), (1.0, 1.0));
        clipped.check_sum(7.0).unwrap();
        assert_eq!(clipped.range(0.9).0, 0.0);
        assert!((clipped.range(0.9).1 - 10.0).abs() < 1e-9);
    }
}
