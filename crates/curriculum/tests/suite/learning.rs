//! The methods learn: every run here takes seconds and must leave chance far behind.

use trials::Trial;

#[test]
fn students_of_one_teacher_tell_curves_apart() {
    let mut trial = Trial::new("pec", "", &[], 1_500, 0);
    trial.train(1_500);
    let accuracy = trial.metric("eval/accuracy", 1);
    assert!(accuracy > 0.9, "{accuracy}");
}
