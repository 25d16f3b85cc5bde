//! Tests of the decision transformer's settings.

use settings::Config;

use super::*;

trials::small!(
    "decision-transformer",
    "data:cartpole/random,episodes=20",
    &[&["context=4", "width=8", "layers=1", "batch=4"]]
);
trials::small!(
    "decision-transformer",
    "data:pendulum/random,episodes=2",
    &[&["context=4", "width=8", "layers=1", "batch=4"]]
);

#[test]
fn wrong_settings_are_named() {
    DecisionTransformerConfig::default().validate().unwrap();
    DecisionTransformerConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut DecisionTransformerConfig)| {
        let mut config = DecisionTransformerConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert_eq!(wrong(|config| config.context = 0), "`context` is 0: it must be at least 1");
    assert_eq!(wrong(|config| config.heads = 3), "`heads` is 3: it must be a divisor of `width`, 64");
    assert_eq!(wrong(|config| config.dropout = 1.0), "`dropout` is 1: it must be at least 0 and below 1");
    let scale = wrong(|config| config.return_scale = Some(0.0));
    assert_eq!(scale, "`return_scale` is 0: it must be above 0");
    assert!(wrong(|config| config.learning_rate = -1.0).contains("`learning_rate` is -1"));
}
