//! Four rooms joined by doors, or one long winding corridor (after Sutton, Precup and Singh,
//! *Between MDPs and Semi-MDPs*, 1999).

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::drawing::paint_cells;
use crate::demonstrator::{Actor, Script, Seen, Tabular};
use crate::name::help;
use crate::noise::normal;
use crate::render::palette;
use crate::tabular::{Model, Table, Transition, USUAL_DISCOUNT};
use crate::world::{FromOptions, decode, encode};
use crate::{
    Action, ActionSpace, Array, Canvas, Environment, Field, Layout, OptionHelp, Options, Role, Spec, Step,
    WorldError,
};

mod map;

pub use map::{Map, Room};

/// Standard deviation of the noise dimensions.
const NOISE: f32 = 0.3;

/// An agent among walls that moves north, east, south or west (actions 0 to 3; 4 stays, where
/// `stay=true`); a move into a wall leaves it where it is.
///
/// | option | values | meaning |
/// |---|---|---|
/// | `size` | 13; odd, 5 to 51 | cells per side, the outer wall included |
/// | `layout` | `rooms`, `serpentine` | see [`Map`] |
/// | `obs` | `index`, `onehot`, `xy` | one number, the index of the free cell in row order; a one-hot vector over the free cells; (column, row) / size |
/// | `noise_dims` | 0; up to 1024 | numbers from N(0, 0.3^2) appended to the observation, new in every step |
/// | `reward` | `goal`, `none` | 1 and the end at the goal; or neither |
/// | `starts` | `corner`, `random`, `other-room` | the north-west corner; any free cell but a rewarded goal; any cell of the rooms that the goal is not in |
/// | `wind` | 0 to 1 | probability that a move begun in the north-west or south-east room is followed by a push east |
/// | `stay` | `false`, `true` | whether there is a fifth action that stays |
/// | `horizon` | 100; 1 to 1,000,000 | steps after which an episode is truncated |
///
/// The goal is in the south-east corner (of the serpentine: at the corridor's end). A push does not
/// follow a move that reaches a rewarded goal.
#[derive(Clone, Debug)]
pub struct FourRooms {
    spec: Spec,
    map: Map,
    view: View,
    actions: usize,
    rewarded: bool,
    wind: f64,
    /// Cells in which an episode may begin.
    starts: Vec<u32>,
    /// Per cell and action: the cell after the move, and the one after the wind's push.
    next: Vec<[u32; 2]>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum View {
    Index,
    OneHot,
    Position,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    cell: u32,
    noise: Vec<f32>,
}

impl FromOptions for FourRooms {
    const NAME: &'static str = "four-rooms";
    const SUMMARY: &'static str = "four rooms: walk through doors to a goal in the opposite corner";
    const OPTIONS: &'static [OptionHelp] = &[
        help("size", "13", "cells per side, the outer wall included; odd, 5 to 51"),
        help("layout", "rooms", "rooms, or serpentine: one winding corridor"),
        help("obs", "index", "index: the free cell's number; onehot; xy: (column, row) / size"),
        help("noise_dims", "0", "normal numbers of deviation 0.3 beside the observation"),
        help("reward", "goal", "goal: 1 and the end at the goal; none"),
        help("starts", "corner", "corner, random, or other-room: not in the goal's room"),
        help("wind", "0", "probability of a push east in the two windy rooms"),
        help("stay", "false", "true: a fifth action that stays"),
        help("horizon", "100", "steps after which an episode is truncated"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let map = read_map(options)?;
        let view = match options.choice("obs", "index", &["index", "onehot", "xy"])?.as_str() {
            "index" => View::Index,
            "onehot" => View::OneHot,
            _ => View::Position,
        };
        let noise = options.usize("noise_dims", 0, 0..=1024)?;
        let rewarded = options.choice("reward", "goal", &["goal", "none"])? == "goal";
        let wind = read_wind(options, &map)?;
        let actions = if options.boolean("stay", false)? { 5 } else { 4 };
        let horizon = options.usize("horizon", 100, 1..=1_000_000)?;
        let starts = read_starts(options, &map, rewarded)?;
        let layout = Layout::Vector { size: view.size(&map) + noise };
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: vec![Field { name: "cell".to_owned(), role: Role::Input, layout }],
            action: ActionSpace::Discrete { count: actions },
            rewards: vec!["reward".to_owned()],
            horizon: Some(horizon),
            reference: None,
        };
        let next = next_cells(&map, actions, rewarded, wind > 0.0);
        let state = State { cell: starts[0], noise: vec![0.0; noise] };
        let mut world = Self { spec, map, view, actions, rewarded, wind, starts, next, state };
        world.spec.reference = world.exact_table().reference();
        Ok(world)
    }
}

impl FourRooms {
    /// Walls, cells and the goal.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Index of the free cell the agent is in.
    pub fn cell(&self) -> usize {
        self.state.cell as usize
    }

    /// The exact model; states are the free cells in row order.
    pub fn model(&self) -> Model {
        let mut start = vec![0.0; self.map.cells()];
        for &cell in &self.starts {
            start[cell as usize] = 1.0 / self.starts.len() as f64;
        }
        Model::new(self.actions, start, |state, action| {
            let outcome = |state: u32, probability: f64| {
                let terminal = self.rewarded && state as usize == self.map.goal();
                let reward = if terminal { 1.0 } else { 0.0 };
                Transition { state: state as usize, probability, reward, terminal }
            };
            let [moved, pushed] = self.next[state * self.actions + action];
            let outcomes = [outcome(moved, 1.0 - self.wind), outcome(pushed, self.wind)];
            if moved == pushed {
                vec![outcome(moved, 1.0)]
            } else {
                outcomes.into_iter().filter(|outcome| outcome.probability > 0.0).collect()
            }
        })
    }

    fn exact_table(&self) -> Table {
        Table { model: self.model(), discount: USUAL_DISCOUNT, horizon: self.spec.horizon }
    }

    fn draw_noise(&mut self, random: &mut ChaCha8Rng) {
        for value in &mut self.state.noise {
            *value = NOISE * normal(random) as f32;
        }
    }
}

impl View {
    fn size(self, map: &Map) -> usize {
        match self {
            View::Index => 1,
            View::OneHot => map.cells(),
            View::Position => 2,
        }
    }
}

fn read_map(options: &Options) -> Result<Map, WorldError> {
    let size = options.usize("size", 13, 5..=51)?;
    if size % 2 == 0 {
        return Err(WorldError::Invalid(format!(
            "`size` of {} must be odd, so that the inner walls are in the middle, not {size}",
            options.owner()
        )));
    }
    let layout = options.choice("layout", "rooms", &["rooms", "serpentine"])?;
    Ok(if layout == "rooms" { Map::rooms(size) } else { Map::serpentine(size) })
}

fn read_wind(options: &Options, map: &Map) -> Result<f64, WorldError> {
    let wind = options.float("wind", 0.0, 0.0..=1.0)?;
    if wind > 0.0 && map.room(map.goal()).is_none() {
        return Err(WorldError::Invalid(format!(
            "`wind` of {} blows in rooms and needs `layout=rooms`",
            options.owner()
        )));
    }
    Ok(wind)
}

fn read_starts(options: &Options, map: &Map, rewarded: bool) -> Result<Vec<u32>, WorldError> {
    let goal_room = map.room(map.goal());
    let allowed = |cell: &usize| !rewarded || *cell != map.goal();
    let cells: Vec<usize> =
        match options.choice("starts", "corner", &["corner", "random", "other-room"])?.as_str() {
            "corner" => vec![0],
            "random" => (0..map.cells()).filter(allowed).collect(),
            _ if goal_room.is_none() => {
                return Err(WorldError::Invalid(format!(
                    "`starts=other-room` of {} needs `layout=rooms`",
                    options.owner()
                )));
            }
            _ => (0..map.cells())
                .filter(|&cell| map.room(cell).is_some_and(|room| Some(room) != goal_room))
                .collect(),
        };
    Ok(cells.into_iter().map(|cell| cell as u32).collect())
}

fn next_cells(map: &Map, actions: usize, rewarded: bool, windy: bool) -> Vec<[u32; 2]> {
    let next = |pair: usize| {
        let (cell, action) = (pair / actions, pair % actions);
        let moved = map.neighbour(cell, action);
        let pushes = windy && map.windy(cell) && !(rewarded && moved == map.goal());
        let pushed = if pushes { map.neighbour(moved, map::EAST) } else { moved };
        [moved as u32, pushed as u32]
    };
    (0..map.cells() * actions).map(next).collect()
}

impl Environment for FourRooms {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state.cell = match self.starts[..] {
            [only] => only,
            _ => self.starts[random.random_range(0..self.starts.len())],
        };
        self.draw_noise(random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let pair = self.cell() * self.actions + action.index() as usize;
        let [moved, pushed] = self.next[pair];
        let blown = moved != pushed && random.random::<f64>() < self.wind;
        self.state.cell = if blown { pushed } else { moved };
        self.draw_noise(random);
        let terminated = self.rewarded && self.cell() == self.map.goal();
        Step { reward: f32::from(u8::from(terminated)), terminated }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        let Array::Float(values) = array else {
            return;
        };
        let size = self.spec.input().size();
        let (view, noise) = values[row * size..(row + 1) * size].split_at_mut(size - self.state.noise.len());
        match self.view {
            View::Index => view[0] = self.state.cell as f32,
            View::OneHot => {
                view.fill(0.0);
                view[self.cell()] = 1.0;
            }
            View::Position => {
                let (row, column) = self.map.position(self.cell());
                let side = self.map.size() as f32;
                view.copy_from_slice(&[column as f32 / side, row as f32 / side]);
            }
        }
        noise.copy_from_slice(&self.state.noise);
    }

    fn render(&self, canvas: &mut Canvas) {
        let size = self.map.size();
        paint_cells(canvas, size, size, |row, column| match self.map.cell_at(row, column) {
            None => palette::WALL,
            Some(cell) if cell == self.cell() => palette::AGENT,
            Some(cell) if self.rewarded && cell == self.map.goal() => palette::GOAL,
            Some(_) => palette::PAPER,
        });
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        if script != Script::Expert {
            return None;
        }
        let (view, map) = (self.view, self.map.clone());
        let cell = move |seen: &Seen<'_>| match view {
            View::Index => seen.number(0, 0) as usize,
            View::OneHot => Tabular::hottest(seen, map.cells()),
            View::Position => {
                let side = map.size() as f64;
                let [column, row] = seen.pair(0, 0).map(|part| (part * side).round() as usize);
                map.cell_at(row, column).unwrap_or(0)
            }
        };
        Some(Box::new(Tabular::expert(&self.exact_table(), cell)))
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let state: State = decode(state)?;
        if state.cell as usize >= self.map.cells() {
            return Err(format!("cell {} does not exist", state.cell));
        }
        if state.noise.len() != self.state.noise.len() {
            return Err(format!("it has {} noise dimensions", state.noise.len()));
        }
        self.state = state;
        Ok(())
    }

    fn board(&self) -> Option<[usize; 2]> {
        Some([self.map.size(); 2])
    }

    fn table(&self) -> Option<Table> {
        Some(self.exact_table())
    }
}
