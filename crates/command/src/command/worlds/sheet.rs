//! Worlds as pictures.

use std::path::Path;

use agents::experience::uniform_actions;
use evidence::plot::{Named, gallery};
use run::{ActionScale, folder::write_whole, task::World};
use worlds::{Canvas, Outcome};

use crate::{
    failure::Failure,
    output::{count, print},
};

/// Pixels of a picture's side.
const SIDE: usize = 256;

/// Random steps before the picture is taken.
const STEPS: usize = 12;

/// Seed of the episode that is shown.
const SEED: u64 = 1;

/// Writes pictures of all worlds, or of the one of this name, a few random steps into an episode.
pub fn write(name: Option<&str>, path: &Path) -> Result<(), Failure> {
    let names = match name {
        Some(name) => vec![name],
        None => worlds::catalogue().iter().map(|entry| entry.name).collect(),
    };
    let pictures = names.into_iter().map(picture).collect::<Result<Vec<_>, _>>()?;
    let bytes = gallery(&pictures, SIDE)?;
    write_whole(path, &bytes)?;
    let kib = count(bytes.len().div_ceil(1_024) as u64);
    print(&format!("{}: {} worlds, {kib} KiB", path.display(), pictures.len()))
}

fn picture(name: &str) -> Result<Named, Failure> {
    let world = World::new(name)?;
    let space = &world.spec.action;
    let (mut copies, mut outcome) = (world.make(1, SEED)?, Outcome::new(&world.spec, 1));
    let mut random = worlds::seed::stream(SEED, "sheet", 0);
    copies.reset(&mut outcome);
    for _ in 0..STEPS {
        let actions = ActionScale::new(space).to_world(&uniform_actions(space, 1, &mut random));
        copies.step(&actions, &mut outcome).map_err(Failure::failed)?;
        if outcome.ended(0) {
            break;
        }
    }
    let mut canvas = Canvas::new(SIDE, SIDE);
    copies.render(0, &mut canvas);
    Ok(Named { name: name.to_owned(), pixels: canvas.pixels })
}
