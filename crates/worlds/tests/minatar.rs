//! The MinAtar games against recorded trajectories of the original, and as worlds.
//!
//! The records are made by `reference/minatar_trajectories.py`, which also describes their format.

use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use worlds::minatar::{
    Asterix, Breakout, Chance, Freeway, GAMES, Game, MinAtar, Planes, SIDE, Seaquest, SpaceInvaders, make,
};
use worlds::{Action, ActionSpace, Array, Canvas, Environment, Options, WorldError};

/// Decisions read from a record.
struct Replay<'a>(VecDeque<&'a str>);

impl<'a> Replay<'a> {
    fn new(draws: &'a str) -> Self {
        Self(draws.split(',').filter(|draw| *draw != "-").collect())
    }

    fn take(&mut self, kind: char) -> &'a str {
        let draw = self.0.pop_front().expect("the original drew nothing more in this step");
        draw.strip_prefix(kind).expect("the original drew a number of the other kind")
    }
}

impl Chance for Replay<'_> {
    fn below(&mut self, count: usize) -> usize {
        let value = self.take('i').parse().unwrap();
        assert!(value < count);
        value
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.take('r').parse::<f64>().unwrap() < probability
    }
}

fn planes<W: Environment>(world: &W) -> Vec<u8> {
    let mut array = world.spec().input().zeros(1);
    world.observe(0, 0, &mut array);
    match array {
        Array::Byte(bytes) => bytes,
        Array::Float(_) => panic!("planes are bytes"),
    }
}

fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The bytes as hexadecimal digits of four each.
fn packed(bytes: &[u8]) -> String {
    let digit = |bits: &[u8]| bits.iter().fold(0, |value, bit| value << 1 | u32::from(*bit));
    bytes.chunks(4).map(|bits| char::from_digit(digit(bits), 16).unwrap()).collect()
}

fn check_record<G: Game>(record: &str) {
    let mut world: Option<MinAtar<G>> = None;
    let mut steps = 0;
    for (number, line) in record.lines().enumerate() {
        let parts: Vec<&str> = line.split(' ').collect();
        let place = format!("{} line {}", G::NAME, number + 1);
        if let ["run", sticky, ramping] = parts[..] {
            let options = Options::new(G::NAME).with("sticky", sticky).with("ramping", ramping);
            world = Some(MinAtar::new(&options).unwrap());
            continue;
        }
        let world = world.as_mut().expect("a record begins with a run");
        match parts[..] {
            ["reset", draws, expected] => {
                let mut replay = Replay::new(draws);
                world.begin(&mut replay);
                assert!(replay.0.is_empty(), "{place}");
                assert_eq!(hash(&planes(world)), expected, "{place}");
            }
            ["step", action, draws, reward, terminal, expected, ref full @ ..] => {
                let mut replay = Replay::new(draws);
                let step = world.advance(action.parse().unwrap(), &mut replay);
                let seen = planes(world);
                if let [full] = full {
                    // Packing pads to whole bytes.
                    assert_eq!(packed(&seen), full[..seen.len() / 4], "{place}");
                }
                assert!(replay.0.is_empty(), "{place}");
                assert_eq!(step.reward.to_string(), reward, "{place}");
                assert_eq!(step.terminated, terminal == "1", "{place}");
                assert_eq!(hash(&seen), expected, "{place}");
                steps += 1;
            }
            _ => panic!("{place} is malformed"),
        }
    }
    assert!(steps >= 4_000);
}

#[test]
fn breakout_agrees_with_the_original() {
    check_record::<Breakout>(include_str!("data/minatar/breakout.txt"));
}

#[test]
fn asterix_agrees_with_the_original() {
    check_record::<Asterix>(include_str!("data/minatar/asterix.txt"));
}

#[test]
fn freeway_agrees_with_the_original() {
    check_record::<Freeway>(include_str!("data/minatar/freeway.txt"));
}

#[test]
fn seaquest_agrees_with_the_original() {
    check_record::<Seaquest>(include_str!("data/minatar/seaquest.txt"));
}

#[test]
fn space_invaders_agrees_with_the_original() {
    check_record::<SpaceInvaders>(include_str!("data/minatar/space-invaders.txt"));
}

fn options(game: &str) -> Options {
    Options::new(format!("minatar-{game}"))
}

fn random_step(world: &mut Box<dyn Environment>, count: u32, random: &mut ChaCha8Rng) -> (f32, bool) {
    let action = Action::Discrete(random.random_range(0..count));
    let step = world.step(action, random);
    if step.terminated {
        world.reset(random);
    }
    (step.reward, step.terminated)
}

#[test]
fn saved_games_continue_exactly() {
    for game in GAMES {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut world = make(game, &options(game)).unwrap();
        world.reset(&mut random);
        for _ in 0..333 {
            random_step(&mut world, 6, &mut random);
        }

        let mut copy = make(game, &options(game)).unwrap();
        copy.restore(&world.save()).unwrap();
        let mut copied_random = random.clone();
        for _ in 0..700 {
            let step = random_step(&mut world, 6, &mut random);
            assert_eq!(step, random_step(&mut copy, 6, &mut copied_random));
            assert_eq!(planes(&world), planes(&copy));
        }
        assert_eq!(world.save(), copy.save());

        let mut bytes = world.save();
        bytes.pop();
        assert!(copy.restore(&bytes).is_err());
        let other = if game == "asterix" { "freeway" } else { "asterix" };
        assert!(make(other, &options(other)).unwrap().restore(&world.save()).is_err());
    }
}

#[test]
fn minimal_actions_are_the_original_ones() {
    let counts = [3, 5, 3, 6, 4];
    for (game, count) in GAMES.into_iter().zip(counts) {
        let world = make(game, &options(game).with("actions", "minimal")).unwrap();
        assert_eq!(world.spec().action, ActionSpace::Discrete { count });
        assert_eq!(world.spec().name, format!("minatar-{game},actions=minimal"));
        let world = make(game, &options(game)).unwrap();
        assert_eq!(world.spec().action, ActionSpace::Discrete { count: 6 });
        assert_eq!(world.spec().horizon, Some(10_000));
    }

    // Action 2 of freeway's three is down, in the full set it is up.
    let moved = |actions: &str| {
        let options = options("freeway").with("actions", actions).with("sticky", 0);
        let mut world = make("freeway", &options).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(5);
        world.reset(&mut random);
        let before = planes(&world)[(9 * SIDE + 4) * 7];
        for _ in 0..4 {
            world.step(Action::Discrete(2), &mut random);
        }
        (before, planes(&world)[(9 * SIDE + 4) * 7])
    };
    assert_eq!(moved("minimal"), (1, 1));
    assert_eq!(moved("all6"), (1, 0));
}

#[test]
fn always_sticky_actions_never_move() {
    let options = options("breakout").with("sticky", 1);
    let mut world = make("breakout", &options).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    world.reset(&mut random);
    for _ in 0..5 {
        world.step(Action::Discrete(3), &mut random);
        assert_eq!(planes(&world)[(9 * SIDE + 4) * 4], 1);
    }
}

#[test]
fn an_ended_game_stays_ended() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut world = make("breakout", &options("breakout")).unwrap();
    world.reset(&mut random);
    while !world.step(Action::Discrete(1), &mut random).terminated {}
    let last = planes(&world);
    let step = world.step(Action::Discrete(3), &mut random);
    assert_eq!((step.reward, step.terminated), (0.0, true));
    assert_eq!(planes(&world), last);
}

#[test]
fn every_cell_shows_its_last_channel() {
    for game in GAMES {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let mut world = make(game, &options(game)).unwrap();
        world.reset(&mut random);
        for _ in 0..40 {
            random_step(&mut world, 6, &mut random);
        }
        let planes = planes(&world);
        let channels = planes.len() / (SIDE * SIDE);
        let mut canvas = Canvas::new(40, 20);
        world.render(&mut canvas);
        for (row, column) in (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (row, column))) {
            let cell = row * SIDE + column;
            let empty = planes[cell * channels..(cell + 1) * channels].iter().all(|mark| *mark == 0);
            let corners = [(0, 0), (3, 0), (0, 1), (3, 1)];
            let seen = corners.map(|(x, y)| canvas.get(column * 4 + x, row * 2 + y).unwrap());
            assert!(seen.iter().all(|colour| *colour == seen[0]));
            assert_eq!(seen[0] == [0; 3], empty, "{game} {row} {column}");
        }
    }
}

#[test]
fn marks_outside_the_board_are_not_drawn() {
    let mut cells = [7; SIDE * SIDE * 2];
    let mut planes = Planes::new(&mut cells, 2);
    planes.mark(-1, 0, 0);
    planes.mark(0, 10, 1);
    planes.mark(9, 9, 1);
    let mut expected = [0; SIDE * SIDE * 2];
    expected[199] = 1;
    assert_eq!(cells, expected);
}

#[test]
fn wrong_options_are_explained() {
    let error = |options: Options| make("breakout", &options).err().unwrap().to_string();
    let message = error(options("breakout").with("stiky", 0.1));
    assert_eq!(message, "unknown option of minatar-breakout `stiky`; did you mean `sticky`?");
    let message = error(options("breakout").with("sticky", 1.5));
    assert_eq!(message, "`sticky` of minatar-breakout must be a number from 0 to 1, not `1.5`");
    assert!(error(options("breakout").with("actions", "minimum")).contains("minimal"));
    let unknown = make("space-invader", &options("space-invader")).err().unwrap();
    assert!(matches!(
        unknown,
        WorldError::Unknown { suggestion: Some(name), .. } if name == "space-invaders"
    ));
}
