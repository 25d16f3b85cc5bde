//! The method in a run: building, evaluation, saving.

use agents::device;
use burn::tensor::Device;
use learn::continual::{
    buffer::ClassBuffer,
    protocol::{ClassTask, class_incremental},
};
use nets::argmax;
use run::{
    Card, Method, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Task, scores::exact,
};
use settings::{Choice, Refusal};
use worlds::data::{self, DataSet, Examples};

use super::{
    Classifier, ClassifierKind, Form, Pec, PecConfig, Position, Shape, Students, Teacher,
    comparison::{
        Er, Ewc, Finetune, GaussianProcess, Generative, Lwf, Remedy, Si, Softmax, SoftmaxClassifier,
        Statistics,
    },
};

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
        let (labels, order, random) = (&data.train.labels, &config.order, run.random("stream"));
        let tasks =
            class_incremental(labels, classes, config.classes_per_task, order, random).map_err(|error| {
                match classes < data.classes() {
                    true => Refusal::saying("classes", classes, error.to_string()),
                    false => Refusal::saying("order", format!("{order:?}"), error.to_string()),
                }
            })?;
        report_classes_that_never_come(&tasks, classes, run);
        report_inputs_far_from_zero(&data.train, &tasks, run);
        let softmax_like = !matches!(config.variant, ClassifierKind::Pec | ClassifierKind::VaeGc);
        let batch = if softmax_like { config.baseline.batch } else { config.batch };
        let device = device::parse(run.device())?;
        let classifier = classifier(&config, &data, classes, &device, run)?;
        Ok(Self { data, tasks, position: Position::default(), batch, classifier })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iteration(run)
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
        let chosen = scores.chunks_exact(seen.len()).map(|row| seen[argmax(row)]);
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
            let why = format!("data `{}` holds no images: use `mlp`, or `digits8`", config.data);
            Refusal::saying("form", config.form.name(), why)
        })?),
    };
    let output = if config.teacher == Teacher::Input { width } else { config.outputs };
    let shape = Shape { input: width, width: config.width, output, activation: config.activation, image };
    let parameters = classes * Shape { output: config.outputs, ..shape.clone() }.parameters();
    let baseline = &config.baseline;
    let rate = baseline.learning_rate;
    let mut softmax = || Softmax::new(width, classes, parameters, rate, device, run);
    Ok(match config.variant {
        ClassifierKind::Pec => Box::new(Students::new(config, shape, &data.train, classes, device, run)),
        ClassifierKind::PecGp => Box::new(GaussianProcess::new(classes)),
        ClassifierKind::Finetune => with(softmax(), |_| Finetune { labels_trick: false }),
        ClassifierKind::LabelsTrick => with(softmax(), |_| Finetune { labels_trick: true }),
        ClassifierKind::Ewc => with(softmax(), |_| Ewc::new(baseline.ewc_strength)),
        ClassifierKind::Si => with(softmax(), |net| Si::new(net, baseline.si_strength, baseline.si_damping)),
        ClassifierKind::Lwf => {
            with(softmax(), |net| Lwf::new(net, baseline.lwf_strength, baseline.lwf_temperature))
        }
        ClassifierKind::Er => {
            let buffer = ClassBuffer::new(baseline.buffer, classes);
            with(softmax(), |_| Er { buffer, replay: baseline.replay })
        }
        ClassifierKind::NearestMean => Box::new(Statistics::new(classes, width, None)),
        ClassifierKind::Slda => Box::new(Statistics::new(classes, width, Some(baseline.shrinkage))),
        ClassifierKind::VaeGc => Box::new(Generative::new(baseline, width, classes, parameters, device, run)),
    })
}

/// A softmax network with what is done against its forgetting.
fn with<R: Remedy + 'static>(softmax: Softmax, remedy: impl FnOnce(&Softmax) -> R) -> Box<dyn Classifier> {
    let remedy = remedy(&softmax);
    Box::new(SoftmaxClassifier { softmax, remedy })
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
