//! Levels as they are drawn.

use std::collections::BTreeSet;

use worlds::grid::minigrid::level::SEEDS;
use worlds::grid::minigrid::{Aim, Cell, Colour, Kind, Place, Reader, State, solve};
use worlds::{Environment, single, spec};

use crate::{WORLDS, act, numbers, random, wander, world};

const STATISTICS: &str = include_str!("../data/minigrid/statistics.txt");

fn reader(name: &str) -> Reader {
    Reader::named(name).unwrap().unwrap()
}

/// What `features` of `reference/minigrid_trajectories.py` measures.
fn feature(name: &str, state: &State) -> f64 {
    let parts = state.parts();
    let count =
        |counted: &dyn Fn(&Cell) -> bool| parts.grid.cells().iter().filter(|cell| counted(cell)).count();
    let of = |kind: Kind| count(&|cell| cell.kind == kind) as f64;
    match name {
        "solution" => solve(state, Aim::Task).unwrap().len() as f64,
        "empty" => of(Kind::Empty),
        "walls" => of(Kind::Wall),
        "doors" => of(Kind::Door),
        "column" => f64::from(parts.agent.column),
        "row" => f64::from(parts.agent.row),
        "direction" => f64::from(parts.facing as u8),
        "away" => f64::from(parts.agent.distance(state.goal().or(state.target()).unwrap())),
        "yellow" => count(&|cell| cell.colour == Colour::Yellow) as f64,
        _ => panic!("{name} is not measured"),
    }
}

#[test]
fn levels_are_distributed_as_in_the_original() {
    for line in STATISTICS.lines() {
        let mut parts = line.split(' ');
        let (name, count) = (parts.next().unwrap(), parts.next().unwrap().parse::<u32>().unwrap());
        let levels: Vec<State> = (0..count).map(|seed| reader(name).level(seed)).collect();
        let features: Vec<&str> = parts.collect();
        for [feature_name, mean, deviation] in features.as_chunks::<3>().0 {
            let [mean, deviation] = [mean, deviation].map(|text| text.parse::<f64>().unwrap());
            let values: Vec<f64> = levels.iter().map(|state| feature(feature_name, state)).collect();
            let own = values.iter().sum::<f64>() / f64::from(count);
            let spread = (values.iter().map(|x| (x - own).powi(2)).sum::<f64>() / f64::from(count)).sqrt();
            // 4.5 standard errors of a difference of two means; of the deviations a tenth.
            let error = (deviation.powi(2) + spread.powi(2)).sqrt() / f64::from(count).sqrt();
            let place = format!("{name}: {feature_name} {own} +- {spread}, not {mean} +- {deviation}");
            assert!((own - mean).abs() <= 4.5 * error + 1e-3, "{place}");
            assert!((spread - deviation).abs() <= 0.1 * deviation + 1e-9, "{place}");
        }
    }
}

#[test]
fn every_level_is_solved_as_its_solution_says() {
    for (index, name) in WORLDS.into_iter().enumerate() {
        let mut world = world(name);
        let horizon = world.spec().horizon.unwrap() as f64;
        let mut random = random(index);
        for _ in 0..if name.contains("room_size=6") { 20 } else { 100 } {
            world.reset(&mut random);
            let plan = solve(world.state(), Aim::Task).unwrap();
            let mut ended = false;
            for (step, action) in plan.iter().enumerate() {
                assert!(!ended);
                let given = act(&mut world, *action);
                ended = given.terminated;
                let reward = 1.0 - 0.9 * ((step + 1) as f64 / horizon);
                assert_eq!(given.reward, if ended { reward as f32 } else { 0.0 });
            }
            assert!(ended && plan.len() < horizon as usize, "{name}");
            assert_eq!(solve(world.state(), Aim::Task), Some(Vec::new()));
        }
    }
}

/// Levels with the features that their worlds' names promise.
#[test]
fn levels_have_what_they_should() {
    for seed in 0..200 {
        let state = reader("minigrid-doorkey").level(seed);
        let door = state.doors()[0];
        assert!(state.key().unwrap().column < door.column && state.parts().agent.column < door.column);
        assert_eq!(state.goal(), Some(Place::new(6, 6)));
        let state = reader("minigrid-empty").level(seed);
        assert_eq!((state.parts().agent, state.goal()), (Place::new(1, 1), Some(Place::new(6, 6))));
        let state = reader("minigrid-multiroom,rooms=2-4").level(seed);
        assert!((1..=3).contains(&state.doors().len()));
        let state = reader("minigrid-keycorridor,room_size=4").level(seed);
        let locked: Vec<Cell> =
            state.doors().iter().map(|place| state.cell(*place)).filter(|door| door.opaque()).collect();
        assert_eq!(locked.len(), state.doors().len());
        let locks = locked.iter().filter(|door| door.door == worlds::grid::minigrid::Door::Locked);
        let key = state.cell(state.key().unwrap());
        assert!(locks.clone().count() == 1 && locks.clone().all(|door| door.colour == key.colour));
        let state = reader("minigrid-unlock-pickup").level(seed);
        assert!(state.key().unwrap().column < 5 && state.target().unwrap().column > 5);
    }
}

#[test]
fn a_level_is_its_seed_whatever_was_played_before() {
    for (index, name) in WORLDS.into_iter().enumerate() {
        let (mut world, reader) = (world(name), reader(name));
        let mut random = random(index);
        for _ in 0..20 {
            world.reset(&mut random);
            let state = world.state();
            assert_eq!(numbers(&world, "level"), [state.parts().seed as f32]);
            assert_eq!(*state, reader.level(state.parts().seed), "{name}");
            wander(&mut world, 50, &mut random);
        }
    }
}

#[test]
fn levels_to_learn_in_are_never_those_to_be_tested_in() {
    let mut random = random(0);
    for (options, first, count) in [
        ("", 0, SEEDS),
        (",split=test", SEEDS, SEEDS),
        (",levels=5", 0, 5),
        (",levels=5,split=test,layouts=2", SEEDS, 5),
        (",levels=3,first=17", 17, 3),
        (",first=999990", 999_990, 10),
        (",levels=1000000", 0, SEEDS),
    ] {
        let mut world = world(&format!("minigrid-doorkey{options}"));
        let mut draw = || {
            world.reset(&mut random);
            world.state().parts().seed
        };
        let seeds: BTreeSet<u32> = (0..1_000).map(|_| draw()).collect();
        assert!(seeds.iter().all(|seed| (first..first + count).contains(seed)), "{options}");
        assert!(if count <= 10 { seeds.len() == count as usize } else { seeds.len() > 990 });
    }
}

#[test]
fn levels_that_share_layouts_share_walls_and_doors() {
    let fixed = |state: &State| -> Vec<Option<Cell>> {
        let stays = |cell: &Cell| matches!(cell.kind, Kind::Wall | Kind::Door).then_some(*cell);
        state.parts().grid.cells().iter().map(stays).collect()
    };
    for name in [
        "minigrid-doorkey,size=12",
        "minigrid-keycorridor,room_size=5",
        "minigrid-multiroom",
        "minigrid-fourrooms",
    ] {
        let [shared, own] = [format!("{name},layouts=4"), name.to_owned()].map(|name| reader(&name));
        let (mut layouts, mut places) = (Vec::new(), BTreeSet::new());
        for seed in 0..60 {
            let state = shared.level(seed);
            layouts.push(fixed(&state));
            places.insert((state.parts().agent.column, state.parts().agent.row));
            assert_eq!(layouts[seed as usize % 4], layouts[seed as usize], "{name}");
            if seed < 4 {
                assert_eq!(state, own.level(seed));
            }
        }
        assert!(layouts[0] != layouts[1] && layouts[1] != layouts[2] && places.len() > 10, "{name}");
    }
}

#[test]
fn horizons_and_refusals() {
    let horizon = |name: &str| spec(name).unwrap().horizon.unwrap();
    for (name, steps) in [
        ("minigrid-empty,size=6", 144),
        ("minigrid-doorkey", 640),
        ("minigrid-doorkey,horizon=192", 192),
        ("minigrid-keycorridor", 270),
        ("minigrid-keycorridor,room_size=6", 1080),
        ("minigrid-multiroom,rooms=2-4", 80),
        ("minigrid-multiroom,rooms=6", 120),
        ("minigrid-unlock-pickup", 288),
        ("minigrid-fourrooms", 100),
    ] {
        assert_eq!(horizon(name), steps, "{name}");
    }
    for (name, part) in [
        ("minigrid-doorkey,size=4", "a whole number from 5 to 32"),
        ("minigrid-doorkey,task=door", "must be one of goal, key-at-door, open-door"),
        ("minigrid-doorkey,obs=symb", "did you mean `sym`?"),
        (
            "minigrid-doorkey,first=5,levels=999999",
            "ask for levels 5 to 1000003, but a split ends with level 999999",
        ),
        ("minigrid-doorkey,rooms=2", "unknown option of minigrid-doorkey `rooms`"),
        ("minigrid-multiroom,rooms=2.5", "`rooms` of minigrid-multiroom must be a whole number from 1 to 6"),
        ("minigrid-multiroom,rooms=4-2", "or two as in"),
        ("minigrid-keycorridor,rows=4", "a whole number from 1 to 3"),
        ("minigrid-doorkey,prevent=pickup", "did you mean `pick-up`?"),
    ] {
        let error = single(name).err().unwrap_or_else(|| panic!("{name} is fine")).to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[test]
fn states_that_are_none_are_refused() {
    let mut door_key = world("minigrid-doorkey,size=6");
    door_key.reset(&mut random(0));
    let state = door_key.state().clone();
    let agent = state.parts().agent;
    let refused = |change: &dyn Fn(&mut worlds::grid::minigrid::Parts)| {
        let mut parts = state.parts().clone();
        change(&mut parts);
        world("minigrid-doorkey,size=6").restore(&worlds::world::encode(&parts)).unwrap_err()
    };
    let error = refused(&|parts| parts.agent = Place::new(0, 0));
    assert_eq!(error, "the agent cannot stand in column 0, row 0");
    assert_eq!(
        refused(&|parts| parts.agent = Place::new(200, 1)),
        "the agent cannot stand in column 200, row 1"
    );
    assert_eq!(refused(&|parts| parts.carried = Some(Cell::WALL)), "the agent cannot carry a wall");
    let second = Cell::new(Kind::Key, Colour::Red);
    assert!(refused(&|parts| parts.carried = Some(second)).contains("several keys"));
    assert!(refused(&|parts| parts.grid.set(agent, Cell::UNSEEN)).contains("cannot stand"));
    assert!(refused(&|parts| parts.grid.set(Place::new(0, 0), Cell::UNSEEN)).contains("is unseen"));
    let wall = Cell::door(Colour::Red, worlds::grid::minigrid::Door::Closed);
    assert!(
        refused(&|parts| parts.grid.set(Place::new(0, 0), wall)).contains("2 doors, and there are at most 1")
    );
    // A grid without columns: the third number of the bytes, behind task, transparency and a seed of a byte.
    let mut bytes =
        worlds::world::encode(&worlds::grid::minigrid::Parts { seed: 0, ..state.parts().clone() });
    bytes[3] = 0;
    let error = world("minigrid-doorkey,size=6").restore(&bytes).unwrap_err();
    assert_eq!(error, "its grid has another number of cells than its rows and columns");
    let larger = world("minigrid-doorkey").save();
    let error = world("minigrid-doorkey,size=6").restore(&larger).unwrap_err();
    assert_eq!(error, "it has 8 columns and 8 rows instead of 6 and 6");
}
