//! Recording what a policy does in a world, as a data set.

use memory::{DataSpec, Dataset, dataset::Builder};
use rand_chacha::ChaCha8Rng;
use worlds::{Actions, Observations, Outcome, demonstrator::Demonstrator};

use crate::{Exported, Mode, Policy, Result, RunError, Scope, task::World};

/// How much is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Complete episodes.
    Episodes(usize),
    /// Steps; the last episode is cut where they end.
    Steps(usize),
}

/// What acts, for the record.
pub struct Actor<'a> {
    /// Chooses the actions.
    pub policy: &'a mut dyn Policy,
    /// Draws or takes the best.
    pub mode: Mode,
    /// Its name, as the data set tells it.
    pub name: String,
}

/// What a recording in this world holds.
pub(crate) fn spec(world: &World, policy: String, seed: u64) -> DataSpec {
    DataSpec {
        world: Some(world.spec.name.clone()),
        fields: world.spec.fields.clone(),
        action: Some(world.spec.action.clone()),
        rewards: world.spec.rewards.clone(),
        extra: Vec::new(),
        horizon: world.spec.horizon,
        policy,
        seed: Some(seed),
    }
}

/// Records an actor in one copy of a world. Equal arguments give equal bytes.
///
/// # Errors
/// The world or the policy fails, or a number is not finite.
pub fn record(world: &World, actor: Actor<'_>, amount: Amount, seed: u64) -> Result<Dataset> {
    let mut builder = Builder::new(spec(world, actor.name, seed))?;
    let mut worlds = world.make(1, seed)?;
    let mut outcome = Outcome::new(&world.spec, 1);
    let mut random = worlds::seed::stream(seed, "collect", 0);
    worlds.reset(&mut outcome);
    actor.policy.begin(Scope::Lifetime, &[0]);
    actor.policy.begin(Scope::Episode, &[0]);
    builder.begin(&outcome.observations, 0);
    loop {
        let actions = actor.policy.act(&outcome.observations, actor.mode, &mut random)?;
        worlds.step(&actions, &mut outcome)?;
        actor.policy.observe(&outcome);
        if outcome.reset[0] {
            actor.policy.begin(Scope::Episode, &[0]);
            builder.begin(&outcome.observations, 0);
            continue;
        }
        builder.step(&actions, &outcome.reward, &[], &outcome.observations, 0)?;
        if outcome.ended(0) {
            builder.end(outcome.terminated[0]);
        }
        let enough = match amount {
            Amount::Episodes(count) => builder.episodes() >= count,
            Amount::Steps(count) => builder.steps() >= count,
        };
        if enough {
            return Ok(builder.finish()?);
        }
    }
}

/// A demonstrator as a policy: it draws from the generator it is given, whatever the mode.
pub struct Scripted {
    demonstrator: Box<dyn Demonstrator>,
    actions: Actions,
    /// Rows whose episode has begun and that have not acted yet.
    begun: Vec<usize>,
}

impl Scripted {
    /// The demonstrator of this name for `rows` copies of a world.
    ///
    /// # Errors
    /// The world has none of that name; the sentence says which it has.
    pub fn new(world: &World, policy: &str, rows: usize) -> Result<Self> {
        let demonstrator = worlds::demonstrator(&world.spec.name, policy, rows)?;
        Ok(Self { demonstrator, actions: Actions::zeros(&world.spec.action, rows), begun: Vec::new() })
    }
}

impl Policy for Scripted {
    fn begin(&mut self, scope: Scope, rows: &[usize]) {
        if scope == Scope::Episode {
            self.begun.extend_from_slice(rows);
        }
    }

    fn act(&mut self, observations: &Observations, _: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        if !self.begun.is_empty() {
            self.demonstrator.begin(&self.begun, observations, random);
            self.begun.clear();
        }
        self.demonstrator.act(observations, random, &mut self.actions);
        Ok(self.actions.clone())
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task("a scripted demonstrator has no weights to export".to_owned()))
    }
}
