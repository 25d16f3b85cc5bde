//! Tables as what acts, policies with a probability for every state and action, and as what is walked in.

use rand_chacha::ChaCha8Rng;
use run::{Card, Exported, Mode, NamedArray, Policy, Result, RunError, task::World};
use serde::{Deserialize, Serialize};
use serde_json::json;
use settings::Choice;
use worlds::{
    Actions, Array, Observations,
    tabular::{self, Table},
};

/// Which of its two forms a method takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Form {
    /// `tabular` where the world's table is known, `deep` elsewhere.
    #[default]
    Auto,
    /// Tables, measured exactly.
    Tabular,
    /// Networks.
    Deep,
}

impl Form {
    /// The world's table where the form on tables is the one to take, nothing for networks.
    ///
    /// # Errors
    /// The world's name does not parse, or its table is asked for and not known.
    pub fn table(self, world: &World, card: &Card) -> Result<Option<Table>> {
        match self {
            Self::Tabular => world.table(card).map(Some),
            Self::Deep => Ok(None),
            Self::Auto => Ok(worlds::table(&world.spec.name)?),
        }
    }
}

/// A policy over the states of a table. It reads the state's index, or its one-hot vector.
#[derive(Clone)]
pub struct TablePolicy {
    table: tabular::Policy,
}

impl TablePolicy {
    /// Acts by this table.
    pub fn new(table: tabular::Policy) -> Self {
        Self { table }
    }

    fn best(&self, state: usize) -> u32 {
        let probability = |action: &usize| self.table.probability(state, *action);
        let better = |best: usize, action: usize| {
            if probability(&action) > probability(&best) { action } else { best }
        };
        (0..self.table.actions()).reduce(better).unwrap_or(0) as u32
    }
}

impl Policy for TablePolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let choose = |state| match mode {
            Mode::Greedy => self.best(state),
            Mode::Sample => self.table.choose(state, random) as u32,
        };
        Ok(Actions::Discrete(states(observations, self.table.states())?.into_iter().map(choose).collect()))
    }

    fn export(&self) -> Result<Exported> {
        let (states, actions) = (self.table.states(), self.table.actions());
        let values = (0..states * actions)
            .map(|pair| self.table.probability(pair / actions, pair % actions) as f32)
            .collect();
        let recipe = json!({
            "kind": "table",
            "probabilities": "policy",
            "formula": "row = the state's index, or the position of the 1 in a one-hot vector; \
                        greedy: the action of the largest probability, the lowest where several are equal",
        });
        Ok(Exported {
            weights: vec![NamedArray { name: "policy".to_owned(), shape: vec![states, actions], values }],
            recipe,
        })
    }
}

/// The states of all rows, of a table of `count` states.
///
/// # Errors
/// The observation is neither an index nor a one-hot vector of the table's states.
pub fn states(observations: &Observations, count: usize) -> Result<Vec<usize>> {
    let unreadable = || {
        RunError::Task(format!(
            "a table of {count} states reads the state's index or its one-hot vector: use obs=index or obs=onehot"
        ))
    };
    let Array::Float(values) = observations.input() else { return Err(unreadable()) };
    let size = values.len() / observations.rows.max(1);
    let state = |row: &[f32]| {
        let state = if size == 1 { Some(row[0] as usize) } else { row.iter().position(|&one| one == 1.0) };
        state.filter(|&state| state < count && (size == 1 || size == count))
    };
    values.chunks(size.max(1)).map(|row| state(row).ok_or_else(unreadable)).collect()
}

/// Where a walk through a table stands, and how long its episode is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Walker {
    state: usize,
    time: usize,
}

/// One step of a walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Where it was taken.
    pub state: usize,
    /// What was done.
    pub action: usize,
    /// What it earned.
    pub reward: f64,
    /// Where it led; without meaning where it ended.
    pub next: usize,
    /// Whether nothing more is earned.
    pub terminal: bool,
    /// Whether a new episode has begun, by an end or by the table's horizon.
    pub restarted: bool,
}

impl Walker {
    /// At the start of an episode.
    pub fn new(table: &Table, random: &mut ChaCha8Rng) -> Self {
        Self { state: table.model.sample_start(random), time: 0 }
    }

    /// The state in which the next step is taken.
    pub fn state(&self) -> usize {
        self.state
    }

    /// Takes one step, and begins anew where the episode is over.
    pub fn step(&mut self, table: &Table, action: usize, random: &mut ChaCha8Rng) -> Step {
        let state = self.state;
        let outcome = table.model.step(state, action, random);
        self.time += 1;
        let restarted = outcome.terminal || table.horizon.is_some_and(|horizon| self.time >= horizon);
        match restarted {
            true => *self = Self::new(table, random),
            false => self.state = outcome.state,
        }
        let tabular::Transition { state: next, reward, terminal, .. } = outcome;
        Step { state, action, reward, next, terminal, restarted }
    }
}
