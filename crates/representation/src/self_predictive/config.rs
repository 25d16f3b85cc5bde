//! Settings of the objective on deep agents.

use settings::{Choice, Config};

/// What the latents of a window predict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Prediction {
    /// Nothing: the agent's networks are those of the others, its loss is its own alone.
    None,
    /// The latents of later steps.
    Forward,
    /// Those, and from the last latent the earlier ones.
    #[default]
    Bidirectional,
}

/// Settings of the self-predictive objective.
///
/// Values of the size of the paper's experiments: networks of self-prediction on images.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct PredictionSettings {
    /// `bidirectional`, `forward`, or `none` to compare with the agent's own loss alone.
    #[setting(Prediction::Bidirectional)]
    pub direction: Prediction,
    /// Predicted steps, K; 1 is what the theory is about, and the cost grows with it.
    #[setting(1, paper = 5)]
    pub steps: usize,
    /// Weight of each direction's loss beside the value loss.
    #[setting(1.0)]
    pub weight: f64,
    /// Channels (or features) between a transition model's two layers.
    #[setting(16, paper = 64)]
    pub hidden: usize,
    /// Width of the head's output in which latents are compared.
    #[setting(64, paper = 256)]
    pub width: usize,
    /// Share of the online encoder that flows into the target encoder at every update.
    #[setting(0.01)]
    pub target_rate: f64,
    /// Step size of the predictors over that of the encoder: above 1 is the fast time scale that
    /// keeps the representation from collapse.
    #[setting(5.0)]
    pub predictor_speed: f64,
}

impl PredictionSettings {
    /// Checks ranges.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    fn combinations(&self) -> Result<(), String> {
        for (name, value) in [("steps", self.steps), ("hidden", self.hidden), ("width", self.width)] {
            if value == 0 {
                return Err(format!("`self_predictive.{name}` is 0: it must be at least 1"));
            }
        }
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return Err(format!("`self_predictive.weight` is {}: it must be at least 0", self.weight));
        }
        if !(self.target_rate > 0.0 && self.target_rate <= 1.0) {
            return Err(format!(
                "`self_predictive.target_rate` is {}: it must be above 0 and at most 1",
                self.target_rate
            ));
        }
        if !(self.predictor_speed.is_finite() && self.predictor_speed > 0.0) {
            return Err(format!(
                "`self_predictive.predictor_speed` is {}: it must be above 0",
                self.predictor_speed
            ));
        }
        Ok(())
    }
}
