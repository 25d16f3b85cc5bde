//! Prediction error-based classification (Zając, Tuytelaars and van de Ven, 2024, arXiv 2305.18806).
//!
//! Classes arrive one after another and every example is seen once. Every class has a small student
//! of its own that learns, on that class's examples only, to copy one wide random teacher; a test
//! input goes to the class whose student copies the teacher best. Students do not interfere, and
//! their errors are comparable because all copy the same teacher from the same start.
//!
//! Here the stream is one of the data sets in the program, a step is one sample, and the arms that
//! the paper compares with are variants under the same protocol, with as many parameters.

mod classifier;
mod config;
mod er;
mod ewc;
mod finetune;
mod gp;
mod lwf;
mod network;
mod si;
mod softmax;
mod statistics;
mod students;
#[cfg(test)]
mod tests;
mod vae;

use agents::device;
use burn::tensor::Device;
use learn::continual::{
    buffer::ClassBuffer,
    protocol::{ClassTask, class_incremental},
};
use run::{
    Card, Method, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Task, scores::exact,
};
use serde::{Deserialize, Serialize};
use worlds::data::{self, DataSet, Examples};

use classifier::{Classifier, Place};
pub use config::{BaselineConfig, Decay, Form, PecConfig, Teacher, Variant};
use network::Shape;

/// Samples of one iteration at most: they are cheap, and the loop around them is not free.
const CHUNK: usize = 50;

/// Prediction error-based classification, and what it is compared with.
pub struct Pec {
    data: DataSet,
    tasks: Vec<ClassTask>,
    position: Position,
    batch: usize,
    classifier: Box<dyn Classifier>,
}

/// Where in the stream the run stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Position {
    task: usize,
    /// Samples of the task that have been seen.
    offset: usize,
    /// Updates since the task began.
    step: u64,
    /// Classes in the order of their first sample.
    seen: Vec<usize>,
}

run::register!(Pec);

impl Method for Pec {
    const CARD: Card = Card {
        id: "pec",
        title: "Prediction Error-based Classification for Class-Incremental Learning",
        paper: "Zając et al., 2024, arXiv 2305.18806",
        family: "continual",
        summary: "a student per class copies a random teacher; the class of the smallest error wins",
        needs: &[],
        metrics: &[
            "eval/accuracy",
            "loss/student",
            "loss/cross-entropy",
            "loss/vae",
            "diag/accuracy_seen",
            "diag/classes_unseen",
            "diag/parameters",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "samples",
        steps: 1_500,
        instead: "a method that acts in worlds",
    };
    type Config = PecConfig;

    fn build(config: PecConfig, _task: &Task, run: &mut Run) -> Result<Self> {
        let data = data::load(&config.data, run.seed())?;
        let classes = if config.classes == 0 { data.classes() } else { config.classes };
        let random = run.random("stream");
        let tasks =
            class_incremental(&data.train.labels, classes, config.classes_per_task, &config.order, random)
                .map_err(RunError::part)?;
        report_classes_that_never_come(&tasks, classes, run);
        report_inputs_far_from_zero(&data.train, &tasks, run);
        let softmax_like = !matches!(config.variant, Variant::Pec | Variant::VaeGc);
        let batch = if softmax_like { config.baseline.batch } else { config.batch };
        let device = device::parse(run.device())?;
        let classifier = classifier(&config, &data, classes, &device, run)?;
        Ok(Self { data, tasks, position: Position::default(), batch, classifier })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let mut room = (run.total_steps() - run.steps()).min(CHUNK as u64) as usize;
        while room > 0 && self.position.task < self.tasks.len() {
            room -= self.learn(room, run)?;
        }
        Ok(Progress { finished: self.position.task == self.tasks.len(), ..Progress::MAIN })
    }

    /// Accuracy on the held-out examples; those of classes not seen yet count as wrong.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let seen = &self.position.seen;
        if seen.is_empty() {
            return Err(RunError::Part(
                "no class has been trained yet, so there is nothing to test: train for at least one sample"
                    .to_owned(),
            ));
        }
        let test = &self.data.test;
        let scores = self.classifier.scores(test, seen, &mut run.derived("eval", protocol.seed))?;
        let best =
            |row: &[f64]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |best| best.0);
        let chosen = scores.chunks_exact(seen.len()).map(|row| seen[best(row)]);
        let right = chosen.zip(&test.labels).filter(|(chosen, label)| chosen == *label).count() as f64;
        let of_seen = test.labels.iter().filter(|label| seen.contains(label)).count();
        Ok(exact([
            ("eval/accuracy", right / test.len() as f64),
            ("diag/accuracy_seen", right / of_seen.max(1) as f64),
            ("diag/classes_unseen", (self.data.classes() - seen.len()) as f64),
            ("diag/parameters", self.classifier.parameters() as f64),
        ]))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("position", &self.position)?;
        self.classifier.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.position = snapshot.get("position")?;
        self.classifier.load(snapshot, &self.data.train)
    }
}

impl Pec {
    /// Learns from the next batch, of at most `room` samples; gives their number. A task without
    /// samples is passed over.
    fn learn(&mut self, room: usize, run: &mut Run) -> Result<usize> {
        let task = &self.tasks[self.position.task];
        let left = &task.examples[self.position.offset..];
        let batch = &left[..left.len().min(room).min(self.batch)];
        for &index in batch {
            let class = self.data.train.labels[index];
            if !self.position.seen.contains(&class) {
                self.position.seen.push(class);
            }
        }
        if !batch.is_empty() {
            let steps = task.examples.len().div_ceil(self.batch) as u64;
            let place =
                Place { task: &task.classes, seen: &self.position.seen, step: self.position.step, steps };
            self.classifier.learn(&self.data.train, batch, &place, run)?;
        }
        self.position.offset += batch.len();
        self.position.step += 1;
        run.count_steps(batch.len() as u64);
        if self.position.offset == task.examples.len() {
            self.classifier.finish_task(&self.data.train, task, &self.position.seen)?;
            self.position = Position {
                task: self.position.task + 1,
                seen: std::mem::take(&mut self.position.seen),
                ..Position::default()
            };
        }
        Ok(batch.len())
    }
}

/// Builds the variant, with the students' number of parameters.
fn classifier(
    config: &PecConfig,
    data: &DataSet,
    classes: usize,
    device: &Device,
    run: &mut Run,
) -> Result<Box<dyn Classifier>> {
    let width = data.train.width;
    let image = match config.form {
        Form::Mlp => None,
        Form::Cnn => Some(data.image.ok_or_else(|| {
            RunError::Config(format!(
                "`form` is cnn, but data `{}` holds no images: use `mlp`, or `digits8`",
                config.data
            ))
        })?),
    };
    let output = if config.teacher == Teacher::Input { width } else { config.outputs };
    let shape = Shape { input: width, width: config.width, output, activation: config.activation, image };
    let parameters = classes * Shape { output: config.outputs, ..shape.clone() }.parameters();
    let baseline = &config.baseline;
    let rate = baseline.learning_rate;
    let mut softmax = || softmax::Softmax::new(width, classes, parameters, rate, device, run);
    Ok(match config.variant {
        Variant::Finetune => Box::new(finetune::Finetune::new(softmax(), false)),
        Variant::LabelsTrick => Box::new(finetune::Finetune::new(softmax(), true)),
        Variant::Ewc => Box::new(ewc::Ewc::new(softmax(), baseline.ewc_strength)),
        Variant::Si => Box::new(si::Si::new(softmax(), baseline.si_strength, baseline.si_damping)),
        Variant::Lwf => Box::new(lwf::Lwf::new(softmax(), baseline.lwf_strength, baseline.lwf_temperature)),
        Variant::Er => {
            let buffer = ClassBuffer::new(baseline.buffer, classes);
            Box::new(er::Er::new(softmax(), buffer, baseline.replay))
        }
        Variant::NearestMean => Box::new(statistics::Statistics::new(classes, width, None)),
        Variant::Slda => Box::new(statistics::Statistics::new(classes, width, Some(baseline.shrinkage))),
        Variant::PecGp => Box::new(gp::GaussianProcess::new(classes)),
        Variant::VaeGc => Box::new(vae::Generative::new(baseline, width, classes, parameters, device, run)),
        Variant::Pec => Box::new(students::Students::new(config, shape, &data.train, classes, device, run)),
    })
}

/// Classes without a sample cannot be predicted: the user is told which.
fn report_classes_that_never_come(tasks: &[ClassTask], classes: usize, run: &mut Run) {
    let comes = |class: &usize| tasks.iter().any(|task| task.classes.contains(class));
    let missing: Vec<String> =
        (0..classes).filter(|class| !comes(class)).map(|class| class.to_string()).collect();
    if !missing.is_empty() {
        run.note(format!("classes {} never arrive and cannot be predicted", missing.join(", ")));
    }
}

/// Warns of inputs that a random teacher hardly tells apart: a feature whose mean over the first
/// hundred samples is more than ten standard deviations from zero.
fn report_inputs_far_from_zero(train: &Examples, tasks: &[ClassTask], run: &mut Run) {
    let first: Vec<usize> = tasks.iter().flat_map(|task| &task.examples).copied().take(100).collect();
    let count = first.len().max(1) as f32;
    let far = (0..train.width).find(|&k| {
        let mean = first.iter().map(|&index| train.input(index)[k]).sum::<f32>() / count;
        let variance = first.iter().map(|&index| (train.input(index)[k] - mean).powi(2)).sum::<f32>() / count;
        mean.abs() > 10.0 * variance.sqrt()
    });
    if let Some(feature) = far {
        run.note(format!(
            "feature {feature} of the inputs lies more than ten standard deviations from zero: standardise the data"
        ));
    }
}
