//! How many directions latents use.

use burn::tensor::Tensor;

/// Effective number of directions among `latents [B, d]`: (Σ l)² / Σ l² over the eigenvalues l of
/// their covariance, by the traces of the Gram matrix and of its square. `[1]`.
pub(crate) fn effective_rank(latents: Tensor<2>) -> Tensor<1> {
    let centred = latents.clone() - latents.mean_dim(0);
    let gram = centred.clone().matmul(centred.clone().transpose());
    centred.square().sum().square() / gram.square().sum().clamp_min(1e-12)
}
