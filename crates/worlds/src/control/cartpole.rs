//! `cartpole`: keep a pole upright on a pushed cart.
//!
//! Dynamics of Barto, Sutton and Anderson (1983) as corrected by Florian (2007), with the
//! constants, explicit Euler steps and limits of Gymnasium's `CartPole-v1`.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{FromOptions, single_precision, vector_spec};
use crate::render::{Painter, palette};
use crate::spec::{ActionSpace, Array, Reference, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Step, World, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 1.1;
const HALF_LENGTH: f64 = 0.5;
const POLE_MOMENT: f64 = POLE_MASS * HALF_LENGTH;
const FORCE: f64 = 10.0;
const TIME_STEP: f64 = 0.02;
const TRACK: f64 = 2.4;
const FALL: f64 = 12.0 * std::f64::consts::TAU / 360.0;

/// The pole on a cart with two actions, left and right; observation (x, x', angle, angle').
#[derive(Clone, Debug)]
pub struct CartPole {
    spec: Arc<Spec>,
    /// Position, speed, angle from upright, angular speed.
    state: [f64; 4],
}

impl FromOptions for CartPole {
    const NAME: &'static str = "cartpole";
    const SUMMARY: &'static str = "balance a pole on a cart that is pushed left or right; 1 per step";
    const OPTIONS: &'static [OptionHelp] = &[];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let spec = vector_spec(
            options,
            Self::SUMMARY,
            4,
            ActionSpace::Discrete { count: 2 },
            500,
            Some(Reference { random: 22.3, expert: 500.0 }),
        );
        Ok(Self { spec: Arc::new(spec), state: [0.0; 4] })
    }
}

impl World for CartPole {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    #[inline]
    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = std::array::from_fn(|_| random.random_range(-0.05..0.05));
    }

    #[inline]
    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let force = if action.index() == 1 { FORCE } else { -FORCE };
        let [x, speed, angle, spin] = self.state;
        let (sine, cosine) = sin_cos(angle);
        let push = (force + POLE_MOMENT * spin * spin * sine) * (1.0 / TOTAL_MASS);
        let inertia = HALF_LENGTH * (4.0 / 3.0 - (POLE_MASS / TOTAL_MASS) * cosine * cosine);
        let spin_rate = (GRAVITY * sine - cosine * push) / inertia;
        let speed_rate = push - (POLE_MOMENT / TOTAL_MASS) * spin_rate * cosine;
        self.state = [
            x + TIME_STEP * speed,
            speed + TIME_STEP * speed_rate,
            angle + TIME_STEP * spin,
            spin + TIME_STEP * spin_rate,
        ];
        let terminated = self.state[0].abs() > TRACK || self.state[2].abs() > FALL;
        Step { reward: 1.0, terminated }
    }

    #[inline]
    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        array.write_floats(row, &single_precision(self.state));
    }

    fn render(&self, canvas: &mut Canvas) {
        draw(canvas, TRACK + 0.3, self.state[0], self.state[2], 2.0 * HALF_LENGTH);
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }

    fn cost(&self) -> usize {
        20
    }
}

/// A cart at `x` with a pole of `length` at `angle` from upright, on a track seen `half` to
/// either side.
pub(super) fn draw(canvas: &mut Canvas, half: f64, x: f64, angle: f64, length: f64) {
    let (sine, cosine) = sin_cos(angle);
    let mut painter = Painter::new(canvas, [0.0, 0.0], half);
    painter.rectangle([-half, -0.05], [half, 0.0], palette::GROUND);
    painter.rectangle([x - 0.3, -0.15], [x + 0.3, 0.15], palette::AGENT);
    painter.capsule([x, 0.0], [x + length * sine, length * cosine], 0.06, palette::LIMB);
    painter.disc([x, 0.0], 0.07, palette::MARK);
}
