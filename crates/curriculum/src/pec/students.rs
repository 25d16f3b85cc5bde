//! The method itself: a student per class learns to copy one random teacher.

use agents::{
    failure::failure,
    state::{arrays, load_module, load_trained, save_module, save_trained},
};
use burn::tensor::{Device, Tensor};
use learn::{
    optim::{AdamSettings, Trainable, Trained, update},
    schedule::Schedule,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    classifier::{Classifier, Place},
    config::{Decay, PecConfig, Teacher},
    network::{Network, Shape, inputs, rows, values},
};

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
pub(super) struct Students {
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
    pub fn new(
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
                Goal::Constant(values(wide.init(device, random).forward(zero)))
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
                all.iter().map(|&index| of(index)).flat_map(|(c, x)| values(teachers[c].forward(x))).collect()
            }
            _ => values(self.target(inputs(train, &all, &self.device), 0)),
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

    fn rate(&self, place: &Place<'_>) -> f64 {
        match self.decay {
            Decay::Constant => self.learning_rate,
            Decay::Linear => Schedule::linear(self.learning_rate, 0.0, place.steps).value(place.step),
            Decay::Reciprocal => self.learning_rate / (1.0 + place.step as f64 / RECIPROCAL_STEPS),
        }
    }

    fn learn_class(&mut self, train: &Examples, members: &[usize], rate: f64, run: &mut Run) -> Result<()> {
        let class = train.labels[members[0]];
        let input = inputs(train, members, &self.device).autodiff();
        let output = self.students[class].module().forward(input.clone());
        let student = &mut self.students[class];
        student.set_learning_rate(rate);
        let done = match &mut self.goal {
            Goal::Learning(teacher) => {
                let loss = (output - teacher.module().forward(input)).square().mean();
                teacher.set_learning_rate(rate);
                update("student", loss, &mut [student, teacher.as_mut()], None)
            }
            _ => {
                let of = |&index: &usize| &self.targets[index * self.outputs..(index + 1) * self.outputs];
                let target: Vec<f32> = members.iter().flat_map(of).copied().collect();
                let loss = (output - rows(target, self.outputs, &self.device).autodiff()).square().mean();
                update("student", loss, &mut [student], None)
            }
        };
        run.log("loss/student", f64::from(done.map_err(|error| failure(run, error))?.loss))
    }
}

/// Steps after which the reciprocal decay has halved the rate.
const RECIPROCAL_STEPS: f64 = 10.0;

impl Classifier for Students {
    /// One Adam step on ||g_c(x) - h(x)||²/d for each class c of the batch.
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()> {
        let rate = self.rate(place);
        for &class in place.task {
            let members: Vec<usize> =
                batch.iter().copied().filter(|&index| train.labels[index] == class).collect();
            if !members.is_empty() {
                self.learn_class(train, &members, rate, run)?;
            }
        }
        Ok(())
    }

    /// Minus the mean squared error of each class's student.
    fn scores(&self, examples: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let input = inputs(examples, &all, &self.device);
        let shared = self.target(input.clone(), 0);
        let own = matches!(&self.goal, Goal::Fixed(teachers) if teachers.len() > 1);
        let mut scores = vec![0.0; all.len() * seen.len()];
        for (place, &class) in seen.iter().enumerate() {
            let target = if own { self.target(input.clone(), class) } else { shared.clone() };
            let output = self.students[class].inference().forward(input.clone());
            let errors = values((output - target).square().mean_dim(1));
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
        let names: Vec<String> = (0..self.students.len()).map(|class| format!("student-{class}")).collect();
        let parts: Vec<(&str, &dyn Trainable)> = names
            .iter()
            .zip(&self.students)
            .map(|(name, part)| (name.as_str(), part as &dyn Trainable))
            .collect();
        save_trained(snapshot, &parts);
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
        let arrays = arrays(snapshot);
        for (class, student) in self.students.iter_mut().enumerate() {
            load_trained(&arrays, &mut [(&format!("student-{class}"), student)])?;
        }
        match &mut self.goal {
            Goal::Fixed(teachers) => {
                for (index, teacher) in teachers.iter_mut().enumerate() {
                    *teacher = load_module(&arrays, &format!("teacher-{index}"), teacher.clone())?;
                }
            }
            Goal::Learning(teacher) => load_trained(&arrays, &mut [("teacher", teacher.as_mut())])?,
            Goal::Constant(vector) => *vector = snapshot.get("teacher")?,
            Goal::Input => {}
        }
        self.copy_teacher(train);
        Ok(())
    }
}
