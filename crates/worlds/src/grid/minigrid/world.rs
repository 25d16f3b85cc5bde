//! The world around a level.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::actor::Solver;
use super::cell::{Colour, Kind};
use super::drawing::Shown;
use super::event::{Event, What};
use super::level::{Definition, DoorKey, Empty, FourRooms, KeyCorridor, Levels, MultiRoom, UnlockPickup};
use super::state::{Action, Parts, State};
use super::truth::{Source, Truth};
use super::view::{VIEW, View, write_full};
use crate::control::vector_field;
use crate::demonstrator::{Actor, Script};
use crate::world::{decode, encode};
use crate::{ActionSpace, Array, Canvas, Environment, Field, Layout, Options, Role, Spec, Step, WorldError};

/// Channels of the one-hot code: kinds, colours, states of doors.
const ONE_HOT: usize = Kind::COUNT + Colour::ALL.len() + 3;
/// What the numbers of Minigrid's code are multiplied by for a network: the largest is 10.
const CODE_SCALE: f32 = 0.1;

/// What the policy sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Observed {
    Symbols,
    OneHot,
    Full,
    Tile,
}

/// One of the worlds; see the [module](super).
#[derive(Clone, Debug)]
pub struct MiniGrid {
    spec: Arc<Spec>,
    source: Source,
    observed: Observed,
    shown: Shown,
    prevented: Option<What>,
    /// Steps that the reward is measured by.
    horizon: usize,
    /// The truth fields and their sizes, in the order of the spec's fields behind the input.
    truths: Vec<(Truth, usize)>,
    state: State,
}

impl MiniGrid {
    /// The world of `D`'s levels.
    ///
    /// # Errors
    /// A value out of range, or options that do not go together.
    pub fn of<D: Definition>(options: &Options) -> Result<Self, WorldError> {
        let generator = Arc::new(D::from_options(options)?);
        let source = Source { generator, levels: Levels::from_options(options)? };
        let shown = match options.choice("view", "full", &["full", "ego"])?.as_str() {
            "full" => Shown::Full,
            _ => Shown::Ego,
        };
        let observed = Observed::from_options(options)?;
        let prevented = read_prevented(options)?;
        let usual = source.generator.steps();
        let horizon = match options.text("horizon") {
            None | Some("auto") => usual,
            Some(_) => options.usize("horizon", usual, 1..=1_000_000)?,
        };
        let state = source.level(source.levels.first());
        let truths = Truth::of(source.generator.things());
        let input = Field {
            name: options.text("obs").unwrap_or("sym").to_owned(),
            role: Role::Input,
            layout: observed.layout(&state, shown),
        };
        let truth_fields = truths.iter().map(|(truth, size)| vector_field(truth.name(), Role::Truth, *size));
        let measured = horizon == usual && prevented.is_none() && source.levels.all();
        let spec = Spec {
            name: options.to_string(),
            summary: D::SUMMARY.to_owned(),
            fields: std::iter::once(input).chain(truth_fields).collect(),
            action: ActionSpace::Discrete { count: Action::ALL.len() },
            rewards: vec!["reward".to_owned()],
            horizon: Some(horizon),
            reference: source.generator.reference().filter(|_| measured),
        };
        Ok(Self { spec: Arc::new(spec), source, observed, shown, prevented, horizon, truths, state })
    }

    /// The world that the options belong to, if it is one of these.
    ///
    /// # Errors
    /// As of [`MiniGrid::of`].
    pub fn named(options: &Options) -> Option<Result<Self, WorldError>> {
        Some(match options.owner() {
            Empty::NAME => Self::of::<Empty>(options),
            DoorKey::NAME => Self::of::<DoorKey>(options),
            FourRooms::NAME => Self::of::<FourRooms>(options),
            KeyCorridor::NAME => Self::of::<KeyCorridor>(options),
            MultiRoom::NAME => Self::of::<MultiRoom>(options),
            UnlockPickup::NAME => Self::of::<UnlockPickup>(options),
            _ => return None,
        })
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// The level as it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The task in words.
    pub fn mission(&self) -> String {
        self.source.generator.mission(&self.state)
    }

    /// Begins an episode in a level of the caller's, where [`Environment::reset`] draws one.
    ///
    /// # Errors
    /// The level is of another size, or has more doors than this world's.
    pub fn begin(&mut self, state: State) -> Result<(), String> {
        let size = |state: &State| (state.parts().grid.width(), state.parts().grid.height());
        if size(&state) != size(&self.state) {
            let ((width, height), (columns, rows)) = (size(&state), size(&self.state));
            return Err(format!("it has {width} columns and {height} rows instead of {columns} and {rows}"));
        }
        let most = self.source.generator.things().doors;
        if state.doors().len() > most {
            return Err(format!("it has {} doors, and there are at most {most}", state.doors().len()));
        }
        self.state = state;
        Ok(())
    }

    /// The numbers of the world's fields that hold the truth.
    fn truth_fields(&self) -> [Option<usize>; Truth::ALL.len()] {
        Truth::ALL.map(|truth| self.truths.iter().position(|(own, _)| *own == truth).map(|index| index + 1))
    }
}

fn read_prevented(options: &Options) -> Result<Option<What>, WorldError> {
    let choice = options.choice("prevent", "none", &["none", "pick-up", "open", "goal"])?;
    Ok(match choice.as_str() {
        "none" => None,
        "pick-up" => Some(What::PickedUp),
        "open" => Some(What::Opened),
        _ => Some(What::ReachedGoal),
    })
}

impl Observed {
    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let choice = options.choice("obs", "sym", &["sym", "onehot", "full", "tile"])?;
        Ok(match choice.as_str() {
            "sym" => Observed::Symbols,
            "onehot" => Observed::OneHot,
            "full" => Observed::Full,
            _ => Observed::Tile,
        })
    }

    fn layout(self, state: &State, shown: Shown) -> Layout {
        let ([height, width], channels, scale) = match self {
            Observed::Symbols => ([VIEW; 2], 3, CODE_SCALE),
            Observed::OneHot => ([VIEW; 2], ONE_HOT, 1.0),
            Observed::Full => {
                let [rows, columns] = Shown::Full.size(state);
                ([columns, rows], 3, CODE_SCALE)
            }
            Observed::Tile => (shown.size(state), 3, 1.0 / 255.0),
        };
        Layout::Image { height, width, channels, frames: 1, scale }
    }
}

fn write_one_hot(state: &State, image: &mut [u8]) {
    let mut codes = [0; 3 * VIEW * VIEW];
    View::new(state).write(&mut codes);
    image.fill(0);
    let cells = image.as_chunks_mut::<ONE_HOT>().0;
    for (bits, code) in cells.iter_mut().zip(codes.as_chunks::<3>().0) {
        let [kind, colour, door] = code.map(usize::from);
        bits[kind] = 1;
        bits[Kind::COUNT + colour] = 1;
        bits[Kind::COUNT + Colour::ALL.len() + door] = 1;
    }
}

impl Environment for MiniGrid {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        let seed = self.source.levels.seed(random);
        self.source.levels.draw(&*self.source.generator, seed, &mut self.state);
    }

    fn step(&mut self, action: crate::Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let action = Action::ALL.get(action.index() as usize).copied().unwrap_or(Action::Done);
        let mut event = self.state.foresee(action);
        if Some(event.what) == self.prevented {
            event = Event { what: What::Prevented, ..event };
        }
        self.state.apply(event);
        let terminated = self.state.solved();
        let share = f64::from(self.state.parts().steps) / self.horizon as f64;
        Step { reward: if terminated { (1.0 - 0.9 * share) as f32 } else { 0.0 }, terminated }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        if let Some((truth, size)) = field.checked_sub(1).and_then(|index| self.truths.get(index)) {
            return truth.write(&self.state, *size, row, array);
        }
        let Array::Byte(bytes) = array else { return };
        let size = self.spec.input().size();
        let image = &mut bytes[row * size..][..size];
        match self.observed {
            Observed::Symbols => View::new(&self.state).write(image),
            Observed::OneHot => write_one_hot(&self.state, image),
            Observed::Full => write_full(&self.state, image),
            Observed::Tile => self.shown.write(&self.state, image),
        }
    }

    fn render(&self, canvas: &mut Canvas) {
        self.shown.paint(&self.state, canvas);
    }

    fn save(&self) -> Vec<u8> {
        encode(self.state.parts())
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let parts: Parts = decode(state)?;
        self.begin(State::new(parts)?)
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let wanders = match script {
            Script::Expert => false,
            Script::Waypoints => true,
            Script::Stripes | Script::Behaviour => return None,
        };
        Some(Box::new(Solver::new(self.source.clone(), self.truth_fields(), wanders)))
    }

    fn board(&self) -> Option<[usize; 2]> {
        Some(self.shown.size(&self.state))
    }

    fn cost(&self) -> usize {
        match self.observed {
            Observed::Symbols | Observed::Full => 400,
            Observed::OneHot => 500,
            Observed::Tile => 400 + 3 * self.spec.input().size(),
        }
    }
}
