//! What the truth fields tell of a level, and levels read back from them.

use std::sync::Arc;

use super::cell::{Cell, Colour, Door, Kind};
use super::event::Event;
use super::grid::{Direction, Place};
use super::level::{Generator, Levels, Things};
use super::state::{MOST_DOORS, State};
use super::world::MiniGrid;
use crate::spec::{Array, Observations};
use crate::{WorldError, WorldName, registry};

/// The truth fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Agent,
    Carried,
    Goal,
    Key,
    Target,
    Doors,
    Event,
    Level,
}

impl Truth {
    pub(super) const ALL: [Self; 8] = [
        Self::Agent,
        Self::Carried,
        Self::Goal,
        Self::Key,
        Self::Target,
        Self::Doors,
        Self::Event,
        Self::Level,
    ];

    /// The fields, with their sizes, of worlds whose levels have these things.
    pub(super) fn of(things: Things) -> Vec<(Self, usize)> {
        let sized = Self::ALL.map(|truth| (truth, truth.size(things)));
        sized.into_iter().filter(|(_, size)| *size > 0).collect()
    }

    pub(super) fn name(self) -> &'static str {
        ["agent", "carried", "goal", "key", "target", "doors", "event", "level"][self as usize]
    }

    /// Its numbers in worlds whose levels have these things; 0 where there is no such field.
    pub(super) fn size(self, things: Things) -> usize {
        let place = |exists| if exists { 2 } else { 0 };
        match self {
            Truth::Agent => 3,
            Truth::Carried => 2,
            Truth::Goal => place(things.goal),
            Truth::Key => place(things.key),
            Truth::Target => place(things.target),
            Truth::Doors => 3 * things.doors,
            Truth::Event => Event::SIZE,
            Truth::Level => 1,
        }
    }

    /// Writes its numbers as a row of an array whose rows have `size` numbers.
    pub(super) fn write(self, state: &State, size: usize, row: usize, array: &mut Array) {
        let parts = state.parts();
        match self {
            Truth::Agent => {
                let [column, line] = numbers(Some(parts.agent));
                array.write_floats(row, &[column, line, f32::from(parts.facing as u8)]);
            }
            Truth::Carried => {
                let code = parts.carried.map_or([0; 2], |cell| [cell.kind as u8, cell.colour as u8]);
                array.write_floats(row, &code.map(f32::from));
            }
            Truth::Goal => array.write_floats(row, &numbers(state.goal())),
            Truth::Key => array.write_floats(row, &numbers(state.key())),
            Truth::Target => array.write_floats(row, &numbers(state.target())),
            Truth::Doors => {
                let mut doors = [-1.0; 3 * MOST_DOORS];
                for (values, door) in doors.as_chunks_mut::<3>().0.iter_mut().zip(state.doors()) {
                    let [column, line] = numbers(Some(*door));
                    *values = [column, line, f32::from(state.cell(*door).door as u8)];
                }
                array.write_floats(row, &doors[..size]);
            }
            Truth::Event => array.write_floats(row, &parts.event.numbers()),
            Truth::Level => array.write_floats(row, &[parts.seed as f32]),
        }
    }
}

/// Column and row of a place, -1 where there is none.
fn numbers(place: Option<Place>) -> [f32; 2] {
    place.map_or([-1.0; 2], |Place { column, row }| [f32::from(column), f32::from(row)])
}

/// The levels of a world, drawn from their seeds and read back from truth fields.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) generator: Arc<dyn Generator>,
    pub(super) levels: Levels,
}

impl Source {
    /// The level of a seed.
    pub(super) fn level(&self, seed: u32) -> State {
        let mut state = State::blank(self.generator.blank());
        self.levels.draw(&*self.generator, seed, &mut state);
        state
    }

    /// The state that shows these numbers; one that was drawn from a seed, but for its number of steps.
    /// Numbers that no state shows give one that is like it as far as it can be.
    pub(super) fn read<'a>(&self, field: impl Fn(Truth) -> &'a [f32]) -> State {
        let place = |field: &[f32]| match field {
            [column, row, ..] if *column >= 0.0 => Some(Place::new(*column as u8, *row as u8)),
            _ => None,
        };
        let mut state = self.level(field(Truth::Level).first().map_or(0, |seed| *seed as u32));
        for (was, now) in [(state.key, field(Truth::Key)), (state.target, field(Truth::Target))] {
            let Some(was) = was else { continue };
            let cell = state.cell(was);
            state.parts.grid.set(was, Cell::EMPTY);
            if let Some(now) = place(now) {
                state.parts.grid.set(now, cell);
            }
        }
        for door in field(Truth::Doors).as_chunks::<3>().0 {
            if let (Some(place), Some(door)) = (place(door), Door::ALL.get(door[2] as usize)) {
                let colour = state.cell(place).colour;
                state.parts.grid.set(place, Cell::door(colour, *door));
            }
        }
        if let ([_, _, facing], Some(place)) = (field(Truth::Agent), place(field(Truth::Agent))) {
            state.parts.agent = place;
            state.parts.facing = Direction::East.turned(*facing as u8);
        }
        if let [kind, colour] = field(Truth::Carried) {
            let kind = Kind::from_number(*kind as u8).filter(|kind| kind.portable());
            let colour = Colour::ALL.get(*colour as usize);
            state.parts.carried = kind.zip(colour).map(|(kind, colour)| Cell::new(kind, *colour));
        }
        if let Some(event) = Event::from_numbers(field(Truth::Event)) {
            state.parts.event = event;
        }
        state.find();
        state
    }
}

/// Reads levels from the observations of a batch, through whatever modifiers surround the world, so
/// that they can be solved and put into words.
#[derive(Clone, Debug)]
pub struct Reader {
    source: Source,
    /// For every truth field: its place among the observations and its size.
    fields: [Option<(usize, usize)>; Truth::ALL.len()],
}

impl Reader {
    /// For the world of this name; nothing where it is none of these.
    ///
    /// # Errors
    /// A malformed or unknown name, or an option or modifier that does not fit.
    pub fn named(world: &str) -> Result<Option<Self>, WorldError> {
        let spec = registry::spec(world)?;
        let name: WorldName = world.parse()?;
        let Some(world) = MiniGrid::named(&name.options) else { return Ok(None) };
        let source = world?.source().clone();
        let things = source.generator.things();
        let fields = Truth::ALL.map(|truth| {
            let size = truth.size(things);
            let field = spec.fields.iter().position(|field| field.name == truth.name());
            field.filter(|_| size > 0).map(|field| (field, size))
        });
        Ok(Some(Self { source, fields }))
    }

    /// The level of a seed, as it begins.
    pub fn level(&self, seed: u32) -> State {
        self.source.level(seed)
    }

    /// The state of a row; its steps are not counted.
    pub fn state(&self, observations: &Observations, row: usize) -> State {
        self.source.read(|truth| match self.fields[truth as usize] {
            Some((field, size)) => match &observations.fields[field] {
                Array::Float(values) => &values[row * size..][..size],
                Array::Byte(_) => &[],
            },
            None => &[],
        })
    }

    /// The task of a level in words.
    pub fn mission(&self, state: &State) -> String {
        self.source.generator.mission(state)
    }
}
