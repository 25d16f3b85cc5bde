//! The methods learn: every run here takes seconds and must leave chance far behind.

use trials::Trial;

#[test]
fn contrastive_features_serve_the_mean_classifier() {
    let mut trial = Trial::new("contrastive-theory", "", &[], 1_000, 0);
    trial.train(1_000);
    // Chance is right once in ten.
    let accuracy = trial.metric("probe/mean_10", 1);
    assert!(accuracy > 0.9, "{accuracy}");
}
