//! The cells in tensor operations, for accelerators and other precisions.

use super::{Cell, Recurrent, UPDATE_BIAS};
use burn::tensor::{Tensor, activation};

impl Recurrent {
    /// States `[B, T, S]` after every step, from the input's products `[B, T, gates H]` and the state
    /// `[B, S]` before the first.
    pub(super) fn by_tensors(
        &self,
        projected: Tensor<3>,
        begins: Option<Tensor<2>>,
        first: Tensor<2>,
    ) -> Tensor<3> {
        let [rows, length, width] = projected.dims();
        let begins = begins.map(|begins| match projected.is_autodiff() {
            true => begins.autodiff(),
            false => begins,
        });
        let start = self.start(1).into_values();
        let mut state = first;
        let mut states = Vec::with_capacity(length);
        for time in 0..length {
            if let Some(begins) = &begins {
                let anew = begins.clone().narrow(1, time, 1);
                state = state * anew.clone().neg().add_scalar(1.0) + anew.matmul(start.clone());
            }
            let input: Tensor<2> = projected.clone().narrow(1, time, 1).reshape([rows, width]);
            state = match self.cell {
                Cell::Gru => self.gru(input, state),
                Cell::GruResetBefore => self.gru_reset_before(input, state),
                Cell::GruNormalised => self.gru_normalised(input, state),
                Cell::Lstm => self.lstm(input, state),
            };
            states.push(state.clone());
        }
        Tensor::stack(states, 1)
    }

    fn gru(&self, input: Tensor<2>, state: Tensor<2>) -> Tensor<2> {
        let product = state.clone().matmul(self.recurrent.val());
        let [reset, keep] =
            [0, 1].map(|gate| activation::sigmoid(self.gate(&input, gate) + self.gate(&product, gate)));
        let mut candidate = self.gate(&product, 2);
        if let Some(bias) = &self.candidate {
            candidate = candidate + bias.val().unsqueeze();
        }
        let new = (self.gate(&input, 2) + reset * candidate).tanh();
        new.clone() + keep * (state - new)
    }

    fn gru_reset_before(&self, input: Tensor<2>, state: Tensor<2>) -> Tensor<2> {
        let hidden = self.hidden();
        let weight = self.recurrent.val();
        let product = state.clone().matmul(weight.clone().narrow(1, 0, 2 * hidden));
        let [reset, keep] =
            [0, 1].map(|gate| activation::sigmoid(self.gate(&input, gate) + self.gate(&product, gate)));
        let candidate = (reset * state.clone()).matmul(weight.narrow(1, 2 * hidden, hidden));
        let new = (self.gate(&input, 2) + candidate).tanh();
        new.clone() + keep * (state - new)
    }

    fn gru_normalised(&self, input: Tensor<2>, state: Tensor<2>) -> Tensor<2> {
        let sum = input + state.clone().matmul(self.recurrent.val());
        let normal = match &self.norm {
            Some(norm) => norm.forward(sum),
            None => sum,
        };
        let reset = activation::sigmoid(self.gate(&normal, 0));
        let update = activation::sigmoid(self.gate(&normal, 1).add_scalar(UPDATE_BIAS));
        let new = (reset * self.gate(&normal, 2)).tanh();
        state.clone() + update * (new - state)
    }

    fn lstm(&self, input: Tensor<2>, state: Tensor<2>) -> Tensor<2> {
        let hidden = self.hidden();
        let (output, cell) = (state.clone().narrow(1, 0, hidden), state.narrow(1, hidden, hidden));
        let sum = input + output.matmul(self.recurrent.val());
        let [write, forget, read] = [0, 1, 3].map(|gate| activation::sigmoid(self.gate(&sum, gate)));
        let cell = forget * cell + write * self.gate(&sum, 2).tanh();
        Tensor::cat(vec![read * cell.clone().tanh(), cell], 1)
    }

    /// A gate's part of `[B, gates H]`.
    fn gate(&self, all: &Tensor<2>, gate: usize) -> Tensor<2> {
        all.clone().narrow(1, gate * self.hidden(), self.hidden())
    }
}
