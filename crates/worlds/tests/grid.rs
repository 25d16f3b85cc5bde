//! Four rooms against exact solutions and their own model.

mod exact;

use exact::{check_continuation, check_probabilities, check_walk, close, seen, with};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use worlds::grid::FourRooms;
use worlds::tabular::Model;
use worlds::{Action, Canvas, Environment, FromOptions, Layout, Options};

fn rooms(pairs: &[(&str, &str)]) -> FourRooms {
    FourRooms::from_options(&with(Options::new("four-rooms"), pairs)).unwrap()
}

/// Walls as `#`, free cells as blanks.
fn picture(world: &FourRooms) -> Vec<String> {
    let map = world.map();
    let cell = |row, column| if map.cell_at(row, column).is_some() { ' ' } else { '#' };
    let line = |row| (0..map.size()).map(|column| cell(row, column)).collect();
    (0..map.size()).map(line).collect()
}

#[test]
fn walls_and_doors_are_where_they_belong() {
    let expected = [
        "###########",
        "#    #    #",
        "#         #",
        "#    #    #",
        "#    #    #",
        "## ##### ##",
        "#    #    #",
        "#    #    #",
        "#         #",
        "#    #    #",
        "###########",
    ];
    assert_eq!(picture(&rooms(&[("size", "11")])), expected);
    let expected = ["#####", "#   #", "# # #", "#   #", "#####"];
    assert_eq!(picture(&rooms(&[("size", "5")])), expected);
    let expected = [
        "#########",
        "#       #",
        "####### #",
        "#       #",
        "# #######",
        "#       #",
        "####### #",
        "#       #",
        "#########",
    ];
    let corridor = rooms(&[("size", "9"), ("layout", "serpentine")]);
    assert_eq!(picture(&corridor), expected);
    assert_eq!(corridor.map().position(corridor.map().goal()), (7, 1));
    let corridor = rooms(&[("size", "7"), ("layout", "serpentine")]);
    assert_eq!(corridor.map().position(corridor.map().goal()), (5, 5));

    let world = rooms(&[]);
    assert_eq!(world.map().cells(), 4 * 25 + 4);
    for door in [(3, 6), (9, 6), (6, 3), (6, 9)] {
        assert!(world.map().cell_at(door.0, door.1).is_some());
    }
}

#[test]
fn a_corridor_is_as_long_as_its_cells() {
    for size in ["5", "7", "13"] {
        let world = rooms(&[("size", size), ("layout", "serpentine")]);
        let distances = world.model().distances(world.map().goal());
        assert_eq!(distances[0], Some(world.map().cells() - 1));
    }
}

/// Without wind the optimal value of a state d steps from the goal is discount^(d - 1), so the
/// solver and breadth-first search must agree.
fn check_values(model: &Model, goal: usize) {
    let discount = 0.97;
    let values = model.optimal(discount).values;
    let distances = model.distances(goal);
    for state in (0..model.states()).filter(|state| *state != goal) {
        let distance = distances[state].expect("every cell can reach the goal") as i32;
        close(values[state], discount.powi(distance - 1));
    }
}

#[test]
fn breadth_first_search_agrees_with_optimal_values() {
    for size in ["5", "11", "13", "21"] {
        for layout in ["rooms", "serpentine"] {
            let world = rooms(&[("size", size), ("layout", layout), ("starts", "random")]);
            check_values(&world.model(), world.map().goal());
        }
    }
    // Through the doors at (1, 2) and (2, 5), or the mirrored way: as far as the cells lie apart.
    let world = rooms(&[("size", "11")]);
    assert_eq!(world.model().distances(world.map().goal())[0], Some(16));
}

#[test]
fn walks_follow_the_model() {
    let mut world = rooms(&[("size", "9"), ("wind", "0.3"), ("starts", "random"), ("stay", "true")]);
    let model = world.model();
    check_probabilities(&model);
    assert_eq!(model.actions(), 5);
    check_walk(&mut world, &model, FourRooms::cell);
}

#[test]
fn wind_blows_east_in_two_rooms_only() {
    let world = rooms(&[("wind", "0.5"), ("stay", "true"), ("reward", "none")]);
    let (map, model) = (world.map(), world.model());
    let cell = |row, column| map.cell_at(row, column).unwrap();
    let reached = |row, column, action| {
        let outcomes = model.outcomes(cell(row, column), action).iter();
        outcomes.map(|outcome| (map.position(outcome.state), outcome.probability)).collect::<Vec<_>>()
    };
    let expected: Vec<((usize, usize), f64)> = vec![((3, 2), 0.5), ((3, 3), 0.5)];
    assert_eq!(reached(2, 2, 2), expected);
    assert_eq!(reached(8, 8, 4), vec![((8, 8), 0.5), ((8, 9), 0.5)]);
    assert_eq!(reached(2, 8, 4), vec![((2, 8), 1.0)]);
    assert_eq!(reached(8, 2, 4), vec![((8, 2), 1.0)]);
    assert_eq!(reached(2, 5, 0), vec![((1, 5), 1.0)]);
    assert_eq!(reached(3, 6, 4), vec![((3, 6), 1.0)]);
    assert!(model.outcomes(cell(11, 10), 1).iter().all(|outcome| !outcome.terminal));
}

#[test]
fn starts_lie_where_they_should() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut counts = |world: &mut FourRooms| {
        let mut counts = vec![0; world.map().cells()];
        for _ in 0..5_000 {
            world.reset(&mut random);
            counts[world.cell()] += 1;
        }
        counts
    };
    let mut world = rooms(&[]);
    assert_eq!(counts(&mut world)[0], 5_000);
    for (starts, number) in [("random", 103), ("other-room", 75)] {
        let mut world = rooms(&[("starts", starts)]);
        let counts = counts(&mut world);
        assert_eq!(counts.iter().filter(|count| **count > 0).count(), number);
        assert_eq!(counts[world.map().goal()], 0);
    }
}

#[test]
fn observations_have_their_documented_form() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut world = rooms(&[("obs", "xy"), ("noise_dims", "4")]);
    assert_eq!(world.spec().input(), &Layout::Vector { size: 6 });
    world.reset(&mut random);
    world.step(Action::Discrete(1), &mut random);
    let first = seen(&world);
    assert_eq!(first[..2], [2.0 / 13.0, 1.0 / 13.0]);
    world.step(Action::Discrete(0), &mut random);
    let second = seen(&world);
    assert_eq!(second[..2], first[..2]);
    assert!((2..6).all(|index| first[index] != second[index]));

    let mut sum = 0.0;
    for _ in 0..20_000 {
        world.step(Action::Discrete(0), &mut random);
        sum += seen(&world)[2..].iter().map(|value| f64::from(value * value)).sum::<f64>();
    }
    assert!((sum / 80_000.0 - 0.09).abs() < 0.002);

    let mut world = rooms(&[("obs", "onehot")]);
    world.reset(&mut random);
    world.step(Action::Discrete(2), &mut random);
    let hot = world.cell();
    let expected: Vec<f32> = (0..104).map(|cell| f32::from(u8::from(cell == hot))).collect();
    assert_eq!(seen(&world), expected);

    let mut world = rooms(&[]);
    world.reset(&mut random);
    world.step(Action::Discrete(2), &mut random);
    assert_eq!(seen(&world), [10.0]);
}

#[test]
fn the_goal_pays_and_ends_only_with_a_reward() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for reward in ["goal", "none"] {
        let mut world = rooms(&[("size", "5"), ("reward", reward)]);
        world.reset(&mut random);
        let ends: Vec<(f32, bool)> = [1, 1, 2, 2]
            .map(|action| world.step(Action::Discrete(action), &mut random))
            .map(|step| (step.reward, step.terminated))
            .to_vec();
        let last = if reward == "goal" { (1.0, true) } else { (0.0, false) };
        assert_eq!(ends, [(0.0, false), (0.0, false), (0.0, false), last]);
    }
}

#[test]
fn reference_returns_are_those_of_played_episodes() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut world = rooms(&[("size", "7"), ("horizon", "40")]);
    let reference = world.spec().reference.unwrap();
    close(reference.expert, 1.0);
    let episodes = 20_000;
    let mut successes = 0;
    for _ in 0..episodes {
        world.reset(&mut random);
        let action = |random: &mut ChaCha8Rng| Action::Discrete(random.random_range(0..4));
        successes += u32::from((0..40).any(|_| {
            let action = action(&mut random);
            world.step(action, &mut random).terminated
        }));
    }
    let frequency = f64::from(successes) / f64::from(episodes);
    assert!((frequency - reference.random).abs() < 0.02 && reference.random > 0.01);
    // Eight steps away, the goal cannot be reached in seven.
    assert_eq!(rooms(&[("size", "7"), ("horizon", "7")]).spec().reference, None);
    assert_eq!(rooms(&[("reward", "none")]).spec().reference, None);
    assert_eq!(rooms(&[("size", "51"), ("horizon", "100000")]).spec().reference, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn saved_worlds_continue_exactly(seed: u64) {
        let options = [("size", "7"), ("wind", "0.5"), ("noise_dims", "2"), ("starts", "random")];
        check_continuation(rooms(&options), rooms(&options), 4, seed);
    }
}

#[test]
fn states_of_other_worlds_are_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut large = rooms(&[("size", "21"), ("starts", "other-room")]);
    while large.cell() < 110 {
        large.reset(&mut random);
    }
    let error = rooms(&[]).restore(&large.save()).unwrap_err();
    assert!(error.ends_with("does not exist"), "{error}");
    let noisy = rooms(&[("noise_dims", "3")]);
    assert!(rooms(&[]).restore(&noisy.save()).unwrap_err().contains("3 noise dimensions"));
}

#[test]
fn wrong_options_are_explained() {
    let error = |pairs: &[(&str, &str)]| {
        FourRooms::from_options(&with(Options::new("four-rooms"), pairs)).unwrap_err().to_string()
    };
    assert!(error(&[("size", "12")]).contains("`size` of four-rooms must be odd"));
    assert!(error(&[("size", "53")]).contains("from 5 to 51"));
    assert!(worlds::spec("four-rooms,sise=13").unwrap_err().to_string().contains("did you mean `size`?"));
    assert!(error(&[("obs", "pixel")]).contains("index, onehot, xy"));
    let corridor = ("layout", "serpentine");
    assert!(error(&[corridor, ("starts", "other-room")]).contains("needs `layout=rooms`"));
    assert!(error(&[corridor, ("wind", "0.1")]).contains("needs `layout=rooms`"));
}

#[test]
fn agents_and_walls_are_drawn() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut world = rooms(&[("size", "5")]);
    world.reset(&mut random);
    let mut canvas = Canvas::new(10, 10);
    world.render(&mut canvas);
    let at = |row: usize, column: usize| canvas.get(2 * column, 2 * row).unwrap();
    let colours = [at(0, 0), at(1, 1), at(1, 2), at(3, 3)];
    for (index, colour) in colours.iter().enumerate() {
        assert!(colours[..index].iter().all(|other| other != colour));
    }
    assert_eq!(at(2, 2), at(0, 0));
}
