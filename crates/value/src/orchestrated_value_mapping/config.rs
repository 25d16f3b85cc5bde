//! Hyper-parameters of orchestrated value mapping.

use agents::value_agent::config::{Copies, ValueSettings, enough_room};
use learn::schedule::Schedule;
use settings::{Choice, Config, Refusal};

use super::{
    channels::{Channels, Decomposition},
    mapping::{Kind, Mapping},
};
pub use agents::table::Form;

/// Mapping of the channels of losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Negative {
    /// That of the gains.
    #[default]
    Same,
    /// f(x) = x.
    Identity,
    /// f(x) = c ln x + d.
    Log,
    /// Logarithmic up to exp(-d/c), and from there on straight.
    LogLinear,
    /// f(x) = sqrt(x + 0.01) - 0.1.
    SquareRoot,
}

/// How many step sizes an update has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Rates {
    /// beta_reg averages targets in ordinary space, beta_f moves the stored form.
    #[default]
    Two,
    /// beta_reg = 1: targets are averaged in mapped space, which biases them.
    Single,
}

/// The next action at which a channel bootstraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Bootstrap {
    /// The best by the aggregate, for all channels.
    #[default]
    Shared,
    /// That of the channel's own largest value, Q_j: channels learn as if each were alone, so that losses
    /// come out too large as well as gains.
    Own,
    /// That of the channel's largest contribution, lambda_j Q_j: gains come out too large, losses too
    /// small.
    OwnSigned,
}

/// Settings of the form on tables.
#[derive(Clone, Debug, Config)]
pub struct TabularSettings {
    /// Values enter logarithms from discount^floor_steps on.
    #[setting(40.0, above = 0.0)]
    pub floor_steps: f64,
    /// Step size of the stored form; with `rates = "single"` the whole step size takes its place.
    #[setting(0.5, above = 0.0, max = 1.0)]
    pub beta_f: f64,
    /// Step size of the first update of a state and action.
    #[setting(0.5, above = 0.0, max = 1.0)]
    pub alpha0: f64,
    /// How fast it falls: alpha0 / (1 + alpha_decay n) after n updates.
    #[setting(0.01, min = 0.0)]
    pub alpha_decay: f64,
    /// Probability of a random action while learning; 1 for uniform behaviour.
    #[setting(1.0, min = 0.0, max = 1.0)]
    pub epsilon: f64,
}

/// Settings of the form with a network.
///
/// The paper's values, in the agent's frames, with Adam where it has centred RMSProp of the same
/// step size; Adam's epsilon is the root of RMSProp's, which stands under the root.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DeepSettings {
    /// Values enter logarithms from gamma^floor_steps on.
    #[setting(100.0, above = 0.0)]
    pub floor_steps: f64,
    /// Share of the error that targets take over in ordinary space; 1 with `rates = "single"`.
    #[setting(0.1, above = 0.0, max = 1.0)]
    pub beta_reg: f64,
    /// Whether Adam's step size falls linearly to 0 over the run.
    #[setting(true, paper = false)]
    pub anneal: bool,
    /// Whether gradients that enter the encoder are divided by the root of the number of channels.
    #[setting(false)]
    pub scale_gradient: bool,
    /// Where it acts.
    #[setting(flatten)]
    pub copies: Copies,
    /// How it acts, remembers and learns. The discount lies inside (0, 1); Adam's step size stands for
    /// beta_f, which is at most 1; the method's own layers are a layer-normalised perceptron.
    #[setting(
        flatten,
        laptop = ValueSettings { gamma: 0.96, ..ValueSettings::default() },
        paper = ValueSettings {
            gamma: 0.96,
            learning_starts: 20_000,
            epsilon: Schedule::linear(1.0, 0.01, 250_000),
            target_every: 2_000,
            learning_rate: 2.5e-3,
            adam_epsilon: 1e-5_f64.sqrt(),
            ..ValueSettings::paper()
        }
    )]
    pub values: ValueSettings,
    /// Steps of the return before it is bootstrapped, n.
    #[setting(1, min = 1)]
    pub n_step: usize,
    /// Whether the reward of every channel is cut at 1.
    #[setting(true)]
    pub clip_rewards: bool,
}

impl DeepSettings {
    fn combinations(&self) -> Result<(), Refusal> {
        let ValueSettings { gamma, learning_rate, capacity, .. } = self.values;
        if !(gamma > 0.0 && gamma < 1.0) {
            return Err(Refusal::new("gamma", gamma, "above 0 and below 1"));
        }
        if learning_rate > 1.0 {
            return Err(Refusal::new("learning_rate", learning_rate, "above 0 and at most 1"));
        }
        enough_room(capacity, self.copies.worlds, self.n_step, 0)
    }
}

/// Hyper-parameters of orchestrated value mapping.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct OrchestratedConfig {
    /// `tabular`: exact errors on a table; `deep`: a network; `auto`: the first where the world's table
    /// is known.
    #[setting(Form::Auto)]
    pub variant: Form,
    /// How rewards are split: `none`, `polar` (gains and losses), `config-1`, `config-2` (each by
    /// powers of ten) or `ensemble-polar`.
    #[setting(Decomposition::Polar)]
    pub decomposition: Decomposition,
    /// Mapping of the values of gains, or of the only channel: `identity`, `log`, `log-linear` or
    /// `square-root`; all but the identity need a decomposition where rewards may be negative.
    #[setting(Kind::LogLinear)]
    pub mapping: Kind,
    /// Mapping of the values of losses: `same`, or one of the above.
    #[setting(Negative::Same)]
    pub negative_mapping: Negative,
    /// Factor of the logarithms.
    #[setting(0.5, above = 0.0)]
    pub c: f64,
    /// What is added to the logarithms.
    #[setting(0.0)]
    pub d: f64,
    /// `two`: targets are averaged in ordinary space; `single`: in mapped space, which biases them.
    #[setting(Rates::Two)]
    pub rates: Rates,
    /// Next action at which channels bootstrap: `shared` (the aggregate's best), `own` (where the
    /// channel's value is largest) or `own-signed` (where its contribution is).
    #[setting(Bootstrap::Shared)]
    pub bootstrap: Bootstrap,
    /// Settings of `tabular`.
    #[setting(group)]
    pub tabular: TabularSettings,
    /// Settings of `deep`.
    #[setting(group)]
    pub deep: DeepSettings,
}

impl OrchestratedConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let TabularSettings { alpha0, beta_f, .. } = self.tabular;
        if self.rates == Rates::Two && alpha0 > beta_f {
            let allowed = format!("at most `.tabular.beta_f`, {beta_f}, since their ratio is beta_reg");
            return Err(Refusal::new("tabular.alpha0", alpha0, allowed));
        }
        Ok(())
    }

    /// The channels under a discount; values enter logarithms from discount^`floor_steps` on.
    pub(super) fn channels(&self, discount: f64, floor_steps: f64, clip: bool) -> Channels {
        // A discount of 0 would leave the logarithm nothing to begin with.
        let floor = discount.powf(floor_steps).max(f64::MIN_POSITIVE);
        let mapping = |kind| Mapping { kind, c: self.c, d: self.d, floor };
        let losses = match self.negative_mapping {
            Negative::Same => self.mapping,
            Negative::Identity => Kind::Identity,
            Negative::Log => Kind::Log,
            Negative::LogLinear => Kind::LogLinear,
            Negative::SquareRoot => Kind::SquareRoot,
        };
        Channels::new(self.decomposition, clip, mapping(self.mapping), mapping(losses))
    }
}
