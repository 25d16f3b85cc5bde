//! The Minigrid worlds: against the original, their levels, their solver, their words and pictures.

mod levels;
mod original;
mod pictures;
mod solver;
mod words;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::grid::minigrid::{Cell, Colour, Door, Kind, MiniGrid};
use worlds::{Action, Array, Environment, Observations, Step, WorldName, seed};

/// Worlds of every kind, small ones first within a kind.
const WORLDS: [&str; 16] = [
    "minigrid-empty,size=5",
    "minigrid-empty,start=random",
    "minigrid-doorkey,size=5",
    "minigrid-doorkey",
    "minigrid-doorkey,task=key-at-door",
    "minigrid-doorkey,size=16,task=open-door",
    "minigrid-keycorridor,rows=1",
    "minigrid-keycorridor,rows=2",
    "minigrid-keycorridor",
    "minigrid-keycorridor,room_size=4",
    "minigrid-keycorridor,room_size=6",
    "minigrid-multiroom,rooms=2-4",
    "minigrid-multiroom",
    "minigrid-multiroom,rooms=6,room_size=10",
    "minigrid-unlock-pickup",
    "minigrid-fourrooms",
];

fn world(name: &str) -> MiniGrid {
    let name: WorldName = name.parse().unwrap();
    MiniGrid::named(&name.options).unwrap().unwrap()
}

fn random(stream: usize) -> ChaCha8Rng {
    seed::stream(0, "test", stream)
}

fn act(world: &mut MiniGrid, action: worlds::grid::minigrid::Action) -> Step {
    world.step(Action::Discrete(action as u32), &mut random(0))
}

/// Random steps, mostly forward, until an episode ends; whether it did.
fn wander(world: &mut MiniGrid, steps: usize, random: &mut ChaCha8Rng) -> bool {
    (0..steps).any(|_| {
        let action = if random.random_bool(0.3) { 2 } else { random.random_range(0..7) };
        world.step(Action::Discrete(action), random).terminated
    })
}

/// All that a world shows.
fn observations(world: &dyn Environment) -> Observations {
    let mut observations = Observations::zeros(world.spec(), 1);
    for (field, array) in observations.fields.iter_mut().enumerate() {
        world.observe(field, 0, array);
    }
    observations
}

fn image(world: &dyn Environment) -> Vec<u8> {
    match observations(world).fields.swap_remove(0) {
        Array::Byte(bytes) => bytes,
        Array::Float(_) => panic!("numbers"),
    }
}

/// The numbers of a field.
fn numbers(world: &dyn Environment, name: &str) -> Vec<f32> {
    let field = world.spec().fields.iter().position(|field| field.name == name).unwrap();
    match observations(world).fields.swap_remove(field) {
        Array::Float(values) => values,
        Array::Byte(_) => panic!("bytes"),
    }
}

/// The cell that a character stands for in `reference/minigrid_trajectories.py`.
fn cell(character: char) -> Cell {
    let letter = |first: char| {
        let number = (character as u32).wrapping_sub(first as u32) as usize;
        (number / 6, Colour::ALL.get(number % 6).copied().unwrap())
    };
    match character {
        '#' => Cell::WALL,
        '.' => Cell::EMPTY,
        '*' => Cell::GOAL,
        '?' => Cell::UNSEEN,
        'a'..='r' => {
            let (kind, colour) = letter('a');
            Cell::new([Kind::Key, Kind::Ball, Kind::Box][kind], colour)
        }
        'A'..='R' => {
            let (door, colour) = letter('A');
            Cell::door(colour, Door::ALL[door])
        }
        _ => panic!("no cell is written {character}"),
    }
}
