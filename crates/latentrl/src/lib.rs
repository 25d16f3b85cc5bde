//! Reinforcement learning in latent space: the whole project behind one name.
//!
//! | module | holds |
//! |---|---|
//! | [`worlds`] | environments, spaces, vectorised stepping, rendering |
//! | [`memory`] | replay and running normalisers |
//! | [`nets`] | networks |
//! | [`learn`] | losses, returns, planners, optimisers |
//! | [`run`] | one experiment: config, seeds, metrics, checkpoints, resume |
//! | [`agents`] | the baselines, and what papers stand on |
//! | [`methods`] | every method, linked: [`run::registry`] finds them by name |
//! | [`evidence`] | claims, comparisons, statistics, pictures |
//!
//! The binary `latentrl` is a thin layer over these. The same from a program of one's own, here
//! training and scoring for a few steps without a folder:
//!
//! ```
//! use latentrl::run::{self, Mode, Preset, Protocol, Settings, Task, task::World};
//!
//! # fn main() -> run::Result<()> {
//! let method = run::registry::find("random")?;
//! let world = World::new("cartpole")?;
//! let config = (method.preset)(Preset::Laptop);
//! let settings = Settings::new(method.card, Preset::Laptop, config, 7, Some(200));
//! let task = Task::new().with(world.clone());
//!
//! let (mut learner, mut run) = run::session::build(method, &settings, &task)?;
//! while run.steps() < settings.run.steps {
//!     learner.advance(&mut run)?;
//! }
//! let protocol = Protocol { world: Some(world), problems: None, episodes: 5, seed: 1, mode: Mode::Greedy };
//! let scores = learner.evaluate(&protocol, &mut run)?;
//! assert_eq!(scores["eval/return"].n, 5);
//! # Ok(())
//! # }
//! ```

pub use agents;
pub use evidence;
pub use learn;
pub use memory;
pub use methods;
pub use nets;
pub use run;
pub use worlds;
