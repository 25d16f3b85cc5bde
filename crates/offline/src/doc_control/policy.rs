//! Acting by the most valuable of some codes drawn from the prior.

use agents::{
    recorded::Reading,
    trajectories::{one_hot, rows_of},
};
use burn::tensor::{Device, Tensor, TensorData};
use nets::{distribution::Categorical, host, noise, trajectory::Rolling};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use serde::{Deserialize, Serialize};
use worlds::{Actions, Observations, Outcome};

use super::{
    DocControlConfig,
    networks::{ACTION, Networks},
};

/// What a row remembers of its episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The code that is held; empty where one is to be drawn.
    pub code: Vec<f32>,
    /// Steps for which it has been held.
    pub held: usize,
    /// Reward of the last step.
    pub reward: f32,
}

/// The trained networks with their memory of the episodes under way.
pub struct CodePolicy {
    pub networks: Networks,
    pub reading: Reading,
    /// Maps [-1, 1] to the world's box.
    pub bounds: ActionScale,
    pub device: Device,
    pub discrete: bool,
    /// Numbers of an action token.
    pub actions: usize,
    pub config: DocControlConfig,
    pub rolling: Rolling,
    pub rows: Vec<Row>,
    /// Scaled values of the codes chosen at starts of episodes.
    pub promised: Vec<f32>,
}

impl Policy for CodePolicy {
    fn begin(&mut self, scope: Scope, rows: &[usize]) {
        if scope == Scope::Episode {
            for &row in rows {
                self.rolling.begin(row);
                self.rows.resize(self.rows.len().max(row + 1), Row::default());
                self.rows[row] = Row::default();
            }
        }
    }

    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let rows = observations.rows;
        self.rows.resize(self.rows.len().max(rows), Row::default());
        for (row, state) in rows_of(&self.reading, observations, &self.device)?.into_iter().enumerate() {
            self.rolling.push(row, std::iter::once(self.rows[row].reward).chain(state));
            let Row { code, held, .. } = &mut self.rows[row];
            let hold = self.config.deep.hold;
            if hold > 0 && *held >= hold {
                code.clear();
            }
        }
        let window = self.rolling.window(rows, &self.device);
        let steps = window.mask.dims()[1];
        let state = self.networks.history(&window, None).0.narrow(1, steps - 1, 1).squeeze_dim::<2>(1);
        if self.rows[..rows].iter().any(|row| row.code.is_empty()) {
            self.choose(&state, rows, random);
        }
        let codes: Vec<f32> = self.rows[..rows].iter().flat_map(|row| row.code.iter().copied()).collect();
        self.rows[..rows].iter_mut().for_each(|row| row.held += 1);
        let codes = Tensor::from_data(TensorData::new(codes, [rows, self.config.deep.latent]), &self.device);
        let outputs = self.networks.act(state, codes);
        if self.discrete {
            let policy = Categorical::new(outputs);
            let indices = match mode {
                Mode::Greedy => policy.mode(),
                Mode::Sample => policy.sample(noise::uniform([rows], &self.device, random)),
            };
            let indices: Vec<u32> = indices.into_data().iter::<i64>().map(|index| index as u32).collect();
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
        for (row, memory) in self.rows.iter_mut().enumerate().take(outcome.reset.len()) {
            memory.reward = outcome.reward[row * channels];
        }
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Part(
            "this policy acts by the last steps and a code that it draws, which an exported recipe does not carry: \
             play it from its run's folder"
                .to_owned(),
        ))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("doc-control-steps", &(&self.rolling, &self.rows))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        (self.rolling, self.rows) = snapshot.get("doc-control-steps")?;
        Ok(())
    }
}
