//! Always proposes the same threshold.

use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result, RunError};
use worlds::{Actions, Observations};

/// Proposes a recommended threshold in every row.
pub struct ThresholdPolicy {
    /// In [0, 1].
    pub threshold: f64,
}

impl Policy for ThresholdPolicy {
    fn act(&mut self, observations: &Observations, _mode: Mode, _random: &mut ChaCha8Rng) -> Result<Actions> {
        Ok(Actions::Continuous(vec![self.threshold as f32; observations.rows]))
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task(format!(
            "`latent-thresholds` has no weights to export: its product is the number {}",
            self.threshold
        )))
    }
}
