//! Mazes of levels: what is drawn, what blocks, what the solver says.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use worlds::grid::maze_levels::level::ACTIONS;
use worlds::grid::maze_levels::{Generator, Level, MazeLevels, SEEDS};
use worlds::render::palette;
use worlds::{Action, Array, Environment, FromOptions, Layout, WorldName, single, spec};

const GENERATORS: [(usize, Generator); 4] = [
    (7, Generator::DepthFirst),
    (13, Generator::DepthFirst),
    (8, Generator::Random(0.3)),
    (5, Generator::Random(0.7)),
];

fn world(name: &str) -> MazeLevels {
    let name: WorldName = name.parse().unwrap();
    MazeLevels::from_options(&name.options).unwrap()
}

fn floats(world: &MazeLevels, field: usize) -> Vec<f32> {
    let mut array = world.spec().fields[field].layout.zeros(1);
    world.observe(field, 0, &mut array);
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => panic!("bytes"),
    }
}

/// Free cells, and pairs of neighbours among them.
fn counts(level: &Level) -> (usize, usize) {
    let size = level.size();
    let free = |cell: &usize| !level.wall(*cell);
    let cells = (0..size * size).filter(free).count();
    let across = (0..size * size).filter(|cell| cell % size + 1 < size).map(|cell| (cell, cell + 1));
    let down = (0..size * (size - 1)).map(|cell| (cell, cell + size));
    (cells, across.chain(down).filter(|(one, other)| free(one) && free(other)).count())
}

#[test]
fn depth_first_mazes_are_trees_over_all_rooms() {
    for (size, seeds) in [(3, 50), (7, 200), (13, 50)] {
        for seed in 0..seeds {
            let level = Level::new(size, Generator::DepthFirst, seed);
            let rooms = size.div_ceil(2).pow(2);
            let (cells, pairs) = counts(&level);
            // Rooms and the cells between them that join two: a tree has one join less than rooms.
            assert_eq!((cells, pairs), (2 * rooms - 1, 2 * rooms - 2), "{size}, {seed}");
            let mut reached = 0;
            for cell in 0..size * size {
                let room = cell / size % 2 == 0 && cell % size % 2 == 0;
                assert!(!room || !level.wall(cell));
                reached += usize::from(level.distance(cell).is_some());
            }
            assert_eq!(reached, cells);
        }
    }
}

#[test]
fn the_solver_finds_shortest_ways() {
    for (size, generator) in GENERATORS {
        for seed in 0..100 {
            let level = Level::new(size, generator, seed);
            let cells = size * size;
            assert!(!level.wall(level.start()) && !level.wall(level.goal()) && level.start() != level.goal());
            // Bellman's equation by sweeps, independent of the breadth-first search.
            let mut steps = vec![f64::INFINITY; cells];
            for _ in 0..cells {
                for cell in (0..cells).filter(|cell| !level.wall(*cell)) {
                    let next = (1..ACTIONS).map(|action| steps[level.moved(cell, action)]);
                    let best = 1.0 + next.fold(f64::INFINITY, f64::min);
                    steps[cell] = if cell == level.goal() { 0.0 } else { best };
                }
            }
            for cell in (0..cells).filter(|cell| !level.wall(*cell)) {
                assert_eq!(level.distance(cell).map_or(f64::INFINITY, f64::from), steps[cell]);
                let action = level.best(cell);
                if steps[cell].is_finite() && steps[cell] > 0.0 {
                    let after = |action: usize| steps[level.moved(cell, action)];
                    assert_eq!(after(action), steps[cell] - 1.0);
                    assert!((0..action).all(|lower| after(lower) >= steps[cell]), "the lowest index");
                } else {
                    assert_eq!(action, 0);
                }
            }
            assert!(steps[level.start()].is_finite());
        }
    }
}

#[test]
fn a_level_is_its_seed_whatever_was_drawn_before() {
    for (size, generator) in GENERATORS {
        let mut reused = Level::new(size, generator, 3);
        for seed in [9, 4, SEEDS, SEEDS + 4] {
            reused.draw(generator, seed);
            let fresh = Level::new(size, generator, seed);
            let same = |cell: usize| {
                (reused.wall(cell), reused.distance(cell)) == (fresh.wall(cell), fresh.distance(cell))
            };
            assert!((0..size * size).all(same) && reused.goal() == fresh.goal());
        }
    }
    let goals: std::collections::BTreeSet<usize> =
        (0..200).map(|seed| Level::new(7, Generator::DepthFirst, seed).goal()).collect();
    assert!(goals.len() > 20);
}

#[test]
fn levels_to_learn_in_are_never_those_to_be_tested_in() {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    for (name, first, count) in [
        ("maze-levels", 0, SEEDS),
        ("maze-levels,split=test", SEEDS, SEEDS),
        ("maze-levels,levels=5", 0, 5),
        ("maze-levels,levels=5,split=test", SEEDS, 5),
        ("maze-levels,levels=1000000", 0, SEEDS),
    ] {
        let mut world = world(name);
        let seeds: Vec<u32> = (0..2_000)
            .map(|_| {
                world.reset(&mut random);
                assert_eq!(floats(&world, 3), [world.level().seed() as f32]);
                world.level().seed()
            })
            .collect();
        assert!(seeds.iter().all(|seed| (first..first + count).contains(seed)), "{name}");
        let distinct: std::collections::BTreeSet<&u32> = seeds.iter().collect();
        assert!(if count == 5 { distinct.len() == 5 } else { distinct.len() > 1_900 });
    }
}

#[test]
fn walls_leave_everything_as_it_is_and_free_cells_are_entered() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut world = world("maze-levels,generator=random,size=6");
    let (mut blocked, mut moved) = (0, 0);
    for _ in 0..200 {
        world.reset(&mut random);
        let cell = world.agent();
        assert_eq!(cell, world.level().start());
        let (row, column) = (cell / 6, cell % 6);
        let beside = [Some(cell), row.checked_sub(1).map(|_| cell.wrapping_sub(6)), None, None, None];
        let right = if column < 5 { Some(cell + 1) } else { None };
        for action in 0..ACTIONS as u32 {
            let before = (world.save(), floats(&world, 1), floats(&world, 2));
            let target = match action {
                2 => right,
                0 | 1 => beside[action as usize],
                // The start is in the lowest left corner.
                _ => None,
            };
            let open = target.filter(|target| !world.level().wall(*target)).unwrap_or(cell);
            let step = world.step(Action::Discrete(action), &mut random);
            assert_eq!(world.agent(), open);
            assert_eq!(
                (step.terminated, step.reward),
                (open == world.level().goal(), f32::from(u8::from(step.terminated)))
            );
            if open == cell {
                blocked += 1;
                assert_eq!((world.save(), floats(&world, 1), floats(&world, 2)), before);
            } else {
                moved += 1;
                world.restore(&before.0).unwrap();
            }
        }
    }
    assert!(blocked > 400 && moved > 100);
}

#[test]
fn the_best_actions_lead_to_the_goal_in_as_many_steps_as_said() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for name in ["maze-levels", "maze-levels,size=13,split=test", "maze-levels,generator=random,size=10"] {
        let mut world = world(name);
        for _ in 0..50 {
            world.reset(&mut random);
            let mut left = floats(&world, 2)[1];
            loop {
                let best = floats(&world, 2)[0];
                let step = world.step(Action::Discrete(best as u32), &mut random);
                left -= 1.0;
                assert_eq!(floats(&world, 2)[1], left);
                if step.terminated {
                    assert_eq!((left, step.reward), (0.0, 1.0));
                    break;
                }
            }
            let cells = floats(&world, 1);
            assert_eq!(cells[..2], cells[2..]);
        }
    }
}

#[test]
fn a_pixel_is_a_cell() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut world = world("maze-levels");
    let layout = Layout::Image { height: 9, width: 9, channels: 3, frames: 1, scale: 1.0 / 255.0 };
    assert_eq!(*world.spec().input(), layout);
    world.reset(&mut random);
    let mut array = layout.zeros(1);
    world.observe(0, 0, &mut array);
    let Array::Byte(bytes) = array else { panic!("numbers") };
    let pixel = |row: usize, column: usize| &bytes[(row * 9 + column) * 3..][..3];
    for row in 0..9 {
        for column in 0..9 {
            let inside = (1..8).contains(&row) && (1..8).contains(&column);
            let cell = if inside { Some((row - 1) * 7 + column - 1) } else { None };
            let expected = match cell {
                None => palette::WALL,
                Some(cell) if cell == world.agent() => palette::AGENT,
                Some(cell) if cell == world.level().goal() => palette::GOAL,
                Some(cell) if world.level().wall(cell) => palette::WALL,
                Some(_) => palette::PAPER,
            };
            assert_eq!(pixel(row, column), expected);
        }
    }
    assert_eq!(pixel(7, 1), palette::AGENT);
    // The modifier draws the same.
    let mut tiled = single("maze-levels+tile").unwrap();
    tiled.restore(&world.save()).unwrap();
    let mut array = tiled.spec().input().zeros(1);
    tiled.observe(0, 0, &mut array);
    assert_eq!(array, Array::Byte(bytes));
}

#[test]
fn horizons_and_refusals() {
    let horizon = |name: &str| spec(name).unwrap().horizon.unwrap();
    assert_eq!(horizon("maze-levels"), 49);
    assert_eq!(horizon("maze-levels,size=5"), 40);
    assert_eq!(horizon("maze-levels,size=13"), 169);
    assert_eq!(horizon("maze-levels,horizon=12"), 12);
    for (name, part) in [
        ("maze-levels,size=8", "`size` of maze-levels must be odd for `generator=dfs`"),
        ("maze-levels,levels=1000001", "a whole number from 0 to 1000000"),
        ("maze-levels,split=tests", "did you mean `test`?"),
        ("maze-levels,density=1", "a number from 0 to 0.9"),
        ("maze-levels,obs=xy", "must be one of tile, not `xy`"),
        ("maze-levels,horizon=0", "a whole number from 1"),
        ("maze-levels+tile=3", "`+tile` takes no value"),
        ("cartpole+tile", "`cartpole` is none; use `+pixels`"),
        ("maze-levels+tile+pixels", "`+pixels` replaces the observation that `+tile` made"),
    ] {
        let error = single(name).err().unwrap_or_else(|| panic!("{name} is fine")).to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
    let world = world("maze-levels,levels=3");
    let error = |state: (u32, u32)| world.clone().restore(&worlds::world::encode(&state)).unwrap_err();
    assert_eq!(error((3, 42)), "level 3 is not one of its 3 levels");
    assert_eq!(error((0, 49)), "cell 49 of level 0 is a wall");
}

#[test]
fn legal_moves_are_those_that_do_not_end_at_a_wall() {
    let mut world = world("maze-levels,legal=true");
    let legal = world.spec().fields.iter().position(|field| field.role == worlds::Role::Legal).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..20 {
        world.reset(&mut random);
        let (level, agent) = (world.level().clone(), world.agent());
        let moves = |action| action == 0 || level.moved(agent, action) != agent;
        let expected: Vec<f32> = (0..ACTIONS).map(|action| f32::from(u8::from(moves(action)))).collect();
        assert_eq!(floats(&world, legal), expected);
        assert!(expected[1..].contains(&1.0));
    }
    assert!(spec("maze-levels").unwrap().fields.iter().all(|field| field.role != worlds::Role::Legal));
}
