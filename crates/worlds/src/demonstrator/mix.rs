//! An expert's actions, another script's and random ones, mixed by episode and by step.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::actor::Sight;
use super::{Actor, Demonstrator, Move, Seen};
use crate::noise::normal;
use crate::spec::{ActionSpace, Actions, Observations};

/// Per episode the expert, with probability `share`, or the other actor; where there is none,
/// uniformly random actions.
pub(super) struct Mix {
    space: ActionSpace,
    sight: Arc<Sight>,
    expert: Option<Box<dyn Actor>>,
    other: Option<Box<dyn Actor>>,
    share: f64,
    /// Deviation of the noise on the expert's actions, or on the other's where there is no expert.
    noise: f64,
    /// Between which an episode's skill is drawn.
    skill: [f64; 2],
    rows: Vec<Part>,
}

/// Who acts in a row's episode.
#[derive(Clone, Copy, Debug)]
struct Part {
    expert: bool,
    skill: f64,
}

impl Mix {
    /// For `rows` rows.
    pub(super) fn new(
        space: ActionSpace,
        sight: Sight,
        expert: Option<Box<dyn Actor>>,
        other: Option<Box<dyn Actor>>,
        [share, noise]: [f64; 2],
        skill: [f64; 2],
        rows: usize,
    ) -> Self {
        let rows = vec![Part { expert: share > 0.0, skill: skill[0] }; rows];
        let sight = Arc::new(sight);
        Self { space, sight, expert, other, share, noise, skill, rows }
    }

    /// What the row's script does, unless a random action takes its place.
    fn scripted(&mut self, row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) -> Option<Move> {
        let Part { expert, skill } = self.rows[row];
        if expert && random.random::<f64>() >= skill {
            return None;
        }
        let actor = if expert { &mut self.expert } else { &mut self.other };
        actor.as_mut().map(|actor| actor.act(row, seen, random))
    }

    /// The script's numbers with noise, or uniform ones, in the box.
    fn continuous(&self, row: usize, scripted: Option<Move>, random: &mut ChaCha8Rng, out: &mut [f32]) {
        let ActionSpace::Box { low, high } = &self.space else { return };
        let deviation = if self.rows[row].expert == self.expert.is_some() { self.noise } else { 0.0 };
        for (index, value) in out.iter_mut().enumerate() {
            let (low, high) = (low[index], high[index]);
            *value = match scripted {
                Some(Move::Vector(numbers)) => {
                    let noise = if deviation > 0.0 { deviation * normal(random) } else { 0.0 };
                    let number = numbers[index.min(1)] + noise * f64::from(high - low) / 2.0;
                    (number as f32).clamp(low, high)
                }
                _ => random.random_range(low..=high),
            };
        }
    }
}

impl Demonstrator for Mix {
    fn begin(&mut self, rows: &[usize], observations: &Observations, random: &mut ChaCha8Rng) {
        let [low, high] = self.skill;
        for &row in rows {
            let expert = self.share > 0.0 && random.random::<f64>() < self.share;
            let skill = if low < high { random.random_range(low..=high) } else { low };
            self.rows[row] = Part { expert, skill };
            let seen = Seen::new(&self.sight, observations, row);
            let actor = if expert { &mut self.expert } else { &mut self.other };
            if let Some(actor) = actor {
                actor.begin(row, &seen, random);
            }
        }
    }

    fn act(&mut self, observations: &Observations, random: &mut ChaCha8Rng, actions: &mut Actions) {
        fit(&self.space, self.rows.len(), actions);
        let sight = Arc::clone(&self.sight);
        for row in 0..self.rows.len() {
            let seen = Seen::new(&sight, observations, row);
            let scripted = self.scripted(row, &seen, random);
            match (&mut *actions, &self.space) {
                (Actions::Discrete(values), ActionSpace::Discrete { count }) => {
                    values[row] = match scripted {
                        Some(Move::Index(index)) => index,
                        _ => random.random_range(0..*count as u32),
                    };
                }
                (Actions::Continuous(values), ActionSpace::Box { low, .. }) => {
                    let size = low.len();
                    self.continuous(row, scripted, random, &mut values[row * size..][..size]);
                }
                // The actions were made from the space.
                _ => {}
            }
        }
    }
}

/// Replaces buffers of another kind or size than `rows` rows of the space need.
pub(super) fn fit(space: &ActionSpace, rows: usize, actions: &mut Actions) {
    let fits = match (&*actions, space) {
        (Actions::Discrete(values), ActionSpace::Discrete { .. }) => values.len() == rows,
        (Actions::Continuous(values), ActionSpace::Box { low, .. }) => values.len() == rows * low.len(),
        _ => false,
    };
    if !fits {
        *actions = Actions::zeros(space, rows);
    }
}
