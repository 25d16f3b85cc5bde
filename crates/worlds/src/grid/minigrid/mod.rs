//! Minigrid's worlds (Chevalier-Boisvert et al., *Minigrid & Miniworld: Modular & Customizable
//! Reinforcement Learning Environments for Goal-Oriented Tasks*, 2023; rules of version 3): an agent
//! among walls, doors, keys and things that turns left and right, steps forward, picks up, drops,
//! toggles (actions 0 to 5) and may do nothing (6). What solves a level pays 1 - 0.9 t / T after t steps
//! of an episode of at most T, and ends.
//!
//! | world | task |
//! |---|---|
//! | `minigrid-empty` | the goal is in the corner of an empty room |
//! | `minigrid-doorkey` | take the key, unlock the door, go to the goal; or parts of it (`task`) |
//! | `minigrid-fourrooms` | the goal is somewhere in four rooms with gaps in their walls |
//! | `minigrid-keycorridor` | find the key to the room with the ball, and pick the ball up |
//! | `minigrid-multiroom` | open door after door to the goal in the last room of a chain |
//! | `minigrid-unlock-pickup` | take the key, unlock the door, drop the key, pick the box up |
//!
//! # Levels
//!
//! Every episode is in the level of a seed: below [`level::SEEDS`] those to learn in, from it on those
//! to be tested in. `levels` and `first` say which of them; with `layouts = k` they share the walls and
//! doors of k levels. Levels are drawn by Minigrid's rules, not from its random numbers.
//!
//! # Observations
//!
//! `obs = sym` (the default) is Minigrid's own observation: the 7 x 7 cells before the agent, hidden
//! ones by its rule, each by three numbers, and what is carried in the agent's place. Its array's first
//! index is the column, and so it is here. `onehot` and `full` are its `OneHotPartialObsWrapper` and
//! `FullyObsWrapper`; `tile` is a picture with a pixel per cell, of the whole grid or, with
//! `view = ego`, of what the agent sees, as are the larger ones of `+pixels`. In pictures, unlike in
//! `full`, the agent's cell shows what it carries.
//!
//! Truth fields, where a world has such a thing: `agent` (column, row, direction: 0 east, 1 south,
//! 2 west, 3 north), `carried` (its kind and colour in Minigrid's numbers, or 0, 0), `goal`, `key` and
//! `target`, which is the ball or box, (column, row; -1, -1 where it does not lie), `doors` (column,
//! row, and state: 0 open, 1 closed, 2 locked; -1 where there is no further door), `event`
//! ([`Event::numbers`]: what the last step did) and `level` (the seed).
//!
//! # Words and solutions
//!
//! A [`Reader`] makes the whole level of a row out of the truth fields of a batch. What there is to say
//! of it are functions: [`Event::caption`], [`sub_goals`], [`describe`], [`tags`]; [`solve`] gives
//! shortest solutions. The demonstrators `scripted` (solves levels) and `waypoints` (goes to one
//! random cell after the other) follow them.
//!
//! # Counterfactuals
//!
//! With `prevent = pick-up`, `open` or `goal` every action that would do that does nothing, and the
//! event is [`What::Prevented`].

pub mod level;

mod actor;
mod cell;
mod drawing;
mod event;
mod grid;
mod solver;
mod state;
mod truth;
mod view;
mod words;
mod world;

pub use cell::{Cell, Colour, Door, Kind};
pub use drawing::Shown;
pub use event::{Event, What};
pub use grid::{Area, Direction, Grid, Place};
pub use solver::{Aim, solve};
pub use state::{Action, MOST_DOORS, Parts, State, Task};
pub use truth::Reader;
pub use view::{VIEW, View};
pub use words::{Deed, SubGoal, describe, sub_goals, tags};
pub use world::MiniGrid;
