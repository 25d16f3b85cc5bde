//! Episodes of the original, recorded by `reference/minigrid_trajectories.py`, which also describes the
//! format.

use worlds::Environment;
use worlds::grid::minigrid::{Action, Aim, Direction, MiniGrid, Parts, Place, State, solve};

use crate::{cell, image, numbers, world};

const RECORD: &str = include_str!("../data/minigrid/trajectories.txt");

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("{text} is no number"))
}

/// The level with these rows and this pose of the agent, as a level of the world.
fn level(world: &MiniGrid, [column, row, facing]: [&str; 3], grid: &str) -> State {
    let mut parts: Parts = world.state().parts().clone();
    for (row, cells) in grid.split('/').enumerate() {
        for (column, character) in cells.chars().enumerate() {
            parts.grid.set(Place::new(column as u8, row as u8), cell(character));
        }
    }
    parts.agent = Place::new(number(column), number(row));
    parts.facing = Direction::ALL[number::<usize>(facing)];
    (parts.carried, parts.steps) = (None, 0);
    State::new(parts).unwrap()
}

/// The codes of all cells of a view in the record.
fn view(characters: &str) -> Vec<u8> {
    characters.chars().flat_map(|character| cell(character).code()).collect()
}

#[test]
fn episodes_are_those_of_the_original() {
    let mut current: Option<(MiniGrid, bool)> = None;
    let (mut levels, mut steps, mut ends, mut solutions) = (0, 0, 0, 0);
    for (index, line) in RECORD.lines().enumerate() {
        let place = format!("line {}", index + 1);
        match line.split(' ').collect::<Vec<&str>>()[..] {
            ["level", name, column, row, facing, solution, grid, seen] => {
                let mut world = world(name);
                world.begin(level(&world, [column, row, facing], grid)).unwrap();
                assert_eq!(image(&world), view(seen), "{place}");
                let plan = solve(world.state(), Aim::Task).unwrap();
                // 0: too much for the search of the script.
                if solution != "0" {
                    assert_eq!(plan.len(), number::<usize>(solution), "{place}");
                    solutions += 1;
                }
                current = Some((world, false));
                levels += 1;
            }
            ["step", action, reward, terminated, truncated, column, row, facing, seen] => {
                let (world, cut) = current.as_mut().unwrap();
                assert!(!*cut, "{place}");
                let step = crate::act(world, Action::ALL[number::<usize>(action)]);
                assert_eq!(step.reward, number::<f64>(reward) as f32, "{place}");
                assert_eq!(step.terminated, terminated == "1", "{place}");
                let horizon = world.spec().horizon.unwrap();
                *cut = world.state().parts().steps as usize == horizon;
                assert_eq!(*cut, truncated == "1", "{place}");
                let pose = [column, row, facing].map(number::<f32>);
                assert_eq!(numbers(world, "agent"), pose, "{place}");
                assert_eq!(image(world), view(seen), "{place}");
                steps += 1;
                ends += usize::from(step.terminated);
            }
            ["full", grid] => {
                let (world, _) = current.as_ref().unwrap();
                let cells: Vec<_> = grid.chars().filter(|c| *c != '/').map(cell).collect();
                assert_eq!(world.state().parts().grid.cells(), cells, "{place}");
            }
            _ => panic!("{place} is malformed"),
        }
    }
    assert_eq!((levels, solutions), (46, 42));
    assert!(steps > 1_200 && ends > 12, "{steps} {ends}");
}
