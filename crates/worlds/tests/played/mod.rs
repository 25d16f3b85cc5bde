//! Episodes that a demonstrator plays.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use worlds::{Actions, Outcome, demonstrator, make};

/// One episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Sum of its rewards.
    pub total: f64,
    /// Its steps.
    pub length: usize,
    /// Whether it really ended.
    pub terminated: bool,
}

/// The first episode of each of `rows` rows.
pub fn play(world: &str, policy: &str, rows: usize, seed: u64) -> Vec<Episode> {
    let mut first: Vec<Option<Episode>> = vec![None; rows];
    let mut current = vec![Episode { total: 0.0, length: 0, terminated: false }; rows];
    walk(world, policy, rows, seed, |_, out| {
        for row in 0..rows {
            let episode = &mut current[row];
            episode.total += f64::from(out.reward[row]);
            episode.length += 1;
            episode.terminated = out.terminated[row];
            if out.ended(row) && first[row].is_none() {
                first[row] = Some(episode.clone());
            }
        }
        first.iter().all(Option::is_some)
    });
    first.into_iter().flatten().collect()
}

/// Shows every call's actions and outcome until `done` says so.
pub fn walk(
    world: &str,
    policy: &str,
    rows: usize,
    seed: u64,
    mut done: impl FnMut(&Actions, &Outcome) -> bool,
) {
    let mut worlds = make(world, rows, seed).unwrap();
    let mut demonstrator = demonstrator(world, policy, rows).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut out = Outcome::new(worlds.spec(), rows);
    let mut actions = Actions::Discrete(Vec::new());
    worlds.reset(&mut out);
    loop {
        let begun: Vec<usize> = (0..rows).filter(|&row| out.reset[row]).collect();
        demonstrator.begin(&begun, &out.observations, &mut random);
        demonstrator.act(&out.observations, &mut random, &mut actions);
        worlds.step(&actions, &mut out).unwrap();
        assert_eq!(worlds.clipped(), 0, "actions lie in the box");
        if done(&actions, &out) {
            return;
        }
    }
}

/// The mean of the episodes' returns.
pub fn mean(episodes: &[Episode]) -> f64 {
    episodes.iter().map(|episode| episode.total).sum::<f64>() / episodes.len() as f64
}

/// The share of episodes that really ended.
pub fn ended(episodes: &[Episode]) -> f64 {
    episodes.iter().filter(|episode| episode.terminated).count() as f64 / episodes.len() as f64
}
