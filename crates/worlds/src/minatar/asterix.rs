//! Asterix: collect the gold that crosses the board and touch no enemy.

use serde::{Deserialize, Serialize};

use super::planes::{LAST, ahead};
use super::{Chance, Control, Game, Planes};
use crate::Step;

const PLAYER: usize = 0;
const ENEMY: usize = 1;
const TRAIL: usize = 2;
const GOLD: usize = 3;

/// Frames between two increases in difficulty.
const RAMP_INTERVAL: i32 = 100;
/// Frames between two arrivals at first.
const SPAWN_INTERVAL: i32 = 10;
/// Frames between two moves at first.
const MOVE_INTERVAL: i32 = 5;
/// Rows 1 to 8 hold at most one thing each.
const LANES: usize = 8;

/// Player, enemies and gold. Gold pays 1, an enemy ends the episode; arrivals and moves grow more
/// frequent over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asterix {
    ramping: bool,
    x: i8,
    y: i8,
    /// What moves in row `lane + 1`.
    lanes: [Option<Thing>; LANES],
    spawn_interval: i32,
    spawn_timer: i32,
    move_interval: i32,
    move_timer: i32,
    ramp_timer: i32,
    ramp_level: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Thing {
    x: i8,
    rightward: bool,
    gold: bool,
}

impl Asterix {
    /// Something enters a random free row from a random side; nothing does when all are taken.
    fn spawn(&mut self, chance: &mut impl Chance) {
        let rightward = chance.happens(1.0 / 2.0);
        let gold = chance.happens(1.0 / 3.0);
        let free = self.lanes.iter().filter(|lane| lane.is_none()).count();
        if free == 0 {
            return;
        }
        let pick = chance.below(free);
        let x = if rightward { 0 } else { LAST };
        if let Some(lane) = self.lanes.iter_mut().filter(|lane| lane.is_none()).nth(pick) {
            *lane = Some(Thing { x, rightward, gold });
        }
    }

    /// Takes the gold, or notes the enemy, where the player stands in `lane`.
    fn touch(&mut self, lane: usize, step: &mut Step) {
        if let Some(thing) = self.lanes[lane]
            && thing.x == self.x
            && lane as i8 + 1 == self.y
        {
            if thing.gold {
                self.lanes[lane] = None;
                step.reward += 1.0;
            } else {
                step.terminated = true;
            }
        }
    }

    fn move_things(&mut self, step: &mut Step) {
        self.move_timer = self.move_interval;
        for lane in 0..LANES {
            let Some(thing) = &mut self.lanes[lane] else {
                continue;
            };
            thing.x = ahead(thing.x, thing.rightward);
            if !(0..=LAST).contains(&thing.x) {
                self.lanes[lane] = None;
            }
            self.touch(lane, step);
        }
    }

    fn ramp(&mut self) {
        if !self.ramping || (self.spawn_interval <= 1 && self.move_interval <= 1) {
            return;
        }
        if self.ramp_timer >= 0 {
            self.ramp_timer -= 1;
            return;
        }
        if self.move_interval > 1 && self.ramp_level % 2 == 1 {
            self.move_interval -= 1;
        }
        if self.spawn_interval > 1 {
            self.spawn_interval -= 1;
        }
        self.ramp_level += 1;
        self.ramp_timer = RAMP_INTERVAL;
    }
}

impl Game for Asterix {
    const NAME: &'static str = "asterix";
    const SUMMARY: &'static str = "MinAtar asterix: collect gold and avoid enemies";
    const CHANNELS: usize = 4;
    const MINIMAL: &'static [Control] =
        &[Control::Stay, Control::Left, Control::Up, Control::Right, Control::Down];

    fn new(ramping: bool) -> Self {
        Self {
            ramping,
            x: 5,
            y: 5,
            lanes: [None; LANES],
            spawn_interval: SPAWN_INTERVAL,
            spawn_timer: SPAWN_INTERVAL,
            move_interval: MOVE_INTERVAL,
            move_timer: MOVE_INTERVAL,
            ramp_timer: RAMP_INTERVAL,
            ramp_level: 0,
        }
    }

    fn reset(&mut self, _chance: &mut impl Chance) {
        *self = Self::new(self.ramping);
    }

    fn step(&mut self, control: Control, chance: &mut impl Chance) -> Step {
        if self.spawn_timer == 0 {
            self.spawn(chance);
            self.spawn_timer = self.spawn_interval;
        }
        match control {
            Control::Left => self.x = (self.x - 1).max(0),
            Control::Right => self.x = (self.x + 1).min(LAST),
            Control::Up => self.y = (self.y - 1).max(1),
            Control::Down => self.y = (self.y + 1).min(LAST - 1),
            Control::Stay | Control::Fire => {}
        }
        let mut step = Step { reward: 0.0, terminated: false };
        for lane in 0..LANES {
            self.touch(lane, &mut step);
        }
        if self.move_timer == 0 {
            self.move_things(&mut step);
        }
        self.spawn_timer -= 1;
        self.move_timer -= 1;
        self.ramp();
        step
    }

    fn paint(&self, planes: &mut Planes<'_>) {
        planes.mark(self.y, self.x, PLAYER);
        for (lane, thing) in self.lanes.iter().enumerate() {
            if let Some(thing) = thing {
                let row = lane as i8 + 1;
                planes.mark(row, thing.x, if thing.gold { GOLD } else { ENEMY });
                planes.mark(row, ahead(thing.x, !thing.rightward), TRAIL);
            }
        }
    }
}
