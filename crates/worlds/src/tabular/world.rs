//! A table as an ordinary world.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::{Policy, Table};
use crate::demonstrator::{Actor, Script, Seen, Tabular};
use crate::grid::drawing::paint_cells;
use crate::name::help;
use crate::render::palette;
use crate::spec::{ActionSpace, Array, Field, Layout, Role, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

/// The option `obs`, which every table has.
pub(super) const OBS: OptionHelp = help("obs", "index", "index: the state's number; onehot");

/// The option `discount`.
pub(super) fn read_discount(options: &Options, default: f64) -> Result<f64, WorldError> {
    options.float("discount", default, 0.0..=0.9999)
}

/// A table with a name in the registry.
pub trait Definition {
    /// Its name.
    const NAME: &'static str;
    /// One line for people.
    const SUMMARY: &'static str;
    /// The options it reads, and `obs`.
    const OPTIONS: &'static [OptionHelp];

    /// The table and how it is drawn.
    ///
    /// # Errors
    /// A value out of range, or options that do not go together.
    fn define(options: &Options) -> Result<(Table, Scene), WorldError>;

    /// The policy that the world's data are made by, where there is one of note.
    ///
    /// # Errors
    /// A value out of range.
    fn behaviour(options: &Options) -> Result<Option<Policy>, WorldError> {
        let _ = options;
        Ok(None)
    }
}

/// How the states are drawn: as cells in row order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// Cells per row.
    pub columns: usize,
    /// The state drawn as a goal, if any.
    pub goal: Option<usize>,
    /// States drawn as marked.
    pub pits: &'static [usize],
}

/// A world whose steps are drawn from a table. Observation: the state's index as one number, or,
/// with `obs=onehot`, a vector of length S; the truth field `state` is always the index. Where an
/// episode ends, the final observation is the state that the table's outcome names.
#[derive(Clone, Debug)]
pub struct TableWorld {
    spec: Arc<Spec>,
    table: Arc<Table>,
    scene: Scene,
    behaviour: Option<Policy>,
    one_hot: bool,
    state: u32,
}

impl TableWorld {
    /// The world of the table that `D` makes of `options`.
    ///
    /// # Errors
    /// An unknown option, a value out of range, or options that do not go together.
    pub fn of<D: Definition>(options: &Options) -> Result<Self, WorldError> {
        let known: Vec<&str> = D::OPTIONS.iter().map(|option| option.name).collect();
        options.finish(D::NAME, &known)?;
        let one_hot = options.choice(OBS.name, OBS.default, &["index", "onehot"])? == "onehot";
        let (table, scene) = D::define(options)?;
        let size = if one_hot { table.model.states() } else { 1 };
        let field =
            |name: &str, role, size| Field { name: name.to_owned(), role, layout: Layout::Vector { size } };
        let spec = Spec {
            name: options.to_string(),
            summary: D::SUMMARY.to_owned(),
            fields: vec![field("observation", Role::Input, size), field("state", Role::Truth, 1)],
            action: ActionSpace::Discrete { count: table.model.actions() },
            rewards: vec!["reward".to_owned()],
            horizon: table.horizon,
            reference: table.reference(),
        };
        let (spec, table) = (Arc::new(spec), Arc::new(table));
        Ok(Self { spec, table, scene, behaviour: D::behaviour(options)?, one_hot, state: 0 })
    }

    /// The state's index.
    pub fn state(&self) -> usize {
        self.state as usize
    }
}

impl Environment for TableWorld {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = self.table.model.sample_start(random) as u32;
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let outcome = self.table.model.step(self.state(), action.index() as usize, random);
        self.state = outcome.state as u32;
        Step { reward: outcome.reward as f32, terminated: outcome.terminal }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        if field > 0 || !self.one_hot {
            array.write_floats(row, &[self.state as f32]);
        } else if let Array::Float(values) = array {
            let states = self.table.model.states();
            let values = &mut values[row * states..][..states];
            values.fill(0.0);
            values[self.state()] = 1.0;
        }
    }

    fn render(&self, canvas: &mut Canvas) {
        let Scene { columns, goal, pits } = self.scene;
        let states = self.table.model.states();
        paint_cells(canvas, states.div_ceil(columns), columns, |row, column| {
            let cell = row * columns + column;
            if cell == self.state() {
                palette::AGENT
            } else if Some(cell) == goal {
                palette::GOAL
            } else if pits.contains(&cell) {
                palette::MARK
            } else if cell >= states {
                palette::WALL
            } else if (row + column) % 2 == 0 {
                palette::PAPER
            } else {
                palette::GROUND
            }
        });
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let read = |seen: &Seen<'_>| seen.number(1, 0) as usize;
        match script {
            Script::Expert => Some(Box::new(Tabular::expert(&self.table, read))),
            Script::Behaviour => Some(Box::new(Tabular::new(self.behaviour.clone()?, read))),
            _ => None,
        }
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let state: u32 = decode(state)?;
        if state as usize >= self.table.model.states() {
            return Err(format!("state {state} does not exist"));
        }
        self.state = state;
        Ok(())
    }

    fn board(&self) -> Option<[usize; 2]> {
        let rows = self.table.model.states().div_ceil(self.scene.columns);
        (rows > 1).then_some([rows, self.scene.columns])
    }

    fn table(&self) -> Option<Table> {
        Some((*self.table).clone())
    }

    fn cost(&self) -> usize {
        if self.one_hot { 40 + self.table.model.states() / 4 } else { 40 }
    }
}
