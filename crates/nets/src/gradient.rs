//! Where gradients go: values and gradients that differ on purpose.

use burn::tensor::Tensor;

/// The value of `hard` with the gradient of `soft`: soft + sg(hard - soft) (Bengio et al., 2013).
/// `hard` gets no gradient. Summed as sg(hard) + (soft - sg(soft)), so that the value is exactly
/// `hard`.
pub fn straight_through<const D: usize>(hard: Tensor<D>, soft: Tensor<D>) -> Tensor<D> {
    hard.detach() + (soft.clone() - soft.detach())
}

/// The value of `input` with its gradient multiplied by `-weight` (Ganin et al., 2016):
/// sg((1 + w) x) - w x.
pub fn reverse<const D: usize>(input: Tensor<D>, weight: f64) -> Tensor<D> {
    input.clone().mul_scalar(1.0 + weight).detach() - input.mul_scalar(weight)
}

/// The value of `input` with its gradient multiplied by `factor`: s x + sg((1 - s) x).
pub fn scale<const D: usize>(input: Tensor<D>, factor: f64) -> Tensor<D> {
    input.clone().mul_scalar(factor) + input.mul_scalar(1.0 - factor).detach()
}

/// Σ ⟨tensor, sg(cotangent)⟩: a scalar whose gradient with respect to each tensor is its cotangent.
/// It carries a gradient computed elsewhere into a graph; its value means nothing and belongs in no
/// log. No pairs give `None`.
pub fn surrogate<const D: usize>(pairs: &[(Tensor<D>, Tensor<D>)]) -> Option<Tensor<1>> {
    let products =
        pairs.iter().map(|(tensor, cotangent)| (tensor.clone() * cotangent.clone().detach()).sum());
    products.reduce(|total, product| total + product)
}
