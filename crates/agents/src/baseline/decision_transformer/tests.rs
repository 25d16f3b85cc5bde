//! Tests of the decision transformer's settings.

use super::*;

#[test]
fn wrong_settings_are_named() {
    DecisionTransformerConfig::default().validate().unwrap();
    DecisionTransformerConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut DecisionTransformerConfig)| {
        let mut config = DecisionTransformerConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert!(wrong(|config| config.context = 0).contains("`context` is 0"));
    assert!(wrong(|config| config.heads = 3).contains("`heads` is 3, but it must be"));
    assert!(wrong(|config| config.dropout = 1.0).contains("`dropout` is 1"));
    assert!(wrong(|config| config.return_scale = Some(0.0)).contains("`return_scale`"));
    assert!(wrong(|config| config.learning_rate = -1.0).contains("`learning_rate` is -1"));
}
