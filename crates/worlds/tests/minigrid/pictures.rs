//! Other observations than Minigrid's own, and pictures.

use std::collections::BTreeMap;

use worlds::grid::minigrid::{Action, Cell, Colour, Direction, Door, Kind, Parts, Place, Shown, State, Task};
use worlds::{Canvas, Environment, Layout, single, spec};

use crate::{WORLDS, act, image, random, wander, world};

/// The same state as another world with other observations shows it.
fn seen_as(world: &dyn Environment, name: &str) -> Vec<u8> {
    let mut other = single(name).unwrap();
    other.restore(&world.save()).unwrap();
    image(&*other)
}

#[test]
fn one_hot_and_full_codes_are_those_of_the_wrappers() {
    for (index, name) in WORLDS.into_iter().enumerate() {
        let (mut world, mut random) = (world(name), random(index));
        for _ in 0..10 {
            world.reset(&mut random);
            wander(&mut world, 100, &mut random);
            let codes = image(&world);
            let bits = seen_as(&world, &format!("{name},obs=onehot"));
            for (code, bits) in codes.chunks(3).zip(bits.chunks(20)) {
                let mut expected = [0; 20];
                expected[usize::from(code[0])] = 1;
                expected[11 + usize::from(code[1])] = 1;
                expected[17 + usize::from(code[2])] = 1;
                assert_eq!(bits, expected);
            }
            let state = world.state();
            let (agent, facing) = (state.parts().agent, state.parts().facing as u8);
            let (width, height) = (state.parts().grid.width(), state.parts().grid.height());
            let full = seen_as(&world, &format!("{name},obs=full"));
            for column in 0..width {
                for row in 0..height {
                    let place = Place::new(column, row);
                    let expected = if place == agent { [10, 0, facing] } else { state.cell(place).code() };
                    let start = 3 * (usize::from(column) * usize::from(height) + usize::from(row));
                    assert_eq!(full[start..start + 3], expected);
                }
            }
        }
    }
    let layout = |name: &str| spec(name).unwrap().input().clone();
    let image = |height, width, channels, scale| Layout::Image { height, width, channels, frames: 1, scale };
    assert_eq!(layout("minigrid-doorkey"), image(7, 7, 3, 0.1));
    assert_eq!(layout("minigrid-doorkey,obs=onehot"), image(7, 7, 20, 1.0));
    assert_eq!(layout("minigrid-unlock-pickup,obs=full"), image(11, 6, 3, 0.1));
    assert_eq!(layout("minigrid-unlock-pickup,obs=tile"), image(6, 11, 3, 1.0 / 255.0));
    assert_eq!(layout("minigrid-unlock-pickup,obs=tile,view=ego"), image(7, 7, 3, 1.0 / 255.0));
}

#[test]
fn tiles_are_drawings_of_a_pixel_per_cell() {
    for (index, name) in WORLDS.into_iter().enumerate() {
        let (mut world, mut random) = (world(name), random(index));
        world.reset(&mut random);
        wander(&mut world, 60, &mut random);
        for view in ["full", "ego"] {
            let drawn = {
                let mut other = single(&format!("{name},view={view}+tile")).unwrap();
                other.restore(&world.save()).unwrap();
                image(&*other)
            };
            assert_eq!(drawn, seen_as(&world, &format!("{name},obs=tile,view={view}")), "{name} {view}");
        }
    }
}

/// A room with one thing in it, and something in the agent's hands.
fn room(thing: Cell, carried: Option<Cell>, facing: Direction) -> State {
    let mut parts = Parts::new(Task::Goal, 4, 3);
    let area = parts.grid.area();
    parts.grid.wall_in(area);
    parts.grid.set(Place::new(2, 1), thing);
    (parts.agent, parts.facing, parts.carried) = (Place::new(1, 1), facing, carried);
    State::new(parts).unwrap()
}

fn things() -> Vec<Cell> {
    let kinds = [Kind::Key, Kind::Ball, Kind::Box];
    let coloured = |colour| {
        let doors = Door::ALL.map(|door| Cell::door(colour, door));
        kinds.map(|kind| Cell::new(kind, colour)).into_iter().chain(doors)
    };
    let plain = [Cell::EMPTY, Cell::WALL, Cell::GOAL];
    plain.into_iter().chain(Colour::ALL.into_iter().flat_map(coloured)).collect()
}

#[test]
fn tiles_tell_everything_apart() {
    let mut colours: BTreeMap<[u8; 3], String> = BTreeMap::new();
    let mut add = |state: State, column: usize, what: String| {
        let mut bytes = vec![0; 4 * 3 * 3];
        Shown::Full.write(&state, &mut bytes);
        let pixel = bytes.as_chunks::<3>().0[4 + column];
        let before = colours.insert(pixel, what.clone());
        assert!(before.is_none(), "{what} looks like {before:?}");
    };
    for thing in things() {
        add(room(thing, None, Direction::East), 2, format!("{thing:?}"));
    }
    for facing in Direction::ALL {
        add(room(Cell::EMPTY, None, facing), 1, format!("{facing:?}"));
        for carried in things().into_iter().filter(|thing| thing.kind.portable()) {
            add(room(Cell::EMPTY, Some(carried), facing), 1, format!("{facing:?} with {carried:?}"));
        }
    }
}

/// Colours of the pixels of a cell.
fn pixels(canvas: &Canvas, [row, column]: [usize; 2], side: usize) -> Vec<[u8; 3]> {
    (0..side * side)
        .map(|index| canvas.get(column * side + index % side, row * side + index / side).unwrap())
        .collect()
}

#[test]
fn large_pictures_show_shapes_and_where_the_agent_looks() {
    let mut seen = Vec::new();
    for thing in things() {
        let mut canvas = Canvas::new(4 * 16, 3 * 16);
        Shown::Full.paint(&room(thing, None, Direction::East), &mut canvas);
        let cell = pixels(&canvas, [1, 2], 16);
        assert!(!seen.contains(&cell), "{thing:?}");
        seen.push(cell);
    }
    for facing in Direction::ALL {
        let mut canvas = Canvas::new(4 * 16, 3 * 16);
        Shown::Full.paint(&room(Cell::EMPTY, None, facing), &mut canvas);
        let cell = pixels(&canvas, [1, 1], 16);
        let red = |index: &usize| cell[*index][0] > 200 && cell[*index][2] < 100;
        let red: Vec<usize> = (0..256).filter(red).collect();
        assert!((40..80).contains(&red.len()), "{}", red.len());
        // The triangle's centre lies behind the middle.
        let mean = |part: &dyn Fn(usize) -> usize| {
            red.iter().map(|index| part(*index) as f64).sum::<f64>() / red.len() as f64 - 7.5
        };
        let [across, down] = facing.step().map(f64::from);
        let ahead = across * mean(&|index| index % 16) + down * mean(&|index| index / 16);
        let aside = across * mean(&|index| index / 16) + down * mean(&|index| index % 16);
        assert!((-3.0..-1.0).contains(&ahead) && aside.abs() < 0.3, "{facing:?} {ahead} {aside}");
    }
}

#[test]
fn the_own_view_turns_with_the_agent_and_shows_what_is_carried() {
    let mut world = world("minigrid-doorkey,size=5,obs=tile,view=ego");
    let mut random = random(0);
    world.reset(&mut random);
    let start = image(&world);
    let row = |image: &[u8], row: usize| image[row * 21..(row + 1) * 21].to_vec();
    (0..4).for_each(|_| {
        act(&mut world, Action::Left);
    });
    assert_eq!(image(&world), start);
    // The agent is in the middle of the last row.
    assert_eq!(row(&start, 6)[9..12], [255 - 3 * 40, 0, 0]);
    let plan = worlds::grid::minigrid::solve(world.state(), worlds::grid::minigrid::Aim::Task).unwrap();
    let until = plan.iter().position(|action| *action == Action::PickUp).unwrap();
    plan[..=until].iter().for_each(|action| {
        act(&mut world, *action);
    });
    assert_ne!(row(&image(&world), 6)[9..12], [255 - 3 * 40, 0, 0]);
}
