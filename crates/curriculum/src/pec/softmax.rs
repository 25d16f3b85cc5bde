//! One softmax network for all classes: what the gradient-based arms share.

use agents::failure::failure;
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData, activation},
};
use learn::optim::{AdamSettings, Trained, update};
use nets::mlp::{Mlp, MlpConfig};
use run::{Result, Run};
use worlds::data::Examples;

use super::network::{equal_width, inputs, values};

/// A network input-h-h-classes with ReLU and its Adam.
pub(super) struct Softmax {
    /// The network.
    pub net: Trained<Mlp>,
    device: Device,
    parameters: usize,
}

impl Softmax {
    /// A network with about `parameters` parameters.
    pub fn new(
        input: usize,
        classes: usize,
        parameters: usize,
        learning_rate: f64,
        device: &Device,
        run: &mut Run,
    ) -> Self {
        let width = equal_width(input, classes, parameters);
        let shape = MlpConfig::new(input, &[width, width], classes);
        let net = shape.init(&device.clone().autodiff(), run.random("init"));
        let parameters = net.num_params();
        Self { net: Trained::new(net, AdamSettings::new(learning_rate)), device: device.clone(), parameters }
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Inputs of these examples, ready for a loss.
    pub fn inputs(&self, examples: &Examples, indices: &[usize]) -> Tensor<2> {
        inputs(examples, indices, &self.device).autodiff()
    }

    /// Mean cross-entropy of these examples with a softmax over `classes` only, which hold the
    /// examples' own.
    pub fn cross_entropy(&self, train: &Examples, batch: &[usize], classes: &[usize]) -> Tensor<1> {
        let logits = self.net.module().forward(self.inputs(train, batch));
        let log_probability = activation::log_softmax(columns(logits, classes), 1);
        let mut marks = vec![0.0f32; batch.len() * classes.len()];
        for (row, &index) in marks.chunks_exact_mut(classes.len()).zip(batch) {
            for (mark, &class) in row.iter_mut().zip(classes) {
                *mark = f32::from(u8::from(class == train.labels[index]));
            }
        }
        let marks = TensorData::new(marks, [batch.len(), classes.len()]);
        let marks = Tensor::<2>::from_data(marks, &self.device).autodiff();
        (log_probability * marks).sum().div_scalar(-(batch.len() as f32))
    }

    /// One Adam step.
    pub fn step(&mut self, loss: Tensor<1>, run: &mut Run) -> Result<()> {
        let done = update("cross-entropy", loss, &mut [&mut self.net], None);
        run.log("loss/cross-entropy", f64::from(done.map_err(|error| failure(run, error))?.loss))
    }

    /// Logits of the classes `seen`, row-major.
    pub fn scores(&self, examples: &Examples, seen: &[usize]) -> Vec<f64> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let logits = self.net.inference().forward(inputs(examples, &all, &self.device));
        values(columns(logits, seen)).into_iter().map(f64::from).collect()
    }
}

/// The columns of these classes.
pub(super) fn columns(logits: Tensor<2>, classes: &[usize]) -> Tensor<2> {
    let indices: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
    let data = TensorData::new(indices, [classes.len()]);
    let indices = Tensor::<1, Int>::from_data(data, &logits.device());
    logits.select(1, indices)
}
