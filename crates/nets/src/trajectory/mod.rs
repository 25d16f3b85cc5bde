//! Transformers over trajectories: every step contributes one token of each of several kinds, such
//! as (return, state, action) in the decision transformer (Chen et al., 2021).
//!
//! The tokens of a step stand next to each other in the order in which the kinds are declared. Every
//! kind has its own linear embedding; a learned position is added, one per step of the episode or one
//! per token of the window. Steps that are padding are seen by none, and what is read there means
//! nothing.

mod rolling;

use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

pub use rolling::{Rolling, Window};

use crate::NetsError;
use crate::attention::{Block, BlockConfig, Mask};
use crate::init::{self, Init};
use crate::position::LearnedPosition;

/// What positions are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positions {
    /// The step's number in its episode, the same for all tokens of a step; steps beyond `count`
    /// share the last position.
    PerStep {
        /// Number of positions.
        count: usize,
    },
    /// The token's place in the window, which has at most `steps` steps.
    PerToken {
        /// Most steps of a window.
        steps: usize,
    },
}

/// Shape of a transformer over trajectories.
#[derive(Clone, Debug, PartialEq)]
pub struct TrajectoryConfig {
    /// Width of each kind's input, in the order of the tokens of a step.
    pub kinds: Vec<usize>,
    /// The blocks, all alike.
    pub block: BlockConfig,
    /// Number of blocks.
    pub layers: usize,
    /// What positions are counted in.
    pub positions: Positions,
    /// Whether a token sees only itself and those before it; else all tokens see all others.
    pub causal: bool,
}

impl TrajectoryConfig {
    /// Draws the weights.
    ///
    /// # Errors
    /// [`NetsError::Setting`]: no kinds, no positions, or a block of no valid shape.
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Result<Trajectory, NetsError> {
        let width = self.block.heads.width;
        self.block.validate()?;
        let count = match self.positions {
            Positions::PerStep { count } => count,
            Positions::PerToken { steps } => steps * self.kinds.len(),
        };
        if count == 0 {
            let (name, value) = ("positions", "0".to_owned());
            return Err(NetsError::Setting { name, value, need: "at least one step and one kind of token" });
        }
        let init = Init::Normal { std: 0.02 };
        let embed = |size: &usize| init::linear(*size, width, init, device, random);
        let embeddings = self.kinds.iter().map(embed).collect();
        let position = LearnedPosition::new(count, width, device, random);
        let blocks: Result<Vec<Block>, NetsError> =
            (0..self.layers).map(|_| self.block.init(device, random)).collect();
        Ok(Trajectory {
            embeddings,
            position,
            first: init::layer_norm(width, device),
            blocks: blocks?,
            last: init::layer_norm(width, device),
            per_token: matches!(self.positions, Positions::PerToken { .. }),
            causal: self.causal,
        })
    }
}

/// A transformer over trajectories.
#[derive(Module, Debug)]
pub struct Trajectory {
    embeddings: Vec<Linear>,
    position: LearnedPosition,
    first: LayerNorm,
    blocks: Vec<Block>,
    last: LayerNorm,
    #[module(skip)]
    per_token: bool,
    #[module(skip)]
    causal: bool,
}

impl Trajectory {
    /// The last layer's outputs `[B, T, kinds, width]`: read `[.., kind, ..]` with [`read`].
    ///
    /// Dropout takes place where a generator is given.
    pub fn forward(&self, window: &Window, mut random: Option<&mut ChaCha8Rng>) -> Tensor<4> {
        let (present, kinds) = (window.mask.clone(), self.embeddings.len());
        let [rows, steps] = present.dims();
        let device = present.device();
        let embedded = self.embeddings.iter().zip(&window.tokens);
        let embedded = embedded.map(|(embedding, token)| embedding.forward(token.clone()));
        let tokens: Tensor<4> = Tensor::stack(embedded.collect(), 2);
        let width = tokens.dims()[3];
        let length = steps * kinds;
        let tokens = match self.per_token {
            true => {
                let places: Vec<i64> = (0..length as i64).collect();
                let places = Tensor::<2, Int>::from_data(TensorData::new(places, [1, length]), &device);
                tokens + self.position.forward(places).reshape([1, steps, kinds, width])
            }
            false => tokens + self.position.forward(window.times.clone()).unsqueeze_dim::<4>(2),
        };
        let mut hidden = self.first.forward(tokens.reshape([rows, length, width]));
        let seen = if self.causal { Mask::causal(length, &device) } else { Mask::full(length, &device) };
        let present = present.unsqueeze_dim::<3>(2).expand([rows, steps, kinds]).reshape([rows, length]);
        let mask = seen.among(present);
        for block in &self.blocks {
            hidden = block.forward(hidden, &mask, None, random.as_deref_mut());
        }
        self.last.forward(hidden).reshape([rows, steps, kinds, width])
    }
}

/// The outputs `[B, T, width]` at the tokens of one kind, of those of all kinds `[B, T, kinds, width]`.
pub fn read(outputs: Tensor<4>, kind: usize) -> Tensor<3> {
    outputs.narrow(2, kind, 1).squeeze_dim(2)
}
