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
mod comparison;
mod config;
mod method;
mod network;
#[cfg(test)]
mod tests;

use agents::{
    state::{load_module, load_trained, save_module, save_trained},
    update::update,
};
use burn::tensor::{Device, Tensor};
use learn::{
    continual::protocol::ClassTask,
    optim::{AdamSettings, Trained},
    schedule::Schedule,
};
use nets::host;
use rand_chacha::ChaCha8Rng;
use run::{Progress, Result, Run, Snapshot};
use serde::{Deserialize, Serialize};
use worlds::data::{DataSet, Examples};

use classifier::{Batch, Classifier};
pub use config::{BaselineConfig, ClassifierKind, Decay, Form, PecConfig, Teacher};
use network::{Network, Shape, inputs, rows};

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

impl Pec {
    /// Some samples of the stream.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        let mut room = (run.total_steps() - run.steps()).min(CHUNK as u64) as usize;
        while room > 0 && self.position.task < self.tasks.len() {
            room -= self.learn(room, run)?;
        }
        Ok(Progress { finished: self.position.task == self.tasks.len(), ..Progress::MAIN })
    }

    /// Learns from the next batch, of at most `room` samples; gives their number. A task without
    /// samples is passed over.
    fn learn(&mut self, room: usize, run: &mut Run) -> Result<usize> {
        let task = &self.tasks[self.position.task];
        let left = &task.examples[self.position.offset..];
        let indices = &left[..left.len().min(room).min(self.batch)];
        for &index in indices {
            let class = self.data.train.labels[index];
            if !self.position.seen.contains(&class) {
                self.position.seen.push(class);
            }
        }
        if !indices.is_empty() {
            let batch = Batch {
                train: &self.data.train,
                indices,
                task: &task.classes,
                seen: &self.position.seen,
                step: self.position.step,
                steps: task.examples.len().div_ceil(self.batch) as u64,
            };
            self.classifier.learn(&batch, run)?;
        }
        self.position.offset += indices.len();
        self.position.step += 1;
        run.count_steps(indices.len() as u64);
        if self.position.offset == task.examples.len() {
            self.classifier.finish_task(&self.data.train, task, &self.position.seen);
            self.position = Position {
                task: self.position.task + 1,
                seen: std::mem::take(&mut self.position.seen),
                ..Position::default()
            };
        }
        Ok(indices.len())
    }
}

/// What the students copy.
enum Goal {
    /// Fixed networks: one for all classes, or one each.
    Fixed(Vec<Network>),
    /// A network that learns along.
    Learning(Box<Trained<Network>>),
    /// The same vector for every input.
    Constant(Vec<f32>),
    /// The input.
    Input,
}

/// A student per class.
struct Students {
    students: Vec<Trained<Network>>,
    goal: Goal,
    /// What the student of an example's class copies, for every training example: a fixed
    /// teacher's outputs are computed once. Empty for a teacher that learns.
    targets: Vec<f32>,
    outputs: usize,
    parameters: usize,
    learning_rate: f64,
    decay: Decay,
    device: Device,
}

impl Students {
    /// Draws the teacher and the students.
    fn new(
        config: &PecConfig,
        shape: Shape,
        train: &Examples,
        classes: usize,
        device: &Device,
        run: &mut Run,
    ) -> Self {
        let wide = Shape { width: shape.width * config.multiplier, ..shape.clone() };
        let random = run.random("teacher");
        let goal = match config.teacher {
            Teacher::Random => Goal::Fixed(vec![wide.init(device, random)]),
            Teacher::Own => Goal::Fixed((0..classes).map(|_| wide.init(device, random)).collect()),
            Teacher::Trained => {
                let network = wide.init(&device.clone().autodiff(), random);
                Goal::Learning(Box::new(Trained::new(network, AdamSettings::new(config.learning_rate))))
            }
            // What the teacher says of the zero input: a vector of the size of its outputs.
            Teacher::Constant => {
                let zero = Tensor::zeros([1, shape.input], device);
                Goal::Constant(host(wide.init(device, random).forward(zero)))
            }
            Teacher::Input => Goal::Input,
        };
        let random = run.random("init");
        let training = device.clone().autodiff();
        let first = shape.init(&training, random);
        let student = |class: usize, random: &mut ChaCha8Rng| match config.same_start || class == 0 {
            true => first.clone(),
            false => shape.init(&training, random),
        };
        let adam = AdamSettings::new(config.learning_rate);
        let students = (0..classes).map(|class| Trained::new(student(class, random), adam)).collect();
        let mut built = Self {
            students,
            goal,
            targets: Vec::new(),
            outputs: shape.output,
            parameters: classes * shape.parameters(),
            learning_rate: config.learning_rate,
            decay: config.decay,
            device: device.clone(),
        };
        built.copy_teacher(train);
        built
    }

    /// Computes what is to be copied for every training example.
    fn copy_teacher(&mut self, train: &Examples) {
        let all: Vec<usize> = (0..train.len()).collect();
        self.targets = match &self.goal {
            Goal::Learning(_) => Vec::new(),
            Goal::Fixed(teachers) if teachers.len() > 1 => {
                let of = |index: usize| (train.labels[index], inputs(train, &[index], &self.device));
                all.iter().map(|&index| of(index)).flat_map(|(c, x)| host(teachers[c].forward(x))).collect()
            }
            _ => host(self.target(inputs(train, &all, &self.device), 0)),
        };
    }

    /// What the student of `class` should put out, without gradient.
    fn target(&self, inputs: Tensor<2>, class: usize) -> Tensor<2> {
        match &self.goal {
            Goal::Fixed(teachers) => teachers[class.min(teachers.len() - 1)].forward(inputs),
            Goal::Learning(teacher) => teacher.inference().forward(inputs),
            Goal::Constant(vector) => {
                let count = inputs.dims()[0];
                rows(vector.clone(), self.outputs, &self.device).expand([count, self.outputs])
            }
            Goal::Input => inputs,
        }
    }

    /// Adam's step size at a place of a task.
    fn rate(&self, batch: &Batch<'_>) -> f64 {
        match self.decay {
            Decay::Constant => self.learning_rate,
            Decay::Linear => Schedule::linear(self.learning_rate, 0.0, batch.steps).value(batch.step),
            Decay::Reciprocal => self.learning_rate / (1.0 + batch.step as f64 / RECIPROCAL_STEPS),
        }
    }

    /// One Adam step on ||g_c(x) - h(x)||²/d over the samples of one class. Only its student gets a
    /// gradient, and the teacher where that learns along.
    fn learn_class(
        &mut self,
        class: usize,
        batch: &Batch<'_>,
        members: &[usize],
        run: &mut Run,
    ) -> Result<()> {
        let rate = self.rate(batch);
        let input = inputs(batch.train, members, &self.device).autodiff();
        let output = self.students[class].module().forward(input.clone());
        let student = &mut self.students[class];
        student.set_learning_rate(rate);
        let done = match &mut self.goal {
            Goal::Learning(teacher) => {
                let loss = (output - teacher.module().forward(input)).square().mean();
                teacher.set_learning_rate(rate);
                update(run, "student", loss, &mut [student, teacher.as_mut()], None)?
            }
            _ => {
                let of = |&index: &usize| &self.targets[index * self.outputs..(index + 1) * self.outputs];
                let target: Vec<f32> = members.iter().flat_map(of).copied().collect();
                let loss = (output - rows(target, self.outputs, &self.device).autodiff()).square().mean();
                update(run, "student", loss, &mut [student], None)?
            }
        };
        run.log("loss/student", f64::from(done.loss))
    }
}

/// Steps after which the reciprocal decay has halved the rate.
const RECIPROCAL_STEPS: f64 = 10.0;

impl Classifier for Students {
    /// A batch is split by class.
    fn learn(&mut self, batch: &Batch<'_>, run: &mut Run) -> Result<()> {
        let mut classes = batch.by_class();
        classes.try_for_each(|(class, members)| self.learn_class(class, batch, &members, run))
    }

    /// s_c(x) = -||g_c(x) - h(x)||²/d; nothing calibrates the classes' scores to each other.
    fn scores(&self, examples: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let input = inputs(examples, &all, &self.device);
        let shared = self.target(input.clone(), 0);
        let own = matches!(&self.goal, Goal::Fixed(teachers) if teachers.len() > 1);
        let mut scores = vec![0.0; all.len() * seen.len()];
        for (place, &class) in seen.iter().enumerate() {
            let target = if own { self.target(input.clone(), class) } else { shared.clone() };
            let output = self.students[class].inference().forward(input.clone());
            let errors = host((output - target).square().mean_dim(1));
            for (row, error) in errors.into_iter().enumerate() {
                scores[row * seen.len() + place] = -f64::from(error);
            }
        }
        Ok(scores)
    }

    fn parameters(&self) -> usize {
        self.parameters
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        for (class, student) in self.students.iter().enumerate() {
            save_trained(snapshot, &[(&format!("student-{class}"), student)]);
        }
        match &self.goal {
            Goal::Fixed(teachers) => {
                for (index, teacher) in teachers.iter().enumerate() {
                    save_module(snapshot, &format!("teacher-{index}"), teacher);
                }
            }
            Goal::Learning(teacher) => save_trained(snapshot, &[("teacher", teacher.as_ref())]),
            Goal::Constant(vector) => snapshot.put("teacher", vector)?,
            Goal::Input => {}
        }
        Ok(())
    }

    fn load(&mut self, snapshot: &Snapshot, train: &Examples) -> Result<()> {
        let arrays = snapshot.arrays();
        for (class, student) in self.students.iter_mut().enumerate() {
            load_trained(arrays, &mut [(&format!("student-{class}"), student)])?;
        }
        match &mut self.goal {
            Goal::Fixed(teachers) => {
                for (index, teacher) in teachers.iter_mut().enumerate() {
                    *teacher = load_module(arrays, &format!("teacher-{index}"), teacher.clone())?;
                }
            }
            Goal::Learning(teacher) => load_trained(arrays, &mut [("teacher", teacher.as_mut())])?,
            Goal::Constant(vector) => *vector = snapshot.get("teacher")?,
            Goal::Input => {}
        }
        self.copy_teacher(train);
        Ok(())
    }
}
