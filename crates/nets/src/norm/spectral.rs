//! Spectral normalisation (Miyato et al., 2018) as a reparameterisation of the weights of any module.

use crate::noise::normal_values;
use burn::module::{Module, ModuleMapper, Param, Reparameterization, Reparameterizer, RunningState};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

/// Steps of power iteration before the first use, as in PyTorch.
const FIRST_STEPS: usize = 15;

/// Least norm that a vector is divided by.
const FLOOR: f64 = 1e-12;

/// Divides a weight by its largest singular value, as estimated by the power method: with W the weight
/// as a matrix, its first dimension by all the others, and u and v the vectors of the iteration, what is
/// read of the weight is W/(uᵀ W v). u and v are constants of the loss; gradients reach W through both.
#[derive(Module, Debug)]
pub struct SpectralNorm {
    /// u and v, one behind the other.
    running_vectors: RunningState<Tensor<1>>,
}

impl Reparameterization for SpectralNorm {
    const NAME: &'static str = "spectral_norm";

    fn apply<const D: usize>(&self, base: Tensor<D>) -> Tensor<D> {
        let vectors = self.running_vectors.value();
        let vectors = if base.is_autodiff() && !vectors.is_autodiff() { vectors.autodiff() } else { vectors };
        let (matrix, [left, right]) = parts(base.clone(), vectors.detach());
        let largest = left.transpose().matmul(matrix).matmul(right);
        base / largest.reshape([1; D])
    }
}

/// W `[rows, columns]`, u `[rows, 1]` and v `[columns, 1]`.
fn parts<const D: usize>(weight: Tensor<D>, vectors: Tensor<1>) -> (Tensor<2>, [Tensor<2>; 2]) {
    let rows = weight.dims()[0];
    let columns = weight.dims().iter().product::<usize>() / rows;
    let left = vectors.clone().narrow(0, 0, rows).reshape([rows, 1]);
    let right = vectors.narrow(0, rows, columns).reshape([columns, 1]);
    (weight.reshape([rows, columns]), [left, right])
}

/// One step: u towards W v, then v towards Wᵀ u, each of norm 1.
fn step<const D: usize>(weight: Tensor<D>, vectors: Tensor<1>) -> Tensor<1> {
    let (matrix, [_, right]) = parts(weight, vectors);
    let unit = |vector: Tensor<2>| {
        let norm = vector.clone().square().sum().sqrt().clamp_min(FLOOR);
        vector / norm.unsqueeze()
    };
    let left = unit(matrix.clone().matmul(right));
    let right = unit(matrix.transpose().matmul(left.clone()));
    Tensor::cat(vec![left, right], 0).squeeze_dim(1)
}

/// `module` with those of its weights normalised whose path `chosen` accepts; biases and other vectors
/// never are. The vectors begin at random and are iterated 15 times. They are arrays of the module like
/// running statistics: in its snapshots, and copied into its targets.
pub fn spectral<M: Module>(module: M, chosen: impl Fn(&str) -> bool, random: &mut ChaCha8Rng) -> M {
    module.apply_reparameterization(Attach { chosen, random })
}

struct Attach<'a, C> {
    chosen: C,
    random: &'a mut ChaCha8Rng,
}

impl<C: Fn(&str) -> bool> Reparameterizer for Attach<'_, C> {
    type Reparam = SpectralNorm;

    fn reparameterize<const D: usize>(
        &mut self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<SpectralNorm>) {
        if D < 2 || !(self.chosen)(path) {
            return (param, None);
        }
        let weight = param.val().without_autodiff();
        let rows = weight.dims()[0];
        let count = rows + weight.dims().iter().product::<usize>() / rows;
        let values: Vec<f32> = normal_values(count, self.random).into_iter().map(|x| x as f32).collect();
        let mut vectors = Tensor::from_data(TensorData::new(values, [count]), &weight.device());
        for _ in 0..FIRST_STEPS {
            vectors = step(weight.clone(), vectors);
        }
        let vectors = if param.val().is_autodiff() { vectors.autodiff() } else { vectors };
        (param, Some(SpectralNorm { running_vectors: RunningState::new(vectors) }))
    }
}

/// One step of power iteration for every weight that is normalised. It belongs before a forward pass in
/// training; `learn::optim::Trained` does it after every change of the weights.
pub fn iterate<M: Module>(module: M) -> M {
    module.map(&mut Iterate { path: Vec::new(), weight: None })
}

/// Whether a parameter of this path is the state of a normalised weight.
pub fn is_state(path: &str) -> bool {
    path.rsplit('.').nth(1) == Some(SpectralNorm::NAME)
}

/// Meets every weight right before its vectors.
struct Iterate {
    path: Vec<String>,
    weight: Option<Tensor<2>>,
}

impl ModuleMapper for Iterate {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !is_state(&self.path.join(".")) {
            let weight = param.val().without_autodiff();
            let rows = weight.dims()[0].max(1);
            let columns = weight.dims().iter().product::<usize>() / rows;
            self.weight = Some(weight.reshape([rows, columns]));
            return param;
        }
        let Some(weight) = self.weight.take() else { return param };
        param.map(|vectors| {
            let next = step(weight, vectors.clone().without_autodiff().reshape([-1]));
            let next = next.reshape(vectors.dims());
            if vectors.is_autodiff() { next.autodiff() } else { next }
        })
    }
}
