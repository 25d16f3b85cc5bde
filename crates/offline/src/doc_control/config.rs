//! Hyper-parameters of dichotomy of control.

use settings::{Choice, Config};

/// Which form of the method, or which of the policies it is compared with, is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Variant {
    /// `tabular` where the table of the data's world is known, `deep` elsewhere.
    #[default]
    Auto,
    /// Tables over states and codes, measured exactly.
    Tabular,
    /// Transformers.
    Deep,
    /// The decision transformer on a table: action frequencies given state and highest return.
    Dt,
    /// Behaviour cloning on a table: action frequencies given the state.
    Bc,
}

/// How the information that codes have of chance is measured while it is reduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Constraint {
    /// By a learned energy, which rises to the information while the codes descend it.
    #[default]
    Energy,
    /// Exactly, from the table of the data; tabular form only.
    Exact,
}

/// Hyper-parameters of the tabular form.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct TabularConfig {
    /// Number of bins of returns; there are as many codes as actions times bins.
    #[setting(2)]
    pub bins: usize,
    /// Lower bound of the lowest bin; the data's lowest return where it is missing.
    #[setting(None)]
    pub return_low: Option<f64>,
    /// Upper bound of the highest bin; the data's highest return where it is missing.
    #[setting(None)]
    pub return_high: Option<f64>,
    /// Codes whose chances of the highest return differ by less than this are equally good.
    #[setting(0.01)]
    pub tie: f64,
    /// Steps that are drawn per update.
    #[setting(64)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(0.01)]
    pub learning_rate: f64,
}

/// Hyper-parameters of the deep form.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct DeepConfig {
    /// Steps of history that the policy, the value and the prior read.
    #[setting(8)]
    pub context: usize,
    /// Steps of the future that a code stands for.
    #[setting(8)]
    pub future: usize,
    /// Steps for which a code is held while acting; 0 for the whole episode.
    #[setting(8)]
    pub hold: usize,
    /// Numbers of a code.
    #[setting(8)]
    pub latent: usize,
    /// Width of the transformers, and of the hidden layers behind them.
    #[setting(32)]
    pub width: usize,
    /// Blocks of each transformer.
    #[setting(2)]
    pub layers: usize,
    /// Heads of each block.
    #[setting(1)]
    pub heads: usize,
    /// Share of activations dropped in training.
    #[setting(0.0)]
    pub dropout: f64,
    /// Weight of the codes' divergence from their prior, beta.
    #[setting(1.0)]
    pub beta: f64,
    /// Windows per update.
    #[setting(32)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3)]
    pub learning_rate: f64,
    /// Limit of the gradient's norm; 0 for none.
    #[setting(1.0)]
    pub gradient_clip: f32,
    /// What returns are divided by; the data's largest return where it is missing.
    #[setting(None)]
    pub return_scale: Option<f64>,
}

/// Hyper-parameters of dichotomy of control.
///
/// The values of the released code: 10,000 updates on tables, the decision transformer's sizes.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DocControlConfig {
    /// Form of the method: auto, tabular, deep; or what it is compared with: dt, bc.
    #[setting(Variant::Auto)]
    pub variant: Variant,
    /// Weight of the information that codes have of rewards and next states; 0 leaves a policy
    /// conditioned on a code of the future. A table's value gains from luck exactly what it tells of
    /// rewards, so that there the weight binds above 1.
    #[setting(2.0, paper = 1.0)]
    pub lambda: f64,
    /// How that information is measured in training: energy or exact.
    #[setting(Constraint::Energy)]
    pub constraint: Constraint,
    /// Codes drawn from the prior, of which the one with the highest value is acted on.
    #[setting(100)]
    pub candidates: usize,
    /// The tabular form.
    #[setting(group, paper = TabularConfig::default())]
    pub tabular: TabularConfig,
    /// The deep form.
    #[setting(group, paper = DeepConfig { context: 20, future: 20, hold: 0, latent: 32, width: 128, layers: 3, dropout: 0.1, batch: 64, learning_rate: 1e-4, gradient_clip: 0.0, ..DeepConfig::default() })]
    pub deep: DeepConfig,
}

impl DocControlConfig {
    fn combinations(&self) -> Result<(), String> {
        let Self { tabular, deep, .. } = self;
        let numbers = [("lambda", self.lambda), ("tabular.tie", tabular.tie), ("deep.beta", deep.beta)];
        for (name, value) in numbers {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("`{name}` is {value}: it must be at least 0"));
            }
        }
        let rates =
            [("tabular.learning_rate", tabular.learning_rate), ("deep.learning_rate", deep.learning_rate)];
        for (name, value) in rates {
            if !(value.is_finite() && value > 0.0) {
                return Err(format!("`{name}` is {value}: it must be above 0"));
            }
        }
        let counts = [
            ("candidates", self.candidates),
            ("deep.context", deep.context),
            ("deep.future", deep.future),
            ("deep.latent", deep.latent),
            ("deep.layers", deep.layers),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Err(format!("`{name}` is 0: it must be at least 1"));
        }
        if tabular.bins < 2 {
            return Err(format!("`tabular.bins` is {}: returns need at least 2 bins", tabular.bins));
        }
        if let (Some(low), Some(high)) = (tabular.return_low, tabular.return_high)
            && low >= high
        {
            return Err(format!("`tabular.return_low` is {low}: it must be below `return_high`, {high}"));
        }
        if tabular.batch < 2 || deep.batch < 2 {
            let least = tabular.batch.min(deep.batch);
            return Err(format!(
                "`batch` is {least}: the energy term needs batch >= 2, to tell samples apart"
            ));
        }
        if self.variant == Variant::Deep && self.constraint == Constraint::Exact {
            return Err("`constraint` exact goes with tables: choose energy for the deep form".to_owned());
        }
        if deep.return_scale.is_some_and(|scale| !(scale.is_finite() && scale > 0.0)) {
            return Err("`deep.return_scale` must be above 0".to_owned());
        }
        if !(deep.gradient_clip.is_finite() && deep.gradient_clip >= 0.0) {
            return Err(format!("`deep.gradient_clip` is {}: it must be at least 0", deep.gradient_clip));
        }
        super::deep::block(deep).validate().map_err(|error| error.to_string())
    }
}
