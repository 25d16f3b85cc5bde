//! Freeway: cross eight lanes of traffic as often as the time allows.

use serde::{Deserialize, Serialize};

use super::planes::{LAST, ahead};
use super::{Chance, Control, Game, Planes};
use crate::Step;

const CHICKEN: usize = 0;
const CAR: usize = 1;
/// The channels from here on tell how many frames a car takes per cell: 1 to 5.
const FIRST_PACE: usize = 2;

/// Frames between two moves of the player.
const PLAYER_INTERVAL: i32 = 3;
/// Frames of an episode, after which it ends.
const TIME: i32 = 2500;
/// Rows 1 to 8 hold a car each.
const LANES: usize = 8;
/// The player's column.
const COLUMN: i8 = 4;

/// The player and the cars. Reaching the top pays 1, draws new cars' paces and leads back to the
/// bottom, as does being hit. An episode ends after 2,501 frames.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Freeway {
    y: i8,
    cars: [Car; LANES],
    move_timer: i32,
    time_left: i32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Car {
    x: i8,
    timer: u8,
    /// Frames from one move to the next, less one: 1 to 5.
    pace: u8,
    rightward: bool,
}

impl Freeway {
    fn draw_paces(&mut self, chance: &mut impl Chance) {
        for car in &mut self.cars {
            car.pace = chance.below(5) as u8 + 1;
            car.timer = car.pace;
        }
        for car in &mut self.cars {
            car.rightward = !chance.happens(1.0 / 2.0);
        }
    }

    /// Back to the bottom when the car of `lane` is where the player is.
    fn collide(&mut self, lane: usize) {
        if self.cars[lane].x == COLUMN && lane as i8 + 1 == self.y {
            self.y = LAST;
        }
    }
}

impl Game for Freeway {
    const NAME: &'static str = "freeway";
    const SUMMARY: &'static str = "MinAtar freeway: cross the road between the cars";
    const CHANNELS: usize = 7;
    const MINIMAL: &'static [Control] = &[Control::Stay, Control::Up, Control::Down];

    fn new(_ramping: bool) -> Self {
        let car = Car { x: 0, timer: 1, pace: 1, rightward: true };
        Self { y: LAST, cars: [car; LANES], move_timer: PLAYER_INTERVAL, time_left: TIME }
    }

    fn reset(&mut self, chance: &mut impl Chance) {
        *self = Self::new(false);
        self.draw_paces(chance);
    }

    fn step(&mut self, control: Control, chance: &mut impl Chance) -> Step {
        if self.move_timer == 0 && matches!(control, Control::Up | Control::Down) {
            self.move_timer = PLAYER_INTERVAL;
            let way = if control == Control::Up { -1 } else { 1 };
            self.y = (self.y + way).clamp(0, LAST);
        }
        let mut reward = 0.0;
        if self.y == 0 {
            reward = 1.0;
            self.draw_paces(chance);
            self.y = LAST;
        }
        for lane in 0..LANES {
            self.collide(lane);
            let car = &mut self.cars[lane];
            if car.timer == 0 {
                car.timer = car.pace;
                car.x = around(ahead(car.x, car.rightward));
                self.collide(lane);
            } else {
                car.timer -= 1;
            }
        }
        self.move_timer = (self.move_timer - 1).max(0);
        self.time_left -= 1;
        Step { reward, terminated: self.time_left < 0 }
    }

    fn paint(&self, planes: &mut Planes<'_>) {
        planes.mark(self.y, COLUMN, CHICKEN);
        for (lane, car) in self.cars.iter().enumerate() {
            let row = lane as i8 + 1;
            planes.mark(row, car.x, CAR);
            let behind = around(ahead(car.x, !car.rightward));
            planes.mark(row, behind, FIRST_PACE + usize::from(car.pace) - 1);
        }
    }
}

/// A column just outside the board re-enters on the other side.
fn around(column: i8) -> i8 {
    column.rem_euclid(LAST + 1)
}
