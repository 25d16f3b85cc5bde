//! Teachers of the curriculum family with both kinds of student.

use run::{Preset, Run, Task, config, task::World};

use trials::Trial;

fn mastered(settings: &[&str], world: &str, episodes: u64, seed: u64) -> f64 {
    let mut trial = Trial::new("alp-gmm", world, settings, episodes, seed);
    trial.train(episodes);
    assert_eq!(trial.run.steps(), episodes, "an episode is a step and none is too many");
    trial.metric("diag/mastered", 1)
}

#[test]
fn progress_opens_the_space_of_cubes() {
    let mean =
        |settings: &[&str]| (0..4).map(|seed| mastered(settings, "cube-toy", 6_000, seed)).sum::<f64>() / 4.0;
    let (progress, uniform) = (mean(&[]), mean(&["teacher=random"]));
    assert!(progress >= 0.03 && progress > 3.0 * uniform, "{progress} against {uniform}");
}

#[test]
fn every_teacher_teaches() {
    for teacher in ["alp-gmm", "covar-gmm", "riac", "random", "oracle"] {
        let setting = format!("teacher={teacher}");
        let share = mastered(&[&setting], "cube-toy,gain=0.2,cells=4,irrelevant=1", 1_500, 1);
        assert!(share > 0.0, "{teacher} masters nothing");
    }
}

#[test]
fn a_student_learns_in_worlds_of_many_shapes() {
    let settings = ["student.worlds=4", "mixture.fit_rate=50", "test_tasks=20"];
    let mut trial = Trial::new("alp-gmm", "cartpole", &settings, 700, 0);
    let before = trial.score(1);
    trial.train(500);
    let after = trial.score(1);
    assert!(after > before + 50.0, "{before} to {after}");
    assert!(trial.method.policy().is_some());
    assert_eq!(trial.score(1), after, "tests are the same every time and change nothing");
}

fn refusal(world: &str, settings: &[&str]) -> String {
    let entry = run::registry::find("alp-gmm").unwrap();
    let mut table = (entry.preset)(Preset::Laptop).unwrap();
    for setting in settings {
        config::set(&mut table, setting).unwrap();
    }
    let task = Task::new().with(World::new(world).unwrap());
    match (entry.build)(&table, &task, &mut Run::new(0, 100, "cpu")) {
        Ok(_) => panic!("{world} with {settings:?} is taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    assert!(refusal("acrobot", &[]).contains("needs a space of tasks"));
    assert!(refusal("pendulum", &[]).contains("`pendulum` is neither"));
    assert!(refusal("cube-toy", &["mixture.fit_rate=20"]).contains("too few points for a full covariance"));
    assert!(refusal("cube-toy", &["returns=[1.0]"]).contains("[low, high]"));
    assert!(refusal("cube-toy", &["returns=[1.0, 0.5]"]).contains("range of returns is 1 to 0.5"));
    assert!(refusal("cube-toy", &["teacher=oracle", "oracle.step=[0.1]"]).contains("2 task parameters"));
    assert!(refusal("cartpole,length=0.5", &[]).contains("--set returns=[low,high]"));
}
