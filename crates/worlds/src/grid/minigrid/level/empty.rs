//! A room with nothing but a goal.

use rand_chacha::ChaCha8Rng;

use super::{
    Definition, FIRST, Generator, HORIZON, LAYOUTS, LEVELS, OBS, PREVENT, SIZE, SPLIT, Things, VIEW,
};
use crate::grid::minigrid::grid::{Direction, Place};
use crate::grid::minigrid::state::{Parts, State, Task};
use crate::name::help;
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError};

/// `MiniGrid-Empty`: the goal is in the lower right corner. Nothing hides anything.
#[derive(Clone, Debug)]
pub struct Empty {
    size: u8,
    /// Whether the agent begins anywhere, not in the upper left corner.
    anywhere: bool,
}

impl Definition for Empty {
    const NAME: &'static str = "minigrid-empty";
    const SUMMARY: &'static str = "Minigrid's empty room: walk to the goal in the corner";
    const OPTIONS: &'static [OptionHelp] = &[
        SIZE,
        help("start", "fixed", "fixed: in the upper left corner, facing east; random: anywhere"),
        OBS,
        VIEW,
        LEVELS,
        FIRST,
        SPLIT,
        LAYOUTS,
        PREVENT,
        HORIZON,
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let size = options.usize("size", 8, 5..=32)? as u8;
        let anywhere = options.choice("start", "fixed", &["fixed", "random"])? == "random";
        Ok(Self { size, anywhere })
    }
}

impl Generator for Empty {
    fn blank(&self) -> Parts {
        Parts { transparent: true, ..Parts::new(Task::Goal, self.size, self.size) }
    }

    fn things(&self) -> Things {
        Things { goal: true, ..Things::default() }
    }

    fn steps(&self) -> usize {
        4 * usize::from(self.size).pow(2)
    }

    fn mission(&self, _state: &State) -> String {
        "get to the green goal square".to_owned()
    }

    fn draw(&self, parts: &mut Parts, _walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng) {
        let area = parts.grid.area();
        parts.grid.wall_in(area);
        parts.goal_in_corner();
        if self.anywhere {
            parts.place_agent(area, things);
        } else {
            (parts.agent, parts.facing) = (Place::new(1, 1), Direction::East);
        }
    }

    fn reference(&self) -> Option<Reference> {
        (self.size == 8 && !self.anywhere).then_some(Reference { random: 0.084, expert: 0.9613 })
    }
}
