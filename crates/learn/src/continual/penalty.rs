//! Penalties that hold important parameters in place: elastic weight consolidation (Kirkpatrick et
//! al., 2017) and synaptic intelligence (Zenke et al., 2017).

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use nets::host;
use serde::{Deserialize, Serialize};

/// All parameters of a module in one row `[n]`, in the order of its fields. Gradients flow back.
pub fn flat<M: Module>(module: &M) -> Tensor<1> {
    let mut parts = Parts(Vec::new());
    module.visit(&mut parts);
    Tensor::cat(parts.0, 0)
}

/// The values of [`flat`].
pub fn values<M: Module>(module: &M) -> Vec<f32> {
    host(flat(&module.valid()))
}

/// The gradient of every parameter in the order of [`flat`], zeros where a parameter has none.
pub fn gradient<M: Module>(module: &M, gradients: &Gradients) -> Vec<f32> {
    let mut reader = GradientReader { gradients, values: Vec::new() };
    module.visit(&mut reader);
    reader.values
}

struct Parts(Vec<Tensor<1>>);

impl ModuleVisitor for Parts {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let count = value.shape().num_elements();
        self.0.push(value.reshape([count]));
    }
}

struct GradientReader<'a> {
    gradients: &'a Gradients,
    values: Vec<f32>,
}

impl ModuleVisitor for GradientReader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let count = value.shape().num_elements();
        match value.grad(self.gradients) {
            Some(gradient) => self.values.extend(gradient.into_data().iter::<f32>()),
            None => self.values.extend(std::iter::repeat_n(0.0, count)),
        }
    }
}

/// sum_i importance_i (theta_i - anchor_i)².
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quadratic {
    /// Weight of each parameter, in the order of [`flat`]; empty where nothing is held yet.
    pub importance: Vec<f32>,
    /// Where each parameter is held.
    pub anchor: Vec<f32>,
}

impl Quadratic {
    /// Adds another such penalty. The sum of two is again one, up to a constant: importances add,
    /// and the anchor is their weighted mean.
    pub fn add(&mut self, importance: &[f32], anchor: &[f32]) {
        if self.importance.is_empty() {
            self.importance = importance.to_vec();
            self.anchor = anchor.to_vec();
            return;
        }
        let old = self.importance.iter_mut().zip(&mut self.anchor);
        for ((weight, place), (&new_weight, &new_place)) in old.zip(importance.iter().zip(anchor)) {
            let total = *weight + new_weight;
            if total > 0.0 {
                *place += (new_place - *place) * new_weight / total;
            }
            *weight = total;
        }
    }

    /// The penalty at the module's parameters; nothing where nothing is held yet.
    pub fn loss<M: Module>(&self, module: &M) -> Option<Tensor<1>> {
        if self.importance.is_empty() {
            return None;
        }
        let parameters = flat(module);
        let device = parameters.device();
        let constant = |values: &Vec<f32>| {
            let data = TensorData::new(values.clone(), [values.len()]);
            Tensor::<1>::from_data(data, &device)
        };
        let apart = parameters - constant(&self.anchor);
        Some((apart.square() * constant(&self.importance)).sum())
    }
}

/// The path integral of synaptic intelligence: how much each parameter's motion has lowered the
/// loss since the task began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathIntegral {
    start: Vec<f32>,
    lowered: Vec<f32>,
}

impl PathIntegral {
    /// A path that begins at these parameters.
    pub fn new(start: Vec<f32>) -> Self {
        Self { lowered: vec![0.0; start.len()], start }
    }

    /// Adds a step: minus the task's gradient at `before`, without the penalty's, times the motion.
    pub fn step(&mut self, gradient: &[f32], before: &[f32], after: &[f32]) {
        let motion = before.iter().zip(after).map(|(before, after)| after - before);
        for ((sum, slope), motion) in self.lowered.iter_mut().zip(gradient).zip(motion) {
            *sum -= slope * motion;
        }
    }

    /// Importances of the task that ends at `end`: max(w, 0)/((end - start)² + damping). The next
    /// task's path begins here.
    pub fn finish(&mut self, end: &[f32], damping: f32) -> Vec<f32> {
        let moved = self.start.iter().zip(end).map(|(start, end)| end - start);
        let importance = self
            .lowered
            .iter()
            .zip(moved)
            .map(|(sum, moved)| sum.max(0.0) / (moved * moved + damping))
            .collect();
        *self = Self::new(end.to_vec());
        importance
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use nets::{init::Init, mlp::MlpConfig};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_penalty_has_its_value_and_gradient() {
        let device = Device::flex().autodiff();
        let shape = MlpConfig::new(2, &[], 1).with_init(Init::FanIn, Init::FanIn);
        let module = shape.init(&device, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
        let at = values(&module);
        let penalty = Quadratic { importance: vec![1.0, 2.0, 0.0], anchor: vec![0.5, -0.5, 9.0] };
        let loss = penalty.loss(&module).unwrap();
        let expected = (at[0] - 0.5).powi(2) + 2.0 * (at[1] + 0.5).powi(2);
        let gradients = loss.backward();
        let found = gradient(&module, &gradients);
        assert!((loss.inner().into_scalar::<f32>() - expected).abs() < 1e-5);
        let slopes = [2.0 * (at[0] - 0.5), 4.0 * (at[1] + 0.5), 0.0];
        assert!(found.iter().zip(slopes).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {slopes:?}");
        assert!(Quadratic::default().loss(&module).is_none());
    }

    #[test]
    fn the_sum_of_two_penalties_is_one() {
        let mut sum = Quadratic::default();
        sum.add(&[1.0, 0.0], &[2.0, 3.0]);
        sum.add(&[3.0, 0.0], &[-2.0, 4.0]);
        let at = |x: f32, (w, a): (f32, f32)| w * (x - a).powi(2);
        let merged = (sum.importance[0], sum.anchor[0]);
        let difference = |x| at(x, (1.0, 2.0)) + at(x, (3.0, -2.0)) - at(x, merged);
        assert!((difference(0.0) - difference(5.0)).abs() < 1e-3);
        assert_eq!(sum.anchor[1], 3.0);
    }

    #[test]
    fn the_path_integral_of_small_steps_is_the_drop_of_the_loss() {
        // l = x² + 0.1 y², by gradient descent from (1, 1).
        let mut point = [1.0f32, 1.0];
        let mut path = PathIntegral::new(point.to_vec());
        for _ in 0..2_000 {
            let slope = [2.0 * point[0], 0.2 * point[1]];
            let next = [point[0] - 1e-3 * slope[0], point[1] - 1e-3 * slope[1]];
            path.step(&slope, &point, &next);
            point = next;
        }
        let drops = [1.0 - point[0].powi(2), 0.1 * (1.0 - point[1].powi(2))];
        let moved = [point[0] - 1.0, point[1] - 1.0];
        let found = path.finish(&point, 0.1);
        for k in 0..2 {
            let expected = drops[k] / (moved[k] * moved[k] + 0.1);
            assert!((found[k] - expected).abs() < 2e-2 * expected, "{found:?}");
        }
        assert_eq!(path, PathIntegral::new(point.to_vec()));
    }
}
