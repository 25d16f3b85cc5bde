//! What may be seen from where.

use burn::tensor::{Device, Tensor, TensorData};

use crate::NetsError;

/// 1 where a position (row) may see another (column), 0 elsewhere, for every sequence of a batch or
/// for all of them alike.
#[derive(Clone, Debug)]
pub struct Mask {
    /// `[B or 1, 1, T or 1, S]`.
    seen: Tensor<4>,
}

impl Mask {
    /// Everything sees everything, in sequences of `length`.
    pub fn full(length: usize, device: &Device) -> Self {
        Self { seen: Tensor::ones([1, 1, 1, length], device) }
    }

    /// Every position sees itself and those before it.
    pub fn causal(length: usize, device: &Device) -> Self {
        let entry = |index: usize| if index % length <= index / length { 1.0 } else { 0.0 };
        let values: Vec<f32> = (0..length * length).map(entry).collect();
        Self { seen: Tensor::from_data(TensorData::new(values, [1, 1, length, length]), device) }
    }

    /// The positions marked 1 in `seen [B, T, S]` may be seen, those marked 0 may not.
    pub fn new(seen: Tensor<3>) -> Self {
        Self { seen: seen.unsqueeze_dim(1) }
    }

    /// Moreover, positions that are 0 in `present [B, S]`, such as padding, are seen by none.
    pub fn among(self, present: Tensor<2>) -> Self {
        let [rows, length] = present.dims();
        Self { seen: self.seen * present.reshape([rows, 1, 1, length]) }
    }

    /// Whether it fits `rows` sequences of T positions that look at S.
    pub(crate) fn check(&self, [rows, length, others]: [usize; 3]) -> Result<(), NetsError> {
        let found = self.seen.dims();
        let fits = |dim: usize, size: usize| found[dim] == size || found[dim] == 1;
        if fits(0, rows) && fits(2, length) && found[3] == others {
            return Ok(());
        }
        let found = vec![found[0], found[2], found[3]];
        Err(NetsError::Sequences { what: "the mask", found, expected: vec![rows, length, others] })
    }

    /// The mask in the shape of these scores `[B, H, T, S]`, with one head.
    pub(super) fn allowed(&self, scores: &Tensor<4>) -> Tensor<4> {
        let [rows, _, length, others] = scores.dims();
        self.seen.clone().expand([rows, 1, length, others])
    }
}
