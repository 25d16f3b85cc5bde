//! The named mazes.

use crate::name::help;
use crate::spec::Reference;
use crate::{OptionHelp, Options};

/// A named maze with its time limit.
pub trait Preset: Clone + Send + Sync + 'static {
    /// Name of the world.
    const NAME: &'static str;
    /// One line for people.
    const SUMMARY: &'static str;
    /// Its options, with the defaults of this maze.
    const OPTIONS: &'static [OptionHelp];
    /// Name of the maze's picture.
    const LAYOUT: &'static str;
    /// Steps of an episode.
    const HORIZON: usize;
    /// Mean returns of random actions and of the scripted expert in the usual task with a dense
    /// reward, over 2000 episodes.
    const DENSE: Reference;

    /// The reference returns with a dense or sparse reward, where the task is the usual one.
    fn reference(options: &Options, dense: bool) -> Option<Reference> {
        let usual = |option: &OptionHelp| {
            let free = ["reward", "norm"].contains(&option.name);
            free || options.text(option.name).is_none_or(|text| text == option.default)
        };
        // Random actions never reach the goal of a whole maze.
        let reference = if dense { Self::DENSE } else { Reference { random: 0.0, expert: 1.0 } };
        Self::OPTIONS.iter().all(usual).then_some(reference)
    }
}

const fn options(layout: &'static str, horizon: &'static str) -> [OptionHelp; 12] {
    [
        help(
            "layout",
            layout,
            "comb, diag, giant, large, medium, open, ring, umaze, or rows of x (wall), o, S, G with _ between",
        ),
        help("task", "goal", "goal: from start to goal; random-goal: between random cells; free: no goal"),
        help("start", "layout", "of goal; layout: the maze's own; random: anywhere; or a cell as row.column"),
        help("goal", "layout", "of goal; layout: the maze's own; random: anywhere; or a cell as row.column"),
        help("share", "0", "of random-goal; least path between the cells as a share of the longest, 0 to 1"),
        help("order", "2", "1: the action is a velocity; 2: the action is a force"),
        help("speed", "0.1", "of order 1; cells per step, up to 0.5"),
        help("reward", "sparse", "sparse: 1 and end within the radius; dense: minus distance; none"),
        help("radius", "0.5", "distance at which the goal is reached"),
        help("actions", "box", "box: a vector; four or eight: a full push in one of so many directions"),
        help("norm", "false", "true: observations scaled to [-1, 1] by the maze's size"),
        help("horizon", horizon, "steps after which an episode is truncated"),
    ]
}

macro_rules! preset {
    ($type:ident, $name:literal, $summary:literal, $layout:literal, $horizon:literal, $text:literal, $random:literal, $expert:literal) => {
        #[doc = $summary]
        #[derive(Clone, Debug)]
        pub struct $type;

        impl Preset for $type {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const OPTIONS: &'static [OptionHelp] = &options($layout, $text);
            const LAYOUT: &'static str = $layout;
            const HORIZON: usize = $horizon;
            const DENSE: Reference = Reference { random: $random, expert: $expert };
        }
    };
}

preset!(
    UMaze,
    "point-maze-umaze",
    "push a point through a corridor shaped like a U",
    "umaze",
    150,
    "150",
    -316.2,
    -64.0
);
preset!(
    Medium,
    "point-maze-medium",
    "push a point through a maze of 6 x 6 cells",
    "medium",
    300,
    "300",
    -1945.0,
    -170.4
);
preset!(
    Large,
    "point-maze-large",
    "push a point through a maze of 7 x 10 cells",
    "large",
    500,
    "500",
    -5020.0,
    -493.2
);
preset!(
    Giant,
    "point-maze-giant",
    "push a point through a maze of 10 x 14 cells",
    "giant",
    1000,
    "1000",
    -14890.0,
    -1627.0
);
