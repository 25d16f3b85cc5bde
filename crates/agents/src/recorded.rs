//! Drawing batches from a data set, for methods that learn from recorded experience: the counterpart
//! of [`crate::experience::Experience`].

use std::sync::Arc;

use burn::tensor::Device;
use learn::batch::{self, Transitions, Windows};
use memory::{Dataset, Normaliser, Position, Span, Starts, TransitionBatch, WindowBatch};
use nets::observed::Observed;
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Result, RunError, Snapshot, data::Data};
use worlds::{ActionSpace, Array, Layout, Observations};

/// What is added to the deviations that states are divided by (Fujimoto and Gu, 2021, section 5).
pub const OFFSET: f64 = 1e-3;

/// Name of the statistics in a snapshot.
const NORMALISER: &str = "normaliser";

/// What a policy reads of an observation, as it was in training: the input, then the goal where
/// there is one, each normalised.
#[derive(Clone, Debug)]
pub struct Reading {
    layout: Layout,
    /// Field of the goal.
    goal: Option<usize>,
    /// Of the joined vector.
    normaliser: Option<Normaliser>,
}

impl Reading {
    /// Layout of what is read: the joined vector, or the image.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The statistics, where vectors are normalised.
    pub fn normaliser(&self) -> Option<&Normaliser> {
        self.normaliser.as_ref()
    }

    /// Reads the observations of `rows` rows: the input and, among all fields, the goal.
    ///
    /// # Errors
    /// The numbers are not those of `rows` rows.
    pub fn read(&self, input: &Array, fields: &[Array], rows: usize) -> Result<Array> {
        let Array::Float(values) = input else { return Ok(input.clone()) };
        let mut joined = match self.goal.and_then(|goal| fields.get(goal)) {
            Some(Array::Float(goals)) => interleave(values, goals, rows),
            _ => values.clone(),
        };
        if joined.len() != rows * self.layout.size() {
            return Err(RunError::Task(format!(
                "the policy reads {} numbers, but there are {}",
                self.layout.size(),
                joined.len() / rows.max(1)
            )));
        }
        if let Some(normaliser) = &self.normaliser {
            normaliser.normalise(&mut joined)?;
        }
        Ok(Array::Float(joined))
    }

    /// What a policy reads of a world's observations, on the device.
    ///
    /// # Errors
    /// As [`Reading::read`].
    pub fn observe(&self, observations: &Observations, device: &Device) -> Result<Observed> {
        let rows = observations.rows;
        let read = self.read(observations.input(), &observations.fields, rows)?;
        Ok(batch::observe(&read, &self.layout, rows, device))
    }
}

/// Rows of `first` and `second` one behind the other.
fn interleave(first: &[f32], second: &[f32], rows: usize) -> Vec<f32> {
    let widths = [first.len() / rows.max(1), second.len() / rows.max(1)];
    let mut joined = Vec::with_capacity(first.len() + second.len());
    for row in 0..rows {
        joined.extend_from_slice(&first[row * widths[0]..][..widths[0]]);
        joined.extend_from_slice(&second[row * widths[1]..][..widths[1]]);
    }
    joined
}

/// A data set, what is read of it, and the buffers of batches.
pub struct Recorded {
    set: Arc<Dataset>,
    reading: Reading,
    scale: ActionScale,
    positions: Vec<Position>,
    /// The valid positions of the span that was drawn last.
    starts: Option<(Span, Starts)>,
    transitions: TransitionBatch,
    windows: WindowBatch,
}

impl Recorded {
    /// The episodes of `data`; vectors are normalised where `offset`, which is added to their
    /// standard deviations, is given. A goal is read behind the input.
    ///
    /// # Errors
    /// The offset is not above 0.
    pub fn new(data: &Data, offset: Option<f64>) -> Result<Self> {
        let spec = data.spec();
        let vector = matches!(spec.input(), Layout::Vector { .. });
        let goal = spec.fields.iter().position(|field| field.role == worlds::Role::Goal).filter(|_| vector);
        let size = spec.input().size() + goal.map_or(0, |goal| spec.fields[goal].layout.size());
        let layout = if vector { Layout::Vector { size } } else { spec.input().clone() };
        let mut reading = Reading { layout, goal, normaliser: None };
        if let Some(offset) = offset.filter(|_| vector) {
            reading.normaliser = Some(fitted(&data.set, &reading, offset)?);
        }
        let scale = spec
            .action
            .as_ref()
            .map_or_else(|| ActionScale::new(&ActionSpace::Discrete { count: 1 }), ActionScale::new);
        Ok(Self {
            set: Arc::clone(&data.set),
            reading,
            scale,
            positions: Vec::new(),
            starts: None,
            transitions: TransitionBatch::new(),
            windows: WindowBatch::new(),
        })
    }

    /// The episodes.
    pub fn set(&self) -> &Arc<Dataset> {
        &self.set
    }

    /// What is read of an observation.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The action space.
    ///
    /// # Errors
    /// The data set has no actions.
    pub fn action(&self) -> Result<&ActionSpace> {
        let missing = || RunError::Task("the data set has no actions".to_owned());
        self.set.spec().action.as_ref().ok_or_else(missing)
    }

    /// Maps actions between the world's box and [-1, 1].
    pub fn scale(&self) -> &ActionScale {
        &self.scale
    }

    /// The positions of the batch that was drawn last.
    pub fn last(&self) -> &[Position] {
        &self.positions
    }

    /// The extra columns of the windows that were drawn last, `[B, T, width]` each.
    pub fn window_extra(&self) -> &[Vec<f32>] {
        &self.windows.extra
    }

    /// The mask of the windows that were drawn last, `[B, T]`.
    pub fn window_mask(&self) -> &[f32] {
        &self.windows.mask
    }

    /// `count` transitions over up to `n` steps, drawn uniformly; continuous actions in [-1, 1].
    ///
    /// # Errors
    /// `n` is 0.
    pub fn transitions(
        &mut self,
        count: usize,
        n: usize,
        gamma: f64,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Transitions> {
        self.draw(count, Span::transition(n), random)?;
        let batch = &mut self.transitions;
        self.set.transitions(&self.positions, n, gamma as f32, batch)?;
        let goal = self.reading.goal.map(|goal| goal - 1);
        let read = |input: &Array, rest: &[Array]| {
            let goal = goal.map(|goal| &rest[goal]);
            read_beside(&self.reading, input, goal, count)
        };
        batch.observations = read(&batch.observations, &batch.fields)?;
        batch.next = read(&batch.next, &batch.next_fields)?;
        self.scale.to_policy(&mut batch.actions);
        Ok(Transitions::upload(batch, &self.reading.layout, device))
    }

    /// `count` windows of `length` steps, drawn uniformly from the valid positions of the span;
    /// continuous actions in [-1, 1].
    ///
    /// # Errors
    /// No episode is long enough; the sentence gives both numbers.
    pub fn windows(
        &mut self,
        count: usize,
        length: usize,
        span: Span,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Windows> {
        self.draw(count, span, random)?;
        let batch = &mut self.windows;
        self.set.windows(&self.positions, length, span, batch)?;
        let goal = self.reading.goal.map(|goal| &batch.fields[goal - 1]);
        let rows = count * (length + 1);
        batch.observations = read_beside(&self.reading, &batch.observations, goal, rows)?;
        self.scale.to_policy(&mut batch.actions);
        Ok(Windows::upload(batch, &self.reading.layout, device))
    }

    /// Writes the statistics of what is read: they belong to the policy.
    ///
    /// # Errors
    /// They have no portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put(NORMALISER, &self.reading.normaliser)
    }

    /// Refuses to go on with other statistics than the policy was trained with.
    ///
    /// # Errors
    /// The data set is not the one that the run began with.
    pub fn check(&self, snapshot: &Snapshot) -> Result<()> {
        if snapshot.get::<Option<Normaliser>>(NORMALISER)? == self.reading.normaliser {
            return Ok(());
        }
        Err(RunError::Task(
            "the checkpoint's observations are normalised otherwise than those of this data: give the data that \
             the run was trained on"
                .to_owned(),
        ))
    }

    fn draw(&mut self, count: usize, span: Span, random: &mut ChaCha8Rng) -> Result<()> {
        if self.starts.as_ref().is_none_or(|(known, _)| *known != span) {
            self.starts = Some((span, self.set.starts(span)?));
        }
        if let Some((_, starts)) = &self.starts {
            starts.draw(count, random, &mut self.positions);
        }
        Ok(())
    }
}

/// Reads rows whose goals, where there are any, lie in an array of their own.
fn read_beside(reading: &Reading, input: &Array, goal: Option<&Array>, rows: usize) -> Result<Array> {
    match goal {
        None => Reading { goal: None, ..reading.clone() }.read(input, &[], rows),
        Some(goal) => {
            Reading { goal: Some(0), ..reading.clone() }.read(input, std::slice::from_ref(goal), rows)
        }
    }
}

/// The statistics of what is read of all observations, frozen.
fn fitted(set: &Dataset, reading: &Reading, offset: f64) -> Result<Normaliser> {
    use memory::dataset::FieldColumn::Floats;
    let floats = |field: usize| match set.field(field) {
        Floats(values) => &values[..],
        _ => &[],
    };
    let Some(goal) = reading.goal else { return Ok(set.normaliser(0, offset)?) };
    let rows = set.steps() + set.episodes().len();
    let mut normaliser = Normaliser::with_offset(reading.layout.size(), offset)?;
    normaliser.update(&interleave(floats(0), floats(goal), rows))?;
    normaliser.freeze(true);
    Ok(normaliser)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(recipe: &str, offset: Option<f64>) -> Recorded {
        Recorded::new(&Data::open(recipe).unwrap(), offset).unwrap()
    }

    #[test]
    fn a_policy_goes_on_with_its_own_statistics_only() {
        let (first, second) =
            ("data:pendulum/random,steps=50,seed=1", "data:pendulum/random,steps=50,seed=2");
        let mut snapshot = Snapshot::new();
        recorded(first, Some(1e-3)).save(&mut snapshot).unwrap();
        recorded(first, Some(1e-3)).check(&snapshot).unwrap();
        for other in [recorded(second, Some(1e-3)), recorded(first, None)] {
            let error = other.check(&snapshot).unwrap_err().to_string();
            assert!(error.contains("give the data that the run was trained on"), "{error}");
        }
    }
}
