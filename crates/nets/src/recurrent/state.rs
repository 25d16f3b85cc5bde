//! What a recurrent layer carries from step to step.

use super::Recurrent;
use crate::NetsError;
use crate::parameters::NamedArray;
use burn::tensor::{Tensor, TensorData};
use std::collections::BTreeMap;

/// The state of B sequences. It belongs to the acting state of a policy, to its snapshot, and to the
/// windows that are replayed.
#[derive(Clone, Debug)]
pub struct State {
    /// `[B, S]`: the outputs h, of the long short-term memory followed by the cells c.
    values: Tensor<2>,
    hidden: usize,
}

impl State {
    /// The output h of the last step, `[B, H]`.
    pub fn output(&self) -> Tensor<2> {
        match self.values.dims()[1] == self.hidden {
            true => self.values.clone(),
            false => self.values.clone().narrow(1, 0, self.hidden),
        }
    }

    /// All that is carried, `[B, S]`.
    pub fn values(&self) -> &Tensor<2> {
        &self.values
    }

    pub(super) fn into_values(self) -> Tensor<2> {
        self.values
    }

    /// Number of sequences B.
    pub fn rows(&self) -> usize {
        self.values.dims()[0]
    }

    /// The same numbers; no gradient passes.
    pub fn detach(self) -> Self {
        Self { values: self.values.detach(), ..self }
    }

    /// The same numbers lifted into a graph, as a constant of the loss.
    pub fn autodiff(self) -> Self {
        Self { values: self.values.autodiff(), ..self }
    }

    /// The same numbers out of the graph.
    pub fn inner(self) -> Self {
        Self { values: self.values.inner(), ..self }
    }

    /// The array `name` of a snapshot, `[B, S]`.
    pub fn export(&self, name: &str) -> NamedArray {
        let [rows, size] = self.values.dims();
        NamedArray {
            name: name.to_owned(),
            shape: vec![rows, size],
            values: crate::host(self.values.clone()),
        }
    }
}

impl Recurrent {
    /// The state whose numbers are `values [B, S]`, with their graph: what a replayed window began with,
    /// or what another network makes of something.
    ///
    /// # Panics
    /// Where they have another width than S.
    pub fn state(&self, values: Tensor<2>) -> State {
        assert_eq!(values.dims()[1], self.state_size(), "a state of this layer");
        State { values, hidden: self.hidden() }
    }

    /// The state of `rows` sequences that [`State::export`] wrote under `name`.
    ///
    /// # Errors
    /// The array is missing or has another shape.
    pub fn import(
        &self,
        name: &str,
        rows: usize,
        arrays: &BTreeMap<String, NamedArray>,
    ) -> Result<State, NetsError> {
        let shape = vec![rows, self.state_size()];
        match arrays.get(name) {
            None => Err(NetsError::MissingArray { name: name.to_owned(), shape }),
            Some(array) if array.shape != shape || array.values.len() != rows * self.state_size() => {
                let found = array.shape.clone();
                Err(NetsError::WrongShape { name: name.to_owned(), found, expected: shape })
            }
            Some(array) => {
                let data = TensorData::new(array.values.clone(), shape);
                Ok(self.state(Tensor::from_data(data, &self.recurrent.device())))
            }
        }
    }
}
