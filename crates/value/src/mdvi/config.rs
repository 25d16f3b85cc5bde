//! Hyper-parameters of mirror descent value iteration.

use agents::value_agent::{Settings, checks, loss::Values};
use learn::{optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use settings::{Choice, Config};

use super::regulariser::Regulariser;

/// Which form of the scheme is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Variant {
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
pub enum Form {
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
    #[setting(Variant::Auto)]
    pub variant: Variant,
    /// Weight of the divergence from the previous policy, lambda.
    #[setting(1.0)]
    pub lambda: f64,
    /// Weight of the policy's entropy, tau.
    #[setting(0.0)]
    pub tau: f64,
    /// Whether the regularisers stand in the evaluation too (type-1) or in the greedy step alone
    /// (type-2).
    #[setting(Kind::Both)]
    pub kind: Kind,
    /// How policies are computed on a table: mirror or dual (averaging).
    #[setting(Form::Mirror)]
    pub form: Form,
    /// Kind of the evaluation errors on a table: gaussian or adversarial.
    #[setting(Errors::Gaussian)]
    pub errors: Errors,
    /// Standard deviation, or size, of those errors.
    #[setting(1.0)]
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
    /// Probability of a random action where `acting` is `epsilon`: a number, or a line `from` `to`
    /// over `steps` environment steps.
    #[setting(Schedule::linear(1.0, 0.05, 10_000), paper = Schedule::Constant(0.01), min = 0.0, max = 1.0)]
    pub epsilon: Schedule,
    /// Discount per step of deep forms; a table has its own.
    #[setting(0.99)]
    pub gamma: f64,
    /// Copies of the world that act at once.
    #[setting(8, paper = 1)]
    pub worlds: usize,
    /// Environment steps before the first update.
    #[setting(1_000)]
    pub learning_starts: u64,
    /// Environment steps, all copies together, per round of updates.
    #[setting(8, paper = 4)]
    pub train_every: u64,
    /// Updates per round.
    #[setting(4, paper = 1)]
    pub updates: usize,
    /// Transitions per update.
    #[setting(128)]
    pub batch: usize,
    /// Transitions that the replay keeps.
    #[setting(100_000)]
    pub capacity: usize,
    /// Updates between copies of the networks: one iteration of the scheme.
    #[setting(100)]
    pub target_every: u64,
    /// Error at which the value loss turns from square to linear; 0 for the squared error.
    #[setting(1.0)]
    pub huber: f32,
    /// Adam's step size.
    #[setting(5e-4, paper = 1e-3)]
    pub learning_rate: f64,
    /// Adam's epsilon.
    #[setting(1e-8)]
    pub adam_epsilon: f64,
    /// Limit of the gradient norm of each network; 0 for none.
    #[setting(10.0, paper = 0.0)]
    pub gradient_clip: f32,
    /// Width of the hidden layers.
    #[setting(64, paper = 512)]
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for a layer-normalised perceptron where it gives vectors.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
}

impl MdviConfig {
    fn combinations(&self) -> Result<(), String> {
        for (name, value) in [("lambda", self.lambda), ("tau", self.tau), ("noise", self.noise)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("`{name}` is {value}: it must be at least 0"));
            }
        }
        let regulariser = self.regulariser();
        if !regulariser.none() && regulariser.temperature() < LEAST_TEMPERATURE {
            return Err(format!(
                "`lambda` + `tau` is {:e}: it must be 0 or at least {LEAST_TEMPERATURE:e}, so that exponents \
                 stay finite",
                regulariser.temperature()
            ));
        }
        if regulariser.none() && self.acting == Acting::Softmax {
            return Err(
                "no regulariser: the policy is greedy: set `lambda` or `tau` above 0, or `acting` to \
                        epsilon"
                    .to_owned(),
            );
        }
        if self.variant == Variant::Da && self.tau == 0.0 && !regulariser.none() {
            return Err(
                "`da` needs `tau` above 0: without entropy the average never forgets and its softmax \
                        has no fixed temperature; use md-direct or md-indirect"
                    .to_owned(),
            );
        }
        if self.check_bound && self.kind == Kind::Greedy {
            return Err(
                "`check_bound` goes with `kind` type-1 only: the bound of type-2 has other constants"
                    .to_owned(),
            );
        }
        if !(self.gamma >= 0.0 && self.gamma < 1.0) {
            return Err(format!("`gamma` is {}: it must be at least 0 and below 1", self.gamma));
        }
        if !(self.huber.is_finite() && self.huber >= 0.0) {
            return Err(format!("`huber` is {}: it must be at least 0", self.huber));
        }
        checks::validate(&self.agent())
    }
}

/// Smallest weight of the regularisers, if there are any.
const LEAST_TEMPERATURE: f64 = 1e-6;

impl MdviConfig {
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

    /// Deep forms have the parts of DQN, and the same checks.
    pub(super) fn agent(&self) -> Settings {
        Settings {
            worlds: self.worlds,
            learning_starts: self.learning_starts,
            train_every: self.train_every,
            updates: self.updates,
            batch: self.batch,
            capacity: self.capacity,
            n_step: 1,
            gamma: self.gamma,
            epsilon: self.epsilon,
            double: false,
            clip_rewards: false,
            values: Values::Scalar { delta: self.huber },
            dueling: false,
            noisy: None,
            hidden: self.hidden,
            encoder: self.encoder.clone(),
            target_every: self.target_every,
            target_rate: 1.0,
            gradient_clip: checks::limit(self.gradient_clip),
            adam: AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon),
            anneal: false,
            priority: None,
        }
    }
}
