//! What computes logits.

use burn::tensor::Tensor;

use crate::NetsError;

/// What rows read in one step.
pub(super) enum Inputs<'a> {
    /// Tokens, `[B]`.
    Tokens(&'a [u32]),
    /// Vectors, `[B, d]`.
    Vectors(Box<Tensor<2>>),
}

/// A model in the middle of a batch of sequences.
pub(super) trait Engine {
    /// Number of tokens it knows.
    fn vocabulary(&self) -> usize;

    /// Most tokens of a sequence.
    fn context(&self) -> usize;

    /// Reads the prompts, each followed by at most `max_new` steps.
    fn begin(&mut self, prompts: &[Vec<u32>], max_new: usize) -> Result<(), NetsError>;

    /// Reads one more slot of the rows that are `running`; the others stay as they are.
    fn step(&mut self, inputs: Inputs<'_>, running: &[bool]) -> Result<(), NetsError>;

    /// The logits of what follows, one slice `[V]` per row.
    fn logits(&self) -> Vec<&[f32]>;

    /// The states they came from, `[B, d]`.
    fn last(&self) -> Tensor<2>;

    /// The vectors of tokens, `[B, d]`.
    fn embed(&self, ids: &[u32]) -> Tensor<2>;
}

/// The prompts without repetitions, and which of them each row has.
pub(super) fn distinct(prompts: &[Vec<u32>]) -> (Vec<&[u32]>, Vec<usize>) {
    let mut places = std::collections::HashMap::new();
    let mut distinct: Vec<&[u32]> = Vec::new();
    let of_rows = prompts.iter().map(|prompt| {
        *places.entry(prompt.as_slice()).or_insert_with(|| {
            distinct.push(prompt);
            distinct.len() - 1
        })
    });
    let of_rows = of_rows.collect();
    (distinct, of_rows)
}
