//! A corridor that ends in two arms, with a sign at its start that says which arm is the right one
//! (Bakker, *Reinforcement Learning with Long Short-Term Memory*, 2002).

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::drawing::paint_cells;
use crate::control::vector_field;
use crate::demonstrator::{Actor, Guided, Script};
use crate::name::help;
use crate::render::palette;
use crate::spec::Reference;
use crate::world::{FromOptions, decode, encode};
use crate::{
    Action, ActionSpace, Array, Canvas, Environment, OptionHelp, Options, Role, Spec, Step, WorldError,
};

/// Usual length.
const LENGTH: usize = 10;
/// Times the shortest way that an episode may last where no horizon is given.
const PATIENCE: usize = 20;
/// Returns at the usual length, rewards and horizon; that of random actions over 200,000 episodes.
const REFERENCE: Reference = Reference { random: 0.292, expert: 1.0 };

const NORTH: u32 = 0;
const EAST: u32 = 1;
const SOUTH: u32 = 2;

/// An agent that moves north, east, south or west (actions 0 to 3) in a corridor of `length` cells from
/// the start to the junction, at whose north and south are the arms; walls block. An arm ends the
/// episode: the one that the sign points to pays 1, the other `wrong`; `bump` is paid for moves against
/// walls. The observation is three numbers: (0, 1, 1) at the start where the sign points north, (1, 1, 0)
/// where it points south, (1, 0, 1) in the corridor, (0, 1, 0) at the junction and zeros in an arm. So
/// who does not remember the sign gets half at the most. Truth fields: `cells`, the agent's distance from the
/// start and the right arm (0 north, 1 south); `solver`, the best action and the steps to the right arm.
#[derive(Clone, Debug)]
pub struct TMaze {
    spec: Spec,
    length: usize,
    wrong: f32,
    bump: f32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    /// Cells from the start.
    distance: u32,
    /// Whether the right arm is the southern one.
    south: bool,
    /// Whether the agent is in the southern arm, where it is in one.
    arm: Option<bool>,
}

impl FromOptions for TMaze {
    const NAME: &'static str = "t-maze";
    const SUMMARY: &'static str = "remember the sign at the start of a corridor to choose the arm at its end";
    const OPTIONS: &'static [OptionHelp] = &[
        help("length", "10", "steps from the start to the junction, 1 to 1000"),
        help("wrong", "0", "reward of the wrong arm, -1 to 0"),
        help("bump", "0", "reward of a move against a wall, -1 to 0"),
        help(
            "horizon",
            "auto",
            "steps after which an episode is truncated; auto: 20 times those of the shortest way",
        ),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let length = options.usize("length", LENGTH, 1..=1000)?;
        let [wrong, bump] = ["wrong", "bump"].map(|key| options.float(key, 0.0, -1.0..=0.0));
        let (wrong, bump) = (wrong? as f32, bump? as f32);
        let horizon = match options.text("horizon") {
            None | Some("auto") => PATIENCE * (length + 1),
            Some(_) => options.usize("horizon", LENGTH, 1..=1_000_000)?,
        };
        let usual = (length, wrong, bump, horizon) == (LENGTH, 0.0, 0.0, PATIENCE * (LENGTH + 1));
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: vec![
                vector_field("observation", Role::Input, 3),
                vector_field("cells", Role::Truth, 2),
                vector_field("solver", Role::Truth, 2),
            ],
            action: ActionSpace::Discrete { count: 4 },
            rewards: vec!["reward".to_owned()],
            horizon: Some(horizon),
            reference: usual.then_some(REFERENCE),
        };
        let state = State { distance: 0, south: false, arm: None };
        Ok(Self { spec, length, wrong, bump, state })
    }
}

impl TMaze {
    fn seen(&self) -> [f32; 3] {
        match self.state {
            State { arm: Some(_), .. } => [0.0, 0.0, 0.0],
            State { distance: 0, south: false, .. } => [0.0, 1.0, 1.0],
            State { distance: 0, south: true, .. } => [1.0, 1.0, 0.0],
            State { distance, .. } if distance as usize == self.length => [0.0, 1.0, 0.0],
            _ => [1.0, 0.0, 1.0],
        }
    }

    /// The best action, and the steps to the right arm.
    fn solution(&self) -> [f32; 2] {
        let left = self.length - self.state.distance as usize;
        let action = match (left, self.state.south) {
            (0, false) => NORTH,
            (0, true) => SOUTH,
            _ => EAST,
        };
        [action as f32, (left + 1) as f32]
    }
}

impl Environment for TMaze {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = State { distance: 0, south: random.random(), arm: None };
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let State { distance, south, .. } = self.state;
        let junction = distance as usize == self.length;
        match action.index() {
            arm @ (NORTH | SOUTH) if junction => {
                let chosen = arm == SOUTH;
                self.state.arm = Some(chosen);
                return Step { reward: if chosen == south { 1.0 } else { self.wrong }, terminated: true };
            }
            EAST if !junction => self.state.distance += 1,
            NORTH | EAST | SOUTH => return Step { reward: self.bump, terminated: false },
            _ if distance == 0 => return Step { reward: self.bump, terminated: false },
            _ => self.state.distance -= 1,
        }
        Step { reward: 0.0, terminated: false }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        match field {
            0 => array.write_floats(row, &self.seen()),
            1 => {
                let south = f32::from(u8::from(self.state.south));
                array.write_floats(row, &[self.state.distance as f32, south]);
            }
            _ => array.write_floats(row, &self.solution()),
        }
    }

    /// The sign is seen beside the start while the agent is there, and nothing tells the arms apart.
    fn render(&self, canvas: &mut Canvas) {
        let State { distance, south, arm } = self.state;
        let agent_row = match arm {
            None => 1,
            Some(south) => 2 * usize::from(south),
        };
        let agent = [agent_row, distance as usize];
        let sign = [2 * usize::from(south), 0];
        paint_cells(canvas, 3, self.length + 1, |row, column| match [row, column] {
            place if place == agent => palette::AGENT,
            place if place == sign && distance == 0 => palette::MARK,
            [1, _] => palette::PAPER,
            [_, column] if column == self.length => palette::GOAL,
            _ => palette::WALL,
        });
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let state: State = decode(state)?;
        if state.distance as usize > self.length {
            return Err(format!("cell {} is not in a corridor of {}", state.distance, self.length));
        }
        self.state = state;
        Ok(())
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        (script == Script::Expert).then(|| Box::new(Guided { field: 2 }) as Box<dyn Actor>)
    }

    fn board(&self) -> Option<[usize; 2]> {
        Some([3, self.length + 1])
    }

    fn cost(&self) -> usize {
        20
    }
}
