//! Losses and advantages of language models: what [`crate::policy_gradient`] and [`crate::imitation`]
//! are for actions, here for sequences of tokens and of continuous thoughts.
//!
//! Tensors are `[B, T]` over the rows and positions of a batch and `[B, T, V]` over the vocabulary;
//! masks hold 1 at the positions that count (the response, its end token included) and 0 elsewhere.
//! A position's logits are those *from which* its token was drawn, so they stand one place before it in
//! the model's output. Log-probabilities and entropies are in nats. Rewards and advantages are host
//! numbers, a group of rollouts of one prompt after the other, and know nothing of text.

pub mod advantage;
pub mod latent;
pub mod length;
pub mod preference;
pub mod surrogate;
pub mod tokens;

#[cfg(test)]
mod tests;

pub use advantage::{Advantages, Centre, Deviation};
pub use surrogate::{Divergence, Reduction, TokenSurrogate};
