//! `mountain-car`: drive a car that is too weak out of a valley.
//!
//! Moore (1990) as in Gymnasium's `MountainCar-v0`.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{FromOptions, single_precision, vector_spec};
use crate::render::{Painter, palette};
use crate::spec::{ActionSpace, Array, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const FORCE: f64 = 0.001;
const GOAL: f64 = 0.5;
/// Slope's pull at a slope of 1.
pub(super) const GRAVITY: f64 = 0.0025;
/// Leftmost and rightmost position.
pub(super) const LIMITS: [f64; 2] = [-1.2, 0.6];
/// Greatest speed per step.
pub(super) const TOP_SPEED: f64 = 0.07;
/// Range of the first position.
pub(super) const START: std::ops::Range<f64> = -0.6..-0.4;

/// The car with three actions (left, nothing, right); observation (position, speed).
#[derive(Clone, Debug)]
pub struct MountainCar {
    spec: Arc<Spec>,
    state: [f64; 2],
}

impl FromOptions for MountainCar {
    const NAME: &'static str = "mountain-car";
    const SUMMARY: &'static str = "rock an underpowered car out of a valley; -1 per step";
    const OPTIONS: &'static [OptionHelp] = &[];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let spec = vector_spec(options, Self::SUMMARY, 2, ActionSpace::Discrete { count: 3 }, 200, None);
        Ok(Self { spec: Arc::new(spec), state: [-0.5, 0.0] })
    }
}

/// The state after one step in which the engine adds `push` to the speed. The left end stops the
/// car; the right end only holds it.
pub(super) fn drive([position, speed]: [f64; 2], push: f64) -> [f64; 2] {
    let speed = (speed + push - GRAVITY * sin_cos(3.0 * position).1).clamp(-TOP_SPEED, TOP_SPEED);
    let position = (position + speed).clamp(LIMITS[0], LIMITS[1]);
    [position, if position == LIMITS[0] { speed.max(0.0) } else { speed }]
}

/// The hill with the car at `position` and a flag at `goal`.
pub(super) fn draw(canvas: &mut Canvas, position: f64, goal: f64) {
    let height = |x: f64| 0.45 * sin_cos(3.0 * x).0;
    let mut painter = Painter::new(canvas, [-0.3, 0.1], 0.95);
    let points = 60;
    let at = |index: usize| LIMITS[0] + (LIMITS[1] - LIMITS[0]) * index as f64 / points as f64;
    for index in 0..points {
        let ends = [at(index), at(index + 1)].map(|x| [x, height(x)]);
        painter.capsule(ends[0], ends[1], 0.01, palette::GROUND);
    }
    painter.capsule([goal, height(goal)], [goal, height(goal) + 0.25], 0.015, palette::GOAL);
    painter.disc([position, height(position) + 0.05], 0.07, palette::AGENT);
}

impl Environment for MountainCar {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = [random.random_range(START), 0.0];
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        self.state = drive(self.state, (f64::from(action.index()) - 1.0) * FORCE);
        Step { reward: -1.0, terminated: self.state[0] >= GOAL && self.state[1] >= 0.0 }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        array.write_floats(row, &single_precision(self.state));
    }

    fn render(&self, canvas: &mut Canvas) {
        draw(canvas, self.state[0], GOAL);
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }

    fn cost(&self) -> usize {
        25
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_floor_is_an_equilibrium_and_the_left_wall_stops() {
        let floor = -std::f64::consts::FRAC_PI_6;
        let [position, speed] = drive([floor, 0.0], 0.0);
        assert!((position - floor).abs() < 1e-15 && speed.abs() < 1e-15);
        assert_eq!(drive([-1.19, -0.07], 0.0), [-1.2, 0.0]);
    }

    #[test]
    fn full_throttle_alone_does_not_reach_the_goal() {
        let mut state = [-0.5, 0.0];
        (0..1_000).for_each(|_| {
            state = drive(state, FORCE);
            assert!(state[0] < GOAL);
        });
    }

    #[test]
    fn pushing_along_the_motion_reaches_the_goal() {
        let mut state = [-0.5, 0.0];
        let reached = (0..200).any(|_| {
            state = drive(state, if state[1] < 0.0 { -FORCE } else { FORCE });
            state[0] >= GOAL
        });
        assert!(reached);
    }
}
