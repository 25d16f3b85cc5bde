//! What offline methods are scored by beyond the return: the discounted return of every episode
//! and the observation it began with.

use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Protocol, Result, Run, Score, Scores, policy::Scope, scores};
use worlds::{Actions, Array, Observations, Outcome};

/// Complete episodes of an evaluation.
#[derive(Clone, Debug)]
pub struct Played {
    /// The first observation of every episode.
    pub starts: Observations,
    /// The discounted sum of every episode's rewards.
    pub discounted: Vec<f64>,
    /// The sum of the discounts over every episode's steps.
    pub weights: Vec<f64>,
}

/// Scores of a policy under a protocol with `eval/discounted`, the mean discounted return, and the
/// episodes themselves; nothing without a world.
///
/// # Errors
/// The world or the policy fails.
pub fn play(
    policy: Box<dyn Policy>,
    gamma: f64,
    protocol: &Protocol,
    run: &Run,
) -> Result<Option<(Scores, Played)>> {
    let Some(world) = &protocol.world else { return Ok(None) };
    let mut watched = Watched::new(policy, gamma, protocol.episodes, world.spec.rewards.len());
    let mut random = run.derived("eval", protocol.seed);
    let mut scores = scores::evaluate(&mut watched, world, protocol, &mut random)?;
    if let Some(score) = Score::of(&watched.played.discounted) {
        scores.insert("eval/discounted".to_owned(), score);
    }
    Ok(Some((scores, watched.played)))
}

/// The scores of [`play`] alone.
///
/// # Errors
/// The world or the policy fails.
pub fn evaluate(
    policy: Option<Box<dyn Policy>>,
    gamma: f64,
    protocol: &Protocol,
    run: &Run,
) -> Result<Scores> {
    let Some(policy) = policy else { return Ok(Scores::new()) };
    Ok(play(policy, gamma, protocol, run)?.map(|(scores, _)| scores).unwrap_or_default())
}

/// A copy of the world in its current episode.
#[derive(Clone, Default)]
struct Row {
    /// Episodes still to be counted.
    left: usize,
    /// The first observation, field by field, once it was seen.
    start: Option<Vec<Array>>,
    discounted: f64,
    weight: f64,
    discount: f64,
}

/// A policy that is watched while it plays.
struct Watched {
    policy: Box<dyn Policy>,
    gamma: f64,
    episodes: usize,
    channels: usize,
    rows: Vec<Row>,
    played: Played,
}

impl Watched {
    fn new(policy: Box<dyn Policy>, gamma: f64, episodes: usize, channels: usize) -> Self {
        let starts = Observations { rows: 0, fields: Vec::new() };
        let played = Played { starts, discounted: Vec::new(), weights: Vec::new() };
        Self { policy, gamma, episodes, channels, rows: Vec::new(), played }
    }

    fn finish(&mut self, row: usize) {
        let row = &mut self.rows[row];
        let Some(start) = row.start.take().filter(|_| row.left > 0) else { return };
        row.left -= 1;
        let starts = &mut self.played.starts;
        starts.rows += 1;
        match starts.fields.is_empty() {
            true => starts.fields = start,
            false => starts.fields.iter_mut().zip(&start).for_each(|(all, one)| append(all, one)),
        }
        self.played.discounted.push(row.discounted);
        self.played.weights.push(row.weight);
    }
}

impl Policy for Watched {
    fn begin(&mut self, scope: Scope, rows: &[usize]) {
        self.policy.begin(scope, rows);
        match scope {
            // Every copy has a fixed share of the episodes, as in the evaluation itself.
            Scope::Lifetime => {
                let count = rows.len().max(1);
                let share = |row| self.episodes / count + usize::from(row < self.episodes % count);
                self.rows = (0..count).map(|row| Row { left: share(row), ..Row::default() }).collect();
            }
            Scope::Episode => {
                for &row in rows {
                    self.rows[row] = Row { left: self.rows[row].left, discount: 1.0, ..Row::default() };
                }
            }
        }
    }

    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        for (index, row) in self.rows.iter_mut().enumerate() {
            if row.start.is_none() {
                row.start = Some(
                    observations.fields.iter().map(|field| of_row(field, index, observations.rows)).collect(),
                );
            }
        }
        self.policy.act(observations, mode, random)
    }

    fn observe(&mut self, outcome: &Outcome) {
        self.policy.observe(outcome);
        for index in 0..self.rows.len() {
            if outcome.reset[index] {
                continue;
            }
            let row = &mut self.rows[index];
            row.discounted += row.discount * f64::from(outcome.reward[index * self.channels]);
            row.weight += row.discount;
            row.discount *= self.gamma;
            if outcome.ended(index) {
                self.finish(index);
            }
        }
    }

    fn export(&self) -> Result<Exported> {
        self.policy.export()
    }
}

/// One row of a field.
fn of_row(field: &Array, row: usize, rows: usize) -> Array {
    let size = field.len() / rows.max(1);
    match field {
        Array::Float(values) => Array::Float(values[row * size..][..size].to_vec()),
        Array::Byte(values) => Array::Byte(values[row * size..][..size].to_vec()),
    }
}

fn append(all: &mut Array, one: &Array) {
    match (all, one) {
        (Array::Float(all), Array::Float(one)) => all.extend_from_slice(one),
        (Array::Byte(all), Array::Byte(one)) => all.extend_from_slice(one),
        _ => {}
    }
}
