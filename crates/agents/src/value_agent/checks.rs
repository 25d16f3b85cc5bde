//! Checks that the configurations of value agents share.

use learn::optim::AdamSettings;
use settings::Config;

use super::Settings;

/// Checks ranges and combinations.
///
/// # Errors
/// One sentence naming the key, the value and what is allowed.
pub fn validate(settings: &Settings) -> Result<(), String> {
    let at_least_one = [
        ("worlds", settings.worlds as u64),
        ("train_every", settings.train_every),
        ("updates", settings.updates as u64),
        ("batch", settings.batch as u64),
        ("n_step", settings.n_step as u64),
        ("hidden", settings.hidden as u64),
        ("target_every", settings.target_every),
    ];
    for (name, value) in at_least_one {
        if value == 0 {
            return Err(format!("`{name}` is 0: it must be at least 1"));
        }
    }
    unit("gamma", settings.gamma)?;
    if !(settings.target_rate > 0.0 && settings.target_rate <= 1.0) {
        return Err(format!("`target_rate` is {}: it must be above 0 and at most 1", settings.target_rate));
    }
    positive_adam(&settings.adam)?;
    if let Some(limit) = settings.gradient_clip.filter(|limit| !(limit.is_finite() && *limit > 0.0)) {
        return Err(format!("`gradient_clip` is {limit}: it must be above 0, or 0 for no limit"));
    }
    if let Some(priority) = settings.priority {
        unit("priority_exponent", priority.exponent)?;
        unit("importance_exponent", priority.importance)?;
    }
    if let Some(scale) = settings.noisy.filter(|scale| !(scale.is_finite() && *scale >= 0.0)) {
        return Err(format!("`noise_scale` is {scale}: it must be at least 0"));
    }
    Ok(())
}

fn unit(name: &str, value: f64) -> Result<(), String> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(format!("`{name}` is {value}: it must be between 0 and 1")),
    }
}

fn positive_adam(adam: &AdamSettings) -> Result<(), String> {
    match adam.learning_rate > 0.0 {
        true => adam.validate().map_err(|error| error.to_string()),
        false => Err(format!("`learning_rate` is {}: it must be above 0", adam.learning_rate)),
    }
}

/// A limit of the gradient norm as configurations write it: 0 for none.
pub fn limit(clip: f32) -> Option<f32> {
    (clip != 0.0).then_some(clip)
}
