//! Hyper-parameters of mirror descent value iteration.

use agents::{
    table::Form,
    value_agent::config::{Copies, ValueSettings, enough_room},
};
use learn::schedule::Schedule;
use nets::encoder::EncoderConfig;
use settings::{Choice, Config, Refusal};

use super::regulariser::Regulariser;

/// Smallest weight of the regularisers, if there are any.
const LEAST_TEMPERATURE: f64 = 1e-6;

/// How the scheme is instantiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Instantiation {
    /// `tabular` where the world's table is known, else `md-direct`.
    Auto,
    /// Exact iterations on the world's table.
    Tabular,
    /// Networks; the policy network maximises the regularised value.
    MdDirect,
    /// Networks; the policy network follows the closed form of the regularised greedy policy.
    MdIndirect,
    /// Networks; the second one learns the moving average of the values (dual averaging).
    Da,
}

impl Instantiation {
    /// Whether it is on tables or with networks.
    pub(super) fn form(self) -> Form {
        match self {
            Self::Auto => Form::Auto,
            Self::Tabular => Form::Tabular,
            Self::MdDirect | Self::MdIndirect | Self::Da => Form::Deep,
        }
    }
}

/// Where the regularisers act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Kind {
    /// In the greedy step and in the evaluation.
    #[choice("type-1")]
    Both,
    /// In the greedy step alone.
    #[choice("type-2")]
    Greedy,
}

/// Which of two equivalent forms gives the policies of the tabular scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum PolicyForm {
    /// From the previous policy and the present values.
    Mirror,
    /// From the average of all values so far.
    Dual,
}

/// Errors of the tabular scheme's evaluations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Errors {
    /// Independent normal errors on every entry.
    Gaussian,
    /// The errors that mislead plain value iteration most on `tight-chain`: one state a step.
    Adversarial,
}

/// How a deep form acts while it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Acting {
    /// `softmax` with a regulariser, else `epsilon`.
    Auto,
    /// Draws from the regularised policy.
    Softmax,
    /// The best action, but with probability `epsilon` any.
    Epsilon,
}

/// Hyper-parameters of mirror descent value iteration.
///
/// The paper's values for control from vectors, as far as its appendix gives them.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct MdviConfig {
    /// Form of the method: auto, tabular, md-direct, md-indirect or da.
    #[setting(Instantiation::Auto)]
    pub variant: Instantiation,
    /// Weight of the divergence from the previous policy, lambda.
    #[setting(1.0, min = 0.0)]
    pub lambda: f64,
    /// Weight of the policy's entropy, tau.
    #[setting(0.0, min = 0.0)]
    pub tau: f64,
    /// Whether the regularisers stand in the evaluation too (type-1) or in the greedy step alone
    /// (type-2).
    #[setting(Kind::Both)]
    pub kind: Kind,
    /// How policies are computed on a table: mirror or dual (averaging).
    #[setting(PolicyForm::Mirror)]
    pub form: PolicyForm,
    /// Kind of the evaluation errors on a table: gaussian or adversarial.
    #[setting(Errors::Gaussian)]
    pub errors: Errors,
    /// Standard deviation, or size, of those errors.
    #[setting(1.0, min = 0.0)]
    pub noise: f64,
    /// Iterations on a table between exact losses; 0 for none but at evaluations.
    #[setting(1)]
    pub measure_every: u64,
    /// Whether the paper's bound is checked in every iteration on a table, and the two forms
    /// against each other.
    #[setting(false)]
    pub check_bound: bool,
    /// How deep forms act while they train: auto, softmax or epsilon.
    #[setting(Acting::Auto)]
    pub acting: Acting,
    /// Error at which the value loss turns from square to linear; 0 for the squared error.
    #[setting(1.0, min = 0.0)]
    pub huber: f32,
    /// Where deep forms act.
    #[setting(flatten)]
    pub copies: Copies,
    /// How deep forms act, remember and learn. The discount is below 1, a table has its own; `epsilon`
    /// is for `acting` of that name; `target_every` updates are one iteration of the scheme; the
    /// method's own layers are a layer-normalised perceptron.
    #[setting(
        flatten,
        laptop = ValueSettings { target_every: 100, hidden: 64, ..ValueSettings::default() },
        paper = ValueSettings {
            learning_starts: 1_000,
            batch: 128,
            capacity: 100_000,
            epsilon: Schedule::Constant(0.01),
            target_every: 100,
            learning_rate: 1e-3,
            encoder: EncoderConfig::Identity,
            ..ValueSettings::paper()
        }
    )]
    pub values: ValueSettings,
}

impl MdviConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let Self { lambda, tau, ref values, .. } = *self;
        let regulariser = self.regulariser();
        if !regulariser.none() && regulariser.temperature() < LEAST_TEMPERATURE {
            let why = format!(
                "`.lambda` + `.tau` must be 0 or at least {LEAST_TEMPERATURE:e}, so that exponents stay finite"
            );
            return Err(Refusal::saying("lambda", lambda, why));
        }
        if regulariser.none() && self.acting == Acting::Softmax {
            let why = "no regulariser: the policy is greedy: set `.lambda` or `.tau` above 0, or `.acting` to epsilon";
            return Err(Refusal::saying("acting", self.acting.name(), why));
        }
        if self.variant == Instantiation::Da && tau == 0.0 && !regulariser.none() {
            let why = "`da` needs `.tau` above 0: without entropy the average never forgets and its softmax has no \
                       fixed temperature; use md-direct or md-indirect";
            return Err(Refusal::saying("tau", tau, why));
        }
        if self.check_bound && self.kind == Kind::Greedy {
            let why = "it goes with `.kind` type-1 only: the bound of type-2 has other constants";
            return Err(Refusal::saying("check_bound", true, why));
        }
        if values.gamma >= 1.0 {
            return Err(Refusal::new("gamma", values.gamma, "at least 0 and below 1"));
        }
        enough_room(values.capacity, self.copies.worlds, 1, 0)
    }

    /// The two weights.
    pub(super) fn regulariser(&self) -> Regulariser {
        Regulariser { lambda: self.lambda, tau: self.tau }
    }

    /// Whether actions are drawn from the policy during training.
    pub(super) fn softmax(&self) -> bool {
        match self.acting {
            Acting::Auto => !self.regulariser().none(),
            Acting::Softmax => true,
            Acting::Epsilon => false,
        }
    }
}
