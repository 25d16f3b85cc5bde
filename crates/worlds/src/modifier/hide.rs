//! `+hide`: elements of the observation that the policy does not see.

use std::cell::RefCell;

use super::{renamed_without_reference, truths, wrapper::Wrapper};
use crate::spec::{Array, Field, GoalSpace, Layout, Role, Spec};
use crate::world::Environment;
use crate::{ModifierName, WorldError};

/// A world whose vector lacks some elements, so that a policy has to remember; the whole vector is the
/// truth field `state`.
pub struct Hide {
    inner: Box<dyn Environment>,
    spec: Spec,
    /// For every field behind the first, its index in the inner world.
    sources: Vec<usize>,
    /// Elements of the inner vector that are seen.
    seen: Vec<usize>,
    /// The inner vector, reused between observations, which do not change the world.
    whole: RefCell<Array>,
}

impl Hide {
    /// Hides from the observation of `inner` the elements that `name` names, counted from 0.
    ///
    /// # Errors
    /// No elements, all of them, or one that is not there; an observation that is an image.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        let options = name.options_with("elements")?;
        let Layout::Vector { size } = *inner.spec().input() else {
            return Err(WorldError::Invalid(format!(
                "`+hide` leaves elements of a vector out, but `{}` gives an image",
                inner.spec().name
            )));
        };
        let text = options.text("elements").unwrap_or("0");
        let read = |part: &str| part.parse().ok().filter(|element: &usize| *element < size);
        let hidden: Option<Vec<usize>> = text.split('_').map(read).collect();
        let seen = |hidden: Vec<usize>| (0..size).filter(|element| !hidden.contains(element)).collect();
        let seen: Vec<usize> = hidden.map(seen).unwrap_or_default();
        if seen.is_empty() {
            return Err(WorldError::Invalid(format!(
                "`elements` of `+hide` is `{text}`: it must be elements of the {size} of `{}`, counted from 0 \
                 and set apart by `_`, and not all of them",
                inner.spec().name,
            )));
        }
        let mut spec = renamed_without_reference(&*inner, name);
        let (sources, truths): (Vec<usize>, Vec<Field>) = truths(&spec).into_iter().unzip();
        let layout = Layout::Vector { size: seen.len() };
        spec.fields = vec![Field { name: "observation".to_owned(), role: Role::Input, layout }];
        spec.fields.extend(truths);
        let whole = RefCell::new(inner.spec().input().zeros(1));
        Ok(Self { inner, spec, sources, seen, whole })
    }
}

impl Wrapper for Hide {
    fn inner(&self) -> &dyn Environment {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Environment {
        &mut *self.inner
    }

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        if field > 0 {
            return self.inner.observe(self.sources[field - 1], row, array);
        }
        let whole = &mut *self.whole.borrow_mut();
        self.inner.observe(0, 0, whole);
        if let (Array::Float(values), Array::Float(whole)) = (array, whole) {
            let places = values[row * self.seen.len()..].iter_mut();
            places.zip(&self.seen).for_each(|(place, &element)| *place = whole[element]);
        }
    }

    /// A goal that speaks of elements in their own places, where all of them are seen.
    fn goal(&self) -> Option<GoalSpace> {
        let inner = self.inner.goal()?;
        let place = |element: &usize| self.seen.iter().position(|seen| seen == element);
        let achieved = inner.achieved.iter().map(place).collect::<Option<_>>()?;
        Some(GoalSpace { achieved, ..inner })
    }
}
