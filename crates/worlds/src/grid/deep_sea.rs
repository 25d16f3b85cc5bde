//! Deep sea: a treasure that only one of 2^N action sequences finds (Osband et al., *Behaviour
//! Suite for Reinforcement Learning*, 2020; the chain goes back to Osband et al., *Randomized
//! Value Functions via Posterior Sampling State-Action Pairs*, 2019).
//!
//! The diver starts in the top left corner of an N x N grid and sinks one row a step, to the left
//! or to the right; going right costs 0.01 / N, and going right in the last corner pays 1. Which of
//! the two actions goes right is drawn anew for every cell by the world's seed. With `slip=auto` a
//! move to the right fails with probability 1 / N, at the same cost. Rewards carry no noise.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::drawing::paint_cells;
use crate::demonstrator::{Actor, Script, Seen, Tabular};
use crate::name::help;
use crate::render::palette;
use crate::spec::Reference;
use crate::tabular::{Model, Table, Transition, USUAL_DISCOUNT};
use crate::world::{FromOptions, decode, encode};
use crate::{
    Action, ActionSpace, Array, Canvas, Environment, Field, Layout, OptionHelp, Options, Role, Spec, Step,
    WorldError, seed,
};

/// What the moves to the right of an episode that always goes right cost together.
const PATH_COST: f64 = 0.01;

/// The deep sea. Observation: one-hot over the N x N cells in row order, all zeros once the diver
/// is below the last row, where the episode ends. Options: `size` (10; 2 to 100) is N, `slip` is
/// `0` or `auto`; `world_seed` (0) draws which action goes right in each cell.
#[derive(Clone, Debug)]
pub struct DeepSea {
    spec: Spec,
    size: usize,
    slip: f64,
    /// The action that goes right, per cell.
    rightward: Vec<u32>,
    diver: Diver,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Diver {
    row: usize,
    column: usize,
}

impl FromOptions for DeepSea {
    const NAME: &'static str = "deep-sea";
    const SUMMARY: &'static str = "deep sea: one long sequence of unrewarded right moves finds the treasure";
    const OPTIONS: &'static [OptionHelp] = &[
        help("size", "10", "rows and columns, 2 to 100"),
        help("slip", "0", "auto: a right move fails with probability 1/size"),
        help("world_seed", "0", "seed of which action goes right in which cell"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let size = options.usize("size", 10, 2..=100)?;
        let slips = options.choice("slip", "0", &["0", "auto"])? == "auto";
        let slip = if slips { 1.0 / size as f64 } else { 0.0 };
        let mut random = seed::stream(options.world_seed()?, "world", 0);
        let rightward = (0..size * size).map(|_| random.random_range(0..2)).collect();
        let layout = Layout::Vector { size: size * size };
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: vec![Field { name: "cell".to_owned(), role: Role::Input, layout }],
            action: ActionSpace::Discrete { count: 2 },
            rewards: vec!["reward".to_owned()],
            horizon: Some(size),
            reference: Some(reference(size, slip)),
        };
        Ok(Self { spec, size, slip, rightward, diver: Diver { row: 0, column: 0 } })
    }
}

impl DeepSea {
    /// N, the number of rows and columns and of an episode's steps.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The action that goes right in a cell.
    pub fn rightward(&self, row: usize, column: usize) -> u32 {
        self.rightward[row * self.size + column]
    }

    /// The exact model; state `row * N + column` is a cell.
    pub fn model(&self) -> Model {
        let mut start = vec![0.0; self.size * self.size];
        start[0] = 1.0;
        Model::new(2, start, |state, action| {
            let (row, column) = (state / self.size, state % self.size);
            let right = self.rightward[state] == action as u32;
            let reward = self.reward(column, right);
            let terminal = row + 1 == self.size;
            let outcome = |column: usize, probability: f64| {
                let state = if terminal { state } else { (row + 1) * self.size + column };
                Transition { state, probability, reward, terminal }
            };
            let aim = self.aim(column, right);
            if right && self.slip > 0.0 && !terminal {
                vec![outcome(aim, 1.0 - self.slip), outcome(column, self.slip)]
            } else {
                vec![outcome(aim, 1.0)]
            }
        })
    }

    fn reward(&self, column: usize, right: bool) -> f64 {
        if !right {
            return 0.0;
        }
        let treasure = if column + 1 == self.size { 1.0 } else { 0.0 };
        treasure - PATH_COST / self.size as f64
    }

    /// The column in which a move ends that does not slip.
    fn aim(&self, column: usize, right: bool) -> usize {
        if right { (column + 1).min(self.size - 1) } else { column.saturating_sub(1) }
    }
}

/// Expected returns of random and of optimal actions, which go right all the way down: with
/// p = 1 - slip the treasure is found with probability p^(N-1), and the k-th move is still on the
/// path and so still paid for with probability p^k. Leaving the path once saves later costs.
fn reference(size: usize, slip: f64) -> Reference {
    let succeed = 1.0 - slip;
    let found = succeed.powi(size as i32 - 1);
    let paid = (0..size as i32).map(|moves| succeed.powi(moves)).sum::<f64>() / size as f64;
    Reference {
        random: found * 0.5_f64.powi(size as i32) - PATH_COST / 2.0,
        expert: found - PATH_COST * paid,
    }
}

impl Environment for DeepSea {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, _random: &mut ChaCha8Rng) {
        self.diver = Diver { row: 0, column: 0 };
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let Diver { row, column } = self.diver;
        if row == self.size {
            return Step { reward: 0.0, terminated: true };
        }
        let right = self.rightward(row, column) == action.index();
        let slips = right && self.slip > 0.0 && random.random::<f64>() < self.slip;
        let column_after = if slips { column } else { self.aim(column, right) };
        self.diver = Diver { row: row + 1, column: column_after };
        let reward = self.reward(column, right) as f32;
        Step { reward, terminated: row + 1 == self.size }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        if let Array::Float(values) = array {
            let cells = self.size * self.size;
            let values = &mut values[row * cells..(row + 1) * cells];
            values.fill(0.0);
            if self.diver.row < self.size {
                values[self.diver.row * self.size + self.diver.column] = 1.0;
            }
        }
    }

    fn render(&self, canvas: &mut Canvas) {
        let last = self.size - 1;
        paint_cells(canvas, self.size, self.size, |row, column| {
            if (row, column) == (self.diver.row, self.diver.column) {
                palette::AGENT
            } else if (row, column) == (last, last) {
                palette::GOAL
            } else if column > row {
                palette::GROUND
            } else {
                palette::PAPER
            }
        });
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let cells = self.size * self.size;
        let cell = move |seen: &Seen<'_>| Tabular::hottest(seen, cells);
        let table = self.table().filter(|_| script == Script::Expert)?;
        Some(Box::new(Tabular::expert(&table, cell)))
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.diver)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let diver: Diver = decode(state)?;
        if diver.row > self.size || diver.column >= self.size || diver.column > diver.row {
            return Err(format!("cell ({}, {}) is not in the grid", diver.row, diver.column));
        }
        self.diver = diver;
        Ok(())
    }

    fn board(&self) -> Option<[usize; 2]> {
        Some([self.size; 2])
    }

    fn table(&self) -> Option<Table> {
        Some(Table { model: self.model(), discount: USUAL_DISCOUNT, horizon: self.spec.horizon })
    }
}
