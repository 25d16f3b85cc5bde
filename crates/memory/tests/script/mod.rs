//! A scripted vector world with next-step autoreset that remembers everything it did.
#![allow(dead_code)]

use std::collections::VecDeque;

use memory::{Column, MemoryError, Prioritised, Replay, ReplayConfig};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Outcome, Role, Spec};

pub const PIXELS: usize = 6;
pub const CHANNELS: usize = 2;

/// One call of a row, as the world knew it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub episode: u32,
    pub observation: Vec<f32>,
    pub action: Vec<f32>,
    pub reward: [f32; 2],
    pub terminated: bool,
    pub ended: bool,
    pub boundary: bool,
    pub extra: Vec<f32>,
}

struct Row {
    episode: u32,
    age: u32,
    length: u32,
    ends: bool,
    stack: VecDeque<Vec<u8>>,
    over: bool,
}

/// The world: images of `frames` stacked frames, or vectors where `frames` is 0.
pub struct Script {
    pub spec: Spec,
    pub frames: usize,
    pub log: Vec<Vec<Entry>>,
    longest: u32,
    rows: Vec<Row>,
    random: ChaCha8Rng,
}

pub fn spec(frames: usize, discrete: bool) -> Spec {
    let layout = if frames == 0 {
        Layout::Vector { size: 3 }
    } else {
        let channels = frames * CHANNELS;
        Layout::Image { height: 2, width: PIXELS / 2, channels, frames, scale: 1.0 }
    };
    let action = if discrete {
        ActionSpace::Discrete { count: 5 }
    } else {
        ActionSpace::Box { low: vec![-1.0; 2], high: vec![1.0; 2] }
    };
    let field = |name: &str, role, layout| Field { name: name.into(), role, layout };
    Spec {
        name: "script".into(),
        summary: "Scripted episodes.".into(),
        fields: vec![
            field("input", Role::Input, layout),
            field("truth", Role::Truth, Layout::Vector { size: 2 }),
        ],
        action,
        rewards: vec!["reward".into(), "bonus".into()],
        horizon: None,
        reference: None,
    }
}

pub fn config(spec: &Spec, rows: usize, length: usize) -> ReplayConfig {
    let mut config = ReplayConfig::new(spec, rows, rows * length);
    config.fields = vec![0, 1];
    config.extra = vec![Column { name: "logits".into(), width: 2 }];
    config
}

impl Script {
    pub fn new(frames: usize, discrete: bool, rows: usize, longest: u32, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let rows = (0..rows).map(|_| Row {
            episode: 0,
            age: 0,
            length: random.random_range(1..=longest),
            ends: random.random(),
            stack: VecDeque::new(),
            over: false,
        });
        let rows: Vec<Row> = rows.collect();
        let log = vec![Vec::new(); rows.len()];
        let mut script = Self { spec: spec(frames, discrete), frames, log, longest, rows, random };
        (0..script.rows.len()).for_each(|row| script.look(row));
        script
    }

    /// Appends the newest frame to the row's stack, filling it at an episode's start.
    fn look(&mut self, row: usize) {
        let state = &mut self.rows[row];
        if state.age == 0 {
            state.stack.clear();
        }
        let tag = (row as u32 * 50 + state.episode * 7 + state.age * 3) as usize;
        let frame: Vec<u8> = (0..PIXELS * CHANNELS).map(|place| (tag + place * 41) as u8).collect();
        let missing = self.frames.saturating_sub(state.stack.len()).max(1);
        (0..missing).for_each(|_| state.stack.push_back(frame.clone()));
        while state.stack.len() > self.frames {
            state.stack.pop_front();
        }
    }

    fn observation(&self, row: usize) -> Vec<f32> {
        let state = &self.rows[row];
        if self.frames == 0 {
            return vec![row as f32, state.episode as f32, state.age as f32];
        }
        let mut values = Vec::new();
        for pixel in 0..PIXELS {
            for frame in &state.stack {
                let frame = &frame[pixel * CHANNELS..][..CHANNELS];
                values.extend(frame.iter().map(|&value| f32::from(value)));
            }
        }
        values
    }

    /// What all rows see.
    fn observations(&self) -> Observations {
        let rows = self.rows.len();
        let seen: Vec<f32> = (0..rows).flat_map(|row| self.observation(row)).collect();
        let input = match self.frames {
            0 => Array::Float(seen),
            _ => Array::Byte(seen.iter().map(|&value| value as u8).collect()),
        };
        let truth = self.rows.iter().flat_map(|row| [row.episode as f32, row.age as f32]);
        Observations { rows, fields: vec![input, Array::Float(truth.collect())] }
    }

    /// One call of the world, given to `push` as a replay wants it.
    pub fn step(
        &mut self,
        push: impl FnOnce(&Observations, &Actions, &Outcome, &[&[f32]]) -> Result<(), MemoryError>,
    ) {
        let rows = self.rows.len();
        let mut outcome = Outcome::new(&self.spec, rows);
        let observations = self.observations();
        let mut extras = Vec::new();
        let (mut indices, mut vectors) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let observation = self.observation(row);
            let index = self.random.random_range(0..5u32);
            let vector = [self.random.random::<f32>(), self.random.random::<f32>()];
            let extra = vec![self.random.random::<f32>(), index as f32];
            let state = &mut self.rows[row];
            let boundary = state.over;
            let episode = state.episode;
            let mut reward = [0.0; 2];
            if boundary {
                state.episode += 1;
                state.age = 0;
                state.over = false;
                state.length = self.random.random_range(1..=self.longest);
                state.ends = self.random.random();
            } else {
                state.age += 1;
                state.over = state.age == state.length;
                reward = [self.random.random_range(-4..5) as f32, self.random.random()];
            }
            outcome.reset[row] = boundary;
            outcome.terminated[row] = state.over && state.ends;
            outcome.truncated[row] = state.over && !state.ends;
            outcome.reward[2 * row..2 * row + 2].copy_from_slice(&reward);
            let discrete = matches!(self.spec.action, ActionSpace::Discrete { .. });
            self.log[row].push(Entry {
                episode,
                observation,
                action: if discrete { vec![index as f32] } else { vector.to_vec() },
                reward,
                terminated: outcome.terminated[row],
                ended: state.over,
                boundary,
                extra: extra.clone(),
            });
            indices.push(index);
            vectors.extend(vector);
            extras.extend(extra);
            self.look(row);
        }
        outcome.observations = self.observations();
        let actions = match self.spec.action {
            ActionSpace::Discrete { .. } => Actions::Discrete(indices),
            ActionSpace::Box { .. } => Actions::Continuous(vectors),
        };
        push(&observations, &actions, &outcome, &[&extras]).expect("a scripted push is in order");
    }

    pub fn fill(&mut self, replay: &mut Replay, steps: usize) {
        for _ in 0..steps {
            self.step(|seen, actions, outcome, extra| replay.push(seen, actions, outcome, extra));
        }
    }

    pub fn fill_prioritised(&mut self, replay: &mut Prioritised, steps: usize) {
        for _ in 0..steps {
            self.step(|seen, actions, outcome, extra| replay.push(seen, actions, outcome, extra));
        }
    }
}

/// Numbers of an array, whatever its kind.
pub fn numbers(array: &Array) -> Vec<f32> {
    match array {
        Array::Float(values) => values.clone(),
        Array::Byte(values) => values.iter().map(|&value| f32::from(value)).collect(),
    }
}

/// Numbers of actions, whatever their kind.
pub fn action_numbers(actions: &Actions) -> Vec<f32> {
    match actions {
        Actions::Discrete(values) => values.iter().map(|&value| value as f32).collect(),
        Actions::Continuous(values) => values.clone(),
    }
}
