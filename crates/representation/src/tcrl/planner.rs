//! Planning in latent space at every step (Williams et al., 2015; Hansen et al., 2022).

use burn::tensor::{Tensor, TensorData};
use learn::{
    LearnError,
    planner::{Plan, Planner},
    td,
};
use nets::{host, noise::normal_values};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Mode, RunError};

use super::{
    Networks,
    config::{PlanConfig, PlannerKind, TcrlConfig},
    noisy,
};

/// One warm-started planner per row.
#[derive(Clone, Debug)]
pub struct LatentPlanner {
    config: PlanConfig,
    guided: bool,
    gamma: f64,
    width: usize,
    rows: Vec<Planner>,
}

impl LatentPlanner {
    /// Planners for `rows` rows and actions of `width` numbers; nothing where the configuration
    /// has none.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn new(config: &TcrlConfig, width: usize, rows: usize) -> Result<Option<Self>, LearnError> {
        if config.planner == PlannerKind::None {
            return Ok(None);
        }
        let mut planner = Self {
            guided: config.planner == PlannerKind::Mppi,
            gamma: config.gamma,
            config: config.plan.clone(),
            width,
            rows: Vec::new(),
        };
        planner.resize(rows)?;
        Ok(Some(planner))
    }

    /// Makes the planner one of `rows` rows; new ones have no plan yet.
    ///
    /// # Errors
    /// A setting is out of range.
    fn resize(&mut self, rows: usize) -> Result<(), LearnError> {
        self.rows.truncate(rows);
        while self.rows.len() < rows {
            self.rows.push(Planner::new(self.config.settings(), self.width)?);
        }
        Ok(())
    }

    /// An episode begins in this row: its last plan is forgotten.
    pub fn begin(&mut self, row: usize) {
        if let Some(planner) = self.rows.get_mut(row) {
            planner.reset();
        }
    }

    /// Actions `[rows, a]` in [-1, 1] for latents `[rows, d]`: an elite drawn by its weight, with
    /// the plan's own noise added when sampling.
    ///
    /// # Errors
    /// No sequence has a finite value.
    pub fn act(
        &mut self,
        latent: &Tensor<2>,
        networks: Networks<'_>,
        mode: Mode,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<f32>, LearnError> {
        let rows = latent.dims()[0];
        self.resize(rows)?;
        let mut actions = Vec::with_capacity(rows * self.width);
        for row in 0..rows {
            let start = latent.clone().narrow(0, row, 1);
            let guides = self.guides(&start, networks, random);
            let score = |sequences: &[f32]| Ok(self.value(&start, sequences, networks));
            let mut planner = self.rows[row].clone();
            let plan = planner.plan(&guides, score, random)?;
            self.rows[row] = planner;
            actions.extend(self.choose(&plan, mode, random));
        }
        Ok(actions)
    }

    /// Sequences `[P, H, a]` of the actor, rolled out in the model.
    fn guides(&self, start: &Tensor<2>, networks: Networks<'_>, random: &mut ChaCha8Rng) -> Vec<f32> {
        let count = if self.guided { self.config.guides() } else { 0 };
        if count == 0 {
            return Vec::new();
        }
        let mut latent = start.clone().repeat_dim(0, count);
        let mut actions = Vec::with_capacity(self.config.horizon);
        for _ in 0..self.config.horizon {
            let action = noisy(networks.actor.forward(latent.clone()), networks.sigma, None, random);
            latent = networks.model.step(latent, action.clone()).0;
            actions.push(action);
        }
        host(Tensor::stack::<3>(actions, 1))
    }

    /// sum_{k<h} gamma^k r_k of sequences `[N, H, a]`, plus gamma^h min_i Q_i(z_h, pi(z_h)) where
    /// the actor guides.
    fn value(&self, start: &Tensor<2>, sequences: &[f32], networks: Networks<'_>) -> Vec<f32> {
        let horizon = self.config.horizon;
        let count = sequences.len() / (horizon * self.width);
        let shape = [count, horizon, self.width];
        let actions = Tensor::<3>::from_data(TensorData::new(sequences.to_vec(), shape), &start.device());
        let mut latent = start.clone().repeat_dim(0, count);
        let mut total: Option<Tensor<1>> = None;
        let mut discount = 1.0;
        for step in 0..horizon {
            let action = actions.clone().narrow(1, step, 1).reshape([count, self.width]);
            let (next, reward) = networks.model.step(latent, action);
            latent = next;
            total = Some(match total {
                Some(sum) => sum + reward.mul_scalar(discount),
                None => reward,
            });
            discount *= self.gamma;
        }
        if self.guided {
            let action = networks.actor.forward(latent.clone());
            let last = td::least(networks.critic.forward(latent, action)).mul_scalar(discount);
            total = total.map(|sum| sum + last);
        }
        total.map_or_else(Vec::new, host)
    }

    /// The first action of an elite drawn by its weight.
    fn choose(&self, plan: &Plan, mode: Mode, random: &mut ChaCha8Rng) -> Vec<f32> {
        let size = plan.mean.len();
        let mut left = random.random::<f32>();
        let drawn = plan.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let elite = drawn.unwrap_or(0) * size;
        let mut action = plan.elites[elite..elite + self.width].to_vec();
        if mode == Mode::Sample {
            let noise = normal_values(self.width, random);
            for ((value, sigma), noise) in action.iter_mut().zip(&plan.sigma).zip(noise) {
                *value = (*value + sigma * noise as f32).clamp(-1.0, 1.0);
            }
        }
        action
    }

    /// The means that the next plans start from, to be saved.
    pub fn warm_starts(&self) -> Vec<Vec<f32>> {
        self.rows.iter().map(|planner| planner.warm_start().to_vec()).collect()
    }

    /// Takes saved means back.
    ///
    /// # Errors
    /// They are of another horizon or action width.
    pub fn set_warm_starts(&mut self, means: &[Vec<f32>]) -> Result<(), RunError> {
        self.resize(means.len()).map_err(RunError::part)?;
        for (planner, mean) in self.rows.iter_mut().zip(means) {
            planner.set_warm_start(mean).map_err(RunError::part)?;
        }
        Ok(())
    }
}
