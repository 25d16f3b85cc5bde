//! Recorded episodes as windows of scaled states with what they are conditioned on.

use learn::returns::ReturnToGo;
use memory::{
    Scaling,
    dataset::{ActionColumn, Dataset, Episode, FieldColumn},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Result, Run, RunError, data::Data};
use worlds::{ActionSpace, Actions, Array, Observations, Role};

use super::config::{ConditionOn, DecisionDiffuserConfig, ReturnsConfig};

/// Share of the range of training returns by which a target may lie outside without a warning.
const TOLERATED: f64 = 0.2;

/// What is wanted, and the weight w of its score.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub values: Vec<f32>,
    /// Below 0 for what is not wanted.
    pub weight: f64,
}

/// Which fields a state is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StateFields {
    fields: Vec<usize>,
    /// Numbers of a state.
    pub width: usize,
}

impl StateFields {
    /// The input, and the goal where it is not the same everywhere.
    fn of(set: &Dataset) -> Self {
        let fields = &set.spec().fields;
        let matters = |index: &usize| *index == 0 || fields[*index].role == Role::Goal && varies(set, *index);
        let chosen: Vec<usize> = (0..fields.len()).filter(matters).collect();
        let width = chosen.iter().map(|index| fields[*index].layout.size()).sum();
        Self { fields: chosen, width }
    }

    /// The states of all rows of arrays, one array per field.
    fn join<'a>(&self, rows: usize, array: impl Fn(usize) -> Option<&'a [f32]>) -> Result<Vec<f32>> {
        let mut states = vec![0.0; rows * self.width];
        let mut offset = 0;
        for &field in &self.fields {
            let values = array(field).ok_or_else(|| {
                RunError::Task(
                    "`decision-diffuser` needs vector observations, but these are images".to_owned(),
                )
            })?;
            let size = values.len().checked_div(rows).unwrap_or(0);
            if offset + size > self.width {
                break;
            }
            for (state, part) in states.chunks_exact_mut(self.width).zip(values.chunks_exact(size.max(1))) {
                state[offset..offset + size].copy_from_slice(part);
            }
            offset += size;
        }
        match offset == self.width {
            true => Ok(states),
            false => Err(RunError::Task(format!(
                "states of the data have {} numbers, but the world gives {offset}",
                self.width
            ))),
        }
    }

    /// The states that are observed.
    pub(super) fn observed(&self, observations: &Observations) -> Result<Vec<f32>> {
        self.join(observations.rows, |field| match observations.fields.get(field) {
            Some(Array::Float(values)) => Some(values.as_slice()),
            _ => None,
        })
    }
}

fn varies(set: &Dataset, field: usize) -> bool {
    let size = set.spec().fields[field].layout.size().max(1);
    match set.field(field) {
        FieldColumn::Floats(values) => values.chunks_exact(size).any(|row| row != &values[..size]),
        FieldColumn::Bytes(_) => false,
    }
}

/// A step of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    episode: usize,
    step: usize,
}

/// Places to draw from: the first so many steps of every episode.
struct Places {
    /// How many the episodes before each one have; then how many there are.
    before: Vec<usize>,
}

impl Places {
    fn new(episodes: &[Episode], of: impl Fn(&Episode) -> usize) -> Self {
        let mut before = vec![0];
        before.extend(episodes.iter().scan(0, |sum, episode| {
            *sum += of(episode);
            Some(*sum)
        }));
        Self { before }
    }

    fn draw(&self, random: &mut ChaCha8Rng) -> Place {
        let number = random.random_range(0..self.before[self.before.len() - 1]);
        let episode = self.before.partition_point(|before| *before <= number) - 1;
        Place { episode, step: number - self.before[episode] }
    }
}

/// Scaled states, actions as vectors, and a condition for every step.
pub(super) struct Paths {
    pub fields: StateFields,
    pub scaling: Scaling,
    /// Numbers of an action vector; 0 where actions are unknown or not needed.
    pub action: usize,
    /// Numbers of a condition.
    pub condition: usize,
    /// Known labels, rising.
    labels: Vec<i64>,
    episodes: Vec<Episode>,
    states: Vec<f32>,
    actions: Vec<f32>,
    conditions: Vec<f32>,
    /// Where plans may begin, and all steps.
    starts: Places,
    steps: Places,
    drawn: Vec<Place>,
}

impl Paths {
    /// Reads a data set.
    ///
    /// # Errors
    /// It lacks what plans are to be conditioned on, or has episodes of fewer than two steps.
    pub(super) fn new(config: &DecisionDiffuserConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let set = &data.set;
        if let Some(index) = set.episodes().iter().position(|episode| episode.length < 2) {
            return Err(RunError::Task(format!(
                "episode {index} of data `{}` has fewer than 2 steps, so that no action can be read off two \
                 states of a plan: leave such episodes out",
                data.name
            )));
        }
        let fields = StateFields::of(set);
        let rows = set.steps() + set.episodes().len();
        let mut states = fields.join(rows, |field| match set.field(field) {
            FieldColumn::Floats(values) => Some(&**values),
            FieldColumn::Bytes(_) => None,
        })?;
        let scaling = Scaling::of(config.scale, fields.width, &states)?;
        scaling.normalise(&mut states)?;
        let (action, actions) = vectors(set);
        let (mut labels, mut conditions, mut condition) = (Vec::new(), Vec::new(), 0);
        match config.condition {
            ConditionOn::Returns => {
                conditions = returns(&config.returns, data, run)?;
                condition = 1;
            }
            ConditionOn::Label => {
                (labels, conditions) = one_hot(&config.labels.column, data)?;
                condition = labels.len();
            }
            ConditionOn::Nothing => {}
        }
        // A recording that was cut says nothing of what came after, unlike a terminal state: plans are
        // read beyond the end of the one only where it is shorter than a plan.
        let starts = |episode: &Episode| match episode.terminated && config.pad {
            true => episode.length,
            false => (episode.length + 2).saturating_sub(config.horizon).max(1),
        };
        Ok(Self {
            fields,
            scaling,
            action,
            condition,
            labels,
            starts: Places::new(set.episodes(), starts),
            steps: Places::new(set.episodes(), |episode| episode.length),
            episodes: set.episodes().to_vec(),
            states,
            actions,
            conditions,
            drawn: Vec::new(),
        })
    }

    /// Draws where the next windows begin, uniformly over the places where plans may.
    pub(super) fn draw(&mut self, count: usize, random: &mut ChaCha8Rng) {
        self.drawn = (0..count).map(|_| self.starts.draw(random)).collect();
    }

    /// Draws where the next windows begin, uniformly over all steps.
    pub(super) fn draw_steps(&mut self, count: usize, random: &mut ChaCha8Rng) {
        self.drawn = (0..count).map(|_| self.steps.draw(random)).collect();
    }

    /// States of the windows of `rows` rows that begin `before` steps before the places drawn,
    /// `[B, rows, width]`. Beyond its ends an episode's first and last states are repeated.
    pub(super) fn states(&self, before: usize, rows: usize) -> Vec<f32> {
        let width = self.fields.width;
        self.window(rows, |episode, step| {
            let row = episode.observation + step.saturating_sub(before).min(episode.length);
            &self.states[row * width..(row + 1) * width]
        })
    }

    /// Actions of the windows of `rows` rows that begin at the places drawn, `[B, rows, action]`;
    /// beyond the end the last one is repeated.
    pub(super) fn actions(&self, rows: usize) -> Vec<f32> {
        self.window(rows, |episode, step| {
            let row = episode.step + step.min(episode.length - 1);
            &self.actions[row * self.action..(row + 1) * self.action]
        })
    }

    /// Conditions of the places drawn, `[B, condition]`.
    pub(super) fn conditions(&self) -> Vec<f32> {
        self.window(1, |episode, step| {
            let row = episode.step + step;
            &self.conditions[row * self.condition..(row + 1) * self.condition]
        })
    }

    /// Steps of the places drawn within their episodes.
    pub(super) fn drawn_steps(&self) -> impl Iterator<Item = usize> + '_ {
        self.drawn.iter().map(|place| place.step)
    }

    /// First states of `count` episodes drawn uniformly, `[count, width]`.
    pub(super) fn first_states(&self, count: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        let width = self.fields.width;
        let first = |_| self.episodes[random.random_range(0..self.episodes.len())].observation;
        let rows: Vec<usize> = (0..count).map(first).collect();
        rows.iter().flat_map(|row| self.states[row * width..(row + 1) * width].iter().copied()).collect()
    }

    fn window<'a>(&'a self, rows: usize, of: impl Fn(&'a Episode, usize) -> &'a [f32]) -> Vec<f32> {
        let mut values = Vec::new();
        for place in &self.drawn {
            let episode = &self.episodes[place.episode];
            (place.step..place.step + rows).for_each(|step| values.extend_from_slice(of(episode, step)));
        }
        values
    }

    /// The conditions that are wanted when acting.
    ///
    /// # Errors
    /// A label that is asked for is not in the data; the sentence lists those that are.
    pub(super) fn wanted(&self, config: &DecisionDiffuserConfig) -> Result<Vec<Condition>> {
        let weight = config.sampling.guidance;
        match config.condition {
            ConditionOn::Nothing => Ok(Vec::new()),
            ConditionOn::Returns => {
                Ok(vec![Condition { values: vec![config.returns.target as f32], weight }])
            }
            ConditionOn::Label => {
                config.labels.ask.iter().map(|text| self.label(text, weight)).collect::<Result<_>>()
            }
        }
    }

    fn label(&self, text: &str, weight: f64) -> Result<Condition> {
        let (name, sign) = match text.strip_prefix("not ") {
            Some(name) => (name, -1.0),
            None => (text, 1.0),
        };
        let index = name.trim().parse().ok().and_then(|label: i64| self.labels.binary_search(&label).ok());
        let Some(index) = index else {
            let known: Vec<String> = self.labels.iter().map(i64::to_string).collect();
            return Err(RunError::Config(format!(
                "`labels.ask` names `{text}`, which is not among the labels of the data: {}",
                known.join(", ")
            )));
        };
        let mut values = vec![0.0; self.condition];
        values[index] = 1.0;
        Ok(Condition { values, weight: sign * weight })
    }
}

/// All of them as one: the sum of what is wanted, what is not wanted subtracted.
pub(super) fn summed(conditions: &[Condition], weight: f64) -> Vec<Condition> {
    let Some(first) = conditions.first() else { return Vec::new() };
    let mut values = vec![0.0; first.values.len()];
    for one in conditions {
        let sign = if one.weight < 0.0 { -1.0 } else { 1.0 };
        values.iter_mut().zip(&one.values).for_each(|(sum, value)| *sum += sign * value);
    }
    vec![Condition { values, weight }]
}

/// Width of the action vectors, and those of all steps: in [-1, 1], or one-hot.
fn vectors(set: &Dataset) -> (usize, Vec<f32>) {
    match (set.actions(), &set.spec().action) {
        (Some(ActionColumn::Discrete(indices)), Some(ActionSpace::Discrete { count })) => {
            let mut values = vec![0.0; indices.len() * count];
            for (row, &index) in values.chunks_exact_mut(*count).zip(indices.iter()) {
                row[index as usize] = 1.0;
            }
            (*count, values)
        }
        (Some(ActionColumn::Continuous(values)), Some(space @ ActionSpace::Box { low, .. })) => {
            let mut scaled = Actions::Continuous(values.to_vec());
            ActionScale::new(space).to_policy(&mut scaled);
            match scaled {
                Actions::Continuous(values) => (low.len(), values),
                Actions::Discrete(_) => (0, Vec::new()),
            }
        }
        _ => (0, Vec::new()),
    }
}

/// The return from every step on, as a condition.
fn returns(config: &ReturnsConfig, data: &Data, run: &mut Run) -> Result<Vec<f32>> {
    let set = &data.set;
    let channels = set.spec().rewards.len();
    if channels == 0 {
        return Err(RunError::Task(format!(
            "data `{}` has no rewards, so that plans cannot be conditioned on returns: give constraint or skill \
             labels with `condition=label`, or plan without a condition with `condition=nothing`",
            data.name
        )));
    }
    let mut rewards: Vec<f32> = set.reward().iter().copied().step_by(channels).collect();
    let all = |rule: ReturnToGo, rewards: &[f32]| -> Vec<f32> {
        let of = |episode: &Episode| {
            rule.of(&rewards[episode.step..episode.step + episode.length], episode.terminated)
        };
        set.episodes().iter().flat_map(of).collect()
    };
    let plain = ReturnToGo { discount: config.discount, terminal: config.terminal, ..ReturnToGo::new(1.0) };
    let mut scale = config.divisor;
    if scale == 0.0 {
        let least = rewards.iter().copied().fold(0.0, f32::min);
        rewards.iter_mut().for_each(|reward| *reward -= least);
        let largest = f64::from(all(plain, &rewards).into_iter().fold(f32::MIN, f32::max));
        scale = if largest > 0.0 { largest } else { 1.0 };
    }
    let clip = Some((f64::NEG_INFINITY, config.clip));
    let returns = all(ReturnToGo { scale, clip, ..plain }, &rewards);
    let least = f64::from(returns.iter().copied().fold(f32::INFINITY, f32::min));
    let most = f64::from(returns.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    if let Some(warning) = far_outside(config.target, least, most) {
        run.note(warning);
    }
    Ok(returns)
}

/// A warning where a target lies outside the returns of the data by more than a fifth of their range.
pub(super) fn far_outside(target: f64, least: f64, most: f64) -> Option<String> {
    let beyond = TOLERATED * (most - least);
    (target > most + beyond || target < least - beyond).then(|| {
        format!(
            "`returns.target` is {target}, far outside the returns that the network is trained on, {least:.3} to \
             {most:.3}: plans for it will hardly make sense"
        )
    })
}

/// The labels of the data, and that of every step as a one-hot vector.
fn one_hot(column: &str, data: &Data) -> Result<(Vec<i64>, Vec<f32>)> {
    let set = &data.set;
    let found = set.extra_named(column).filter(|index| set.spec().extra[*index].width == 1);
    let Some(index) = found else {
        let names: Vec<&str> = set.spec().extra.iter().map(|column| column.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(RunError::Task(format!(
            "data `{}` has no column `{column}` of one number per step; its extra columns are: {names}",
            data.name
        )));
    };
    let values: Vec<i64> = set.extra(index).iter().map(|value| value.round() as i64).collect();
    let mut labels = values.clone();
    labels.sort_unstable();
    labels.dedup();
    let mut conditions = vec![0.0; values.len() * labels.len()];
    for (row, value) in conditions.chunks_exact_mut(labels.len()).zip(&values) {
        if let Ok(index) = labels.binary_search(value) {
            row[index] = 1.0;
        }
    }
    Ok((labels, conditions))
}
