//! Multipliers that keep a measured quantity at its target.

use std::collections::BTreeMap;

use nets::parameters::NamedArray;
use settings::Config;

use crate::error::{LearnError, expect_setting};
use crate::optim::{AdamSettings, ScalarAdam, find};

/// Name of the multiplier's logarithm in snapshots.
const LOGARITHM: &str = "logarithm";

/// Entropy temperature of soft actor-critic (Haarnoja et al., 2018, equation 18), kept positive by
/// its logarithm: it rises while the policy's entropy is below the target and falls above it.
#[derive(Clone, Debug)]
pub struct Temperature {
    logarithm: f32,
    target_entropy: f32,
    optimiser: ScalarAdam,
}

impl Temperature {
    /// Starts at `initial`, above 0; `target_entropy` is in nats, commonly minus the number of
    /// action dimensions.
    ///
    /// # Errors
    /// [`LearnError::Setting`] if `initial` is not above 0, the target is not finite or a setting
    /// of the optimiser is out of range.
    pub fn new(initial: f32, target_entropy: f32, settings: AdamSettings) -> Result<Self, LearnError> {
        settings.check()?;
        let above = initial.is_finite() && initial > 0.0;
        expect_setting("temperature", f64::from(initial), above, "above 0")?;
        let finite = target_entropy.is_finite();
        expect_setting("target_entropy", f64::from(target_entropy), finite, "finite")?;
        Ok(Self { logarithm: initial.ln(), target_entropy, optimiser: ScalarAdam::new(LOGARITHM, settings) })
    }

    /// The temperature.
    pub fn value(&self) -> f32 {
        self.logarithm.exp()
    }

    /// One step of Adam on `temperature * (entropy - target)`, with respect to the logarithm.
    /// `entropy` is the batch mean of `-log_prob`. Returns the new temperature.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] if `entropy` is not finite; nothing changes then.
    pub fn update(&mut self, entropy: f32) -> Result<f32, LearnError> {
        if !entropy.is_finite() {
            return Err(LearnError::NotFinite {
                term: "temperature".to_owned(),
                quantity: "entropy",
                value: f64::from(entropy),
            });
        }
        let gradient = self.value() * (entropy - self.target_entropy);
        self.logarithm = self.optimiser.step(self.logarithm, gradient);
        Ok(self.value())
    }

    /// Appends the temperature and its optimiser's state, named as [`Trainable::save`] does.
    ///
    /// [`Trainable::save`]: crate::optim::Trainable::save
    pub fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        out.push(NamedArray {
            name: format!("{prefix}.{LOGARITHM}"),
            shape: vec![1],
            values: vec![self.logarithm],
        });
        self.optimiser.save(prefix, out);
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`LearnError::MissingArray`] or [`LearnError::ArrayShape`]; nothing changes then.
    pub fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError> {
        let logarithm = find(arrays, &format!("{prefix}.{LOGARITHM}"), &[1])?[0];
        self.optimiser.load(prefix, arrays)?;
        self.logarithm = logarithm;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temperature() -> Temperature {
        Temperature::new(0.2, -2.0, AdamSettings::new(0.01)).unwrap()
    }

    #[test]
    fn it_rises_below_the_target_and_falls_above() {
        let (mut low, mut high) = (temperature(), temperature());
        assert!((low.value() - 0.2).abs() < 1e-6);
        // Adam's first step has the size of the learning rate.
        assert!((low.update(-3.0).unwrap() - 0.2 * 0.01f32.exp()).abs() < 1e-6);
        assert!((high.update(0.0).unwrap() - 0.2 * (-0.01f32).exp()).abs() < 1e-6);
    }

    #[test]
    fn it_finds_the_temperature_at_which_the_entropy_is_the_target() {
        let mut dual = temperature();
        for _ in 0..3000 {
            // A Gaussian policy on a quadratic value has entropy growing with log temperature.
            let entropy = 0.5 * dual.value().ln();
            dual.update(entropy).unwrap();
        }
        assert!((dual.value().ln() + 4.0).abs() < 0.05, "{}", dual.value());
    }

    #[test]
    fn a_loaded_temperature_steps_like_the_saved_one() {
        let mut saved = temperature();
        for step in 0..7 {
            saved.update(step as f32 * 0.3 - 3.0).unwrap();
        }
        let mut arrays = Vec::new();
        saved.save("temperature", &mut arrays);
        let named = arrays.into_iter().map(|array| (array.name.clone(), array));
        let arrays: BTreeMap<_, _> = named.collect();
        let mut loaded = temperature();
        loaded.load("temperature", &arrays).unwrap();
        assert_eq!(saved.update(0.5).unwrap(), loaded.update(0.5).unwrap());
        assert!(loaded.load("other", &arrays).is_err());
    }

    #[test]
    fn bad_numbers_are_refused() {
        assert!(Temperature::new(0.0, -1.0, AdamSettings::default()).is_err());
        let mut dual = temperature();
        assert!(dual.update(f32::NAN).is_err());
        assert!((dual.value() - 0.2).abs() < 1e-6);
    }
}
