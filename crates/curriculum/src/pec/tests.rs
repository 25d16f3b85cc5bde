use run::{Method, Protocol, Task};
use settings::Config;

use super::{comparison::arc_cosine, *};

trials::small!("pec", "", &[]);
trials::small!("pec", "", &[&["teacher=trained", "classes_per_task=2"]]);
trials::small!("pec", "", &[&["variant=si"]]);
trials::small!("pec", "", &[&["variant=lwf", "classes_per_task=2"]]);
trials::small!("pec", "", &[&["variant=er"]]);
trials::small!("pec", "", &[&["variant=vae-gc"]]);

/// A method of these settings after the whole stream.
fn trained(settings: PecConfig, seed: u64) -> (Pec, Run) {
    let mut run = Run::new(seed, 10_000, "cpu");
    let mut method = Pec::build(settings, &Task::new(), &mut run).unwrap();
    while !method.advance(&mut run).unwrap().finished {}
    (method, run)
}

fn choices(method: &Pec, run: &Run) -> Vec<usize> {
    let seen = &method.position.seen;
    let scores = method.classifier.scores(&method.data.test, seen, &mut run.derived("eval", 0)).unwrap();
    let best = |row: &[f64]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    scores.chunks_exact(seen.len()).map(|row| seen[best(row)]).collect()
}

#[test]
fn the_infinitely_wide_limit_chooses_the_same_classes() {
    let (pec, run) = trained(PecConfig::default(), 1);
    let (process, _) = trained(PecConfig { variant: ClassifierKind::PecGp, ..PecConfig::default() }, 1);
    let (pec, process) = (choices(&pec, &run), choices(&process, &run));
    let same = pec.iter().zip(&process).filter(|(a, b)| a == b).count() as f64 / pec.len() as f64;
    assert!(same >= 0.9, "{same}");
}

#[test]
fn the_arc_cosine_kernel_has_its_known_values() {
    let at = |angle: f64| arc_cosine(&[1.0, 0.0], &[angle.cos(), angle.sin()]);
    assert!((at(0.0) - 1.0).abs() < 1e-12 && at(std::f64::consts::PI).abs() < 1e-12);
    assert!((at(std::f64::consts::FRAC_PI_2) - 1.0 / std::f64::consts::PI).abs() < 1e-12);
}

#[test]
fn students_learn_on_their_own_class_only() {
    let config = PecConfig { order: vec![4], ..PecConfig::default() };
    let mut run = Run::new(1, 10_000, "cpu");
    let mut method = Pec::build(config, &Task::new(), &mut run).unwrap();
    let mut before = Snapshot::new();
    method.save(&mut before).unwrap();
    while !method.advance(&mut run).unwrap().finished {}
    let mut after = Snapshot::new();
    method.save(&mut after).unwrap();
    for (name, array) in before.arrays() {
        let student = name.split(['.', ':']).next().unwrap();
        let changed = after.arrays()[name].values != array.values;
        assert_eq!(changed, student == "student-4", "{name}");
    }
    // All students start alike.
    let first = |class: usize| &before.arrays()[&format!("student-{class}.Mlp.layers.0.weight")].values;
    assert_eq!(first(0), first(9));
}

#[test]
fn sizes_are_equal() {
    let (pec, mut run) = trained(PecConfig { order: vec![1], ..PecConfig::default() }, 1);
    assert_eq!(pec.classifier.parameters(), 10 * (16 * 24 + 24 + 48 + 24 * 16 + 16));
    for variant in [ClassifierKind::Finetune, ClassifierKind::VaeGc, ClassifierKind::Er] {
        let config = PecConfig { variant, ..PecConfig::default() };
        let other = Pec::build(config, &Task::new(), &mut run).unwrap();
        let ratio = other.classifier.parameters() as f64 / pec.classifier.parameters() as f64;
        assert!((ratio - 1.0).abs() < 0.03, "{variant:?}: {ratio}");
    }
    let shape = Shape {
        input: 64,
        width: 5,
        output: 7,
        activation: nets::mlp::Activation::Relu,
        image: Some([8, 8]),
    };
    use burn::module::Module;
    let network = shape.init(&Device::flex(), run.random("init"));
    assert_eq!(network.num_params(), shape.parameters());
}

#[test]
fn every_variant_and_teacher_goes_through_a_short_stream() {
    let data = "curves16,train=6,test=4".to_owned();
    let variants = [
        ClassifierKind::Pec,
        ClassifierKind::PecGp,
        ClassifierKind::Finetune,
        ClassifierKind::LabelsTrick,
        ClassifierKind::Ewc,
        ClassifierKind::Si,
        ClassifierKind::Lwf,
        ClassifierKind::NearestMean,
        ClassifierKind::Slda,
        ClassifierKind::VaeGc,
        ClassifierKind::Er,
    ];
    let teachers = [Teacher::Random, Teacher::Constant, Teacher::Trained, Teacher::Own, Teacher::Input];
    let mut configs: Vec<PecConfig> = variants
        .map(|variant| PecConfig {
            variant,
            data: data.clone(),
            classes_per_task: 3,
            batch: 2,
            ..PecConfig::default()
        })
        .to_vec();
    configs.extend(teachers.map(|teacher| PecConfig {
        teacher,
        data: data.clone(),
        same_start: false,
        decay: Decay::Reciprocal,
        ..PecConfig::default()
    }));
    configs.push(PecConfig { form: Form::Cnn, data: "digits8,train=40".to_owned(), ..PecConfig::default() });
    for config in configs {
        let label = format!("{:?} {:?} {:?}", config.variant, config.teacher, config.form);
        let (mut method, mut run) = trained(config, 2);
        let protocol =
            Protocol { world: None, problems: None, episodes: 1, seed: 0, mode: run::Mode::Greedy };
        let scores = method.evaluate(&protocol, &mut run).unwrap();
        assert!((0.0..=1.0).contains(&scores["eval/accuracy"].mean), "{label}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let linear = PecConfig { announced: false, ..PecConfig::default() };
    let sentence = linear.validate().unwrap_err();
    assert!(sentence.starts_with("`decay` is linear: it must be `constant` or `reciprocal`"), "{sentence}");
    assert!(sentence.contains("`announced` is false") && sentence.contains("number of samples per task"));
    let mut none = PecConfig::default();
    none.baseline.batch = 0;
    assert_eq!(none.validate().unwrap_err(), "`baseline.batch` is 0: it must be at least 1");
    let build = |config: PecConfig| {
        Pec::build(config, &Task::new(), &mut Run::new(1, 10, "cpu")).err().map(|error| error.to_string())
    };
    let error = |config| build(config).unwrap();
    assert!(error(PecConfig { classes: 4, ..PecConfig::default() }).contains("outside the declared classes"));
    assert!(error(PecConfig { order: vec![1, 1], ..PecConfig::default() }).contains("revisits class 1"));
    assert!(error(PecConfig { form: Form::Cnn, ..PecConfig::default() }).contains("holds no images"));
    let mut run = Run::new(1, 10, "cpu");
    let mut method = Pec::build(PecConfig::default(), &Task::new(), &mut run).unwrap();
    let protocol = Protocol { world: None, problems: None, episodes: 1, seed: 0, mode: run::Mode::Greedy };
    let early = method.evaluate(&protocol, &mut run).unwrap_err().to_string();
    assert!(early.contains("no class has been trained yet"), "{early}");
}
