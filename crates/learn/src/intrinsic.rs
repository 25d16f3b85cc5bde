//! Rewards that an agent gives itself for arriving where it has not been: what they are, and how an
//! agent's configuration names one, as `bonus = { name = "rnd", scale = 0.5 }`.
//!
//! A part measures novelty in a number of its own; the agent divides it by the running deviation of
//! the discounted sum of these numbers where [`BonusSettings::normalise`] says so, weighs it by
//! [`BonusSettings::scale`] and adds it to what it learns from. Evaluations never see it.

mod counts;
mod distillation;
#[cfg(test)]
mod tests;

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use settings::{Choice, Config};
use worlds::{Array, Layout};

pub use counts::{Counts, CountsConfig};
pub use distillation::{RandomDistillation, RandomDistillationConfig, prediction_error};
use nets::parameters::NamedArray;

use crate::{
    LearnError,
    plug::{self, Kind, Plug, Plugged},
};

/// When an agent that replays experience adds a bonus to the reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Placement {
    /// When it is drawn, by what the bonus is then.
    Drawn,
    /// When it is collected, for good.
    Collected,
}

/// What every bonus is told.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct BonusSettings {
    /// Weight of the bonus beside the world's reward.
    #[setting(1.0, min = 0.0)]
    pub scale: f32,
    /// Whether the bonus is divided by the running deviation of its own discounted sum.
    #[setting(true)]
    pub normalise: bool,
    /// Discount of the bonus, by which it is normalised, and valued where the agent values it apart
    /// (`ppo`); agents with one value function value it under their own.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Whether values of the bonus end with the episode, where the agent values it apart (`ppo`).
    #[setting(false)]
    pub episodic: bool,
    /// When agents that replay experience add it: collected, or drawn; `ppo` adds what it collects
    /// either way.
    #[setting(Placement::Collected)]
    pub place: Placement,
}

/// Novelty as a reward.
pub trait Intrinsic: Send {
    /// What every bonus is told.
    fn settings(&self) -> &BonusSettings;

    /// Takes note of `rows` observations that were arrived at.
    ///
    /// # Errors
    /// The observations are not of the layout that the part was made for.
    fn visit(&mut self, observations: &Array, rows: usize) -> Result<(), LearnError>;

    /// How new each of `rows` observations is, at least 0, `[rows]`.
    ///
    /// # Errors
    /// As [`Intrinsic::visit`].
    fn novelty(&self, observations: &Array, rows: usize) -> Result<Vec<f32>, LearnError>;

    /// One step of learning from `rows` observations; gives the loss, where there is something to learn.
    ///
    /// # Errors
    /// The loss is not finite, and those of [`Intrinsic::visit`].
    fn learn(
        &mut self,
        observations: &Array,
        rows: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Option<f32>, LearnError>;

    /// Appends everything that has arrays under `prefix`.
    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>);

    /// Everything else.
    fn state(&self) -> Vec<u8>;

    /// Takes everything back.
    ///
    /// # Errors
    /// It is of another part or another world.
    fn load(
        &mut self,
        prefix: &str,
        arrays: &std::collections::BTreeMap<String, NamedArray>,
        state: &[u8],
    ) -> Result<(), LearnError>;
}

/// What a bonus is made for.
#[derive(Clone, Debug)]
pub struct Place {
    /// Layout of the observations.
    pub layout: Layout,
    /// Where networks live, without automatic differentiation.
    pub device: Device,
    /// What everything random about it derives from.
    pub seed: u64,
}

/// Every bonus of the crates that are linked into the program.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static BONUSES: [Plug<Bonuses>];

#[doc(hidden)]
pub use linkme;

/// Registers a bonus; it stands beside the type.
#[macro_export]
macro_rules! register_bonus {
    ($kind:ty) => {
        const _: () = {
            use $crate::intrinsic::linkme;
            #[linkme::distributed_slice($crate::intrinsic::BONUSES)]
            #[linkme(crate = linkme)]
            static PLUG: $crate::plug::Plug<$crate::intrinsic::Bonuses> =
                $crate::intrinsic::Bonuses::plug::<$kind>();
        };
    };
}

/// A bonus that can be named on the command line.
pub trait NamedBonus: Intrinsic + Sized + 'static {
    /// Its name.
    const ID: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// Its settings.
    type Config: Config;

    /// The bonus under these settings, for this place.
    ///
    /// # Errors
    /// A setting does not fit the place.
    fn new(config: Self::Config, place: &Place) -> Result<Self, settings::Refusal>;
}

/// Intrinsic rewards as parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Bonuses;

impl Kind for Bonuses {
    type Part = dyn Intrinsic;
    type Context = Place;
    const KEY: &'static str = "bonus";
    const WORD: &'static str = "bonus";
    const HELP: &'static str =
        "Intrinsic reward that is added to the world's, or none; its own settings stand beside its name.";

    fn plugs() -> &'static [Plug<Self>] {
        &BONUSES
    }
}

impl Bonuses {
    /// The entry of a bonus.
    #[doc(hidden)]
    pub const fn plug<B: NamedBonus>() -> Plug<Self> {
        Plug::new::<B::Config>(B::ID, B::SUMMARY, |table, place| {
            let bonus: Box<dyn Intrinsic> = Box::new(B::new(plug::read(table)?, place)?);
            Ok(bonus)
        })
    }
}

/// The bonus that an agent gives itself, and its settings.
pub type Bonus = Plugged<Bonuses>;

impl Bonus {
    /// When agents that replay experience add it, where there is one.
    pub fn place(&self) -> Option<Placement> {
        Placement::named(self.settings().get("place")?.as_str()?)
    }
}
