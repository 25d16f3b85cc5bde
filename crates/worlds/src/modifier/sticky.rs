//! `+sticky`: actions that sometimes do not change.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::renamed_without_reference;
use crate::spec::{ActionSpace, Array, GoalSpace, Spec};
use crate::world::{Action, Canvas, Step, World, decode, encode};
use crate::{ModifierName, Parameter, WorldError};

/// A world that, with probability p, executes the action executed before instead of the one given
/// (Machado et al. 2018); the first action of an episode is always the one given.
pub struct Sticky {
    inner: Box<dyn World>,
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
    pub fn new(inner: Box<dyn World>, name: &ModifierName) -> Result<Self, WorldError> {
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

impl World for Sticky {
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

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        self.inner.observe(field, row, array);
    }

    fn render(&self, canvas: &mut Canvas) {
        self.inner.render(canvas);
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

    fn parameters(&self) -> &'static [Parameter] {
        self.inner.parameters()
    }

    fn set_parameters(&mut self, values: &[f64]) {
        self.inner.set_parameters(values);
    }

    fn goal(&self) -> Option<GoalSpace> {
        self.inner.goal()
    }

    fn board(&self) -> Option<[usize; 2]> {
        self.inner.board()
    }

    fn cost(&self) -> usize {
        self.inner.cost() + 10
    }
}
