//! One softmax network for all classes: what the gradient-based arms share.

use agents::{
    state::{load_trained, save_trained},
    update::update,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData, activation},
};
use learn::{
    continual::protocol::ClassTask,
    optim::{AdamSettings, Trained},
};
use nets::{
    host,
    mlp::{Mlp, MlpConfig},
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::super::{
    classifier::{Batch, Classifier},
    network::{equal_width, inputs},
};

/// A network input-h-h-classes with ReLU and its Adam.
pub struct Softmax {
    /// The network.
    pub net: Trained<Mlp>,
    device: Device,
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
        Self { net: Trained::new(net, AdamSettings::new(learning_rate)), device: device.clone() }
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.net.module().num_params()
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
}

/// What is done against forgetting: in this the arms differ.
pub trait Remedy: Send {
    /// The loss of a batch.
    fn loss(&mut self, softmax: &Softmax, batch: &Batch<'_>, run: &mut Run) -> Tensor<1>;

    /// After the step on a batch.
    fn stepped(&mut self, _softmax: &Softmax, _batch: &Batch<'_>, _run: &mut Run) {}

    /// A task is over; `seen` holds all classes seen so far.
    fn finish_task(&mut self, _softmax: &Softmax, _train: &Examples, _task: &ClassTask, _seen: &[usize]) {}

    /// Writes everything that learning has changed beside the network.
    fn save(&self, _snapshot: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    /// Takes it back.
    fn load(&mut self, _snapshot: &Snapshot) -> Result<()> {
        Ok(())
    }
}

/// A softmax network that learns with a remedy against forgetting.
pub struct SoftmaxClassifier<R> {
    /// The network.
    pub softmax: Softmax,
    /// The remedy.
    pub remedy: R,
}

impl<R: Remedy> Classifier for SoftmaxClassifier<R> {
    fn learn(&mut self, batch: &Batch<'_>, run: &mut Run) -> Result<()> {
        let loss = self.remedy.loss(&self.softmax, batch, run);
        let done = update(run, "cross-entropy", loss, &mut [&mut self.softmax.net], None)?;
        run.log("loss/cross-entropy", f64::from(done.loss))?;
        self.remedy.stepped(&self.softmax, batch, run);
        Ok(())
    }

    fn finish_task(&mut self, train: &Examples, task: &ClassTask, seen: &[usize]) {
        self.remedy.finish_task(&self.softmax, train, task, seen);
    }

    /// Logits.
    fn scores(&self, examples: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let logits = self.softmax.net.inference().forward(inputs(examples, &all, &self.softmax.device));
        Ok(host(columns(logits, seen)).into_iter().map(f64::from).collect())
    }

    fn parameters(&self) -> usize {
        self.softmax.parameters()
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("softmax", &self.softmax.net)]);
        self.remedy.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        self.remedy.load(snapshot)?;
        load_trained(snapshot.arrays(), &mut [("softmax", &mut self.softmax.net)])
    }
}

/// Fine-tuning, which does nothing against forgetting; and the labels trick, the same with the softmax
/// over the current task's classes, so that classes of the past are not pushed down. With one class
/// per task the trick leaves no gradient at all.
pub struct Finetune {
    /// Whether the softmax is over the current task's classes only.
    pub labels_trick: bool,
}

impl Remedy for Finetune {
    fn loss(&mut self, softmax: &Softmax, batch: &Batch<'_>, _run: &mut Run) -> Tensor<1> {
        let classes = if self.labels_trick { batch.task } else { batch.seen };
        softmax.cross_entropy(batch.train, batch.indices, classes)
    }
}

/// The columns of these classes.
pub fn columns(logits: Tensor<2>, classes: &[usize]) -> Tensor<2> {
    let indices: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
    let data = TensorData::new(indices, [classes.len()]);
    let indices = Tensor::<1, Int>::from_data(data, &logits.device());
    logits.select(1, indices)
}
