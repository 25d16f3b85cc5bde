//! Settings of contrastive learning with latent classes.

use learn::contrastive::theory::Margin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What trains the features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// The contrastive loss on pairs of one class.
    #[default]
    Contrastive,
    /// Cross-entropy with labels and a linear head, of the same encoder.
    Supervised,
    /// Nothing: the inputs are the features.
    Raw,
    /// The contrastive loss on pairs of unrelated classes: the key part removed.
    ShuffledPairs,
}

/// Settings of contrastive learning with latent classes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContrastiveTheoryConfig {
    /// What trains the features: `contrastive`, `supervised`, `raw` or `shuffled-pairs`.
    pub variant: Variant,
    /// The data, as `digits8` or `latent-classes,classes=50`.
    pub data: String,
    /// Probability of each class in training and in the bounds; empty takes the data's.
    pub prior: Vec<f64>,
    /// Similar points averaged into one, and as many negatives of one class: b of the block loss; 1
    /// is the usual loss.
    pub block: usize,
    /// Negatives per pair, each of a class of its own: k.
    pub negatives: usize,
    /// Loss of the margins: `logistic` (base 2) or `hinge`.
    pub loss: Margin,
    /// Widths of the encoder's hidden layers.
    pub hidden: Vec<usize>,
    /// Width of the features.
    pub features: usize,
    /// Whether features are scaled to unit norm, so that R = 1 in the bounds.
    pub normalise: bool,
    /// Divisor of inner products; the theorems are for 1 only.
    pub temperature: f64,
    /// Tuples of an update.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Labelled examples per class of the mean classifier that sees few.
    pub few: usize,
    /// Penalty on the squared weights of trained heads.
    pub ridge: f64,
    /// Tuples drawn to estimate the unsupervised loss in the bounds, where there are too many to
    /// visit all.
    pub bound_samples: usize,
    /// Untrained encoders on which the bound is checked too.
    pub random_encoders: usize,
}

impl Default for ContrastiveTheoryConfig {
    fn default() -> Self {
        Self {
            variant: Variant::Contrastive,
            data: "digits8".to_owned(),
            prior: Vec::new(),
            block: 1,
            negatives: 1,
            loss: Margin::Logistic,
            hidden: vec![64],
            features: 16,
            normalise: false,
            temperature: 1.0,
            batch: 256,
            learning_rate: 1e-3,
            few: 5,
            ridge: 1e-3,
            bound_samples: 20_000,
            random_encoders: 2,
        }
    }
}

impl run::Config for ContrastiveTheoryConfig {
    /// The paper's data (Wiki-3029 and CIFAR-100) and its encoders (GRU, VGG-16) are not here; its
    /// losses are, so this is the default.
    fn paper() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), String> {
        let positive = [
            ("block", self.block),
            ("negatives", self.negatives),
            ("features", self.features),
            ("batch", self.batch),
            ("few", self.few),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(format!("`{name}` is 0, but must be at least 1"));
        }
        if self.hidden.contains(&0) {
            return Err("`hidden` holds a layer of width 0, but each needs at least 1".to_owned());
        }
        if self.temperature != 1.0 {
            return Err(format!(
                "`temperature` is {}, but the theorems are for the plain inner product: leave it at 1",
                self.temperature
            ));
        }
        if self.block > 1 && self.negatives > 1 {
            return Err(format!(
                "`block` is {} and `negatives` is {}: the block loss has one block of negatives, so set one of \
                 them to 1",
                self.block, self.negatives
            ));
        }
        if self.bound_samples < 100 {
            return Err(format!(
                "`bound_samples` is {}, but a standard error needs at least 100",
                self.bound_samples
            ));
        }
        let above = [("learning_rate", self.learning_rate), ("ridge", self.ridge)];
        match above.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((name, value)) => Err(format!("`{name}` is {value}, but must be above 0")),
            None => Ok(()),
        }
    }
}
