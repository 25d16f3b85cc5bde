//! What a denoiser is told besides the sample: the step, and the condition.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::mlp::{Activation, Mlp, MlpConfig};

/// Sines and cosines of `steps [B]` at `width/2` wavelengths from 2π to 2π 10^4, `[B, width]`
/// (Vaswani et al., 2017).
pub fn sinusoids(steps: Tensor<1>, width: usize) -> Tensor<2> {
    let (device, half) = (steps.device(), width / 2);
    let decay = 10_000.0_f64.ln() / (half as f64 - 1.0).max(1.0);
    let frequencies: Vec<f32> = (0..half).map(|index| (-decay * index as f64).exp() as f32).collect();
    let frequencies = Tensor::<1>::from_floats(frequencies.as_slice(), &device);
    let angles = steps.unsqueeze_dim::<2>(1) * frequencies.unsqueeze_dim::<2>(0);
    Tensor::cat(vec![angles.clone().sin(), angles.cos()], 1)
}

/// What samples are conditioned on. A row whose `kept` is 0 has the null condition, whatever its
/// values are.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The conditions, `[B, c]`.
    pub values: Tensor<2>,
    /// 1 where the condition counts, 0 for the null condition, `[B, 1]`.
    pub kept: Tensor<2>,
}

impl Condition {
    /// Conditions that all count.
    pub fn of(values: Tensor<2>) -> Self {
        let kept = Tensor::ones([values.dims()[0], 1], &values.device());
        Self { values, kept }
    }

    /// The null condition of `rows` rows, for conditions of `width` numbers.
    pub fn null(rows: usize, width: usize, device: &Device) -> Self {
        Self { values: Tensor::zeros([rows, width], device), kept: Tensor::zeros([rows, 1], device) }
    }

    /// The same on the device with automatic differentiation.
    pub fn autodiff(self) -> Self {
        Self { values: self.values.autodiff(), kept: self.kept.autodiff() }
    }
}

/// Embeddings of step and condition, of the same width each.
#[derive(Module, Debug)]
pub(super) struct Embedding {
    step: Mlp,
    condition: Option<Mlp>,
    #[module(skip)]
    width: usize,
}

impl Embedding {
    /// For conditions of `condition` numbers; 0 for none.
    pub(super) fn new(width: usize, condition: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let mut mlp = |input, hidden: &[usize]| {
            MlpConfig::new(input, hidden, width).with_activation(Activation::Mish).init(device, random)
        };
        let step = mlp(width, &[4 * width]);
        let condition = (condition > 0).then(|| mlp(condition, &[width, 4 * width]));
        Self { step, condition, width }
    }

    /// Width of [`Embedding::forward`]'s result.
    pub(super) fn size(&self) -> usize {
        self.width * if self.condition.is_some() { 2 } else { 1 }
    }

    /// The embedding of the steps, beside that of the conditions where the network has them: the null
    /// condition is the embedding multiplied by 0.
    pub(super) fn forward(&self, steps: Tensor<1>, condition: Option<&Condition>) -> Tensor<2> {
        let step = self.step.forward(sinusoids(steps, self.width));
        let Some(network) = &self.condition else { return step };
        let beside = match condition {
            Some(condition) => network.forward(condition.values.clone()) * condition.kept.clone(),
            None => Tensor::zeros(step.dims(), &step.device()),
        };
        Tensor::cat(vec![step, beside], 1)
    }
}
