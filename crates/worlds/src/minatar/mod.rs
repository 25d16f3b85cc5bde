//! The five MinAtar games: Atari games reduced to 10 x 10 cells with binary channels
//! (Young and Tian, *MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible
//! Reinforcement Learning Experiments*, 2019; dynamics of version 1.0).
//!
//! Options: `sticky` (0.1; probability that the last action is repeated instead of the one given),
//! `ramping` (true; the games that grow harder over time do; breakout and freeway never do) and
//! `actions` (`all6` or `minimal`: only those that do something). An episode is cut after
//! [`HORIZON`] frames.

mod asterix;
mod breakout;
mod chance;
mod freeway;
mod planes;
mod seaquest;
mod space_invaders;

use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use asterix::Asterix;
pub use breakout::Breakout;
pub use chance::Chance;
pub use freeway::Freeway;
pub use planes::{Planes, SIDE};
pub use seaquest::Seaquest;
pub use space_invaders::SpaceInvaders;

use crate::grid::drawing::paint_cells;
use crate::world::{decode, encode};
use crate::{
    Action, ActionSpace, Array, Canvas, Environment, Field, Layout, Options, Role, Spec, Step, WorldError,
};

/// Frames after which an episode is truncated.
pub const HORIZON: usize = 10_000;

/// The most channels that a game has.
const MOST_CHANNELS: usize = 10;

/// Colour of each channel; where several are marked in a cell, the last one is seen.
const PALETTE: [[u8; 3]; MOST_CHANNELS] = [
    [66, 135, 245],
    [235, 87, 87],
    [130, 130, 140],
    [242, 201, 76],
    [111, 207, 151],
    [187, 107, 217],
    [242, 153, 74],
    [86, 204, 242],
    [255, 255, 255],
    [39, 174, 96],
];

/// What the player does in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// Nothing.
    Stay,
    /// One cell left.
    Left,
    /// One cell up.
    Up,
    /// One cell right.
    Right,
    /// One cell down.
    Down,
    /// Shoot.
    Fire,
}

/// All controls in MinAtar's order, which numbers the actions of `actions=all6`.
const ALL: [Control; 6] = {
    use Control::{Down, Fire, Left, Right, Stay, Up};
    [Stay, Left, Up, Right, Down, Fire]
};

/// The rules of one game.
pub trait Game: Clone + Send + Serialize + DeserializeOwned {
    /// The game's name after `minatar-`.
    const NAME: &'static str;
    /// One line for people.
    const SUMMARY: &'static str;
    /// Binary channels of the observation.
    const CHANNELS: usize;
    /// The controls that do something in this game, in MinAtar's order.
    const MINIMAL: &'static [Control];

    /// A game before its first reset; `ramping` lets it grow harder over time.
    fn new(ramping: bool) -> Self;

    /// Begins an episode.
    fn reset(&mut self, chance: &mut impl Chance);

    /// Plays one frame.
    fn step(&mut self, control: Control, chance: &mut impl Chance) -> Step;

    /// Marks everything that is seen.
    fn paint(&self, planes: &mut Planes<'_>);
}

/// A [`Game`] as a world, with sticky actions.
#[derive(Clone)]
pub struct MinAtar<G> {
    spec: Spec,
    controls: &'static [Control],
    sticky: f64,
    state: State<G>,
}

/// What changes while playing. As in the original, the control that a sticky action repeats is
/// carried from one episode into the next.
#[derive(Clone, Serialize, Deserialize)]
struct State<G> {
    game: G,
    last: Control,
    over: bool,
}

impl<G: Game> MinAtar<G> {
    /// The game with the given options.
    ///
    /// # Errors
    /// An unknown option or a value out of range.
    pub fn new(options: &Options) -> Result<Self, WorldError> {
        options.finish(options.owner(), &["sticky", "ramping", "actions"])?;
        let sticky = options.float("sticky", 0.1, 0.0..=1.0)?;
        let ramping = options.boolean("ramping", true)?;
        let choice = options.choice("actions", "all6", &["all6", "minimal"])?;
        let controls = if choice == "all6" { &ALL } else { G::MINIMAL };
        let layout =
            Layout::Image { height: SIDE, width: SIDE, channels: G::CHANNELS, frames: 1, scale: 1.0 };
        let spec = Spec {
            name: options.to_string(),
            summary: G::SUMMARY.to_owned(),
            fields: vec![Field { name: "planes".to_owned(), role: Role::Input, layout }],
            action: ActionSpace::Discrete { count: controls.len() },
            rewards: vec!["reward".to_owned()],
            horizon: Some(HORIZON),
            reference: None,
        };
        let state = State { game: G::new(ramping), last: Control::Stay, over: false };
        Ok(Self { spec, controls, sticky, state })
    }

    /// Begins an episode with decisions from any source; [`Environment::reset`] draws them at random.
    pub fn begin(&mut self, chance: &mut impl Chance) {
        self.state.over = false;
        self.state.game.reset(chance);
    }

    /// Plays one frame with decisions from any source; [`Environment::step`] draws them at random. After
    /// the end of an episode nothing happens any more.
    pub fn advance(&mut self, action: u32, chance: &mut impl Chance) -> Step {
        if !chance.happens(self.sticky) {
            self.state.last = self.controls[action as usize];
        }
        if self.state.over {
            return Step { reward: 0.0, terminated: true };
        }
        let step = self.state.game.step(self.state.last, chance);
        self.state.over = step.terminated;
        step
    }
}

impl<G: Game> Environment for MinAtar<G> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.begin(random);
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        self.advance(action.index(), random)
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        if let Array::Byte(bytes) = array {
            let size = SIDE * SIDE * G::CHANNELS;
            let cells = &mut bytes[row * size..(row + 1) * size];
            self.state.game.paint(&mut Planes::new(cells, G::CHANNELS));
        }
    }

    fn render(&self, canvas: &mut Canvas) {
        let mut cells = [0; SIDE * SIDE * MOST_CHANNELS];
        let cells = &mut cells[..SIDE * SIDE * G::CHANNELS];
        self.state.game.paint(&mut Planes::new(cells, G::CHANNELS));
        paint_cells(canvas, SIDE, SIDE, |row, column| {
            let first = (row * SIDE + column) * G::CHANNELS;
            let marks = &cells[first..first + G::CHANNELS];
            marks.iter().rposition(|&mark| mark == 1).map_or([0; 3], |channel| PALETTE[channel])
        });
    }

    fn save(&self) -> Vec<u8> {
        encode(&(G::NAME, &self.state))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (game, state): (String, State<G>) = decode(state)?;
        if game != G::NAME {
            return Err(format!("it is of the game {game}"));
        }
        self.state = state;
        Ok(())
    }
}

/// Names of the games, without the `minatar-` that the worlds' names begin with.
pub const GAMES: [&str; 5] =
    [Breakout::NAME, Asterix::NAME, Freeway::NAME, Seaquest::NAME, SpaceInvaders::NAME];

/// The world of one of [`GAMES`].
///
/// # Errors
/// An unknown game or option, or a value out of range.
pub fn make(game: &str, options: &Options) -> Result<Box<dyn Environment>, WorldError> {
    match game {
        Breakout::NAME => boxed::<Breakout>(options),
        Asterix::NAME => boxed::<Asterix>(options),
        Freeway::NAME => boxed::<Freeway>(options),
        Seaquest::NAME => boxed::<Seaquest>(options),
        SpaceInvaders::NAME => boxed::<SpaceInvaders>(options),
        _ => Err(WorldError::Unknown {
            kind: "MinAtar game".to_owned(),
            name: game.to_owned(),
            suggestion: crate::name::nearest(game, GAMES.into_iter()),
        }),
    }
}

fn boxed<G: Game + 'static>(options: &Options) -> Result<Box<dyn Environment>, WorldError> {
    Ok(Box::new(MinAtar::<G>::new(options)?))
}
