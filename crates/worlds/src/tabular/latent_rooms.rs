//! `lmdp-rooms`: a latent process whose time scale stretches with its horizon, so that values, gaps
//! and variances hardly depend on it, and the latent process as an ordinary world.
//!
//! From the start an action leads to a room of its own side with probability p q and to one of the
//! other side with p (1 - q), otherwise one stays; in a room an action wins the prize with
//! probability p theta, loses it with p (1 - theta), otherwise one stays; p = 6/H. The context
//! decides q, and in which rooms which action has the good theta, 0.8 instead of 0.3. In the
//! deterministic variant nothing is random, the contexts are equal, and the second action in the
//! second room is the only one that wins.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::latent::LatentMdp;
use super::world::OBS;
use crate::grid::drawing::paint_cells;
use crate::name::help;
use crate::render::palette;
use crate::spec::{ActionSpace, Array, Field, Layout, Role, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{FromOptions, OptionHelp, Options, WorldError};

/// Name of the world in the registry.
pub const NAME: &str = "lmdp-rooms";

const START: usize = 0;
const FIRST_ROOM: usize = 1;
const ACTIONS: usize = 2;

/// Chances per context that the chosen side is reached, in turn.
const SIDES: [f64; 2] = [0.9, 0.6];
const GOOD: f64 = 0.8;
const POOR: f64 = 0.3;

/// The process behind the options. States: start, the rooms, prize, end.
///
/// # Errors
/// A value out of range.
pub fn rooms(options: &Options) -> Result<LatentMdp, WorldError> {
    let deterministic = options.boolean("deterministic", false)?;
    let (usual, least) = if deterministic { (3, 3) } else { (16, 6) };
    let horizon = options.usize("horizon", usual, least..=4_096)?;
    let contexts = options.usize("contexts", 2, 1..=8)?;
    let rooms = options.usize("rooms", 2, 2..=12)?;
    let prize_reward = options.float("prize", 1.0, 0.0..=100.0)?;
    let pace = if deterministic { 1.0 } else { 6.0 / horizon as f64 };
    let (prize, end) = (FIRST_ROOM + rooms, FIRST_ROOM + rooms + 1);
    let mut start = vec![0.0; rooms + 3];
    start[START] = 1.0;
    let dynamics = |context: usize, state: usize, action: usize| {
        if state == START {
            let side = if deterministic { 1.0 } else { SIDES[context % 2] };
            return (0.0, leave(rooms, pace, side, action));
        }
        if state == prize || state == end {
            return (if state == prize { prize_reward } else { 0.0 }, vec![(end, 1.0)]);
        }
        let win = chance(deterministic, context, state - FIRST_ROOM, action);
        (0.0, vec![(prize, pace * win), (end, pace * (1.0 - win)), (state, 1.0 - pace)])
    };
    let weights = vec![1.0 / contexts as f64; contexts];
    Ok(LatentMdp::new(horizon, ACTIONS, weights, &vec![start; contexts], dynamics))
}

/// Where one goes from the start: rooms with the action's parity are its side.
fn leave(rooms: usize, pace: f64, side: f64, action: usize) -> Vec<(usize, f64)> {
    let own = |room: usize| room % ACTIONS == action;
    let size = |wanted: bool| (0..rooms).filter(|room| own(*room) == wanted).count() as f64;
    let (near, far) = (size(true), size(false));
    let share = |room: usize| if own(room) { side / near } else { (1.0 - side) / far };
    let rooms = (0..rooms).map(|room| (FIRST_ROOM + room, pace * share(room)));
    rooms.chain([(START, 1.0 - pace)]).collect()
}

/// The chance theta that an action in a room wins the prize rather than losing it.
fn chance(deterministic: bool, context: usize, room: usize, action: usize) -> f64 {
    if deterministic {
        // Whoever prefers the lowest index meets this pair last.
        return if (room, action) == (1, 1) { 1.0 } else { 0.0 };
    }
    let good_room = room % 2 == context % 2;
    let good_action = (room + context / 2) % ACTIONS == action;
    if good_room && good_action { GOOD } else { POOR }
}

/// A latent process as a world. Observation: the state's index as one number, or a one-hot vector
/// with `obs=onehot`. Truth fields: `state`, and `context`, which is -1 until the episode's last
/// observation tells it.
#[derive(Clone, Debug)]
pub struct LatentWorld {
    spec: Arc<Spec>,
    mdp: Arc<LatentMdp>,
    one_hot: bool,
    episode: Episode,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Episode {
    context: u32,
    state: u32,
    elapsed: u32,
}

impl FromOptions for LatentWorld {
    const NAME: &'static str = NAME;
    const SUMMARY: &'static str = "find the prize's room without knowing which of several worlds it is";
    const OPTIONS: &'static [OptionHelp] = &[
        help("horizon", "16", "H, steps of an episode, over which time stretches, 6 to 4096"),
        help("contexts", "2", "M, 1 to 8; context m + 4 equals context m"),
        help("rooms", "2", "2 to 12; S is three more"),
        help("prize", "1", "reward of the prize, 0 to 100"),
        help("deterministic", "false", "true: nothing is random, contexts are equal, and horizon is 3"),
        OBS,
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let one_hot = options.choice(OBS.name, OBS.default, &["index", "onehot"])? == "onehot";
        let mdp = rooms(options)?;
        let size = if one_hot { mdp.states() } else { 1 };
        let field =
            |name: &str, role, size| Field { name: name.to_owned(), role, layout: Layout::Vector { size } };
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: vec![
                field("observation", Role::Input, size),
                field("state", Role::Truth, 1),
                field("context", Role::Truth, 1),
            ],
            action: ActionSpace::Discrete { count: mdp.actions() },
            rewards: vec!["reward".to_owned()],
            horizon: Some(mdp.horizon()),
            reference: None,
        };
        let episode = Episode { context: 0, state: 0, elapsed: 0 };
        Ok(Self { spec: Arc::new(spec), mdp: Arc::new(mdp), one_hot, episode })
    }
}

impl LatentWorld {
    fn over(&self) -> bool {
        self.episode.elapsed as usize >= self.mdp.horizon()
    }
}

impl Environment for LatentWorld {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        let context = self.mdp.sample_context(random);
        let state = self.mdp.sample_start(context, random);
        self.episode = Episode { context: context as u32, state: state as u32, elapsed: 0 };
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let Episode { context, state, elapsed } = self.episode;
        let (context, state, action) = (context as usize, state as usize, action.index() as usize);
        let reward = self.mdp.reward(context, state, action);
        let next = self.mdp.step(context, state, action, random);
        self.episode = Episode { state: next as u32, elapsed: elapsed + 1, ..self.episode };
        // The horizon is the problem's own: what would come after it is worth nothing.
        Step { reward: reward as f32, terminated: self.over() }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        let Episode { context, state, .. } = self.episode;
        match (field, array) {
            (0, Array::Float(values)) if self.one_hot => {
                let states = self.mdp.states();
                let values = &mut values[row * states..][..states];
                values.fill(0.0);
                values[state as usize] = 1.0;
            }
            (2, array) => {
                let told = if self.over() { context as f32 } else { -1.0 };
                array.write_floats(row, &[told]);
            }
            (_, array) => array.write_floats(row, &[state as f32]),
        }
    }

    /// A column per state, from the start over the rooms to prize and end.
    fn render(&self, canvas: &mut Canvas) {
        let states = self.mdp.states();
        paint_cells(canvas, 1, states, |_, column| {
            if column == self.episode.state as usize {
                palette::AGENT
            } else if column + 2 == states {
                palette::GOAL
            } else if column + 1 == states {
                palette::WALL
            } else if column == START {
                palette::GROUND
            } else {
                palette::PAPER
            }
        });
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.episode)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let episode: Episode = decode(state)?;
        let fits = (episode.context as usize) < self.mdp.contexts()
            && (episode.state as usize) < self.mdp.states()
            && episode.elapsed as usize <= self.mdp.horizon();
        if !fits {
            return Err("its context, state or step does not exist".to_owned());
        }
        self.episode = episode;
        Ok(())
    }

    fn cost(&self) -> usize {
        30
    }
}
