//! Random Markov decision processes, drawn by the world's seed.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::world::{OBS, read_discount};
use super::{Definition, Model, Scene, Table, Transition};
use crate::name::help;
use crate::noise::dirichlet;
use crate::{OptionHelp, Options, WorldError, seed};

/// Concentration of the rows of the `dirichlet` kind.
const CONCENTRATION: f64 = 0.3;

/// A random process of one of three kinds.
///
/// - `garnet` (Archibald, McKinnon and Thomas, *On the Generation of Markov Decision Processes*,
///   1995): every pair leads to `branching` distinct states with the probabilities that
///   `branching - 1` uniform cuts of [0, 1] leave, and pays a constant from U(-1, 1). Begins
///   anywhere, never ends, truncated after 100 steps.
/// - `dirichlet`: rows from Dirichlet(0.3), episodes of `horizon` steps that begin in state 0. Two
///   pairs of state and step (after the first) pay, whatever the action, and pay the same, such that
///   the optimal value without discount is 1. The step is part of the state: index
///   `step * states + state`, with the same transition kernel in every step.
/// - `permutation-mix`: one action, whose transition matrix is a random convex mixture (weights from
///   Dirichlet(1)) of three or four random permutation matrices, so that the uniform distribution
///   is stationary; with `symmetric=true` the mean of it and its transpose. Pays nothing, begins
///   anywhere, never ends, truncated after 100 steps.
#[derive(Clone, Copy, Debug)]
pub struct RandomMdp;

/// The options' values; what is not given depends on the kind.
struct Settings {
    states: usize,
    actions: usize,
    horizon: usize,
}

impl Definition for RandomMdp {
    const NAME: &'static str = "random-mdp";
    const SUMMARY: &'static str = "random Markov decision process with an exact solution";
    const OPTIONS: &'static [OptionHelp] = &[
        OBS,
        help("kind", "garnet", "garnet, dirichlet or permutation-mix"),
        help("states", "30", "number of states, 1 to 1000 (dirichlet: 8, permutation-mix: 12)"),
        help("actions", "4", "number of actions, 1 to 100 (permutation-mix: always 1)"),
        help("branching", "3", "states that may follow a pair (garnet only)"),
        help("symmetric", "false", "true: a symmetric matrix (permutation-mix only)"),
        help("horizon", "100", "steps of an episode, 1 to 10000 (dirichlet: 5, 2 to 100)"),
        help("world_seed", "0", "seed of the process"),
        help("discount", "0.9", "the table's discount, 0 to 0.9999"),
    ];

    fn define(options: &Options) -> Result<(Table, Scene), WorldError> {
        let kind = options.choice("kind", "garnet", &["garnet", "dirichlet", "permutation-mix"])?;
        let settings = read(options, &kind)?;
        let discount = read_discount(options, 0.9)?;
        let branching = options.usize("branching", settings.states.min(3), 1..=1_000)?;
        let symmetric = options.boolean("symmetric", false)?;
        if branching > settings.states {
            return Err(WorldError::Invalid(format!(
                "`branching` of random-mdp must be at most its {} states, not {branching}",
                settings.states
            )));
        }
        let mut random = seed::stream(options.world_seed()?, "world", 0);
        let model = match kind.as_str() {
            "garnet" => garnet(&settings, branching, &mut random),
            "dirichlet" => stepwise(&settings, &mut random),
            _ => permutation_mix(settings.states, symmetric, &mut random),
        };
        let columns = if kind == "dirichlet" {
            settings.states
        } else {
            (settings.states as f64).sqrt().ceil() as usize
        };
        Ok((
            Table { model, discount, horizon: Some(settings.horizon) },
            Scene { columns, goal: None, pits: &[] },
        ))
    }
}

fn read(options: &Options, kind: &str) -> Result<Settings, WorldError> {
    let only = |key: &str, owner: &str| match options.text(key) {
        Some(text) if kind != owner && text != "false" => Err(WorldError::Invalid(format!(
            "`{key}` of random-mdp goes with `kind={owner}` only, not with `kind={kind}`"
        ))),
        _ => Ok(()),
    };
    only("branching", "garnet")?;
    only("symmetric", "permutation-mix")?;
    Ok(match kind {
        "garnet" => Settings {
            states: options.usize("states", 30, 1..=1_000)?,
            actions: options.usize("actions", 4, 1..=100)?,
            horizon: options.usize("horizon", 100, 1..=10_000)?,
        },
        "dirichlet" => Settings {
            states: options.usize("states", 8, 1..=100)?,
            actions: options.usize("actions", 4, 1..=100)?,
            horizon: options.usize("horizon", 5, 2..=100)?,
        },
        _ => Settings {
            states: options.usize("states", 12, 1..=1_000)?,
            actions: options.usize("actions", 1, 1..=1)?,
            horizon: options.usize("horizon", 100, 1..=10_000)?,
        },
    })
}

fn garnet(settings: &Settings, branching: usize, random: &mut ChaCha8Rng) -> Model {
    let states = settings.states;
    Model::new(settings.actions, vec![1.0 / states as f64; states], |_, _| {
        let reward = 2.0 * random.random::<f64>() - 1.0;
        let next = shuffled(states, random).into_iter().take(branching);
        let mut cuts: Vec<f64> = (1..branching).map(|_| random.random()).collect();
        cuts.sort_by(f64::total_cmp);
        let lower = [0.0].into_iter().chain(cuts.iter().copied());
        let upper = cuts.iter().copied().chain([1.0]);
        let parts = lower.zip(upper).map(|(lower, upper)| upper - lower);
        let outcome = |(state, probability)| Transition { state, probability, reward, terminal: false };
        next.zip(parts).map(outcome).collect()
    })
}

fn stepwise(settings: &Settings, random: &mut ChaCha8Rng) -> Model {
    let &Settings { states, actions, horizon } = settings;
    let rows: Vec<Vec<f64>> =
        (0..states * actions).map(|_| dirichlet(states, CONCENTRATION, random)).collect();
    // Pairs of the later steps are the indices from `states` on.
    let later: Vec<usize> = shuffled(states * (horizon - 1), random).into_iter().take(2).collect();
    let with_reward = |amount: f64| {
        let mut start = vec![0.0; states * horizon];
        start[0] = 1.0;
        Model::new(actions, start, |index, action| {
            let (step, state) = (index / states, index % states);
            let reward = if later.contains(&(index.wrapping_sub(states))) { amount } else { 0.0 };
            if step + 1 == horizon {
                return vec![Transition { state: index, probability: 1.0, reward, terminal: true }];
            }
            let row = rows[state * actions + action].iter().enumerate();
            row.map(|(next, &probability)| Transition {
                state: (step + 1) * states + next,
                probability,
                reward,
                terminal: false,
            })
            .collect()
        })
    };
    // Values are linear in the amount, and every pair can be reached.
    with_reward(1.0 / with_reward(1.0).optimal_return(horizon))
}

fn permutation_mix(states: usize, symmetric: bool, random: &mut ChaCha8Rng) -> Model {
    let number = random.random_range(3..=4);
    let weights = dirichlet(number, 1.0, random);
    let permutations: Vec<Vec<usize>> = (0..number).map(|_| shuffled(states, random)).collect();
    Model::new(1, vec![1.0 / states as f64; states], |state, _| {
        let outcome = |state, probability| Transition { state, probability, reward: 0.0, terminal: false };
        let forward = permutations.iter().map(|permutation| permutation[state]);
        let backward = permutations
            .iter()
            .map(|permutation| permutation.iter().position(|next| *next == state).unwrap_or(state));
        let share = if symmetric { 0.5 } else { 1.0 };
        let mut outcomes: Vec<Transition> =
            forward.zip(&weights).map(|(next, weight)| outcome(next, share * weight)).collect();
        if symmetric {
            outcomes.extend(backward.zip(&weights).map(|(next, weight)| outcome(next, share * weight)));
        }
        outcomes
    })
}

/// The numbers below `size` in random order (Fisher and Yates).
fn shuffled(size: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..size).collect();
    for index in (1..size).rev() {
        numbers.swap(index, random.random_range(0..=index));
    }
    numbers
}
