//! Episodes as an animated GIF.

use std::{borrow::Cow, collections::HashMap, path::Path};

use gif::{Encoder, Frame, Repeat};
use run::folder::write_whole;
use worlds::Canvas;

use crate::{
    failure::Failure,
    output::{count, number, print},
    player::Player,
};

/// Pictures in an animation, so that its file stays small.
const MOST_FRAMES: usize = 400;

/// Hundredths of a second that a picture is shown, and the last one of an episode.
const DELAY: u16 = 4;
const PAUSE: u16 = 80;

/// A picture and whether an episode ends with it.
struct Shot {
    frame: Frame<'static>,
    last: bool,
}

/// Plays episodes and writes them.
pub fn write(mut player: Player, path: &Path, episodes: usize, size: u16) -> Result<(), Failure> {
    let mut canvas = Canvas::new(usize::from(size), usize::from(size));
    let mut film = Film { shots: Vec::new(), stride: 1, step: 0 };
    let mut told = Vec::new();
    player.draw(&mut canvas);
    film.add(&canvas, false);
    while told.len() < episodes {
        let ended = player.step()?;
        if film.wants(ended.is_some()) {
            player.draw(&mut canvas);
            film.add(&canvas, ended.is_some());
        }
        if let Some(episode) = ended {
            told.push(format!(
                "episode {}: return {} in {} steps",
                told.len() + 1,
                number(episode.total),
                episode.length
            ));
        }
    }
    let bytes = film.encode(size).map_err(Failure::failed)?;
    write_whole(path, &bytes)?;
    let kib = bytes.len().div_ceil(1_024) as u64;
    told.push(format!("{}: {} pictures, {} KiB", path.display(), film.shots.len(), count(kib)));
    print(&told.join("\n"))
}

/// Pictures at regular steps. When there are too many, every second one goes and the stride
/// doubles, so that long and short episodes alike give a short film.
struct Film {
    shots: Vec<Shot>,
    stride: u64,
    step: u64,
}

impl Film {
    /// Counts a step; says whether it is to be drawn.
    fn wants(&mut self, last: bool) -> bool {
        self.step += 1;
        last || self.step.is_multiple_of(self.stride)
    }

    fn add(&mut self, canvas: &Canvas, last: bool) {
        self.shots.push(Shot { frame: frame(canvas), last });
        if self.shots.len() <= MOST_FRAMES {
            return;
        }
        self.stride *= 2;
        let mut odd = false;
        self.shots.retain(|shot| {
            odd = !odd;
            odd || shot.last
        });
    }

    fn encode(&mut self, size: u16) -> Result<Vec<u8>, gif::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, size, size, &[])?;
        encoder.set_repeat(Repeat::Infinite)?;
        for shot in &mut self.shots {
            shot.frame.delay = if shot.last { PAUSE } else { DELAY };
            encoder.write_frame(&shot.frame)?;
        }
        drop(encoder);
        Ok(bytes)
    }
}

/// A picture with its exact colours where a palette holds them, else with the nearest 256.
fn frame(canvas: &Canvas) -> Frame<'static> {
    let (width, height) = (canvas.width as u16, canvas.height as u16);
    let mut indices: HashMap<[u8; 3], u8> = HashMap::new();
    let mut palette = Vec::new();
    let mut pixels = Vec::with_capacity(canvas.pixels.len() / 3);
    for colour in canvas.pixels.as_chunks::<3>().0 {
        let next = indices.len();
        let index = match indices.get(colour) {
            Some(index) => *index,
            None if next < 256 => {
                palette.extend_from_slice(colour);
                indices.insert(*colour, next as u8);
                next as u8
            }
            None => return Frame::from_rgb_speed(width, height, &canvas.pixels, 10),
        };
        pixels.push(index);
    }
    Frame { width, height, buffer: Cow::Owned(pixels), palette: Some(palette), ..Frame::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_film_is_thinned_and_keeps_the_ends_of_episodes() {
        let canvas = Canvas::new(16, 16);
        let mut film = Film { shots: Vec::new(), stride: 1, step: 0 };
        film.add(&canvas, false);
        for step in 1..=5_000 {
            let last = step % 1_000 == 0;
            if film.wants(last) {
                film.add(&canvas, last);
            }
        }
        assert!(film.shots.len() <= MOST_FRAMES && film.shots.len() >= MOST_FRAMES / 2);
        assert_eq!(film.shots.iter().filter(|shot| shot.last).count(), 5);
        assert!(film.encode(16).is_ok_and(|bytes| bytes.starts_with(b"GIF89a")));
    }

    #[test]
    fn colours_are_exact_where_they_fit_a_palette() {
        let mut canvas = Canvas::new(16, 16);
        canvas.set(3, 2, [1, 2, 3]);
        let frame = frame(&canvas);
        let palette = frame.palette.as_deref().unwrap_or_default();
        let index = usize::from(frame.buffer[2 * 16 + 3]);
        assert_eq!(&palette[index * 3..][..3], &[1, 2, 3]);
    }
}
