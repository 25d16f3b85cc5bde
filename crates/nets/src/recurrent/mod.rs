//! Recurrent cells: one step while acting, sequences while learning.
//!
//! Tensors are batch first. A mask `begins [B, T]` holds 1 where a sequence begins anew: the state is
//! set to the initial one before that step, so that windows may cross the ends of episodes. One
//! function computes all cases: a step is a sequence of one, and chunks are sequences whose state is
//! cut from the graph in between.
//!
//! The products of all inputs are one matrix product for the whole sequence. What remains of every
//! step is one product with the state (two where the reset gate comes before it) and loops over single
//! numbers; on the CPU all steps are one operation with a backward pass of its own.

mod bidirectional;
mod host;
mod state;
mod tensors;

pub use bidirectional::Bidirectional;
pub use state::State;

use crate::init::{Init, layer_norm_with_epsilon, linear_values, parameter};
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use settings::Choice;

/// Added to the variance in [`Cell::GruNormalised`], as in Dreamer's.
pub(crate) const NORM_EPSILON: f64 = 1e-3;

/// Added to the input of the update gate of [`Cell::GruNormalised`], as in Dreamer's: at first most of
/// the state is kept.
pub(crate) const UPDATE_BIAS: f64 = -1.0;

/// What a step computes of an input x and a state h. σ is the logistic function, products of vectors
/// are element by element, and the letters of the gates r, z, n or i, f, g, o stand for their parts of
/// x W + b and of h U.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Cell {
    /// Gated recurrent unit (Cho et al., 2014) as in cuDNN and PyTorch, the reset gate behind the
    /// product: r = σ(x_r + h_r), z = σ(x_z + h_z), n = tanh(x_n + r (h_n + c)), h' = (1 - z) n + z h.
    #[default]
    Gru,
    /// The same with the reset gate before the product, n = tanh(x_n + (r h) U_n), as in the published
    /// paper and in the first versions of TensorFlow.
    GruResetBefore,
    /// Dreamer's (Hafner et al., 2021): both products added and layer normalised, all gates together,
    /// and the reset gate on all of what the candidate reads. With p the normalised sum: r = σ(p_r),
    /// n = tanh(r p_n), u = σ(p_z - 1), h' = u n + (1 - u) h.
    GruNormalised,
    /// Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al.,
    /// 2000): c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c').
    Lstm,
}

impl Cell {
    /// Number of gates, the candidate among them.
    fn gates(self) -> usize {
        match self {
            Cell::Gru | Cell::GruResetBefore | Cell::GruNormalised => 3,
            Cell::Lstm => 4,
        }
    }

    /// Vectors that are carried from step to step: h, and c of the long short-term memory.
    fn vectors(self) -> usize {
        match self {
            Cell::Gru | Cell::GruResetBefore | Cell::GruNormalised => 1,
            Cell::Lstm => 2,
        }
    }
}

/// Shape of a recurrent layer and how its weights are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentConfig {
    /// What a step computes.
    pub cell: Cell,
    /// Width of the input.
    pub input: usize,
    /// Width of the output h, H.
    pub hidden: usize,
    /// The input's weights of every gate, each a matrix `[input, H]` of its own.
    pub weights: Init,
    /// The state's weights of every gate, each a matrix `[H, H]` of its own.
    pub recurrent: Init,
    /// First bias of the forget gate of [`Cell::Lstm`], in place of what `weights` draws.
    pub forget_bias: f64,
    /// Whether the initial state is a parameter, which begins at zero, instead of zero.
    pub learned_start: bool,
}

impl RecurrentConfig {
    /// The usual layer: Xavier weights of the input, orthogonal ones of the state, biases 0 but for 1
    /// at the forget gate (Jozefowicz et al., 2015), and a state that begins at zero.
    pub fn new(cell: Cell, input: usize, hidden: usize) -> Self {
        Self {
            cell,
            input,
            hidden,
            weights: Init::Xavier,
            recurrent: Init::Orthogonal { gain: 1.0 },
            forget_bias: 1.0,
            learned_start: false,
        }
    }

    /// With weights drawn otherwise.
    pub fn with_init(mut self, weights: Init, recurrent: Init) -> Self {
        self.weights = weights;
        self.recurrent = recurrent;
        self
    }

    /// With an initial state that is learned.
    pub fn with_learned_start(mut self) -> Self {
        self.learned_start = true;
        self
    }

    /// Draws the layer's weights: those of the input gate by gate, then those of the state.
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Recurrent {
        let Self { cell, input, hidden, .. } = *self;
        let width = cell.gates() * hidden;
        let (weight, mut bias) = side_by_side(cell.gates(), [input, hidden], self.weights, random);
        if cell == Cell::Lstm {
            bias[hidden..2 * hidden].fill(self.forget_bias as f32);
        }
        let (recurrent, _) = side_by_side(cell.gates(), [hidden, hidden], self.recurrent, random);
        let zeros = |count: usize| parameter(vec![0.0; count], [count], device);
        Recurrent {
            input: Linear {
                weight: parameter(weight, [input, width], device),
                bias: Some(parameter(bias, [width], device)),
            },
            recurrent: parameter(recurrent, [hidden, width], device),
            candidate: (cell == Cell::Gru).then(|| zeros(hidden)),
            norm: (cell == Cell::GruNormalised).then(|| layer_norm_with_epsilon(width, NORM_EPSILON, device)),
            start: self.learned_start.then(|| zeros(cell.vectors() * hidden)),
            cell,
        }
    }
}

/// `gates` matrices of `size` beside each other, and their biases.
fn side_by_side(gates: usize, size: [usize; 2], init: Init, random: &mut ChaCha8Rng) -> (Vec<f32>, Vec<f32>) {
    let [rows, columns] = size;
    let (matrices, biases): (Vec<_>, Vec<_>) =
        (0..gates).map(|_| linear_values(rows, columns, init, random)).unzip();
    let row = |row: usize| matrices.iter().flat_map(move |matrix| &matrix[row * columns..][..columns]);
    ((0..rows).flat_map(row).copied().collect(), biases.concat())
}

/// A recurrent layer.
#[derive(Module, Debug)]
pub struct Recurrent {
    /// W `[input, gates H]` and b, gates in the order r, z, n or i, f, g, o.
    input: Linear,
    /// U, `[H, gates H]`.
    recurrent: Param<Tensor<2>>,
    /// c of [`Cell::Gru`], `[H]`.
    candidate: Option<Param<Tensor<1>>>,
    /// Normalisation of [`Cell::GruNormalised`].
    norm: Option<LayerNorm>,
    /// The learned initial state, `[S]`.
    start: Option<Param<Tensor<1>>>,
    #[module(skip)]
    cell: Cell,
}

impl Recurrent {
    /// Width of the output, H.
    pub fn hidden(&self) -> usize {
        self.recurrent.dims()[0]
    }

    /// Numbers of a row's state, S: H, of the long short-term memory 2 H.
    pub fn state_size(&self) -> usize {
        self.cell.vectors() * self.hidden()
    }

    /// The initial state of `rows` sequences, with its graph where it is learned.
    pub fn start(&self, rows: usize) -> State {
        let size = self.state_size();
        let values = match &self.start {
            Some(start) => start.val().reshape([1, size]).repeat_dim(0, rows),
            None => Tensor::zeros([rows, size], &self.recurrent.device()),
        };
        self.state(values)
    }

    /// The state after one more input `[B, input]`. Rows with 1 in `begins [B]` begin anew before it.
    /// What the layer gives of the step is [`State::output`].
    pub fn step(&self, input: Tensor<2>, begins: Option<Tensor<1>>, state: State) -> State {
        let [rows, width] = input.dims();
        let begins = begins.map(|begins| begins.reshape([rows, 1]));
        self.sequence(input.reshape([rows, 1, width]), begins, state).1
    }

    /// Outputs `[B, T, H]` of all steps of `input [B, T, input]`, neither B nor T 0, and the last state. `state`
    /// is that before the first step; `begins [B, T]` is 0 or 1 and a constant, none for zeros.
    /// Gradients reach the input, the parameters and `state`, through all steps back to where a
    /// sequence began.
    ///
    /// # Panics
    /// Where the shapes disagree, or one of input, state and parameters records a graph and another
    /// does not.
    pub fn sequence(&self, input: Tensor<3>, begins: Option<Tensor<2>>, state: State) -> (Tensor<3>, State) {
        let [rows, length, width] = input.dims();
        let (hidden, size) = (self.hidden(), self.state_size());
        assert_eq!(state.values().dims(), [rows, size], "one state for every sequence");
        let begins = begins.map(|begins| {
            assert_eq!(begins.dims(), [rows, length], "one mark for every step of every sequence");
            begins.without_autodiff()
        });
        let projected = self.input.forward(input.reshape([rows * length, width]));
        let projected = projected.reshape([rows, length, self.cell.gates() * hidden]);
        let states = match host::sequence(self, &projected, begins.as_ref(), state.values()) {
            Some(states) => states,
            None => self.by_tensors(projected, begins, state.into_values()),
        };
        let last = states.clone().narrow(1, length - 1, 1).reshape([rows, size]);
        let outputs = if size == hidden { states } else { states.narrow(2, 0, hidden) };
        (outputs, self.state(last))
    }

    /// [`Recurrent::sequence`] with the graph cut every `length` steps: values are the same, while
    /// gradients reach back no further than the step where their chunk begins (truncated
    /// back-propagation through time). No gradient reaches `state`.
    pub fn chunks(
        &self,
        input: Tensor<3>,
        begins: Option<Tensor<2>>,
        state: State,
        length: usize,
    ) -> (Tensor<3>, State) {
        let steps = input.dims()[1];
        let mut state = state;
        let mut outputs = Vec::with_capacity(steps.div_ceil(length));
        for first in (0..steps).step_by(length) {
            let count = length.min(steps - first);
            let begins = begins.clone().map(|begins| begins.narrow(1, first, count));
            let (output, last) = self.sequence(input.clone().narrow(1, first, count), begins, state.detach());
            outputs.push(output);
            state = last;
        }
        (Tensor::cat(outputs, 1), state)
    }
}

#[cfg(test)]
mod tests;
