//! The expert of `point-mass`.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Actor, Move, Seen};

/// Pushes towards the goal and brakes, 5 (goal - p) - 10 v; through the left or the right gate at
/// random where there are gates.
pub(crate) struct Steer {
    /// The goal where it is fixed; else it stands behind position and speed.
    goal: Option<[f64; 2]>,
    /// Height of a gate's middle above or below the centre, where there are gates.
    gate: Option<f64>,
    /// Per row: height of the gate chosen.
    chosen: Vec<f64>,
}

impl Steer {
    const PULL: f64 = 5.0;
    const BRAKE: f64 = 10.0;
    /// How far before and behind the wall a gate is headed for.
    const APPROACH: f64 = 0.12;
    /// How far beside a gate's middle the point may be to head through it.
    const MARGIN: f64 = 0.04;

    pub(crate) fn new(goal: Option<[f64; 2]>, gate: Option<f64>) -> Self {
        Self { goal, gate, chosen: Vec::new() }
    }

    /// Where to head for from a point.
    fn aim(&self, row: usize, [x, y]: [f64; 2], goal: [f64; 2]) -> [f64; 2] {
        match self.chosen.get(row) {
            Some(&height) if x < Self::APPROACH => {
                let beside = (y - height).abs() > Self::MARGIN;
                let ahead = if beside { -Self::APPROACH } else { 2.0 * Self::APPROACH };
                [ahead, height]
            }
            _ => goal,
        }
    }
}

impl Actor for Steer {
    fn begin(&mut self, row: usize, _seen: &Seen<'_>, random: &mut ChaCha8Rng) {
        if let Some(gate) = self.gate {
            if self.chosen.len() <= row {
                self.chosen.resize(row + 1, gate);
            }
            self.chosen[row] = if random.random() { gate } else { -gate };
        }
    }

    fn act(&mut self, row: usize, seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        let (point, speed) = (seen.pair(0, 0), seen.pair(0, 2));
        let goal = self.goal.unwrap_or_else(|| seen.pair(0, 4));
        let aim = self.aim(row, point, goal);
        Move::Vector([0, 1].map(|axis| Self::PULL * (aim[axis] - point[axis]) - Self::BRAKE * speed[axis]))
    }
}
