//! Hyper-parameters with something of everything.

use serde::{Deserialize, Serialize};
use settings::{Choice, Config, Refusal, Value};

/// How it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Acting {
    EpsilonGreedy,
    #[choice("boltzmann")]
    Softmax,
}

/// How transitions are replayed.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::windows_fit)]
pub struct Replay {
    /// Transitions that are kept,
    /// the oldest leaving first.
    #[setting(1_000, paper = 50_000, min = 1)]
    pub capacity: usize,
    /// Steps of a window.
    #[setting(5, min = 1)]
    pub window: usize,
    /// Exponents of priorities.
    #[setting([0.5, 0.4], paper = [0.6, 0.4], min = 0.0, max = 1.0)]
    pub exponents: [f64; 2],
}

impl Replay {
    fn windows_fit(&self) -> Result<(), Refusal> {
        if self.window <= self.capacity {
            return Ok(());
        }
        Err(Refusal::new("window", self.window, format!("at most `.capacity`, which is {}", self.capacity)))
    }
}

/// Networks.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct Networks {
    /// Widths of hidden layers.
    #[setting([64, 64], paper = [256], min = 1)]
    pub hidden: Vec<usize>,
    /// Limit of the gradient's norm; none where it is missing.
    #[setting(None, paper = Some(0.5), above = 0.0)]
    pub clip: Option<f32>,
}

/// Adam's settings.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct Optimiser {
    /// Step size.
    #[setting(1e-3, above = 0.0, below = 1.0)]
    pub rate: f32,
    /// How transitions are replayed for it.
    #[setting(group)]
    pub replay: Replay,
}

/// A way from one number to another: a value of several parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Way {
    pub from: f64,
    pub to: f64,
}

impl Value for Way {
    fn expected() -> String {
        "a way, as { from = 1.0, to = 0.0 }".to_owned()
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        [self.from, self.to].into_iter().for_each(visit);
    }

    fn check(&self) -> Result<(), String> {
        match self.from == self.to {
            true => Err("it must lead somewhere".to_owned()),
            false => Ok(()),
        }
    }
}

/// Hyper-parameters of an agent.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::explores)]
pub struct Agent {
    /// Name of its data.
    #[setting("none", paper = "everything")]
    pub data: String,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Whether it may explore.
    #[setting(true)]
    pub explore: bool,
    /// How it acts.
    #[setting(Acting::EpsilonGreedy)]
    pub acting: Acting,
    /// Fewest and most threads.
    #[setting([1, 4])]
    pub threads: [u32; 2],
    /// Momenta, in single precision.
    #[setting([0.9, 0.999])]
    pub momenta: [f32; 2],
    /// Where it looks.
    #[setting(-0.5, min = -1.0)]
    pub place: f64,
    /// How its exploration falls.
    #[setting(Way { from: 1.0, to: 0.0 }, max = 1.0)]
    pub way: Way,
    #[setting(flatten, laptop = Networks { clip: Some(0.1), ..Networks::default() })]
    pub networks: Networks,
    /// Of the critic.
    #[setting(group, paper = Optimiser { rate: 3e-4, ..Optimiser::paper() })]
    pub critic: Optimiser,
    /// A name that is a word of the language.
    #[setting(1, min = 0)]
    pub r#loop: i64,
}

impl Agent {
    fn explores(&self) -> Result<(), Refusal> {
        match self.explore || self.acting == Acting::EpsilonGreedy {
            true => Ok(()),
            false => Err(Refusal::saying("acting", self.acting.name(), "`.explore` is false")),
        }
    }
}

/// The agent as a table has it, and what the table is refused with.
pub fn read(text: &str) -> Result<Agent, String> {
    let table = text.parse().expect("the table is TOML");
    let mut agent = Agent::default();
    let read = agent.read(&table).and_then(|()| agent.check());
    read.map(|()| agent).map_err(|refusal| refusal.complete().to_string())
}

/// The sentence with which an agent like this is refused.
pub fn refused(change: impl FnOnce(&mut Agent)) -> String {
    let mut agent = Agent::default();
    change(&mut agent);
    agent.validate().expect_err("the agent is refused")
}
