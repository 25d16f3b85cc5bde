//! `+distractors`: numbers beside the observation that mean nothing.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;

use super::{renamed, truths, wrapper::Wrapper};
use crate::noise::Autoregressive;
use crate::spec::{Array, Field, Layout, Role, Spec};
use crate::world::{Action, Environment, Step, decode, encode};
use crate::{ModifierName, WorldError};

/// Correlation of successive values of the kind `ar`.
const CORRELATION: f64 = 0.95;

/// A world whose vector is followed by k numbers, fresh normal draws or autoregressive chains. The
/// vector alone is the truth field `state`.
pub struct Distractors {
    inner: Box<dyn Environment>,
    spec: Spec,
    /// For every field behind the first, its index in the inner world.
    sources: Vec<usize>,
    /// The inner vector, reused between observations, which do not change the world.
    clean: RefCell<Array>,
    noise: Autoregressive,
}

impl Distractors {
    /// Appends to the observation of `inner` what `name` says.
    ///
    /// # Errors
    /// A value out of range, or an observation that is an image.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        let options = name.options_with("k")?;
        let count = options.usize("k", 20, 1..=10_000)?;
        let rho = match options.choice("kind", "iid", &["iid", "ar"])?.as_str() {
            "iid" => 0.0,
            _ => CORRELATION,
        };
        let sigma = options.float("scale", 1.0, 0.0..=1e6)?;
        let Layout::Vector { size } = *inner.spec().input() else {
            return Err(WorldError::Invalid(format!(
                "`+distractors` appends numbers to a vector, but `{}` gives an image; use it \
                 before `+pixels` or on a world with vectors",
                inner.spec().name
            )));
        };
        let mut spec = renamed(&*inner, name);
        let (sources, truths): (Vec<usize>, Vec<Field>) = truths(&spec).into_iter().unzip();
        let layout = Layout::Vector { size: size + count };
        spec.fields = vec![Field { name: "observation".to_owned(), role: Role::Input, layout }];
        spec.fields.extend(truths);
        let clean = RefCell::new(inner.spec().input().zeros(1));
        Ok(Self { inner, spec, sources, clean, noise: Autoregressive::new(count, rho, sigma) })
    }
}

impl Wrapper for Distractors {
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
        self.noise.begin(random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let step = self.inner.step(action, random);
        self.noise.advance(random);
        step
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        if field > 0 {
            return self.inner.observe(self.sources[field - 1], row, array);
        }
        let clean = &mut *self.clean.borrow_mut();
        self.inner.observe(0, 0, clean);
        if let (Array::Float(values), Array::Float(clean)) = (array, clean) {
            let whole = &mut values[row * self.spec.input().size()..];
            let (signal, rest) = whole.split_at_mut(clean.len());
            signal.copy_from_slice(clean);
            for (place, value) in rest.iter_mut().zip(&self.noise.values) {
                *place = *value as f32;
            }
        }
    }

    fn save(&self) -> Vec<u8> {
        encode(&(&self.noise.values, self.inner.save()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (values, inner): (Vec<f64>, Vec<u8>) = decode(state)?;
        if values.len() != self.noise.values.len() {
            return Err("it has another number of distractors".to_owned());
        }
        self.inner.restore(&inner)?;
        self.noise.values = values;
        Ok(())
    }

    fn cost(&self) -> usize {
        self.inner.cost() + 25 * self.noise.values.len()
    }

    fn board(&self) -> Option<[usize; 2]> {
        None
    }
}
