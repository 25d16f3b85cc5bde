//! Space invaders: shoot the aliens that march down before they or their bullets arrive.

use serde::{Deserialize, Serialize};

use super::planes::LAST;
use super::{Chance, Control, Game, Planes, SIDE};
use crate::Step;

const CANNON: usize = 0;
const ALIEN: usize = 1;
const ALIEN_LEFT: usize = 2;
const ALIEN_RIGHT: usize = 3;
const FRIENDLY_BULLET: usize = 4;
const ENEMY_BULLET: usize = 5;

/// Frames between two shots of the player.
const SHOT_INTERVAL: i32 = 5;
/// Frames between two moves of the first wave while it is large.
const MOVE_INTERVAL: i32 = 12;
/// The interval that waves do not fall below.
const LEAST_MOVE_INTERVAL: i32 = 6;
/// Frames between two shots of the aliens.
const ALIEN_SHOT_INTERVAL: i32 = 10;
/// A wave's columns 2 to 7.
const WAVE: u16 = 0b00_1111_1100;

/// Cannon, aliens and bullets, the last two as one bit per column of each row. An alien pays 1;
/// an alien or bullet on the cannon, or aliens at the bottom, end the episode; each wave after a
/// cleared one is a little faster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpaceInvaders {
    ramping: bool,
    cannon: i8,
    aliens: [u16; SIDE],
    rightward: bool,
    friendly: [u16; SIDE],
    hostile: [u16; SIDE],
    shot_timer: i32,
    move_interval: i32,
    move_timer: i32,
    alien_shot_timer: i32,
}

impl SpaceInvaders {
    fn count(&self) -> i32 {
        self.aliens.iter().map(|row| row.count_ones() as i32).sum()
    }

    fn send_wave(&mut self) {
        self.aliens[0..4].fill(WAVE);
    }

    fn at_cannon(&self, rows: &[u16; SIDE]) -> bool {
        rows[SIDE - 1] >> self.cannon & 1 == 1
    }

    /// The aliens step sideways, or turn and step down at the board's edge; true when they would
    /// leave it at the bottom.
    fn march(&mut self) -> bool {
        self.move_timer = self.count().min(self.move_interval);
        let edge = if self.rightward { LAST } else { 0 };
        if self.aliens.iter().any(|row| row >> edge & 1 == 1) {
            self.rightward = !self.rightward;
            let landed = self.aliens[SIDE - 1] != 0;
            self.aliens.rotate_right(1);
            return landed;
        }
        for row in &mut self.aliens {
            *row = if self.rightward { *row << 1 } else { *row >> 1 };
        }
        false
    }

    /// The lowest alien of the column nearest to the cannon, the left one of two, shoots.
    fn return_fire(&mut self) {
        self.alien_shot_timer = ALIEN_SHOT_INTERVAL;
        let seen = self.aliens.iter().fold(0, |columns, row| columns | row);
        let occupied = |column: &i8| (0..=LAST).contains(column) && seen >> column & 1 == 1;
        let by_distance = (0..=LAST).flat_map(|away| [self.cannon - away, self.cannon + away]);
        if let Some(column) = by_distance.into_iter().find(occupied)
            && let Some(row) = self.aliens.iter().rposition(|row| row >> column & 1 == 1)
        {
            self.hostile[row] |= 1 << column;
        }
    }

    /// Removes aliens together with the bullets that hit them, and counts them.
    fn hits(&mut self) -> u32 {
        let mut total = 0;
        for (aliens, bullets) in self.aliens.iter_mut().zip(&mut self.friendly) {
            let hit = *aliens & *bullets;
            total += hit.count_ones();
            *aliens &= !hit;
            *bullets &= !hit;
        }
        total
    }
}

impl Game for SpaceInvaders {
    const NAME: &'static str = "space-invaders";
    const SUMMARY: &'static str = "MinAtar space invaders: shoot the aliens and dodge their bullets";
    const CHANNELS: usize = 6;
    const MINIMAL: &'static [Control] = &[Control::Stay, Control::Left, Control::Right, Control::Fire];

    fn new(ramping: bool) -> Self {
        Self {
            ramping,
            cannon: 5,
            aliens: [0; SIDE],
            rightward: false,
            friendly: [0; SIDE],
            hostile: [0; SIDE],
            shot_timer: 0,
            move_interval: MOVE_INTERVAL,
            move_timer: MOVE_INTERVAL,
            alien_shot_timer: ALIEN_SHOT_INTERVAL,
        }
    }

    fn reset(&mut self, _chance: &mut impl Chance) {
        *self = Self::new(self.ramping);
        self.send_wave();
    }

    fn step(&mut self, control: Control, _chance: &mut impl Chance) -> Step {
        match control {
            Control::Fire if self.shot_timer == 0 => {
                self.friendly[SIDE - 1] |= 1 << self.cannon;
                self.shot_timer = SHOT_INTERVAL;
            }
            Control::Left => self.cannon = (self.cannon - 1).max(0),
            Control::Right => self.cannon = (self.cannon + 1).min(LAST),
            _ => {}
        }
        self.friendly.rotate_left(1);
        self.friendly[SIDE - 1] = 0;
        self.hostile.rotate_right(1);
        self.hostile[0] = 0;

        let mut terminated = self.at_cannon(&self.hostile) || self.at_cannon(&self.aliens);
        if self.move_timer == 0 {
            terminated |= self.march();
            terminated |= self.at_cannon(&self.aliens);
        }
        if self.alien_shot_timer == 0 {
            self.return_fire();
        }
        let reward = self.hits() as f32;
        self.shot_timer = (self.shot_timer - 1).max(0);
        self.move_timer -= 1;
        self.alien_shot_timer -= 1;
        if self.count() == 0 {
            if self.ramping && self.move_interval > LEAST_MOVE_INTERVAL {
                self.move_interval -= 1;
            }
            self.send_wave();
        }
        Step { reward, terminated }
    }

    fn paint(&self, planes: &mut Planes<'_>) {
        planes.mark(LAST, self.cannon, CANNON);
        planes.mark_rows(&self.aliens, ALIEN);
        planes.mark_rows(&self.aliens, if self.rightward { ALIEN_RIGHT } else { ALIEN_LEFT });
        planes.mark_rows(&self.friendly, FRIENDLY_BULLET);
        planes.mark_rows(&self.hostile, ENEMY_BULLET);
    }
}
