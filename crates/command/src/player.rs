//! One copy of a world, a policy in it, and a picture of every step.

use rand_chacha::ChaCha8Rng;
use run::{Mode, Policy, Scope, task::World};
use worlds::{Canvas, Outcome, Worlds};

use crate::failure::Failure;

/// How a finished episode went.
#[derive(Clone, Copy, Debug)]
pub struct Episode {
    /// Sum of its rewards.
    pub total: f64,
    /// Its steps.
    pub length: u64,
}

/// Plays episodes one after the other.
pub struct Player {
    worlds: Box<dyn Worlds>,
    policy: Box<dyn Policy>,
    outcome: Outcome,
    random: ChaCha8Rng,
    mode: Mode,
    /// The running episode so far.
    pub episode: Episode,
}

impl Player {
    /// A player at the beginning of its first episode.
    pub fn new(world: &World, mut policy: Box<dyn Policy>, seed: u64, mode: Mode) -> Result<Self, Failure> {
        let mut worlds = world.make(1, seed)?;
        let mut outcome = Outcome::new(&world.spec, 1);
        worlds.reset(&mut outcome);
        policy.begin(Scope::Lifetime, &[0]);
        policy.begin(Scope::Episode, &[0]);
        let random = worlds::seed::stream(seed, "play", 0);
        Ok(Self { worlds, policy, outcome, random, mode, episode: Episode { total: 0.0, length: 0 } })
    }

    /// One step, or the beginning of the next episode where one ended; gives the episode that this
    /// step ends.
    pub fn step(&mut self) -> Result<Option<Episode>, Failure> {
        let acted = self.policy.act(&self.outcome.observations, self.mode, &mut self.random);
        let actions = acted.map_err(Failure::failed)?;
        self.worlds.step(&actions, &mut self.outcome).map_err(Failure::failed)?;
        self.policy.observe(&self.outcome);
        if self.outcome.reset[0] {
            self.episode = Episode { total: 0.0, length: 0 };
            self.policy.begin(Scope::Episode, &[0]);
            return Ok(None);
        }
        self.episode.total += f64::from(self.outcome.reward[0]);
        self.episode.length += 1;
        Ok(self.outcome.ended(0).then_some(self.episode))
    }

    /// Draws the world as it stands.
    pub fn draw(&self, canvas: &mut Canvas) {
        self.worlds.render(0, canvas);
    }
}
