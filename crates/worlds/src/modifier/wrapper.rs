//! A world around another one.

use rand_chacha::ChaCha8Rng;

use crate::Parameter;
use crate::spec::{Array, GoalSpace, Spec};
use crate::tabular::Table;
use crate::world::{Action, Canvas, Environment, Step};

/// A modifier: whatever it does not say itself is the inner world's. Methods are those of
/// [`Environment`]; scripts see through it.
pub(crate) trait Wrapper: Send {
    /// The world inside.
    fn inner(&self) -> &dyn Environment;

    /// The same, to act in.
    fn inner_mut(&mut self) -> &mut dyn Environment;

    fn spec(&self) -> &Spec;

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.inner_mut().reset(random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        self.inner_mut().step(action, random)
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        self.inner().observe(field, row, array);
    }

    fn save(&self) -> Vec<u8> {
        self.inner().save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.inner_mut().restore(state)
    }

    fn table(&self) -> Option<Table> {
        self.inner().table()
    }

    fn goal(&self) -> Option<GoalSpace> {
        self.inner().goal()
    }

    fn board(&self) -> Option<[usize; 2]> {
        self.inner().board()
    }

    fn cost(&self) -> usize {
        self.inner().cost()
    }
}

impl<W: Wrapper> Environment for W {
    fn spec(&self) -> &Spec {
        Wrapper::spec(self)
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        Wrapper::reset(self, random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        Wrapper::step(self, action, random)
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        Wrapper::observe(self, field, row, array);
    }

    fn render(&self, canvas: &mut Canvas) {
        self.inner().render(canvas);
    }

    fn save(&self) -> Vec<u8> {
        Wrapper::save(self)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        Wrapper::restore(self, state)
    }

    fn table(&self) -> Option<Table> {
        Wrapper::table(self)
    }

    fn board(&self) -> Option<[usize; 2]> {
        Wrapper::board(self)
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.inner().parameters()
    }

    fn set_parameters(&mut self, values: &[f64]) {
        self.inner_mut().set_parameters(values);
    }

    fn goal(&self) -> Option<GoalSpace> {
        Wrapper::goal(self)
    }

    fn cost(&self) -> usize {
        Wrapper::cost(self)
    }
}
