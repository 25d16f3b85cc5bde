//! A walk on whole numbers towards a goal, as a replay and as a data set.
#![allow(dead_code)]

use memory::dataset::{Builder, DataSpec, Dataset};
use memory::{Column, Position, Replay, ReplayConfig};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use worlds::{ActionSpace, Actions, Array, Field, GoalSpace, Layout, Observations, Outcome, Role, Spec};

/// Beyond this the walker falls, which ends the episode whatever the goal is.
const EDGE: i32 = 4;

pub struct Episode {
    /// Where the walker was, one more than steps.
    pub places: Vec<i32>,
    pub goal: i32,
    pub actions: Vec<u32>,
    pub rewards: Vec<[f32; 2]>,
    pub terminated: bool,
}

impl Episode {
    pub fn length(&self) -> usize {
        self.actions.len()
    }
}

pub fn goal_space() -> GoalSpace {
    GoalSpace { achieved: vec![1], radius: 0.5 }
}

pub fn spec(goal: bool) -> Spec {
    let field = |name: &str, role, size| Field { name: name.into(), role, layout: Layout::Vector { size } };
    let mut fields = vec![field("input", Role::Input, 2), field("truth", Role::Truth, 1)];
    if goal {
        fields.push(field("goal", Role::Goal, 1));
    }
    Spec {
        name: "walk".into(),
        summary: "A walk on whole numbers.".into(),
        fields,
        action: ActionSpace::Discrete { count: 3 },
        rewards: vec!["reward".into(), "bonus".into()],
        horizon: None,
        reference: None,
    }
}

/// Episodes of at most `longest` steps, which end at their goal, by a fall, or are cut.
pub fn episodes(count: usize, longest: usize, seed: u64) -> Vec<Episode> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| episode(longest, &mut random)).collect()
}

fn episode(longest: usize, random: &mut ChaCha8Rng) -> Episode {
    let goal = random.random_range(-3..=3);
    let mut all = Episode { places: vec![0], goal, actions: vec![], rewards: vec![], terminated: false };
    for _ in 0..random.random_range(1..=longest) {
        let action = random.random_range(0..3_u32);
        let place = all.places[all.places.len() - 1] + action as i32 - 1;
        all.places.push(place);
        all.actions.push(action);
        all.rewards.push([f32::from(u8::from(place == goal)), random.random_range(-3..4) as f32]);
        if place == goal || place.abs() > EDGE {
            all.terminated = true;
            break;
        }
    }
    all
}

fn seen(episode: usize, of: &Episode, step: usize, goal: bool) -> Observations {
    let place = of.places[step] as f32;
    let mut fields = vec![Array::Float(vec![episode as f32, place]), Array::Float(vec![step as f32])];
    if goal {
        fields.push(Array::Float(vec![of.goal as f32]));
    }
    Observations { rows: 1, fields }
}

/// The episodes one after the other in a replay of one row that keeps all fields.
pub fn replay(episodes: &[Episode], goal: bool) -> Replay {
    let spec = spec(goal);
    let capacity = episodes.iter().map(|episode| episode.length() + 1).sum::<usize>().max(2);
    let mut config = ReplayConfig::new(&spec, 1, capacity);
    config.fields = (0..spec.fields.len()).collect();
    config.extra = vec![Column { name: "step".into(), width: 1 }];
    let mut replay = Replay::new(config).unwrap();
    for (number, episode) in episodes.iter().enumerate() {
        for step in 0..=episode.length() {
            let mut outcome = Outcome::new(&spec, 1);
            let last = step + 1 == episode.length();
            outcome.reset[0] = step == episode.length();
            if !outcome.reset[0] {
                outcome.reward.copy_from_slice(&episode.rewards[step]);
                outcome.terminated[0] = last && episode.terminated;
                outcome.truncated[0] = last && !episode.terminated;
            }
            let action = episode.actions.get(step).copied().unwrap_or(0);
            let observations = seen(number, episode, step, goal);
            replay
                .push(&observations, &Actions::Discrete(vec![action]), &outcome, &[&[step as f32]])
                .unwrap();
        }
    }
    replay
}

/// The episodes as a data set.
pub fn data(episodes: &[Episode], goal: bool) -> Dataset {
    let Spec { fields, action, rewards, .. } = spec(goal);
    let mut builder = Builder::new(DataSpec {
        world: None,
        fields,
        action: Some(action),
        rewards,
        extra: vec![Column { name: "step".into(), width: 1 }],
        horizon: None,
        policy: "walk".into(),
        seed: None,
    })
    .unwrap();
    for (number, episode) in episodes.iter().enumerate() {
        builder.begin(&seen(number, episode, 0, goal), 0);
        for step in 0..episode.length() {
            let action = Actions::Discrete(vec![episode.actions[step]]);
            let next = seen(number, episode, step + 1, goal);
            builder.step(&action, &episode.rewards[step], &[step as f32], &next, 0).unwrap();
        }
        builder.end(episode.terminated);
    }
    builder.finish().unwrap()
}

/// Episode and step of positions in [`replay`].
pub fn in_replay(episodes: &[Episode]) -> impl Fn(Position) -> (usize, usize) + use<> {
    let mut starts = vec![0];
    for episode in episodes {
        starts.push(starts[starts.len() - 1] + episode.length() + 1);
    }
    move |position| {
        let step = position.step() as usize;
        let episode = starts.partition_point(|&start| start <= step) - 1;
        (episode, step - starts[episode])
    }
}

/// Episode and step of positions in [`data`].
pub fn in_data(position: Position) -> (usize, usize) {
    (position.row(), position.step() as usize)
}
