//! Policies that remember: what is carried from step to step, and the sequences that a rollout is
//! learnt from.

use burn::tensor::Tensor;
use nets::recurrent::Cell;
use settings::Config;

use super::{network::ActorCritic, rollout::gather};

/// A recurrent layer between encoder and heads.
#[derive(Clone, Debug, Config)]
pub struct RecurrentSettings {
    /// What it computes; without one the policy remembers nothing.
    #[setting(None)]
    pub cell: Option<Cell>,
    /// Width of its output.
    #[setting(64, min = 1)]
    pub hidden: usize,
    /// Steps through which its gradient flows; `rollout` is a multiple of it.
    #[setting(16, min = 1)]
    pub chunk: usize,
}

/// What the copies of the world are remembered by, and what a rollout keeps of it.
pub struct Recurrence {
    /// Steps of a sequence, L.
    chunk: usize,
    /// Numbers of a copy's state, S.
    size: usize,
    /// Number of copies, B.
    rows: usize,
    /// States before the next step, `[B, S]`.
    state: Vec<f32>,
    /// States at the beginning of every sequence of the rollout, `[T / L, B, S]`.
    starts: Vec<f32>,
    /// 1 where an episode begins, `[T, B]`.
    begins: Vec<f32>,
}

impl Recurrence {
    /// For `rows` copies and sequences of `chunk` steps; nothing for a network that does not remember.
    pub fn new(network: &ActorCritic, chunk: usize, rows: usize) -> Option<Self> {
        let size = network.state_size()?;
        let state = vec![0.0; rows * size];
        Some(Self { chunk, size, rows, state, starts: Vec::new(), begins: Vec::new() })
    }

    /// States before the next step, `[B, S]`.
    pub fn state(&self) -> &Vec<f32> {
        &self.state
    }

    /// Puts states in place, as [`Recurrence::state`] gave them.
    pub fn set_state(&mut self, state: Vec<f32>) {
        self.state = state;
    }

    /// A new rollout begins.
    pub fn clear(&mut self) {
        self.starts.clear();
        self.begins.clear();
    }

    /// What the network reads in place of `latent`, which begins an episode in the copies marked by
    /// `reset`. Where a step follows it is remembered.
    pub fn step(
        &mut self,
        network: &ActorCritic,
        latent: Tensor<2>,
        reset: &[bool],
        follows: bool,
    ) -> Tensor<2> {
        let begins: Vec<f32> = reset.iter().map(|&reset| f32::from(u8::from(reset))).collect();
        let (read, state) = network.remember(latent, &begins, &self.state);
        if follows {
            if self.begins.len().is_multiple_of(self.chunk * self.rows) {
                self.starts.extend_from_slice(&self.state);
            }
            self.begins.extend(begins);
            self.state = state;
        }
        read
    }

    /// Number of sequences in a rollout.
    pub fn sequences(&self) -> usize {
        self.starts.len() / self.size
    }

    /// The rollout's entries that these sequences are made of, one sequence after the other.
    pub fn entries(&self, sequences: &[usize]) -> Vec<usize> {
        let entry = |sequence: usize, step| {
            let (chunk, row) = (sequence / self.rows, sequence % self.rows);
            (chunk * self.chunk + step) * self.rows + row
        };
        sequences
            .iter()
            .flat_map(|&sequence| (0..self.chunk).map(move |step| entry(sequence, step)))
            .collect()
    }

    /// What the network reads in place of the latents of these sequences, all steps of one together,
    /// which record a graph.
    pub fn recall(&self, network: &ActorCritic, latent: Tensor<2>, sequences: &[usize]) -> Tensor<2> {
        let begins = gather(&self.begins, &self.entries(sequences), 1);
        let starts = gather(&self.starts, sequences, self.size);
        network.recall(latent, &begins, &starts, sequences.len())
    }
}

/// What a policy that remembers carries while it acts.
#[derive(Clone, Debug, Default)]
pub struct Acting {
    /// `[B, S]`.
    pub state: Vec<f32>,
    /// 1 where an episode begins, `[B]`.
    pub begins: Vec<f32>,
}

impl Acting {
    /// Episodes begin in these rows.
    pub fn begin(&mut self, rows: &[usize]) {
        let count = rows.iter().map(|row| row + 1).max().unwrap_or(0).max(self.begins.len());
        self.begins.resize(count, 1.0);
        rows.iter().for_each(|&row| self.begins[row] = 1.0);
    }

    /// What the network reads in place of the latents of every row's next step; rows that nobody
    /// announced begin.
    pub fn step(&mut self, network: &ActorCritic, latent: Tensor<2>, size: usize) -> Tensor<2> {
        let [rows, _] = latent.dims();
        self.begins.resize(rows, 1.0);
        self.state.resize(rows * size, 0.0);
        let (read, state) = network.remember(latent, &self.begins, &self.state);
        self.state = state;
        self.begins.fill(0.0);
        read
    }
}
