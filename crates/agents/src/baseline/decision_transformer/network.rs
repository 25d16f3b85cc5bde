//! The network: a transformer over (return to go, state, action), read at the states.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use nets::{
    NetsError,
    init::{self, Init},
    tanh,
    trajectory::{Trajectory, TrajectoryConfig, Window, read},
};
use rand_chacha::ChaCha8Rng;

/// Place of the state among the tokens of a step.
pub const STATE: usize = 1;
/// Place of the action.
pub const ACTION: usize = 2;

/// From windows to actions.
#[derive(Module, Debug)]
pub struct Network {
    trajectory: Trajectory,
    head: Linear,
    #[module(skip)]
    discrete: bool,
}

impl Network {
    /// Logits over `actions` indices, or that many numbers in (-1, 1).
    ///
    /// # Errors
    /// A shape out of range.
    pub fn new(
        shape: &TrajectoryConfig,
        actions: usize,
        discrete: bool,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        let trajectory = shape.init(device, random)?;
        let head = init::linear(shape.block.heads.width, actions, Init::Normal { std: 0.02 }, device, random);
        Ok(Self { trajectory, head, discrete })
    }

    /// What is done at every step, `[B, T, actions]`. Dropout takes place where a generator is given.
    pub fn forward(&self, window: &Window, random: Option<&mut ChaCha8Rng>) -> Tensor<3> {
        let output = self.head.forward(read(self.trajectory.forward(window, random), STATE));
        if self.discrete { output } else { tanh::tanh(output) }
    }
}
