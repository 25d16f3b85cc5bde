//! Acting by the most valuable of some codes drawn from the prior.

use agents::{
    recorded::Reading,
    trajectories::{one_hot, rows_of},
};
use burn::tensor::{Device, Tensor, TensorData};
use nets::{distribution::Categorical, noise, trajectory::Rolling};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use serde::{Deserialize, Serialize};
use worlds::{Actions, Observations, Outcome};

use super::networks::{ACTION, Networks};

/// What a row remembers of its episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// The code that is held; empty where one is to be drawn.
    code: Vec<f32>,
    /// Steps for which it has been held.
    held: usize,
    /// Reward of the last step.
    reward: f32,
}

/// The trained networks with their memory of the episodes under way.
pub struct CodePolicy {
    pub(super) networks: Networks,
    pub(super) reading: Reading,
    /// Maps [-1, 1] to the world's box.
    pub(super) bounds: ActionScale,
    pub(super) device: Device,
    pub(super) discrete: bool,
    pub(super) actions: usize,
    pub(super) context: usize,
    pub(super) hold: usize,
    pub(super) candidates: usize,
    pub(super) latent: usize,
    pub(super) rolling: Rolling,
    pub(super) rows: Vec<Row>,
    /// Scaled values of the codes chosen at starts of episodes.
    pub(super) promised: Vec<f32>,
}

impl CodePolicy {
    /// Draws candidates for every row and keeps the most valuable in those that hold none.
    fn renew(&mut self, state: &Tensor<2>, rows: usize, random: &mut ChaCha8Rng) {
        let (candidates, latent) = (self.candidates, self.latent);
        let window = self.rolling.window(rows, &self.device);
        let steps = window.mask.dims()[1];
        let kept = steps.min(self.context);
        let prior = self.networks.prior(&window.narrow(steps - kept, kept), None);
        let spread = |values: Tensor<2>| {
            let width = values.dims()[1];
            let values = values.unsqueeze_dim::<3>(1).expand([rows, candidates, width]);
            values.reshape([rows * candidates, width])
        };
        let noise = noise::normal([rows * candidates, latent], &self.device, random);
        let codes = spread(prior.mean.clone()) + spread(prior.std()) * noise;
        let values = self.networks.value(spread(state.clone()), codes.clone());
        let values: Vec<f32> = values.into_data().iter::<f32>().collect();
        let codes: Vec<f32> = codes.into_data().iter::<f32>().collect();
        for (row, values) in values.chunks(candidates).enumerate() {
            if !self.rows[row].code.is_empty() {
                continue;
            }
            let better = |best: usize, other: usize| if values[other] > values[best] { other } else { best };
            let best = (0..candidates).fold(0, better);
            if self.rolling.time(row) == 1 {
                self.promised.push(values[best]);
            }
            let start = (row * candidates + best) * latent;
            self.rows[row].code = codes[start..start + latent].to_vec();
            self.rows[row].held = 0;
        }
    }
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
            if self.hold > 0 && *held >= self.hold {
                code.clear();
            }
        }
        let window = self.rolling.window(rows, &self.device);
        let steps = window.mask.dims()[1];
        let state = self.networks.history(&window, None).0.narrow(1, steps - 1, 1).squeeze_dim::<2>(1);
        if self.rows[..rows].iter().any(|row| row.code.is_empty()) {
            self.renew(&state, rows, random);
        }
        let codes: Vec<f32> = self.rows[..rows].iter().flat_map(|row| row.code.iter().copied()).collect();
        self.rows[..rows].iter_mut().for_each(|row| row.held += 1);
        let codes = Tensor::from_data(TensorData::new(codes, [rows, self.latent]), &self.device);
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
        let values: Vec<f32> = outputs.into_data().iter::<f32>().collect();
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
