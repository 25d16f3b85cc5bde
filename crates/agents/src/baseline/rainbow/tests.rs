use run::task::World;
use settings::Config;

use super::*;

/// Mean return of the last hundred training episodes after `steps` steps of breakout, from the
/// whole agent in small.
fn recent_return(steps: u64) -> f64 {
    let config = RainbowConfig {
        worlds: 4,
        learning_starts: 200,
        train_every: 4,
        updates: 2,
        batch: 16,
        hidden: 32,
        target_every: 50,
        learning_rate: 1e-3,
        encoder: EncoderConfig::Planes { channels: vec![8] },
        ..RainbowConfig::default()
    };
    let mut run = Run::new(0, steps, "cpu");
    let task = Task::new().with(World::new("minatar-breakout").unwrap());
    let mut method = Rainbow::build(config, &task, &mut run).unwrap();
    while run.steps() < steps {
        method.advance(&mut run).unwrap();
    }
    run.recent_return().unwrap()
}

#[test]
fn rainbow_hits_more_bricks_than_chance() {
    let learnt = recent_return(8_000);
    assert!(learnt > 1.0, "random actions give about 0.5, but this gives {learnt}");
}

#[test]
fn the_presets_are_valid_and_wrong_settings_are_named() {
    RainbowConfig::default().validate().unwrap();
    RainbowConfig::paper().validate().unwrap();
    let support = Support { low: 1.0, high: 1.0, atoms: 51 };
    let error = RainbowConfig { support, ..RainbowConfig::default() }.validate().unwrap_err();
    assert!(error.contains("support.high"), "{error}");
    let error = RainbowConfig { noise_scale: -1.0, ..RainbowConfig::default() }.validate().unwrap_err();
    assert!(error.contains("`noise_scale` is -1"), "{error}");
}
