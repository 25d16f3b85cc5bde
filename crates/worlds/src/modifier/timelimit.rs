//! `+timelimit`: another time limit.

use rand_chacha::ChaCha8Rng;

use super::renamed_without_reference;
use crate::spec::{Array, GoalSpace, Spec};
use crate::tabular::Table;
use crate::world::{Action, Canvas, Step, World};
use crate::{ModifierName, Parameter, WorldError};

/// A world whose episodes are truncated after n steps.
pub struct TimeLimit {
    inner: Box<dyn World>,
    spec: Spec,
}

impl TimeLimit {
    /// Limits the episodes of `inner` to what `name` says, in place of its own horizon.
    ///
    /// # Errors
    /// The number is missing or out of range, or follows `+repeat`, which needs to know the limit.
    pub fn new(inner: Box<dyn World>, name: &ModifierName) -> Result<Self, WorldError> {
        let limit = name.options_with("n")?.required("n", 1..=1_000_000_000)?;
        if super::has(inner.spec(), "repeat") {
            return Err(WorldError::Invalid(format!(
                "`+timelimit` must stand before `+repeat`, whose limit is the world's divided by \
                 the repetitions; `{}` has it the other way round",
                inner.spec().name
            )));
        }
        let mut spec = renamed_without_reference(&*inner, name);
        spec.horizon = Some(limit);
        Ok(Self { inner, spec })
    }
}

impl World for TimeLimit {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.inner.reset(random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        self.inner.step(action, random)
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        self.inner.observe(field, row, array);
    }

    fn render(&self, canvas: &mut Canvas) {
        self.inner.render(canvas);
    }

    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.inner.restore(state)
    }

    fn table(&self) -> Option<Table> {
        Some(Table { horizon: self.spec.horizon, ..self.inner.table()? })
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
        self.inner.cost()
    }
}
