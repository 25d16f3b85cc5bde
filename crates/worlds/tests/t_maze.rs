//! The T-maze: what can be had without memory, and what with it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use worlds::grid::TMaze;
use worlds::spec::Reference;
use worlds::{Action, Array, Canvas, Environment, FromOptions, Options, Step, single, spec};

const NORTH: u32 = 0;
const EAST: u32 = 1;
const SOUTH: u32 = 2;
const WEST: u32 = 3;

/// Kinds of observations before an end: the sign north, the sign south, the corridor, the junction.
const KINDS: [[f32; 3]; 4] = [[0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]];

fn t_maze(pairs: &[(&str, &str)]) -> TMaze {
    let options =
        pairs.iter().fold(Options::new("t-maze"), |options, (key, value)| options.with(*key, value));
    TMaze::from_options(&options).unwrap()
}

/// The numbers of a field.
fn numbers(maze: &TMaze, field: usize) -> Vec<f32> {
    let mut array = maze.spec().fields[field].layout.zeros(1);
    maze.observe(field, 0, &mut array);
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => panic!("bytes"),
    }
}

fn seen(maze: &TMaze) -> Vec<f32> {
    numbers(maze, 0)
}

/// A maze at its start whose sign points to this arm.
fn started(pairs: &[(&str, &str)], south: bool) -> TMaze {
    let mut maze = t_maze(pairs);
    let mut random = ChaCha8Rng::seed_from_u64(0);
    while {
        maze.reset(&mut random);
        seen(&maze) != KINDS[usize::from(south)]
    } {}
    maze
}

fn act(maze: &mut TMaze, action: u32) -> Step {
    maze.step(Action::Discrete(action), &mut ChaCha8Rng::seed_from_u64(0))
}

fn kind(maze: &TMaze) -> usize {
    let seen = seen(maze);
    KINDS.iter().position(|kind| seen == kind).unwrap()
}

#[test]
fn the_sign_is_seen_at_the_start_and_the_right_arm_pays() {
    for south in [false, true] {
        let options = [("length", "4"), ("wrong", "-0.5"), ("bump", "-0.25")];
        let mut maze = started(&options, south);
        for action in [NORTH, SOUTH, WEST] {
            assert_eq!(act(&mut maze, action), Step { reward: -0.25, terminated: false });
            assert_eq!(kind(&maze), usize::from(south));
        }
        for cell in 1..=4 {
            assert_eq!(act(&mut maze, EAST), Step { reward: 0.0, terminated: false });
            assert_eq!(kind(&maze), if cell == 4 { 3 } else { 2 });
        }
        assert_eq!(act(&mut maze, EAST).reward, -0.25);
        act(&mut maze, WEST);
        assert_eq!((kind(&maze), act(&mut maze, NORTH).reward), (2, -0.25));
        act(&mut maze, EAST);
        let mut other = maze.clone();
        let arms = if south { [SOUTH, NORTH] } else { [NORTH, SOUTH] };
        assert_eq!(act(&mut maze, arms[0]), Step { reward: 1.0, terminated: true });
        assert_eq!(act(&mut other, arms[1]), Step { reward: -0.5, terminated: true });
        assert_eq!((seen(&maze), seen(&other)), (vec![0.0; 3], vec![0.0; 3]));
    }
}

/// The mean return of a policy that looks at the observation alone, with the sign either way.
fn memoryless(pairs: &[(&str, &str)], policy: impl Fn(usize) -> u32) -> f64 {
    let horizon = t_maze(pairs).spec().horizon.unwrap();
    let returns = [false, true].map(|south| {
        let mut maze = started(pairs, south);
        let mut total = 0.0;
        for _ in 0..horizon {
            let action = policy(kind(&maze));
            let step = act(&mut maze, action);
            total += f64::from(step.reward);
            if step.terminated {
                break;
            }
        }
        total
    });
    returns.iter().sum::<f64>() / 2.0
}

/// All that a policy without memory can choose is one action for each kind of observation. Where the
/// wrong arm costs something, it can stay at the start for one of the signs, and has half again.
#[test]
fn without_memory_half_is_the_most() {
    for (length, wrong) in [("1", "0"), ("3", "0"), ("10", "0"), ("10", "-0.1")] {
        let pairs = [("length", length), ("wrong", wrong)];
        let returns = (0..256_u32).map(|policy| memoryless(&pairs, |kind| policy >> (2 * kind) & 3));
        assert_eq!(returns.fold(f64::NEG_INFINITY, f64::max), 0.5, "{length} {wrong}");
    }
}

/// The probability of the right arm of policies that choose by chance: their distribution over cells,
/// step by step.
#[test]
fn without_memory_chance_does_not_help() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let length = 4;
    let mut most: f64 = 0.0;
    for _ in 0..2_000 {
        let policy = KINDS.map(|_| {
            let weights: [f64; 4] = std::array::from_fn(|_| random.random::<f64>().powi(4));
            weights.map(|weight| weight / weights.iter().sum::<f64>())
        });
        let right = [NORTH, SOUTH].map(|arm| {
            let mut cells = vec![0.0; length + 1];
            (cells[0], cells[length]) = (1.0, 0.0);
            let mut right = 0.0;
            for _ in 0..100 {
                let mut next = vec![0.0; length + 1];
                for (cell, share) in cells.iter().enumerate() {
                    let kind = if cell == 0 {
                        arm as usize / 2
                    } else if cell == length {
                        3
                    } else {
                        2
                    };
                    for (action, probability) in policy[kind].iter().enumerate() {
                        let part = share * probability;
                        match action as u32 {
                            NORTH | SOUTH if cell == length => {
                                right += if action as u32 == arm { part } else { 0.0 }
                            }
                            EAST if cell < length => next[cell + 1] += part,
                            WEST if cell > 0 => next[cell - 1] += part,
                            _ => next[cell] += part,
                        }
                    }
                }
                cells = next;
            }
            right
        });
        most = most.max((right[0] + right[1]) / 2.0);
    }
    assert!(most < 0.5 + 1e-9 && most > 0.45, "{most}");
}

#[test]
fn who_remembers_the_sign_is_always_right() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut maze = t_maze(&[]);
    let mut signs = [0; 2];
    for _ in 0..200 {
        maze.reset(&mut random);
        let sign = kind(&maze);
        signs[sign] += 1;
        for _ in 0..10 {
            act(&mut maze, EAST);
        }
        assert_eq!(act(&mut maze, [NORTH, SOUTH][sign]), Step { reward: 1.0, terminated: true });
    }
    assert!(signs.iter().all(|count| *count > 70));
}

#[test]
fn truth_and_solver_agree_with_the_maze() {
    let mut maze = started(&[("length", "3")], true);
    for left in (1..=4).rev() {
        assert_eq!(numbers(&maze, 1), [(4 - left) as f32, 1.0]);
        let [best, steps] = numbers(&maze, 2)[..] else { panic!("two numbers") };
        assert_eq!(steps, left as f32);
        assert_eq!(act(&mut maze, best as u32).terminated, left == 1);
    }
}

#[test]
fn pictures_show_the_sign_at_the_start_only() {
    let drawn = |south: bool, steps: usize| {
        let mut maze = started(&[("length", "5")], south);
        for _ in 0..steps {
            act(&mut maze, EAST);
        }
        let mut canvas = Canvas::new(30, 15);
        maze.render(&mut canvas);
        canvas
    };
    assert_ne!(drawn(false, 0), drawn(true, 0));
    for steps in 1..=5 {
        assert_eq!(drawn(false, steps), drawn(true, steps));
    }
}

#[test]
fn states_options_and_horizons() {
    let far = worlds::world::encode(&(9_u32, true, None::<bool>));
    assert_eq!(t_maze(&[("length", "8")]).restore(&far).unwrap_err(), "cell 9 is not in a corridor of 8");
    assert_eq!(spec("t-maze").unwrap().horizon, Some(220));
    assert_eq!(spec("t-maze,length=1").unwrap().horizon, Some(40));
    assert_eq!(spec("t-maze").unwrap().reference, Some(Reference { random: 0.292, expert: 1.0 }));
    assert_eq!(spec("t-maze,length=9").unwrap().reference, None);
    for (name, part) in [
        ("t-maze,length=0", "a whole number from 1 to 1000"),
        ("t-maze,wrong=0.1", "`wrong` of t-maze must be a number from -1 to 0"),
    ] {
        let error = single(name).err().unwrap_or_else(|| panic!("{name} is fine")).to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
}
