//! Hyper-parameters of dichotomy of control.

use settings::{Choice, Config, Refusal};

/// Which form of the method, or which of the policies it is compared with, is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Form {
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
#[setting(check = Self::bounds_rise)]
pub struct TabularConfig {
    /// Number of bins of returns; there are as many codes as actions times bins.
    #[setting(2, min = 2)]
    pub bins: usize,
    /// Lower bound of the lowest bin; the data's lowest return where it is missing.
    #[setting(None)]
    pub return_low: Option<f64>,
    /// Upper bound of the highest bin; the data's highest return where it is missing.
    #[setting(None)]
    pub return_high: Option<f64>,
    /// Codes whose chances of the highest return differ by less than this are equally good.
    #[setting(0.01, min = 0.0)]
    pub tie: f64,
    /// Steps that are drawn per update; the energy tells them apart.
    #[setting(64, min = 2)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(0.01, above = 0.0)]
    pub learning_rate: f64,
}

/// Hyper-parameters of the deep form.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::heads_fit)]
pub struct DeepConfig {
    /// Steps of history that the policy, the value and the prior read.
    #[setting(8, paper = 20, min = 1)]
    pub context: usize,
    /// Steps of the future that a code stands for.
    #[setting(8, paper = 20, min = 1)]
    pub future: usize,
    /// Steps for which a code is held while acting; 0 for the whole episode.
    #[setting(8, paper = 0)]
    pub hold: usize,
    /// Numbers of a code.
    #[setting(8, paper = 32, min = 1)]
    pub latent: usize,
    /// Width of the transformers, and of the hidden layers behind them.
    #[setting(32, paper = 128, min = 1)]
    pub width: usize,
    /// Blocks of each transformer.
    #[setting(2, paper = 3, min = 1)]
    pub layers: usize,
    /// Heads of each block.
    #[setting(1, min = 1)]
    pub heads: usize,
    /// Share of activations dropped in training.
    #[setting(0.0, paper = 0.1, min = 0.0, below = 1.0)]
    pub dropout: f64,
    /// Weight of the codes' divergence from their prior, beta.
    #[setting(1.0, min = 0.0)]
    pub beta: f64,
    /// Windows per update; the energy tells them apart.
    #[setting(32, paper = 64, min = 2)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, paper = 1e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Limit of the gradient's norm; 0 for none.
    #[setting(1.0, paper = 0.0, min = 0.0)]
    pub gradient_clip: f32,
    /// What returns are divided by; the data's largest return where it is missing.
    #[setting(None, above = 0.0)]
    pub return_scale: Option<f64>,
}

/// Hyper-parameters of dichotomy of control.
///
/// The values of the released code: 10,000 updates on tables, the decision transformer's sizes.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::tables_for_exact)]
pub struct DocControlConfig {
    /// Form of the method, or what it is compared with: dt, bc.
    #[setting(Form::Auto)]
    pub variant: Form,
    /// Weight of the information that codes have of rewards and next states; 0 leaves a policy
    /// conditioned on a code of the future. A table's value gains from luck exactly what it tells of
    /// rewards, so that there the weight binds above 1.
    #[setting(2.0, paper = 1.0, min = 0.0)]
    pub lambda: f64,
    /// How that information is measured in training.
    #[setting(Constraint::Energy)]
    pub constraint: Constraint,
    /// Codes drawn from the prior, of which the one with the highest value is acted on.
    #[setting(100, min = 1)]
    pub candidates: usize,
    /// The tabular form.
    #[setting(group)]
    pub tabular: TabularConfig,
    /// The deep form.
    #[setting(group)]
    pub deep: DeepConfig,
}

impl TabularConfig {
    fn bounds_rise(&self) -> Result<(), Refusal> {
        match (self.return_low, self.return_high) {
            (Some(low), Some(high)) if low >= high => {
                Err(Refusal::new("return_low", low, format!("below `.return_high`, {high}")))
            }
            _ => Ok(()),
        }
    }
}

impl DeepConfig {
    fn heads_fit(&self) -> Result<(), Refusal> {
        match self.width.is_multiple_of(self.heads) {
            true => Ok(()),
            false => Err(Refusal::new("heads", self.heads, format!("a divisor of `.width`, {}", self.width))),
        }
    }
}

impl DocControlConfig {
    fn tables_for_exact(&self) -> Result<(), Refusal> {
        match self.variant == Form::Deep && self.constraint == Constraint::Exact {
            true => {
                Err(Refusal::new("constraint", "exact", "energy where `.variant` is deep, without a table"))
            }
            false => Ok(()),
        }
    }
}
