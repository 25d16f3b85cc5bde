//! Prompts and what followed them, for one teacher-forced pass.

use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::{
    host,
    lm::{Decoder, LogitsOf, Pass, Place},
};
use run::{Result, RunError};

/// Token sequences whose responses all begin in the same column: prompts are padded on the left,
/// responses on the right. Padding takes no position and is seen by nobody.
#[derive(Clone, Debug)]
pub struct Batch {
    rows: usize,
    /// Columns of the prompts, P.
    prompt: usize,
    /// Columns of the responses, R.
    response: usize,
    /// What the model reads, `[B, P + R - 1]`: a response's last token is only predicted.
    input: Vec<i64>,
    present: Vec<Vec<bool>>,
    /// `[B, R]`.
    targets: Vec<i64>,
    /// 1 at the tokens of responses, `[B, R]`.
    mask: Vec<f32>,
}

impl Batch {
    /// Pairs of a prompt and its response, none of them empty.
    pub fn new(pairs: &[(&[u32], &[u32])]) -> Self {
        let longest = |length: fn(&(&[u32], &[u32])) -> usize| pairs.iter().map(length).max().unwrap_or(0);
        let (prompt, response) = (longest(|pair| pair.0.len()), longest(|pair| pair.1.len()));
        let length = prompt + response.saturating_sub(1);
        let (mut input, mut present) = (Vec::new(), Vec::new());
        let (mut targets, mut mask) = (Vec::new(), Vec::new());
        for (question, answer) in pairs {
            let padding = prompt - question.len();
            let known = question.iter().chain(&answer[..answer.len().saturating_sub(1)]);
            let mut row = vec![0; padding];
            row.extend(known.map(|id| i64::from(*id)));
            present.push((0..length).map(|column| (padding..row.len()).contains(&column)).collect());
            row.resize(length, 0);
            input.extend(row);
            targets.extend(answer.iter().map(|id| i64::from(*id)));
            targets.resize(targets.len() + response - answer.len(), 0);
            mask.extend(std::iter::repeat_n(1.0, answer.len()));
            mask.resize(mask.len() + response - answer.len(), 0.0);
        }
        Self { rows: pairs.len(), prompt, response, input, present, targets, mask }
    }

    /// Rows and columns of the responses.
    pub fn dims(&self) -> [usize; 2] {
        [self.rows, self.response]
    }

    /// Columns of the prompts; a response's first token is predicted in the last of them.
    pub fn prompt_columns(&self) -> usize {
        self.prompt
    }

    /// Which columns of the input hold a token, `[B][P + R - 1]`.
    pub fn present(&self) -> &[Vec<bool>] {
        &self.present
    }

    /// What the model reads, `[B, P + R - 1]`.
    pub fn input(&self, device: &Device) -> Tensor<2, Int> {
        let length = self.prompt + self.response.saturating_sub(1);
        Tensor::from_data(TensorData::new(self.input.clone(), [self.rows, length]), device)
    }

    /// The responses' tokens, `[B, R]`.
    pub fn targets(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.targets.clone(), self.dims()), device)
    }

    /// As [`Batch::mask`], on the host.
    pub fn kept(&self) -> &[f32] {
        &self.mask
    }

    /// 1 at the tokens of responses and 0 behind them, `[B, R]`.
    pub fn mask(&self, device: &Device) -> Tensor<2> {
        self.spread(&self.mask, device)
    }

    /// Host values `[B, R]` as a tensor.
    pub fn spread(&self, values: &[f32], device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), self.dims()), device)
    }

    /// One value per token of each response, padded with 0 to `[B, R]`.
    pub fn padded<'a>(&self, rows: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.rows * self.response);
        for row in rows {
            out.extend_from_slice(row);
            out.resize(out.len().next_multiple_of(self.response.max(1)), 0.0);
        }
        out
    }

    /// A tensor `[B, R]` as one value per token of each response.
    pub fn rows(&self, values: Tensor<2>) -> Vec<Vec<f32>> {
        let values = host(values);
        let width = self.response.max(1);
        let length = |mask: &[f32]| mask.iter().filter(|kept| **kept == 1.0).count();
        values
            .chunks(width)
            .zip(self.mask.chunks(width))
            .map(|(row, mask)| row[..length(mask)].to_vec())
            .collect()
    }

    /// States behind the final normalisation from which the responses' tokens are predicted,
    /// `[B, R, d]`.
    ///
    /// # Errors
    /// A sequence is longer than the model's context.
    pub fn states(&self, decoder: &Decoder) -> Result<Tensor<3>> {
        let device = decoder.embedding().device();
        self.states_of(decoder, decoder.embed(self.input(&device)))
    }

    /// The same of input vectors `[B, P + R - 1, d]` in place of the tokens' embeddings.
    ///
    /// # Errors
    /// As [`Batch::states`].
    pub fn states_of(&self, decoder: &Decoder, input: Tensor<3>) -> Result<Tensor<3>> {
        let pass = Pass { logits: LogitsOf::None, ..Pass::default() };
        let output = decoder.forward(input, &Place::of(&self.present), pass).map_err(RunError::part)?;
        Ok(output.last.narrow(1, self.prompt.saturating_sub(1), self.response))
    }

    /// Logits of the responses' tokens, `[B, R, V]`.
    ///
    /// # Errors
    /// As [`Batch::states`].
    pub fn logits(&self, decoder: &Decoder) -> Result<Tensor<3>> {
        Ok(decoder.head(self.states(decoder)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_begin_in_one_column() {
        let batch = Batch::new(&[(&[5, 6, 7], &[1, 2]), (&[8], &[3, 4, 9])]);
        let device = Device::flex();
        let host = |tensor: Tensor<2, Int>| tensor.into_data().iter::<i64>().collect::<Vec<_>>();
        assert_eq!(host(batch.input(&device)), [5, 6, 7, 1, 0, 0, 0, 8, 3, 4]);
        assert_eq!(batch.present()[0], [true, true, true, true, false]);
        assert_eq!(batch.present()[1], [false, false, true, true, true]);
        assert_eq!(host(batch.targets(&device)), [1, 2, 0, 3, 4, 9]);
        assert_eq!(super::host(batch.mask(&device)), [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
        let rows: [&[f32]; 2] = [&[0.5, 0.25], &[1.0, 2.0, 3.0]];
        let padded = batch.padded(rows.into_iter());
        assert_eq!(padded, [0.5, 0.25, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(batch.rows(batch.spread(&padded, &device)), rows.map(<[f32]>::to_vec));
    }
}
