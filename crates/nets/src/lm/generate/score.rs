//! How probable a text is.

use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};

use crate::lm::sampling::tell;
use crate::lm::{Decoder, Pass, Place};
use crate::{NetsError, host};

/// What a model says of a sequence of T tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Log-probability of every token but the first behind those before it, in nats, `[T - 1]`.
    pub log_probs: Vec<f32>,
    /// Entropy of the distribution that each of them was compared with, in nats, `[T - 1]`.
    pub entropies: Vec<f32>,
    /// Logits of what follows the last token, `[V]`.
    pub logits: Vec<f32>,
}

/// Scores `ids` in one pass, at temperature 1.
///
/// # Errors
/// [`NetsError::EmptyPrompt`], [`NetsError::UnknownToken`], [`NetsError::TooLong`] beyond the context,
/// [`NetsError::Logits`] for logits that are not numbers.
pub fn score(decoder: &Decoder, ids: &[u32]) -> Result<Scored, NetsError> {
    let vocabulary = decoder.config().vocabulary;
    if ids.is_empty() {
        return Err(NetsError::EmptyPrompt { row: 0 });
    }
    if let Some(id) = ids.iter().find(|id| **id as usize >= vocabulary) {
        return Err(NetsError::UnknownToken { place: "the text".to_owned(), id: *id, vocabulary });
    }
    let plain = decoder.merged().valid();
    let numbers: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
    let device = plain.embedding().device();
    let input = Tensor::<2, Int>::from_data(TensorData::new(numbers, [1, ids.len()]), &device);
    let output = plain.forward(plain.embed(input), &Place::full(1, ids.len()), Pass::default())?;
    let logits = output.logits.unwrap_or_else(|| plain.head(output.last));
    let logits = host(logits);
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Err(NetsError::Logits { what: "not all numbers" });
    }
    let rows: Vec<&[f32]> = logits.chunks_exact(vocabulary).collect();
    let told = rows.iter().zip(&ids[1..]).map(|(row, id)| tell(row, *id, 1.0));
    let (log_probs, entropies) = told.map(|told| (told.log_prob, told.entropy)).unzip();
    Ok(Scored { log_probs, entropies, logits: rows[ids.len() - 1].to_vec() })
}
