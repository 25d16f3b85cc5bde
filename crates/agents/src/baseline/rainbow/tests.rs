use burn::tensor::{Device, TensorData};
use nets::{encoder::EncoderConfig, host};
use run::{Method, Task};
use settings::Config;

use super::*;
use crate::value_agent::config::{Copies, ValueAgentConfig, ValueSettings};

use crate::small::SMALL_VALUES;

trials::small!("rainbow", "minatar-breakout", &[SMALL_VALUES]);
trials::small!("rainbow", "minatar-breakout", &[SMALL_VALUES, &["bonus.name=rnd", "bonus.hidden=[8]"]]);

/// Mean return of the last hundred training episodes after `steps` steps of breakout, from the
/// whole agent in small.
fn recent_return(steps: u64) -> f64 {
    let RainbowConfig { agent, .. } = RainbowConfig::default();
    let agent = ValueAgentConfig {
        copies: Copies { worlds: 4, updates: 2 },
        values: ValueSettings {
            learning_starts: 200,
            train_every: 4,
            batch: 16,
            hidden: 32,
            target_every: 50,
            learning_rate: 1e-3,
            encoder: EncoderConfig::Planes { channels: vec![8] },
            ..agent.values
        },
        ..agent
    };
    let mut run = Run::new(0, steps, "cpu");
    let task = Task::new().with(World::new("minatar-breakout").unwrap());
    let config = RainbowConfig { agent, ..RainbowConfig::default() };
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

fn logits(values: [f32; 6]) -> Tensor<3> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, 2, 3]), &Device::flex())
}

#[test]
fn the_loss_is_the_cross_entropy_and_its_error_the_divergence() {
    let support = Support { low: 0.0, high: 2.0, atoms: 3 };
    // Action 1 is worth more in the target; all its mass lies on the atom 2, so that the target is
    // the atom 1 + 0.5 * 2 = 2.
    let target = logits([50.0, 0.0, 0.0, 0.0, 0.0, 50.0]);
    let output = logits([0.0, 0.0, 0.0, 0.3, -0.2, 0.1]);
    let log = host(activation::log_softmax(output.clone(), 2));
    let one = |value: f32| Tensor::from_data(TensorData::new(vec![value], [1]), &Device::flex());
    let action = Tensor::<1, Int>::from_data(TensorData::new(vec![1i64], [1]), &Device::flex());
    let outputs = [output.autodiff(), target.clone(), target];
    let found = loss(&support, outputs, action, one(1.0), one(0.5));
    assert!((host(found.loss.inner())[0] + log[5]).abs() < 1e-5);
    assert!((host(found.divergence)[0] + log[5]).abs() < 1e-5);
    assert_eq!(found.clipped, 0.0);
}

#[test]
fn the_presets_are_valid_and_wrong_settings_are_named() {
    RainbowConfig::default().validate().unwrap();
    RainbowConfig::paper().validate().unwrap();
    let support = Support { low: 1.0, high: 1.0, atoms: 51 };
    let error = RainbowConfig { support, ..RainbowConfig::default() }.validate().unwrap_err();
    assert!(error.contains("`support.high` is 1"), "{error}");
    let error = RainbowConfig { noise_scale: -1.0, ..RainbowConfig::default() }.validate().unwrap_err();
    assert!(error.contains("`noise_scale` is -1"), "{error}");
}
