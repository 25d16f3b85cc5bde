//! Objectives by name.

use settings::Config;

use super::Objective;
use crate::{
    optim::AdamSettings,
    plug::{self, Kind, Plug, Plugged},
};

/// Every objective of the crates that are linked into the program.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static OBJECTIVES: [Plug<Objectives>];

#[doc(hidden)]
pub use linkme;

/// Registers an objective; it stands beside the type.
#[macro_export]
macro_rules! register_objective {
    ($kind:ty) => {
        const _: () = {
            use $crate::objective::linkme;
            #[linkme::distributed_slice($crate::objective::OBJECTIVES)]
            #[linkme(crate = linkme)]
            static PLUG: $crate::plug::Plug<$crate::objective::Objectives> =
                $crate::objective::Objectives::plug::<$kind>();
        };
    };
}

/// An objective that can be named on the command line.
pub trait Named: Objective + Sized + 'static {
    /// Its name.
    const ID: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// Its settings.
    type Config: Config;

    /// The objective under these settings; its modules take the agent's optimiser.
    fn new(config: Self::Config, adam: &AdamSettings) -> Self;
}

/// Representation objectives as parts; they are made for the agent's optimiser.
#[derive(Clone, Debug, PartialEq)]
pub struct Objectives;

impl Kind for Objectives {
    type Part = dyn Objective;
    type Context = AdamSettings;
    const KEY: &'static str = "latent";
    const WORD: &'static str = "objective";
    const HELP: &'static str =
        "Representation objective that trains the encoder, or none; its own settings stand beside its name.";

    fn plugs() -> &'static [Plug<Self>] {
        &OBJECTIVES
    }
}

impl Objectives {
    /// The entry of an objective.
    #[doc(hidden)]
    pub const fn plug<O: Named>() -> Plug<Self> {
        Plug::new::<O::Config>(O::ID, O::SUMMARY, |table, adam| {
            let objective: Box<dyn Objective> = Box::new(O::new(plug::read(table)?, adam));
            Ok(objective)
        })
    }
}

/// The objective that an agent carries, and its settings: `latent = { name = "spr", steps = 5 }`.
pub type Latent = Plugged<Objectives>;

impl Latent {
    /// An objective under these settings.
    pub fn of<O: Named>(config: &O::Config) -> Self {
        Self::new(O::ID, config.table())
    }

    /// The settings, where the objective is of this kind.
    pub fn settings_of<O: Named>(&self) -> Option<O::Config> {
        (self.name() == O::ID).then(|| plug::read(self.settings()).ok()).flatten()
    }
}
