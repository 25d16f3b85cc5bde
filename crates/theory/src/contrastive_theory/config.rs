//! Settings of contrastive learning with latent classes.

use learn::contrastive::theory::Margin;
use settings::{Choice, Config, Refusal};

/// What trains the features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum FeatureKind {
    /// The contrastive loss on pairs of one class.
    Contrastive,
    /// Cross-entropy with labels and a linear head, of the same encoder.
    Supervised,
    /// Nothing: the inputs are the features.
    Raw,
    /// The contrastive loss on pairs of unrelated classes: the key part removed.
    ShuffledPairs,
}

/// Settings of contrastive learning with latent classes.
///
/// The paper's data (Wiki-3029 and CIFAR-100) and its encoders (GRU, VGG-16) are not here; its
/// losses are, so its preset is the laptop's.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct ContrastiveTheoryConfig {
    /// What trains the features: `contrastive`, `supervised`, `raw` or `shuffled-pairs`.
    #[setting(FeatureKind::Contrastive)]
    pub variant: FeatureKind,
    /// The data, as `digits8` or `latent-classes,classes=50`.
    #[setting("digits8")]
    pub data: String,
    /// Probability of each class in training and in the bounds; empty takes the data's.
    #[setting(Vec::new(), min = 0.0, max = 1.0)]
    pub prior: Vec<f64>,
    /// Similar points averaged into one, and as many negatives of one class: b of the block loss; 1
    /// is the usual loss.
    #[setting(1, min = 1)]
    pub block: usize,
    /// Negatives per pair, each of a class of its own: k.
    #[setting(1, min = 1)]
    pub negatives: usize,
    /// Loss of the margins: `logistic` (base 2) or `hinge`.
    #[setting(Margin::Logistic)]
    pub loss: Margin,
    /// Widths of the encoder's hidden layers.
    #[setting([64], min = 1)]
    pub hidden: Vec<usize>,
    /// Width of the features.
    #[setting(16, min = 1)]
    pub features: usize,
    /// Whether features are scaled to unit norm, so that R = 1 in the bounds.
    #[setting(false)]
    pub normalise: bool,
    /// Divisor of inner products; the theorems are for 1 only.
    #[setting(1.0)]
    pub temperature: f64,
    /// Tuples of an update.
    #[setting(256, min = 1)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, above = 0.0)]
    pub learning_rate: f64,
    /// Labelled examples per class of the mean classifier that sees few.
    #[setting(5, min = 1)]
    pub few: usize,
    /// Penalty on the squared weights of trained heads.
    #[setting(1e-3, above = 0.0)]
    pub ridge: f64,
    /// Tuples drawn to estimate the unsupervised loss in the bounds, where there are too many to
    /// visit all.
    #[setting(20_000, min = 100)]
    pub bound_samples: usize,
    /// Untrained encoders on which the bound is checked too.
    #[setting(2)]
    pub random_encoders: usize,
}

impl ContrastiveTheoryConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        if self.temperature != 1.0 {
            let allowed = "1, since the theorems are for the plain inner product";
            return Err(Refusal::new("temperature", self.temperature, allowed));
        }
        if self.block > 1 && self.negatives > 1 {
            let why = format!(
                "the block loss has one block of negatives, but `.block` is {}, so set one of them to 1",
                self.block
            );
            return Err(Refusal::saying("negatives", self.negatives, why));
        }
        Ok(())
    }
}
