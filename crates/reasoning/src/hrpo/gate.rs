//! The gate between a token's embedding and the thinking state (section 3.2).

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{
        Device, Tensor, TensorData,
        activation::{sigmoid, softplus},
    },
};
use nets::init::{Init, linear};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use settings::Config;

/// Factor of the exponent, c.
const SHARPNESS: f64 = 8.0;
/// Keeps the root's slope finite.
const EPSILON: f32 = 1e-8;

/// How far the gate is open at the start. Every dimension of an embedding keeps a share of it that is
/// drawn between these ends, to the power of a number between 0 and 1 that depends on the token.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct GateConfig {
    /// Least share, above 0.
    #[setting(0.99)]
    pub r_min: f64,
    /// Largest share, below 1.
    #[setting(0.999)]
    pub r_max: f64,
}

impl GateConfig {
    /// Checks ranges.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    fn combinations(&self) -> std::result::Result<(), String> {
        for (name, value) in [("r_min", self.r_min), ("r_max", self.r_max)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(format!("`gate.{name}` is {value}: it must lie between 0 and 1, both excluded"));
            }
        }
        if self.r_min > self.r_max {
            return Err(format!(
                "`gate.r_min` is {}, more than `gate.r_max`, which is {}: it must be at most that",
                self.r_min, self.r_max
            ));
        }
        Ok(())
    }
}

/// The linear maps behind the gate, `[d, d]` each.
#[derive(Module, Debug)]
pub struct Maps {
    /// Towards how much of the openness is used, W_r and b_r.
    pub reset: Linear,
    /// Towards how much of the thinking state enters, W_i and b_i.
    pub input: Linear,
}

impl Maps {
    /// Draws the weights as linear layers usually are.
    pub fn new(width: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let mut map = || linear(width, width, Init::FanIn, device, random);
        Self { reset: map(), input: map() }
    }
}

/// How far each dimension is open, Λ `[d]`.
#[derive(Module, Debug)]
pub struct Openness {
    /// Λ.
    pub lambda: Param<Tensor<1>>,
}

impl Openness {
    /// Draws it so that the share of an embedding that is kept is a power of something uniform between
    /// the ends of `config`: `exp(-c softplus(-Λ) r) = u^r` for `Λ = -log(u^(-1/c) - 1)`.
    pub fn new(width: usize, config: &GateConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let draw = |_| {
            let share = config.r_min + (config.r_max - config.r_min) * random.random::<f64>();
            -(share.powf(-1.0 / SHARPNESS) - 1.0).ln() as f32
        };
        let lambda: Vec<f32> = (0..width).map(draw).collect();
        Self { lambda: Param::from_data(TensorData::new(lambda, [width]), device) }
    }
}

/// What is read while thinking, with the weights that decide it.
#[derive(Clone, Copy, Debug)]
pub enum Mixing<'a> {
    /// Embedding and thinking state, mixed by the gate.
    Gated {
        /// The gate's maps.
        maps: &'a Maps,
        /// How far it is open.
        openness: &'a Openness,
        /// Whether it is held shut, whatever its weights say.
        shut: bool,
    },
    /// The thinking state alone.
    Latent,
}

/// What the gate made of embeddings and thinking states.
#[derive(Clone, Debug)]
pub struct Mixed {
    /// What is read, `[N, d]`.
    pub input: Tensor<2>,
    /// The share a of the embedding in it, `[N, d]`; no gradient.
    pub kept: Tensor<2>,
}

impl Mixing<'_> {
    /// What is read in place of `embeddings [N, d]` beside `states [N, d]`: `a e + sqrt(1 - a² + 1e-8)
    /// (i s)` with `a = exp(-c softplus(-Λ) r)`, `r = sigmoid(W_r e + b_r)`, `i = sigmoid(W_i e + b_i)`.
    /// Where a is 1, nothing of the state enters.
    pub fn mix(self, embeddings: Tensor<2>, states: Tensor<2>) -> Mixed {
        let Self::Gated { maps, openness, shut } = self else {
            return Mixed { kept: states.zeros_like(), input: states };
        };
        let reset = sigmoid(maps.reset.forward(embeddings.clone()));
        let entering = sigmoid(maps.input.forward(embeddings.clone()));
        let slope = softplus(openness.lambda.val().neg(), 1.0).mul_scalar(-SHARPNESS as f32);
        let kept = (reset * slope.unsqueeze()).exp();
        let kept = if shut { kept.ones_like() } else { kept };
        // The constant is there for the slope; at the end of the range it would let 1e-4 through.
        let left = kept.clone().square().neg().add_scalar(1.0 + EPSILON).sqrt();
        let left = left.mask_fill(kept.clone().equal_elem(1.0), 0.0);
        let input = kept.clone() * embeddings + left * (entering * states);
        Mixed { input, kept: kept.without_autodiff() }
    }
}
