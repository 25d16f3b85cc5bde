use rand::{RngExt, SeedableRng};

use super::*;
use crate::cluster::kmeans::squared_distance;

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(3)
}

/// Every kind of teacher for the unit square.
fn teachers() -> Vec<Box<dyn Teacher>> {
    let square = || Bounds::unit(2);
    let settings = MixtureSettings { fit_rate: 60, ..Default::default() };
    let weight = MixtureSettings { choice: ComponentRule::Weight, ..settings.clone() };
    let mixture = |settings, signal| MixtureTeacher::new(square(), settings, signal).unwrap();
    let riac = RiacSettings { region: 50, ..Default::default() };
    let oracle = OracleSettings { step: vec![0.1, -0.2], threshold: 0.3, ..Default::default() };
    vec![
        Box::new(Random::new(square())),
        Box::new(mixture(settings.clone(), Signal::AbsoluteProgress)),
        Box::new(mixture(weight, Signal::AbsoluteProgress)),
        Box::new(mixture(settings, Signal::Trend)),
        Box::new(Riac::new(square(), riac).unwrap()),
        Box::new(Oracle::new(square(), oracle).unwrap()),
    ]
}

/// A student that gets better in the right half and stays bad in the left one.
fn reward(task: &[f64], episode: usize) -> f64 {
    if task[0] > 0.5 { (episode as f64 / 800.0 * (1.5 - task[1])).min(1.0) } else { 0.0 }
}

fn live(
    teacher: &mut dyn Teacher,
    episodes: std::ops::Range<usize>,
    random: &mut ChaCha8Rng,
) -> Vec<Vec<f64>> {
    episodes
        .map(|episode| {
            let task = teacher.sample(random);
            teacher.update(&task, reward(&task, episode), random);
            task
        })
        .collect()
}

#[test]
fn tasks_stay_in_the_box_and_a_restored_teacher_goes_on_exactly() {
    for (mut first, mut second) in teachers().into_iter().zip(teachers()) {
        let mut random = random();
        let tasks = live(&mut *first, 0..431, &mut random);
        assert!(tasks.iter().flatten().all(|value| (0.0..=1.0).contains(value)));
        let mut copied = random.clone();
        second.restore(&first.save()).unwrap();
        assert_eq!(live(&mut *first, 431..700, &mut random), live(&mut *second, 431..700, &mut copied));
        assert_eq!(first.save(), second.save());
        assert_eq!(first.trace(), second.trace());
        assert!(second.restore(&[1, 2, 3]).is_err());
    }
}

#[test]
fn teachers_of_progress_go_where_the_student_changes() {
    let right = |teacher: &mut dyn Teacher| {
        let tasks = live(teacher, 0..750, &mut random());
        let late = &tasks[300..];
        late.iter().filter(|task| task[0] > 0.5).count() as f64 / late.len() as f64
    };
    let shares: Vec<f64> = teachers().iter_mut().map(|teacher| right(&mut **teacher)).collect();
    let [uniform, alp, weight, trend, riac, _] = shares[..] else { panic!("six teachers") };
    assert!((uniform - 0.5).abs() < 0.1, "{shares:?}");
    for share in [alp, trend, riac] {
        assert!(share > 0.65, "{shares:?}");
    }
    assert!(alp > weight + 0.1, "{shares:?}");
}

#[test]
fn the_first_tasks_are_uniform_and_fits_come_at_their_rate() {
    let settings = MixtureSettings { fit_rate: 60, ..Default::default() };
    let mut teacher = MixtureTeacher::new(Bounds::unit(2), settings, Signal::AbsoluteProgress).unwrap();
    let mut random = random();
    live(&mut teacher, 0..59, &mut random);
    assert!(teacher.mixture().is_none());
    live(&mut teacher, 59..241, &mut random);
    assert_eq!(teacher.trace().iter().map(|fit| fit.episodes).collect::<Vec<_>>(), [60, 120, 180, 240]);
}

/// Exhaustive search; among equally near points the newest.
fn exhaustive(points: &[Vec<f64>], target: &[f64], oldest: usize) -> Option<usize> {
    let distance = |index: &usize| squared_distance(&points[*index], target);
    (oldest..points.len())
        .min_by(|left, right| distance(left).total_cmp(&distance(right)).then(right.cmp(left)))
}

#[test]
fn the_tree_finds_what_exhaustive_search_finds() {
    let mut random = random();
    for dimensions in [1, 2, 5] {
        let mut nearest = Nearest::new(dimensions);
        let mut points: Vec<Vec<f64>> = Vec::new();
        for count in 0..1_300 {
            // Many coordinates coincide, as those of clipped tasks do, and some points as a whole.
            let mut draw = || (random.random_range(-0.3..1.3_f64).clamp(0.0, 1.0) * 40.0).round() / 40.0;
            let target: Vec<f64> = (0..dimensions).map(|_| draw()).collect();
            let oldest = if count % 2 == 0 { 0 } else { count / 3 };
            assert_eq!(nearest.find(&target, oldest), exhaustive(&points, &target, oldest));
            nearest.push(&target);
            points.push(target);
        }
        assert_eq!(Nearest::from_points(dimensions, points.concat()).len(), 1_300);
    }
}

#[test]
fn progress_is_the_change_against_the_nearest_earlier_task() {
    let mut progress = AbsoluteProgress::new(1, 0);
    for index in 0..6 {
        assert_eq!(progress.update(&[0.1 * f64::from(index)], 0.5), 0.0, "more than five come first");
    }
    assert!((progress.update(&[0.31], 0.9) - 0.4).abs() < 1e-12);
    assert!((progress.update(&[0.31], 0.2) - 0.7).abs() < 1e-12, "forgetting counts as much as learning");
    assert_eq!(progress.update(&[0.31], 0.2), 0.0, "the newest of equally near tasks");
    let mut short = AbsoluteProgress::new(1, 2);
    (0..6).for_each(|index| {
        short.update(&[f64::from(index)], f64::from(index));
    });
    assert_eq!(short.update(&[0.0], 0.0), 4.0, "older episodes are out of the history");
}

#[test]
fn the_space_is_scaled_for_the_teacher_unless_told_otherwise() {
    let names = || vec!["length".to_owned(), "force".to_owned()];
    let space = |scaled| TaskSpace::new(names(), vec![0.25, 1.0], vec![6.0, 30.0], scaled).unwrap();
    assert_eq!(space(true).bounds(), Bounds::unit(2));
    assert_eq!(space(true).to_teacher(&[6.0, 1.0]), [1.0, 0.0]);
    assert_eq!(space(true).to_world(&[1.0, 0.5]), [6.0, 15.5]);
    assert_eq!(space(false).bounds().high, [6.0, 30.0]);
    assert_eq!(space(false).to_world(&[3.0, 2.0]), [3.0, 2.0]);
    let mut random = random();
    for _ in 0..1_000 {
        let task = space(true).to_world(&Bounds::unit(2).uniform(&mut random));
        space(true).check(&task).unwrap();
    }
}

#[test]
fn returns_are_mapped_clamped_and_counted() {
    let space = TaskSpace::new(vec!["x".to_owned()], vec![0.0], vec![1.0], true).unwrap();
    let build = || {
        let settings = MixtureSettings { fit_rate: 20, ..Default::default() };
        let teacher = MixtureTeacher::new(Bounds::unit(1), settings, Signal::AbsoluteProgress).unwrap();
        Curriculum::new(space.clone(), [-150.0, 350.0], Box::new(teacher)).unwrap()
    };
    let mut curriculum = build();
    let mut random = random();
    let mut warnings = Vec::new();
    for episode in 0..200 {
        let task = curriculum.sample(&mut random);
        let value = if episode % 5 == 0 { 1e6 } else { 100.0 };
        let update = curriculum.update(&task, value, &mut random).unwrap();
        // 1e6 counts as 350, which is 0.5 above 100.
        assert!(update.progress.unwrap() <= 0.5);
        warnings.extend(update.warning);
    }
    assert_eq!(warnings.iter().filter(|text| text.contains("20 % of the returns lie outside")).count(), 1);
    let mut copy = build();
    copy.restore(&curriculum.save()).unwrap();
    assert_eq!(copy.save(), curriculum.save());
    assert!(curriculum.update(&[0.123], 0.0, &mut random).is_ok(), "a task of somebody else's");
    let refusal = curriculum.update(&[1.5], 0.0, &mut random).unwrap_err().to_string();
    assert_eq!(refusal, "task parameter `x` is 1.5, outside its range of 0 to 1");
}

#[test]
fn without_any_progress_components_are_uniform_and_the_user_is_told_once() {
    let settings = MixtureSettings { fit_rate: 50, ..Default::default() };
    let mut teacher = MixtureTeacher::new(Bounds::unit(1), settings, Signal::AbsoluteProgress).unwrap();
    let mut random = random();
    let warnings: Vec<String> = (0..250)
        .filter_map(|_| {
            let task = teacher.sample(&mut random);
            teacher.update(&task, 0.0, &mut random).warning
        })
        .collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("drawn uniformly"));
}

#[test]
fn the_oracle_moves_its_window_when_the_student_is_ready() {
    let settings = OracleSettings { step: vec![0.1, -0.2], ..Default::default() };
    let mut oracle = Oracle::new(Bounds::unit(2), settings).unwrap();
    let easy = oracle.window();
    assert_eq!((easy.low[0], easy.high[1]), (0.0, 1.0));
    let mut random = random();
    let mut block = |oracle: &mut Oracle, reward: f64| {
        (0..50).for_each(|_| {
            oracle.update(&[0.0, 0.0], reward, &mut random);
        });
    };
    block(&mut oracle, 0.7);
    assert_eq!(oracle.window(), easy);
    block(&mut oracle, 0.8);
    assert!((oracle.window().low[0] - 0.1).abs() < 1e-12 && (oracle.window().high[1] - 0.8).abs() < 1e-12);
    (0..20).for_each(|_| block(&mut oracle, 1.0));
    let hard = oracle.window();
    assert!((hard.high[0] - 1.0).abs() < 1e-12 && hard.low[1] == 0.0);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let space = |low: f64, high: f64| TaskSpace::new(vec!["gap".to_owned()], vec![low], vec![high], true);
    for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        assert!(space(low, high).unwrap_err().to_string().contains("`gap`"));
    }
    assert!(TaskSpace::new(Vec::new(), Vec::new(), Vec::new(), true).is_err());
    let few = MixtureSettings { fit_rate: 29, ..Default::default() };
    let refusal = MixtureTeacher::new(Bounds::unit(2), few.clone(), Signal::AbsoluteProgress).unwrap_err();
    assert!(refusal.to_string().contains("too few points for a full covariance"));
    let enough = MixtureSettings { fit_rate: 30, ..few };
    assert!(MixtureTeacher::new(Bounds::unit(2), enough.clone(), Signal::AbsoluteProgress).is_ok());
    assert!(MixtureTeacher::new(Bounds::unit(2), enough, Signal::Trend).is_err());
    let none = MixtureSettings { fewest: 0, ..Default::default() };
    assert!(MixtureTeacher::new(Bounds::unit(2), none, Signal::Trend).is_err());
    assert!(Riac::new(Bounds::unit(1), RiacSettings { random_share: 0.95, ..Default::default() }).is_err());
    assert!(Riac::new(Bounds::unit(1), RiacSettings { region: 10, ..Default::default() }).is_err());
    assert!(Oracle::new(Bounds::unit(3), OracleSettings { step: vec![0.1], ..Default::default() }).is_err());
    let random = || Box::new(Random::new(Bounds::unit(1)));
    assert!(Curriculum::new(space(0.0, 1.0).unwrap(), [1.0, 1.0], random()).is_err());
}
