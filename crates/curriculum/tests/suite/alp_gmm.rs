//! Teachers of the curriculum family with both kinds of student.

use run::{Task, task::World};

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
    trials::refusals::refused("alp-gmm", &Task::new().with(World::new(world).unwrap()), settings)
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    assert!(refusal("acrobot", &[]).contains("needs a space of tasks"));
    assert!(refusal("pendulum", &[]).contains("`pendulum` is neither"));
    assert!(refusal("cube-toy", &["mixture.fit_rate=20"]).contains("too few points for a full covariance"));
    assert!(refusal("cube-toy", &["returns=[1.0]"]).contains("`returns` is [1.0]: it must be [low, high]"));
    assert!(refusal("cube-toy", &["returns=[1.0, 0.5]"]).contains("`returns` is [1.0, 0.5]: it must be"));
    assert!(refusal("cube-toy", &["teacher=oracle", "oracle.step=[0.1]"]).contains("2 task parameters"));
    assert!(refusal("cartpole,length=0.5", &[]).contains("--set returns=[low,high]"));
}

#[test]
fn refusals_name_keys_in_full() {
    let refused = |settings: &[&str], parts: &[&str]| {
        let text = refusal("cube-toy", settings);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    refused(&["student.epochs=0"], &["`student.epochs` is 0: it must be at least 1"]);
    refused(&["student.gamma=1.5"], &["`student.gamma` is 1.5: it must be between 0 and 1"]);
    refused(&["student.minibatches=5000"], &["`student.minibatches` is 5000"]);
    refused(&["mixture.random_share=1.5"], &["`mixture.random_share` is 1.5: it must be between 0 and 1"]);
    refused(
        &["mixture.most=1"],
        &["`mixture.most` is 1", "`mixture.fewest`, which is 2", "`mixture.fit_rate`"],
    );
    refused(&["mixture.fit_rate=29"], &["`mixture.fit_rate` is 29"]);
    refused(
        &["riac.mutation_share=0.9"],
        &["`riac.mutation_share` is 0.9", "`riac.random_share`, which is 0.2"],
    );
    refused(&["riac.region=19"], &["`riac.region` is 19", "twice `riac.least`, which is 10"]);
    refused(&["oracle.window=0.0"], &["`oracle.window` is 0: it must be above 0 and at most 1"]);
    refused(&["teacher=oracle", "oracle.step=[0.1]"], &["`oracle.step` is [0.1]"]);
}
