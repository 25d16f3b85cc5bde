//! Acting by the return that is still wanted and the last steps.

use burn::tensor::{Device, Tensor};
use nets::{distribution::Categorical, host, noise, trajectory::Rolling};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use worlds::{Actions, Observations, Outcome};

use super::network::{ACTION, Network};
use crate::{
    recorded::Reading,
    trajectories::{one_hot, rows_of},
};

/// The trained network with its memory of the episodes under way.
pub struct ReturnPolicy {
    pub(super) network: Network,
    pub(super) reading: Reading,
    /// Maps [-1, 1] to the world's box.
    pub(super) bounds: ActionScale,
    pub(super) device: Device,
    pub(super) discrete: bool,
    /// Numbers of an action token.
    pub(super) actions: usize,
    /// Return wanted of an episode, scaled.
    pub(super) target: f32,
    pub(super) scale: f64,
    pub(super) rolling: Rolling,
    /// Return still wanted in each row, scaled.
    pub(super) wanted: Vec<f32>,
}

impl ReturnPolicy {
    /// Indices chosen from logits `[B, A]`.
    fn choose(&self, logits: Tensor<2>, mode: Mode, random: &mut ChaCha8Rng) -> Vec<u32> {
        let rows = logits.dims()[0];
        let policy = Categorical::new(logits);
        let indices = match mode {
            Mode::Greedy => policy.mode(),
            Mode::Sample => policy.sample(noise::uniform([rows], &self.device, random)),
        };
        indices.into_data().iter::<i64>().map(|index| index as u32).collect()
    }
}

impl Policy for ReturnPolicy {
    fn begin(&mut self, scope: Scope, rows: &[usize]) {
        if scope == Scope::Episode {
            for &row in rows {
                self.rolling.begin(row);
                self.wanted.resize(self.wanted.len().max(row + 1), self.target);
                self.wanted[row] = self.target;
            }
        }
    }

    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let rows = observations.rows;
        self.wanted.resize(self.wanted.len().max(rows), self.target);
        for (row, state) in rows_of(&self.reading, observations, &self.device)?.into_iter().enumerate() {
            self.rolling.push(row, std::iter::once(self.wanted[row]).chain(state));
        }
        let window = self.rolling.window(rows, &self.device);
        let steps = window.mask.dims()[1];
        let outputs = self.network.forward(&window, None).narrow(1, steps - 1, 1).squeeze_dim::<2>(1);
        if self.discrete {
            let indices = self.choose(outputs, mode, random);
            for (row, &index) in indices.iter().enumerate() {
                self.rolling.amend(row, ACTION, &one_hot(index, self.actions));
            }
            return Ok(Actions::Discrete(indices));
        }
        let values = host(outputs);
        for (row, action) in values.chunks(self.actions).enumerate() {
            self.rolling.amend(row, ACTION, action);
        }
        Ok(self.bounds.to_world(&Actions::Continuous(values)))
    }

    fn observe(&mut self, outcome: &Outcome) {
        let channels = outcome.reward.len() / outcome.reset.len().max(1);
        for (row, wanted) in self.wanted.iter_mut().enumerate().take(outcome.reset.len()) {
            if !outcome.reset[row] {
                *wanted -= (f64::from(outcome.reward[row * channels]) / self.scale) as f32;
            }
        }
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Part(
            "a decision transformer acts by the last steps and the return still wanted, which an exported recipe \
             does not carry: play it from its run's folder"
                .to_owned(),
        ))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("decision-transformer-steps", &(&self.rolling, &self.wanted))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        (self.rolling, self.wanted) = snapshot.get("decision-transformer-steps")?;
        Ok(())
    }
}
