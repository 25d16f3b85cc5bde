//! What acts in one world by rule, and what it sees.

use rand_chacha::ChaCha8Rng;

use crate::modifier;
use crate::spec::{Array, Layout, Observations, Spec};

/// What an actor is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// To do well: high returns.
    Expert,
    /// To get about: shortest ways to places drawn at random, one after the other.
    Waypoints,
    /// To do well in some stripes of a line and badly in the others.
    Stripes,
    /// To act as whoever recorded the data that the world was made for.
    Behaviour,
}

/// What an actor does in one row, in the world's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    /// A discrete action.
    Index(u32),
    /// A continuous action of one (the first number) or two dimensions; it may lie outside the box.
    Vector([f64; 2]),
}

/// Acts in rows of one world, as [`crate::Environment::actor`] gives it.
pub trait Actor: Send {
    /// An episode begins in `row`.
    fn begin(&mut self, row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) {
        let _ = (row, seen, random);
    }

    /// What it does in `row` now.
    fn act(&mut self, row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) -> Move;
}

/// Where the fields of a world are found behind its modifiers.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// For every field of the world itself: its field now, and the size and number of its elements
    /// there, of which the last are its own; none where it cannot be seen any more.
    places: Vec<Option<Place>>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    field: usize,
    width: usize,
    size: usize,
}

impl Sight {
    /// How the fields of `bare`, the world alone, are seen through `full`, the same world with its
    /// modifiers.
    pub(super) fn new(bare: &Spec, full: &Spec) -> Self {
        // A modifier that replaces or extends a vector keeps it as the truth `state`, unless the
        // world has one of its own.
        let own_state = bare.fields.iter().any(|field| field.name == "state");
        let find = |name: &str| full.fields.iter().skip(1).position(|field| field.name == name);
        let place = |(index, field): (usize, &crate::Field)| {
            let Layout::Vector { size } = field.layout else { return None };
            let kept = if index > 0 { find(&field.name) } else { find("state").filter(|_| !own_state) };
            let found = match kept {
                Some(position) => position + 1,
                None if index == 0 && !modifier::has(full, "distractors") => 0,
                None => return None,
            };
            match full.fields[found].layout {
                Layout::Vector { size: width } => Some(Place { field: found, width, size }),
                Layout::Image { .. } => None,
            }
        };
        Self { places: bare.fields.iter().enumerate().map(place).collect() }
    }
}

/// One row of the observations, by the fields of the world itself.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    sight: &'a Sight,
    observations: &'a Observations,
    row: usize,
}

impl<'a> Seen<'a> {
    pub(super) fn new(sight: &'a Sight, observations: &'a Observations, row: usize) -> Self {
        Self { sight, observations, row }
    }

    /// Elements of field `index` of the world itself, the newest where they are stacked; none where
    /// the field is an image or does not exist.
    pub fn field(&self, index: usize) -> &'a [f32] {
        let Some(Some(Place { field, width, size })) = self.sight.places.get(index) else { return &[] };
        match self.observations.fields.get(*field) {
            Some(Array::Float(values)) => &values[(self.row + 1) * width - size..(self.row + 1) * width],
            _ => &[],
        }
    }

    /// Element `element` of field `index`; 0 where there is none.
    pub fn number(&self, index: usize, element: usize) -> f64 {
        self.field(index).get(element).copied().map_or(0.0, f64::from)
    }

    /// The first two elements from `element` on of field `index`.
    pub fn pair(&self, index: usize, element: usize) -> [f64; 2] {
        [self.number(index, element), self.number(index, element + 1)]
    }
}
