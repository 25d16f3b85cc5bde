//! The recorded pairs nearest to what the actor would do.

use agents::recorded::Recorded;
use burn::tensor::{Tensor, TensorData};
use memory::{
    Dataset,
    dataset::{ActionColumn, FieldColumn},
    index::{Block, Fingerprint, Knn, Neighbour},
};
use nets::host;
use run::{Result, RunError};
use worlds::{Actions, Array};

/// Pairs of normalised state and action in [-1, 1] of a whole data set.
pub struct Neighbours {
    index: Knn,
    count: usize,
    states: usize,
    normalised: Fingerprint,
    found: Vec<Neighbour>,
}

/// What a search gave for a batch.
pub struct Found {
    /// Mean action of every row's neighbours, `[B, a]`, without gradient.
    pub actions: Tensor<2>,
    /// Mean over the batch of the distance to the nearest pair, states weighted.
    pub distance: f64,
    /// Mean Euclidean distance of the states, without weight.
    pub state_distance: f64,
    /// Mean Euclidean distance of the actions.
    pub action_distance: f64,
}

impl Neighbours {
    /// An index over all pairs of the data, whose states weigh `beta`; `count` of them are asked for.
    ///
    /// # Errors
    /// The data holds fewer pairs, or a number that is not finite.
    pub fn new(recorded: &Recorded, beta: f32, count: usize) -> Result<Self> {
        let set = recorded.set();
        let fields: Vec<Array> = (0..set.spec().fields.len()).map(|field| before_steps(set, field)).collect();
        let reading = recorded.reading();
        let states = reading.read(&fields[0], &fields, set.steps())?;
        let mut actions = match set.actions() {
            Some(ActionColumn::Continuous(values)) => Actions::Continuous(values.to_vec()),
            _ => Actions::Continuous(Vec::new()),
        };
        recorded.scale().to_policy(&mut actions);
        let (Array::Float(states), Actions::Continuous(actions)) = (states, actions) else {
            return Err(RunError::Task("`prdc` needs vectors and continuous actions".to_owned()));
        };
        let normalised = Fingerprint::of(reading.normaliser());
        Self::over(&states, reading.layout().size(), &actions, beta, count, normalised)
    }

    /// The same over given pairs, `states [n, width]` and `actions [n, a]`.
    pub(super) fn over(
        states: &[f32],
        width: usize,
        actions: &[f32],
        beta: f32,
        count: usize,
        normalised: Fingerprint,
    ) -> Result<Self> {
        let pairs = states.len() / width.max(1);
        let dimensions = actions.len().checked_div(pairs).unwrap_or(0);
        if pairs < count {
            return Err(RunError::Task(format!(
                "`prdc` looks for {count} nearest pairs, but the data holds {pairs}: lower `neighbours` or record more"
            )));
        }
        let blocks = [
            Block { name: "state", values: states, width, weight: beta },
            Block { name: "action", values: actions, width: dimensions, weight: 1.0 },
        ];
        let index = Knn::new(&blocks, normalised).map_err(RunError::part)?;
        Ok(Self { index, count, states: width, normalised, found: Vec::new() })
    }

    /// The nearest pairs to `states [B, d]` with `actions [B, a]`.
    ///
    /// # Errors
    /// A state or an action is not finite.
    pub fn of(&mut self, states: &Tensor<2>, actions: &Tensor<2>) -> Result<Found> {
        let [rows, dimensions] = actions.dims();
        let (states, actions_asked) = (host(states.clone()), host(actions.clone()));
        self.index
            .nearest(&[&states, &actions_asked], self.count, self.normalised, &mut self.found)
            .map_err(RunError::part)?;
        let mut mean = vec![0.0_f32; rows * dimensions];
        let (mut distance, mut state_distance, mut action_distance) = (0.0, 0.0, 0.0);
        for (row, near) in self.found.chunks_exact(self.count).enumerate() {
            let target = &mut mean[row * dimensions..][..dimensions];
            for neighbour in near {
                let action = &self.index.row(neighbour.row)[self.states..];
                for (sum, value) in target.iter_mut().zip(action) {
                    *sum += value / self.count as f32;
                }
            }
            let (state, action) = self.index.row(near[0].row).split_at(self.states);
            distance += near[0].distance;
            state_distance += apart(state, &states[row * self.states..]);
            action_distance += apart(action, &actions_asked[row * dimensions..]);
        }
        let share = 1.0 / rows.max(1) as f64;
        Ok(Found {
            actions: Tensor::from_data(TensorData::new(mean, [rows, dimensions]), &actions.device()),
            distance: distance * share,
            state_distance: state_distance * share,
            action_distance: action_distance * share,
        })
    }
}

/// The observations that steps were taken in, of a vector field.
fn before_steps(set: &Dataset, field: usize) -> Array {
    let FieldColumn::Floats(values) = set.field(field) else { return Array::Byte(Vec::new()) };
    let size = set.spec().fields[field].layout.size();
    let rows = set.episodes().iter().map(|episode| {
        let first = episode.observation;
        &values[first * size..(first + episode.length) * size]
    });
    Array::Float(rows.flatten().copied().collect())
}

/// Euclidean distance of a row to as many numbers of another.
fn apart(row: &[f32], other: &[f32]) -> f64 {
    let squares = row.iter().zip(other).map(|(left, right)| f64::from(left - right).powi(2));
    squares.sum::<f64>().sqrt()
}
