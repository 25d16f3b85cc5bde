//! Seaquest: shoot fish and submarines, rescue divers and surface for air.
//!
//! The original takes the first entry *equal* to the one it looks at out of its lists, which it
//! walks from the newest to the oldest. Taking that very entry out, as here, comes to the same: equal
//! entries behave alike, and the only ones treated further after removal, submarines, never meet an
//! equal one, as the shot that removes them would have hit that one before.

use serde::{Deserialize, Serialize};

use super::planes::{LAST, ahead};
use super::{Chance, Control, Game, Planes};
use crate::Step;

const SUB_FRONT: usize = 0;
const SUB_BACK: usize = 1;
const FRIENDLY_BULLET: usize = 2;
const TRAIL: usize = 3;
const ENEMY_BULLET: usize = 4;
const ENEMY_FISH: usize = 5;
const ENEMY_SUB: usize = 6;
const OXYGEN_GAUGE: usize = 7;
const DIVER_GAUGE: usize = 8;
const DIVER: usize = 9;

/// Frames that a full tank lasts.
const FULL_OXYGEN: i32 = 200;
/// Frames between two enemies at first.
const ENEMY_INTERVAL: i32 = 20;
/// Frames between two divers.
const DIVER_INTERVAL: i32 = 30;
/// Frames between two moves of enemies at first, and always of divers.
const MOVE_INTERVAL: i32 = 5;
/// The interval between moves that enemies do not fall below.
const LEAST_MOVE_INTERVAL: i32 = 2;
/// Frames between two shots of the player.
const SHOT_INTERVAL: i32 = 5;
/// Frames between two shots of an enemy submarine.
const ENEMY_SHOT_INTERVAL: i32 = 10;
/// Divers that fit on board.
const CREW: i32 = 6;

/// The player's submarine and all that swims. Shot enemies pay 1 each; surfacing with six divers
/// pays a point per tenth of the oxygen left. The end comes by touching an enemy or bullet, by
/// running out of oxygen, or by surfacing without divers. As in the original, surfacing with six
/// divers leaves one *less* than none, so the next trip to the surface is free.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seaquest {
    ramping: bool,
    x: i8,
    y: i8,
    rightward: bool,
    oxygen: i32,
    divers_aboard: i32,
    surfaced: bool,
    shots: Vec<Bullet>,
    bullets: Vec<Bullet>,
    fish: Vec<Swimmer>,
    submarines: Vec<Submarine>,
    divers: Vec<Swimmer>,
    enemy_interval: i32,
    enemy_timer: i32,
    diver_timer: i32,
    move_interval: i32,
    shot_timer: i32,
    ramp_level: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Bullet {
    x: i8,
    y: i8,
    rightward: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Swimmer {
    x: i8,
    y: i8,
    rightward: bool,
    timer: i32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Submarine {
    swimmer: Swimmer,
    shot_timer: i32,
}

/// Takes the first entry of the list for which `hit` holds, if any; true when there was one.
fn remove_first<T>(list: &mut Vec<T>, hit: impl FnMut(&T) -> bool) -> bool {
    let found = list.iter().position(hit);
    if let Some(index) = found {
        list.remove(index);
    }
    found.is_some()
}

fn outside(x: i8) -> bool {
    !(0..=LAST).contains(&x)
}

impl Seaquest {
    /// A fish, or with probability 1/3 a submarine, enters a random row unless something there
    /// comes the other way.
    fn spawn_enemy(&mut self, chance: &mut impl Chance) {
        let rightward = chance.happens(1.0 / 2.0);
        let armed = chance.happens(1.0 / 3.0);
        let y = chance.below(8) as i8 + 1;
        let oncoming = |other: &Swimmer| other.y == y && other.rightward != rightward;
        if self.fish.iter().any(oncoming)
            || self.submarines.iter().any(|submarine| oncoming(&submarine.swimmer))
        {
            return;
        }
        let x = if rightward { 0 } else { LAST };
        let swimmer = Swimmer { x, y, rightward, timer: self.move_interval };
        if armed {
            self.submarines.push(Submarine { swimmer, shot_timer: ENEMY_SHOT_INTERVAL });
        } else {
            self.fish.push(swimmer);
        }
    }

    fn spawn_diver(&mut self, chance: &mut impl Chance) {
        let rightward = chance.happens(1.0 / 2.0);
        let y = chance.below(8) as i8 + 1;
        let x = if rightward { 0 } else { LAST };
        self.divers.push(Swimmer { x, y, rightward, timer: MOVE_INTERVAL });
    }

    fn steer(&mut self, control: Control) {
        match control {
            Control::Fire if self.shot_timer == 0 => {
                self.shots.push(Bullet { x: self.x, y: self.y, rightward: self.rightward });
                self.shot_timer = SHOT_INTERVAL;
            }
            Control::Left => {
                self.x = (self.x - 1).max(0);
                self.rightward = false;
            }
            Control::Right => {
                self.x = (self.x + 1).min(LAST);
                self.rightward = true;
            }
            Control::Up => self.y = (self.y - 1).max(0),
            Control::Down => self.y = (self.y + 1).min(LAST - 1),
            Control::Stay | Control::Fire => {}
        }
    }

    fn at_player(&self, x: i8, y: i8) -> bool {
        (x, y) == (self.x, self.y)
    }

    /// Takes out the first of the player's shots in a cell, if any; true when there was one.
    fn shot_down(&mut self, x: i8, y: i8) -> bool {
        remove_first(&mut self.shots, |shot| (shot.x, shot.y) == (x, y))
    }

    fn move_shots(&mut self, step: &mut Step) {
        for index in (0..self.shots.len()).rev() {
            let shot = &mut self.shots[index];
            shot.x = ahead(shot.x, shot.rightward);
            let Bullet { x, y, .. } = *shot;
            if outside(x) {
                self.shots.remove(index);
            } else if remove_first(&mut self.fish, |fish| (fish.x, fish.y) == (x, y))
                || remove_first(&mut self.submarines, |submarine| {
                    (submarine.swimmer.x, submarine.swimmer.y) == (x, y)
                })
            {
                self.shots.remove(index);
                step.reward += 1.0;
            }
        }
    }

    fn move_divers(&mut self) {
        for index in (0..self.divers.len()).rev() {
            let Swimmer { x, y, .. } = self.divers[index];
            if self.at_player(x, y) && self.divers_aboard < CREW {
                self.divers.remove(index);
                self.divers_aboard += 1;
                continue;
            }
            let diver = &mut self.divers[index];
            if diver.timer > 0 {
                diver.timer -= 1;
                continue;
            }
            diver.timer = MOVE_INTERVAL;
            diver.x = ahead(diver.x, diver.rightward);
            let x = diver.x;
            if outside(x) {
                self.divers.remove(index);
            } else if self.at_player(x, y) && self.divers_aboard < CREW {
                self.divers.remove(index);
                self.divers_aboard += 1;
            }
        }
    }

    /// Moves an enemy; true when it is to be taken off the board.
    fn move_enemy(&mut self, enemy: &mut Swimmer, step: &mut Step) -> bool {
        step.terminated |= self.at_player(enemy.x, enemy.y);
        if enemy.timer > 0 {
            enemy.timer -= 1;
            return false;
        }
        enemy.timer = self.move_interval;
        enemy.x = ahead(enemy.x, enemy.rightward);
        if outside(enemy.x) {
            return true;
        }
        if self.at_player(enemy.x, enemy.y) {
            step.terminated = true;
            return false;
        }
        let shot = self.shot_down(enemy.x, enemy.y);
        step.reward += f32::from(u8::from(shot));
        shot
    }

    fn move_submarines(&mut self, step: &mut Step) {
        for index in (0..self.submarines.len()).rev() {
            let mut submarine = self.submarines[index];
            let removed = self.move_enemy(&mut submarine.swimmer, step);
            // A submarine that is removed still shoots when its time has come.
            if submarine.shot_timer == 0 {
                submarine.shot_timer = ENEMY_SHOT_INTERVAL;
                let Swimmer { x, y, rightward, .. } = submarine.swimmer;
                self.bullets.push(Bullet { x, y, rightward });
            } else {
                submarine.shot_timer -= 1;
            }
            if removed {
                self.submarines.remove(index);
            } else {
                self.submarines[index] = submarine;
            }
        }
    }

    fn move_bullets(&mut self, step: &mut Step) {
        for index in (0..self.bullets.len()).rev() {
            let Bullet { x, y, rightward } = self.bullets[index];
            let next = ahead(x, rightward);
            self.bullets[index].x = next;
            step.terminated |= self.at_player(x, y) || self.at_player(next, y);
            if outside(next) {
                self.bullets.remove(index);
            }
        }
    }

    fn move_fish(&mut self, step: &mut Step) {
        for index in (0..self.fish.len()).rev() {
            let mut fish = self.fish[index];
            let removed = self.move_enemy(&mut fish, step);
            if removed {
                self.fish.remove(index);
            } else {
                self.fish[index] = fish;
            }
        }
    }

    fn breathe(&mut self, step: &mut Step) {
        step.terminated |= self.oxygen <= 0;
        if self.y > 0 {
            self.oxygen -= 1;
            self.surfaced = false;
        } else if !self.surfaced {
            if self.divers_aboard == 0 {
                step.terminated = true;
            } else {
                step.reward += self.surface();
            }
        }
    }

    /// Fills the tank in exchange for a diver, or for all six and a reward.
    fn surface(&mut self) -> f32 {
        self.surfaced = true;
        let mut reward = 0;
        if self.divers_aboard == CREW {
            self.divers_aboard = 0;
            reward = self.oxygen * 10 / FULL_OXYGEN;
        }
        self.oxygen = FULL_OXYGEN;
        self.divers_aboard -= 1;
        let slow = self.move_interval > LEAST_MOVE_INTERVAL;
        if self.ramping && (self.enemy_interval > 1 || slow) {
            if slow && self.ramp_level % 2 == 1 {
                self.move_interval -= 1;
            }
            if self.enemy_interval > 1 {
                self.enemy_interval -= 1;
            }
            self.ramp_level += 1;
        }
        reward as f32
    }
}

impl Game for Seaquest {
    const NAME: &'static str = "seaquest";
    const SUMMARY: &'static str = "MinAtar seaquest: shoot enemies, rescue divers, mind the oxygen";
    const CHANNELS: usize = 10;
    const MINIMAL: &'static [Control] = &super::ALL;

    fn new(ramping: bool) -> Self {
        // Room for more than the board holds, so that playing allocates nothing.
        Self {
            ramping,
            x: 5,
            y: 0,
            rightward: false,
            oxygen: FULL_OXYGEN,
            divers_aboard: 0,
            surfaced: true,
            shots: Vec::with_capacity(16),
            bullets: Vec::with_capacity(64),
            fish: Vec::with_capacity(64),
            submarines: Vec::with_capacity(64),
            divers: Vec::with_capacity(16),
            enemy_interval: ENEMY_INTERVAL,
            enemy_timer: ENEMY_INTERVAL,
            diver_timer: DIVER_INTERVAL,
            move_interval: MOVE_INTERVAL,
            shot_timer: 0,
            ramp_level: 0,
        }
    }

    fn reset(&mut self, _chance: &mut impl Chance) {
        *self = Self::new(self.ramping);
    }

    fn step(&mut self, control: Control, chance: &mut impl Chance) -> Step {
        if self.enemy_timer == 0 {
            self.spawn_enemy(chance);
            self.enemy_timer = self.enemy_interval;
        }
        if self.diver_timer == 0 {
            self.spawn_diver(chance);
            self.diver_timer = DIVER_INTERVAL;
        }
        let mut step = Step { reward: 0.0, terminated: false };
        self.steer(control);
        self.move_shots(&mut step);
        self.move_divers();
        self.move_submarines(&mut step);
        self.move_bullets(&mut step);
        self.move_fish(&mut step);
        self.enemy_timer = (self.enemy_timer - 1).max(0);
        self.diver_timer = (self.diver_timer - 1).max(0);
        self.shot_timer = (self.shot_timer - 1).max(0);
        self.breathe(&mut step);
        step
    }

    fn paint(&self, planes: &mut Planes<'_>) {
        planes.mark(self.y, self.x, SUB_FRONT);
        planes.mark(self.y, ahead(self.x, !self.rightward), SUB_BACK);
        for column in 0..self.oxygen.max(0) * 10 / FULL_OXYGEN {
            planes.mark(LAST, column as i8, OXYGEN_GAUGE);
        }
        for aboard in 0..self.divers_aboard {
            planes.mark(LAST, LAST - 1 - aboard as i8, DIVER_GAUGE);
        }
        for shot in &self.shots {
            planes.mark(shot.y, shot.x, FRIENDLY_BULLET);
        }
        for bullet in &self.bullets {
            planes.mark(bullet.y, bullet.x, ENEMY_BULLET);
        }
        let submarines = self.submarines.iter().map(|submarine| (&submarine.swimmer, ENEMY_SUB));
        let fish = self.fish.iter().map(|fish| (fish, ENEMY_FISH));
        let divers = self.divers.iter().map(|diver| (diver, DIVER));
        for (swimmer, channel) in submarines.chain(fish).chain(divers) {
            planes.mark(swimmer.y, swimmer.x, channel);
            planes.mark(swimmer.y, ahead(swimmer.x, !swimmer.rightward), TRAIL);
        }
    }
}
