//! A data set as a table of what followed what.

use std::collections::BTreeMap;

use learn::returns::ReturnToGo;
use memory::dataset::{ActionColumn, Dataset, FieldColumn};
use run::{Result, RunError};
use worlds::{
    ActionSpace,
    tabular::{self, Table},
};

use super::config::TabularConfig;

/// One recorded step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Where it was taken.
    pub state: usize,
    /// What was done.
    pub action: usize,
    /// Which reward and next state followed, as a number of a cell.
    pub cell: usize,
    /// Bin of the sum of rewards from this step to the episode's end.
    pub bin: usize,
}

/// What can be known of a data set over the states of a table.
///
/// A cell is a combination (state, action, reward, next state) that was recorded; the cells of one
/// state and action form a pair.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Number of states.
    pub states: usize,
    /// Number of actions.
    pub actions: usize,
    /// All steps.
    pub samples: Vec<Sample>,
    /// Share of the steps that are of each cell, `[X]`.
    pub weights: Vec<f64>,
    /// Pair (state times actions plus action) of each cell, `[X]`.
    pub pairs: Vec<usize>,
    /// First cell and number of cells of each pair; cells of a pair stand together.
    pub members: Vec<(usize, usize)>,
    /// Mean return of each bin; the middle of a bin without returns.
    pub bin_values: Vec<f64>,
}

impl Cells {
    /// Reads a data set whose observations are states' indices or one-hot vectors.
    ///
    /// # Errors
    /// Observations or actions are of another kind, rewards are missing, a state is beyond the
    /// table's, or returns lie outside the bounds of the bins.
    pub fn new(set: &Dataset, table: Option<&Table>, config: &TabularConfig) -> Result<Self> {
        let (Some(ActionSpace::Discrete { count: actions }), Some(ActionColumn::Discrete(taken))) =
            (&set.spec().action, set.actions())
        else {
            return Err(RunError::Task("the tabular form needs data with discrete actions".to_owned()));
        };
        if set.reward().is_empty() {
            return Err(RunError::Task(
                "the data set has no rewards: without them no code has a value, and none can be chosen; \
                 record rewards"
                    .to_owned(),
            ));
        }
        let states = states_of(set)?;
        let count = states.iter().max().map_or(0, |largest| largest + 1);
        let count = match table {
            Some(table) if table.model.states() < count => {
                return Err(RunError::Task(format!(
                    "the data set has state {} but its world has {} states",
                    count - 1,
                    table.model.states()
                )));
            }
            Some(table) => table.model.states(),
            None => count,
        };
        let (bins, bin_values) = bins(set, config)?;
        let rewards = rewards(set);
        let mut found: BTreeMap<(usize, u32, usize), usize> = BTreeMap::new();
        let mut keys = Vec::with_capacity(set.steps());
        for episode in set.episodes() {
            for step in 0..episode.length {
                let (at, seen) = (episode.step + step, episode.observation + step);
                let pair = states[seen] * actions + taken[at] as usize;
                let key = (pair, rewards[at].to_bits(), states[seen + 1]);
                *found.entry(key).or_default() += 1;
                keys.push((states[seen], taken[at] as usize, key));
            }
        }
        let numbers: BTreeMap<_, usize> =
            found.keys().enumerate().map(|(number, key)| (*key, number)).collect();
        let sample = |((state, action, key), bin): ((usize, usize, _), usize)| Sample {
            state,
            action,
            cell: numbers[&key],
            bin,
        };
        let pairs: Vec<usize> = found.keys().map(|(pair, _, _)| *pair).collect();
        let mut members = vec![(0, 0); count * actions];
        for (cell, &pair) in pairs.iter().enumerate() {
            let (first, number) = &mut members[pair];
            if *number == 0 {
                *first = cell;
            }
            *number += 1;
        }
        Ok(Self {
            states: count,
            actions: *actions,
            samples: keys.into_iter().zip(bins).map(sample).collect(),
            weights: found.values().map(|&number| number as f64 / set.steps() as f64).collect(),
            pairs,
            members,
            bin_values,
        })
    }

    /// Number of cells.
    pub fn count(&self) -> usize {
        self.weights.len()
    }

    /// Cells that share a cell's state and action: the first, and how many.
    pub fn alike(&self, cell: usize) -> (usize, usize) {
        self.members[self.pairs[cell]]
    }

    /// Whether every state and action was always followed by the same.
    pub fn deterministic(&self) -> bool {
        self.members.iter().all(|(_, number)| *number <= 1)
    }

    /// Share of each action in each state, among steps of which `keep` is true; of all steps in
    /// states without such a step, and uniform in states without any.
    pub fn frequencies(&self, keep: impl Fn(&Sample) -> bool) -> Result<tabular::Policy> {
        let size = self.states * self.actions;
        let (mut kept, mut all) = (vec![0.0; size], vec![0.0; size]);
        for sample in &self.samples {
            let pair = sample.state * self.actions + sample.action;
            all[pair] += 1.0;
            if keep(sample) {
                kept[pair] += 1.0;
            }
        }
        let mut shares = Vec::with_capacity(size);
        for (kept, all) in kept.chunks(self.actions).zip(all.chunks(self.actions)) {
            let row = if kept.iter().sum::<f64>() > 0.0 { kept } else { all };
            let sum: f64 = row.iter().sum();
            let uniform = 1.0 / self.actions as f64;
            shares.extend(row.iter().map(|number| if sum > 0.0 { number / sum } else { uniform }));
        }
        Ok(tabular::Policy::new(shares, self.actions)?)
    }
}

/// State of every recorded observation.
fn states_of(set: &Dataset) -> Result<Vec<usize>> {
    let unreadable = || {
        RunError::Task(
            "the tabular form reads states from their index or one-hot vector: record data with obs=index or \
             obs=onehot, or choose the deep form"
                .to_owned(),
        )
    };
    let FieldColumn::Floats(values) = set.field(0) else { return Err(unreadable()) };
    let size = set.spec().input().size();
    let state = |row: &[f32]| match row {
        [index] => (*index >= 0.0 && index.fract() == 0.0).then_some(*index as usize),
        _ => row.iter().position(|&one| one == 1.0),
    };
    values.chunks(size.max(1)).map(|row| state(row).ok_or_else(unreadable)).collect()
}

/// First reward channel of every step.
fn rewards(set: &Dataset) -> Vec<f32> {
    set.reward().iter().copied().step_by(set.spec().rewards.len().max(1)).collect()
}

/// Bin of every step's return to go, and the bins' values.
fn bins(set: &Dataset, config: &TabularConfig) -> Result<(Vec<usize>, Vec<f64>)> {
    let rewards = rewards(set);
    let returns: Vec<f64> = set
        .episodes()
        .iter()
        .flat_map(|episode| {
            let rewards = &rewards[episode.step..episode.step + episode.length];
            ReturnToGo::new(1.0).of(rewards, episode.terminated)
        })
        .map(f64::from)
        .collect();
    let least = returns.iter().copied().fold(f64::INFINITY, f64::min);
    let most = returns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = (config.return_low.unwrap_or(least), config.return_high.unwrap_or(most));
    if low > least || high < most {
        return Err(RunError::Task(format!(
            "the bins of returns go from {low} to {high}, but the data's returns go from {least} to {most}: set \
             `tabular.return_low` and `tabular.return_high` around them, or leave them out"
        )));
    }
    let width = (high - low) / config.bins as f64;
    let bin = |value: &f64| if width > 0.0 { ((value - low) / width) as usize } else { 0 };
    let numbers: Vec<usize> = returns.iter().map(|value| bin(value).min(config.bins - 1)).collect();
    let values = (0..config.bins).map(|bin| {
        let inside =
            || numbers.iter().zip(&returns).filter(|(number, _)| **number == bin).map(|(_, value)| value);
        match inside().count() {
            0 => low + (bin as f64 + 0.5) * width,
            count => inside().sum::<f64>() / count as f64,
        }
    });
    let values = values.collect();
    Ok((numbers, values))
}
