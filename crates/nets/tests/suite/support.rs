//! What the tests share: golden values, comparisons, gradient checks.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use nets::parameters::{NamedArray, export, import};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::collections::BTreeMap;

pub fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// The training device.
pub fn training() -> Device {
    Device::flex().autodiff()
}

pub fn golden(section: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../data/nets.json")).unwrap();
    all[section].clone()
}

/// Numbers of one entry.
pub fn numbers(section: &Value, name: &str) -> Vec<f32> {
    let array = section[name].as_array().unwrap_or_else(|| panic!("no golden values `{name}`"));
    array.iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

pub fn scalar(tensor: &Tensor<1>) -> f32 {
    values(tensor)[0]
}

#[track_caller]
pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        let close = (a - b).abs() <= tolerance * (1.0 + b.abs());
        assert!(close, "element {index}: {a}, expected {b}");
    }
}

const STEP: f32 = 1e-3;

/// Compares gradients with difference quotients and refuses to have compared too few.
struct Comparison {
    tolerance: f32,
    compared: usize,
    kinks: usize,
}

impl Comparison {
    fn new(tolerance: f32) -> Self {
        Self { tolerance, compared: 0, kinks: 0 }
    }

    /// `loss` gives the loss with one number moved by its argument. A number beside a kink (of a
    /// ReLU or a maximum), where the quotients to the left and to the right differ, is left out.
    #[track_caller]
    fn compare(&mut self, name: &str, gradient: f32, loss: impl Fn(f32) -> f32) {
        let (low, middle, high) = (loss(-STEP), loss(0.0), loss(STEP));
        let (left, right) = ((middle - low) / STEP, (high - middle) / STEP);
        let expected = 0.5 * (left + right);
        let bound = self.tolerance * (1.0 + expected.abs());
        if (left - right).abs() > bound {
            self.kinks += 1;
            return;
        }
        self.compared += 1;
        assert!((gradient - expected).abs() <= bound, "{name}: {gradient}, expected {expected}");
    }

    #[track_caller]
    fn finish(self) {
        assert!(self.compared >= 4 * self.kinks, "{} of {}", self.kinks, self.compared);
    }
}

/// The gradient of `loss` at `input` against difference quotients.
#[track_caller]
pub fn check_input<const D: usize>(input: Tensor<D>, tolerance: f32, loss: impl Fn(Tensor<D>) -> Tensor<1>) {
    let device = training();
    let (start, shape) = (values(&input), input.dims());
    let leaf = tensor(start.clone(), shape, &device).require_grad();
    let gradients = loss(leaf.clone()).backward();
    let found = values(&leaf.grad(&gradients).expect("no gradient reaches the input"));
    let mut comparison = Comparison::new(tolerance);
    for (index, &gradient) in found.iter().enumerate() {
        comparison.compare(&format!("element {index}"), gradient, |step| {
            let mut moved = start.clone();
            moved[index] += step;
            scalar(&loss(tensor(moved, shape, &device)))
        });
    }
    comparison.finish();
}

/// Gradients of all parameters by name; those without one are missing.
pub fn gradients<M: Module>(module: &M, gradients: &Gradients) -> BTreeMap<String, Vec<f32>> {
    struct Visitor<'a> {
        path: Vec<String>,
        gradients: &'a Gradients,
        found: BTreeMap<String, Vec<f32>>,
    }
    impl ModuleVisitor for Visitor<'_> {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_string());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.gradients) {
                self.found.insert(self.path.join("."), values(&gradient));
            }
        }
    }
    let mut visitor = Visitor { path: Vec::new(), gradients, found: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.found
}

pub fn named(arrays: Vec<NamedArray>) -> BTreeMap<String, NamedArray> {
    arrays.into_iter().map(|array| (array.name.clone(), array)).collect()
}

/// Gradients of `loss` in every parameter (a few elements of each) against difference quotients.
#[track_caller]
pub fn check_parameters<M: Module>(module: &M, tolerance: f32, loss: impl Fn(&M) -> Tensor<1>) {
    let found = gradients(module, &loss(module).backward());
    let arrays = named(export(module, ""));
    let mut comparison = Comparison::new(tolerance);
    for (name, array) in &arrays {
        if name.contains("running_") {
            continue;
        }
        let gradient = found.get(name).unwrap_or_else(|| panic!("no gradient reaches `{name}`"));
        let count = array.values.len();
        for index in (0..count).step_by(count.div_ceil(5)) {
            comparison.compare(&format!("`{name}`[{index}]"), gradient[index], |step| {
                let mut moved = arrays.clone();
                moved.get_mut(name).unwrap().values[index] += step;
                scalar(&loss(&import(module.clone(), "", &moved).unwrap()))
            });
        }
    }
    comparison.finish();
}
