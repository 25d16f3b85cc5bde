//! `+sticky`: actions that sometimes do not change.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{renamed_without_reference, wrapper::Wrapper};
use crate::spec::{ActionSpace, Spec};
use crate::tabular::Table;
use crate::world::{Action, Environment, Step, decode, encode};
use crate::{ModifierName, WorldError};

/// A world that, with probability p, executes the action executed before instead of the one given
/// (Machado et al. 2018); the first action of an episode is always the one given.
pub struct Sticky {
    inner: Box<dyn Environment>,
    spec: Spec,
    probability: f64,
    before: Before,
}

/// The action executed last.
#[derive(Serialize, Deserialize)]
struct Before {
    /// Whether there is one in this episode.
    any: bool,
    index: u32,
    values: Vec<f32>,
}

impl Sticky {
    /// Makes the actions given to `inner` stick as `name` says.
    ///
    /// # Errors
    /// A probability outside 0 to 1.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        let probability = name.options_with("p")?.float("p", 0.25, 0.0..=1.0)?;
        let spec = renamed_without_reference(&*inner, name);
        let dimensions = match &spec.action {
            ActionSpace::Discrete { .. } => 0,
            ActionSpace::Box { low, .. } => low.len(),
        };
        let before = Before { any: false, index: 0, values: vec![0.0; dimensions] };
        Ok(Self { inner, spec, probability, before })
    }
}

impl Wrapper for Sticky {
    fn inner(&self) -> &dyn Environment {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Environment {
        &mut *self.inner
    }

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.inner.reset(random);
        self.before.any = false;
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let sticks = random.random_bool(self.probability) && self.before.any;
        self.before.any = true;
        let executed = match action {
            Action::Discrete(index) => {
                self.before.index = if sticks { self.before.index } else { index };
                Action::Discrete(self.before.index)
            }
            Action::Continuous(values) => {
                if !sticks {
                    self.before.values.copy_from_slice(values);
                }
                Action::Continuous(&self.before.values)
            }
        };
        self.inner.step(executed, random)
    }

    fn save(&self) -> Vec<u8> {
        encode(&(&self.before, self.inner.save()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (before, inner): (Before, Vec<u8>) = decode(state)?;
        let fits = before.values.len() == self.before.values.len()
            && match self.spec.action {
                ActionSpace::Discrete { count } => (before.index as usize) < count,
                ActionSpace::Box { .. } => true,
            };
        if !fits {
            return Err("its last action is none of this world's".to_owned());
        }
        self.inner.restore(&inner)?;
        self.before = before;
        Ok(())
    }

    fn cost(&self) -> usize {
        self.inner.cost() + 10
    }

    fn table(&self) -> Option<Table> {
        None
    }
}
