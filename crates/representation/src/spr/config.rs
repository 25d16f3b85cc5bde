//! Settings of the objective.

use settings::{Choice, Config};

/// Which form of the objective; all but the first take one of its parts away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum SprVariant {
    /// The paper's: K predicted steps, augmented images, targets without gradient.
    #[default]
    Spr,
    /// No prediction: the latent must agree with that of another augmentation of the same image
    /// (BYOL; Grill et al., 2020).
    K0,
    /// No augmentation: the target encoder follows slowly, and features are dropped.
    NoAug,
    /// Targets carry gradient and there is no predictor.
    NoStopgrad,
}

/// Settings of the SPR objective.
///
/// The paper's values.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct SprSettings {
    /// `spr`, or without one of its parts: `k0` (no prediction, as BYOL), `no-aug` (no
    /// augmentation, slow target encoder, dropout), `no-stopgrad` (targets carry gradient, no
    /// predictor).
    #[setting(SprVariant::Spr)]
    pub variant: SprVariant,
    /// Predicted steps, K.
    #[setting(3, paper = 5)]
    pub steps: usize,
    /// Weight of the loss beside the value loss, lambda; 0 keeps the augmentation alone.
    #[setting(2.0)]
    pub weight: f64,
    /// Whether observations must be images; set it to false to run on vectors, with a perceptron
    /// as transition model and without augmentation.
    #[setting(true)]
    pub images: bool,
    /// Whether images are shifted and their intensity changed.
    #[setting(true)]
    pub augmentation: bool,
    /// Pixels that an image is padded by before it is cropped back at random.
    #[setting(1, paper = 4)]
    pub shift: usize,
    /// Scale of the factor that an image is multiplied by, 1 + scale clip(N(0, 1), -2, 2).
    #[setting(0.05)]
    pub intensity: f32,
    /// Channels (or features) between the transition model's two layers.
    #[setting(16, paper = 64)]
    pub hidden: usize,
    /// Share of the online encoder that flows into the target encoder at every update in `no-aug`;
    /// with augmentation the two are equal.
    #[setting(0.01)]
    pub slow_rate: f64,
    /// Probability with which an encoder's features are dropped in `no-aug`.
    #[setting(0.5)]
    pub dropout: f64,
}

impl SprSettings {
    /// Whether images are changed on their way into the encoder.
    pub fn augments(&self) -> bool {
        self.augmentation && self.variant != SprVariant::NoAug
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    fn combinations(&self) -> Result<(), String> {
        if self.steps == 0 {
            return Err(
                "`spr.steps` is 0: it must be at least 1; for no prediction set `spr.variant = k0`".into()
            );
        }
        if self.hidden == 0 {
            return Err("`spr.hidden` is 0: it must be at least 1".to_owned());
        }
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return Err(format!("`spr.weight` is {}: it must be at least 0", self.weight));
        }
        if !(0.0..0.5).contains(&self.intensity) {
            return Err(format!(
                "`spr.intensity` is {}: it must be at least 0 and below 0.5",
                self.intensity
            ));
        }
        if !(self.slow_rate > 0.0 && self.slow_rate <= 1.0) {
            return Err(format!("`spr.slow_rate` is {}: it must be above 0 and at most 1", self.slow_rate));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(format!("`spr.dropout` is {}: it must be at least 0 and below 1", self.dropout));
        }
        Ok(())
    }

    /// What is doubtful about these settings in a world that does or does not give `images`.
    pub fn doubt(&self, images: bool) -> Option<&'static str> {
        let alone = !self.augments() || !images;
        (alone && self.variant != SprVariant::NoAug).then_some(
            "spr: without augmentation the targets are the inputs' own features, since the target encoder \
             equals the online one: `spr.variant = no-aug` makes it slow instead",
        )
    }
}
