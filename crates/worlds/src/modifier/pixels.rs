//! `+pixels` and `+tile`: the drawing as observation.

use std::cell::RefCell;

use super::{has, renamed, truths, wrapper::Wrapper};
use crate::spec::{Array, Field, GoalSpace, Layout, Role, Spec};
use crate::world::{Canvas, Environment};
use crate::{ModifierName, WorldError};

/// A world seen as an image of bytes, in colour or grey. A vector that the world gave as
/// input becomes the truth field `state`.
pub struct Pixels {
    inner: Box<dyn Environment>,
    spec: Spec,
    /// For every field behind the image, its index in the inner world.
    sources: Vec<usize>,
    grey: bool,
    /// Reused between observations, which do not change the world.
    drawing: RefCell<(Canvas, Vec<u8>)>,
}

impl Pixels {
    /// Draws `inner` at the size and in the colours that `name` says.
    ///
    /// # Errors
    /// A value out of range, or an observation that another modifier has already changed.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        let options = name.options_with("size")?;
        let size = options.usize("size", 64, 8..=512)?;
        let grey = options.boolean("grey", false)?;
        Self::drawn(inner, name, [size, size], grey)
    }

    /// Draws `inner`, a board, with one pixel per cell.
    ///
    /// # Errors
    /// The world is no board, the modifier is given a value, or another one has already changed the
    /// observation.
    pub fn of_cells(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        if let Some(value) = &name.value {
            return Err(WorldError::Invalid(format!("`+tile` takes no value; leave out `={value}`")));
        }
        let Some(size) = inner.board() else {
            return Err(WorldError::Invalid(format!(
                "`+tile` draws one pixel per cell of a board, and `{}` is none; use `+pixels`",
                inner.spec().name
            )));
        };
        Self::drawn(inner, name, size, false)
    }

    /// Draws `inner` in so many rows and columns of pixels.
    fn drawn(
        inner: Box<dyn Environment>,
        name: &ModifierName,
        [height, width]: [usize; 2],
        grey: bool,
    ) -> Result<Self, WorldError> {
        if let Some(other) =
            ["stack", "distractors", "pixels", "tile"].into_iter().find(|other| has(inner.spec(), other))
        {
            return Err(WorldError::Invalid(format!(
                "`+{}` replaces the observation that `+{other}` made; write it once, before \
                 other modifiers",
                name.name
            )));
        }
        let mut spec = renamed(&*inner, name);
        let channels = if grey { 1 } else { 3 };
        let layout = Layout::Image { height, width, channels, frames: 1, scale: 1.0 / 255.0 };
        let (sources, truths): (Vec<usize>, Vec<Field>) = truths(&spec).into_iter().unzip();
        spec.fields = vec![Field { name: name.name.clone(), role: Role::Input, layout }];
        spec.fields.extend(truths);
        let drawing = RefCell::new((Canvas::new(width, height), vec![0; width * height]));
        Ok(Self { inner, spec, sources, grey, drawing })
    }
}

impl Wrapper for Pixels {
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
        let (canvas, bytes) = &mut *self.drawing.borrow_mut();
        self.inner.render(canvas);
        if self.grey {
            canvas.grey_into(bytes);
            array.write_bytes(row, bytes);
        } else {
            array.write_bytes(row, &canvas.pixels);
        }
    }

    fn cost(&self) -> usize {
        self.inner.cost() + 3 * self.spec.input().size()
    }

    fn goal(&self) -> Option<GoalSpace> {
        None
    }

    fn board(&self) -> Option<[usize; 2]> {
        None
    }
}
