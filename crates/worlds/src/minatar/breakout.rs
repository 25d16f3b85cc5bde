//! Breakout: bounce the ball off the paddle to clear three rows of bricks.

use serde::{Deserialize, Serialize};

use super::planes::LAST;
use super::{Chance, Control, Game, Planes, SIDE};
use crate::Step;

const PADDLE: usize = 0;
const BALL: usize = 1;
const TRAIL: usize = 2;
const BRICK: usize = 3;

/// A row in which every column is set.
const FULL: u16 = (1 << SIDE) - 1;

/// Paddle, ball and bricks. The ball moves one cell diagonally per frame; a brick pays 1, a missed
/// ball ends the episode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Breakout {
    paddle: i8,
    ball: Ball,
    /// Where the ball was a frame ago.
    trail: (i8, i8),
    bricks: [u16; SIDE],
    /// The ball is inside the wall after breaking a brick and breaks no other until it has left.
    striking: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Ball {
    x: i8,
    y: i8,
    across: i8,
    down: i8,
}

impl Breakout {
    fn refill(&mut self) {
        self.bricks[1..4].fill(FULL);
    }

    /// The ball reaches the paddle's row: it turns where the paddle stands below it, and goes back
    /// where it came from when the paddle is met a cell further on; else it is lost.
    fn land(&mut self) -> bool {
        if self.bricks.iter().all(|&row| row == 0) {
            self.refill();
        }
        if self.trail.0 != self.paddle {
            if self.ball.x != self.paddle {
                return true;
            }
            self.ball.across = -self.ball.across;
        }
        self.ball.down = -self.ball.down;
        self.ball.y = self.trail.1;
        false
    }
}

impl Game for Breakout {
    const NAME: &'static str = "breakout";
    const SUMMARY: &'static str = "MinAtar breakout: keep the ball in play and break the bricks";
    const CHANNELS: usize = 4;
    const MINIMAL: &'static [Control] = &[Control::Stay, Control::Left, Control::Right];

    fn new(_ramping: bool) -> Self {
        let ball = Ball { x: 0, y: 3, across: 1, down: 1 };
        Self { paddle: 4, ball, trail: (0, 3), bricks: [0; SIDE], striking: false }
    }

    fn reset(&mut self, chance: &mut impl Chance) {
        *self = Self::new(false);
        if chance.below(2) == 1 {
            self.ball.x = LAST;
            self.ball.across = -1;
        }
        self.trail = (self.ball.x, self.ball.y);
        self.refill();
    }

    fn step(&mut self, control: Control, _chance: &mut impl Chance) -> Step {
        match control {
            Control::Left => self.paddle = (self.paddle - 1).max(0),
            Control::Right => self.paddle = (self.paddle + 1).min(LAST),
            _ => {}
        }
        self.trail = (self.ball.x, self.ball.y);
        self.ball.x += self.ball.across;
        self.ball.y += self.ball.down;
        if !(0..=LAST).contains(&self.ball.x) {
            self.ball.x = self.ball.x.clamp(0, LAST);
            self.ball.across = -self.ball.across;
        }
        let mut step = Step { reward: 0.0, terminated: false };
        let mut struck = false;
        if self.ball.y < 0 {
            self.ball.y = 0;
            self.ball.down = -self.ball.down;
        } else if self.bricks[self.ball.y as usize] >> self.ball.x & 1 == 1 {
            struck = true;
            if !self.striking {
                step.reward = 1.0;
                self.bricks[self.ball.y as usize] &= !(1 << self.ball.x);
                self.ball.y = self.trail.1;
                self.ball.down = -self.ball.down;
            }
        } else if self.ball.y == LAST {
            step.terminated = self.land();
        }
        self.striking = struck;
        step
    }

    fn paint(&self, planes: &mut Planes<'_>) {
        planes.mark(self.ball.y, self.ball.x, BALL);
        planes.mark(LAST, self.paddle, PADDLE);
        planes.mark(self.trail.1, self.trail.0, TRAIL);
        planes.mark_rows(&self.bricks, BRICK);
    }
}
