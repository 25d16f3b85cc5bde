//! Orchestrated value mapping (Fatemi and Tavakoli, 2022, "Orchestrated Value Mapping for
//! Reinforcement Learning", arXiv 2203.07171).
//!
//! The reward is split into channels, r = sum of lambda_j r_j, and the value of each is stored under
//! an invertible mapping of its own. Random targets must be averaged in ordinary space, or a mapping
//! biases them, so there are two step sizes: beta_reg averages, beta_f moves the stored form; and all
//! channels bootstrap at the best action of their aggregate, or each would believe that it is in
//! control. Q-learning, logarithmic Q-learning and Q-decomposition are special cases of the class,
//! which converges to the optimal values.
//!
//! On a world whose table is known the paper's update runs in 64-bit floats and its error is exact
//! ([`tabular`]); elsewhere a network holds the stored forms ([`deep`]). Its optimiser is Adam where the
//! paper uses RMSProp: as Adam's steps do not shrink with the error, beta_reg does not divide the
//! step size, and `rates = "single"` there changes beta_reg only. The channels' heads share their
//! hidden layer, and channels are mapped, chosen and averaged on the host in 64-bit floats.

pub mod channels;
mod checks;
pub mod deep;
pub mod deep_settings;
pub mod mapping;
mod policy;
pub mod tabular;
#[cfg(test)]
mod tests;

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, scores, task::World,
};
use settings::{Choice, Config};

use self::{
    channels::{Channels, Decomposition},
    checks::positive,
    deep::MapAgent,
    deep_settings::DeepSettings,
    mapping::{Kind, Mapping},
    tabular::{Tabular, TabularSettings},
};
pub use agents::table::Variant;

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

impl Bootstrap {
    /// What a channel of this weight multiplies its values by before it chooses; nothing where all
    /// channels choose together.
    pub(crate) fn factor(self, weight: f64) -> Option<f64> {
        match self {
            Bootstrap::Shared => None,
            Bootstrap::Own => Some(1.0),
            Bootstrap::OwnSigned => Some(weight),
        }
    }
}

/// Hyper-parameters of orchestrated value mapping.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct OrchestratedConfig {
    /// `tabular`: exact errors on a table; `deep`: a network; `auto`: the first where the world's table
    /// is known.
    #[setting(Variant::Auto)]
    pub variant: Variant,
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
    /// Factor of the logarithms, above 0.
    #[setting(0.5)]
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
    #[setting(group, paper = TabularSettings::default())]
    pub tabular: TabularSettings,
    /// Settings of `deep`.
    #[setting(group)]
    pub deep: DeepSettings,
}

impl OrchestratedConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        positive("c", self.c)?;
        if !self.d.is_finite() {
            return Err(format!("`d` is {}: it must be a finite number", self.d));
        }
        self.tabular.validate(self.rates)?;
        self.deep.validate()
    }
}

impl OrchestratedConfig {
    /// The channels under a discount; values enter logarithms from discount^`floor_steps` on.
    fn channels(&self, discount: f64, floor_steps: f64, clip: bool) -> Channels {
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

    fn tabular(&self, world: &World, run: &mut Run) -> Result<Tabular> {
        let table = world.table(&OrchestratedValueMapping::CARD)?;
        let channels = self.channels(table.discount, self.tabular.floor_steps, false);
        Tabular::new(&self.tabular, channels, (self.rates, self.bootstrap), table, run)
    }

    fn deep(&self, world: &World, run: &mut Run) -> Result<MapAgent> {
        let settings = &self.deep;
        let channels = self.channels(settings.gamma, settings.floor_steps, settings.clip_rewards);
        MapAgent::new(settings, channels, (self.rates, self.bootstrap), world, run)
    }
}

/// Values stored under mappings, channel by channel.
pub struct OrchestratedValueMapping {
    form: Form,
}

#[expect(clippy::large_enum_variant, reason = "a run has one")]
enum Form {
    Tabular(Tabular),
    Deep(MapAgent),
}

run::register!(OrchestratedValueMapping);

impl Method for OrchestratedValueMapping {
    const CARD: Card = Card {
        id: "orchestrated-value-mapping",
        title: "Orchestrated Value Mapping for Reinforcement Learning",
        paper: "Fatemi and Tavakoli, 2022, ICLR, arXiv 2203.07171",
        family: "value",
        summary: "values by reward channel, each stored under a mapping of its own without bias",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "loss/td",
            "diag/value_error",
            "diag/mean_error",
            "diag/value",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/value_error", higher_is_better: false },
        unit: "environment steps",
        steps: 100_000,
        instead: "`sac` or `td3`",
    };
    type Config = OrchestratedConfig;

    fn build(config: OrchestratedConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let known = config.variant.is_tabular(world)?;
        let form = match known {
            true => Form::Tabular(config.tabular(world, run)?),
            false => Form::Deep(config.deep(world, run)?),
        };
        Ok(Self { form })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.form {
            Form::Tabular(tabular) => tabular.advance(run),
            Form::Deep(agent) => agent.advance(run)?,
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(match &self.form {
            Form::Tabular(tabular) => Box::new(tabular.policy()),
            Form::Deep(agent) => Box::new(agent.policy()),
        })
    }

    /// Exact errors on a table, returns elsewhere.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match (&self.form, &protocol.world) {
            (Form::Tabular(tabular), _) => Ok(tabular.scores()),
            (Form::Deep(agent), Some(world)) => {
                let mut random = run.derived("eval", protocol.seed);
                scores::evaluate(&mut agent.policy(), world, protocol, &mut random)
            }
            (Form::Deep(_), None) => Ok(Scores::new()),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.form {
            Form::Tabular(tabular) => tabular.save(snapshot),
            Form::Deep(agent) => agent.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.form {
            Form::Tabular(tabular) => tabular.load(snapshot),
            Form::Deep(agent) => agent.load(snapshot),
        }
    }
}
