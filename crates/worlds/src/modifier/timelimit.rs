//! `+timelimit`: another time limit.

use super::{renamed_without_reference, wrapper::Wrapper};
use crate::spec::Spec;
use crate::tabular::Table;
use crate::world::Environment;
use crate::{ModifierName, WorldError};

/// A world whose episodes are truncated after n steps.
pub struct TimeLimit {
    inner: Box<dyn Environment>,
    spec: Spec,
}

impl TimeLimit {
    /// Limits the episodes of `inner` to what `name` says, in place of its own horizon.
    ///
    /// # Errors
    /// The number is missing or out of range, or follows `+repeat`, which needs to know the limit.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
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

impl Wrapper for TimeLimit {
    fn inner(&self) -> &dyn Environment {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Environment {
        &mut *self.inner
    }

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn table(&self) -> Option<Table> {
        Some(Table { horizon: self.spec.horizon, ..self.inner.table()? })
    }
}
