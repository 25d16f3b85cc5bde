//! `cartpole-swingup`: swing a hanging pole up and keep it there.
//!
//! After the cart-pole of the DeepMind control suite (Tassa et al. 2018), with the reward's four
//! factors for angle, position, effort and spin. The frictionless dynamics are those of
//! [`super::cartpole`]; integration is semi-implicit Euler.

use std::f64::consts::PI;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::{FromOptions, cartpole, single_precision, symmetric, vector_spec};
use crate::noise::normal;
use crate::spec::{Array, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const GRAVITY: f64 = 9.81;
const CART_MASS: f64 = 1.0;
const POLE_MASS: f64 = 0.1;
const HALF_LENGTH: f64 = 0.5;
const FORCE: f64 = 10.0;
const RAIL: f64 = 1.8;
const SUBSTEP: f64 = 0.01;
const SUBSTEPS: usize = 2;

/// The pole on a cart with one force in [-1, 1]; observation (x, cos, sin, x', angle').
#[derive(Clone, Debug)]
pub struct CartPoleSwingup {
    spec: Arc<Spec>,
    /// Position, speed, angle from upright, angular speed.
    state: [f64; 4],
}

impl FromOptions for CartPoleSwingup {
    const NAME: &'static str = "cartpole-swingup";
    const SUMMARY: &'static str = "swing a pole up on a cart and balance it; 0 to 1 per step";
    const OPTIONS: &'static [OptionHelp] = &[];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let spec = vector_spec(options, Self::SUMMARY, 5, symmetric(1, 1.0), 500, None);
        Ok(Self { spec: Arc::new(spec), state: [0.0, 0.0, PI, 0.0] })
    }
}

/// Speed and angular acceleration of cart and pole under `force`.
fn accelerations(state: [f64; 4], force: f64) -> (f64, f64) {
    let [_, _, angle, spin] = state;
    let (sine, cosine) = sin_cos(angle);
    let total = CART_MASS + POLE_MASS;
    let push = (force + POLE_MASS * HALF_LENGTH * spin * spin * sine) / total;
    let inertia = HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cosine * cosine / total);
    let spin_rate = (GRAVITY * sine - cosine * push) / inertia;
    (push - POLE_MASS * HALF_LENGTH * spin_rate * cosine / total, spin_rate)
}

/// One semi-implicit Euler step of `time` seconds, stopped at the rail's ends.
fn integrate(state: [f64; 4], force: f64, time: f64) -> [f64; 4] {
    let (speed_rate, spin_rate) = accelerations(state, force);
    let (speed, spin) = (state[1] + time * speed_rate, state[3] + time * spin_rate);
    let (x, angle) = (state[0] + time * speed, state[2] + time * spin);
    if x.abs() > RAIL { [RAIL.copysign(x), 0.0, angle, spin] } else { [x, speed, angle, spin] }
}

/// 1 at y = 0, falling to 0.1 at |y| = `margin`.
fn tolerance(y: f64, margin: f64) -> f64 {
    (-std::f64::consts::LN_10 * (y / margin).powi(2)).exp()
}

/// The reward in [0, 1] of being in `state` after action `a`.
fn reward(state: [f64; 4], a: f64) -> f64 {
    let [x, _, angle, spin] = state;
    let upright = (1.0 + sin_cos(angle).1) / 2.0;
    let centred = (1.0 + tolerance(x, 2.0)) / 2.0;
    let relaxed = (4.0 + (1.0 - a * a).max(0.0)) / 5.0;
    let calm = (1.0 + tolerance(spin, 5.0)) / 2.0;
    upright * centred * relaxed * calm
}

impl Environment for CartPoleSwingup {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = std::array::from_fn(|_| 0.01 * normal(random));
        self.state[2] += PI;
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let a = action.number(0);
        for _ in 0..SUBSTEPS {
            self.state = integrate(self.state, FORCE * a, SUBSTEP);
        }
        Step { reward: reward(self.state, a) as f32, terminated: false }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        let [x, speed, angle, spin] = self.state;
        let (sine, cosine) = sin_cos(angle);
        array.write_floats(row, &single_precision([x, cosine, sine, speed, spin]));
    }

    fn render(&self, canvas: &mut Canvas) {
        cartpole::draw(canvas, RAIL + 0.35, self.state[0], self.state[2], 2.0 * HALF_LENGTH);
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }

    fn cost(&self) -> usize {
        100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy([_, speed, angle, spin]: [f64; 4]) -> f64 {
        let rod = POLE_MASS * (2.0 * HALF_LENGTH).powi(2) / 12.0;
        let (sine, cosine) = angle.sin_cos();
        let along = speed + HALF_LENGTH * spin * cosine;
        let down = HALF_LENGTH * spin * sine;
        0.5 * CART_MASS * speed * speed
            + 0.5 * POLE_MASS * (along * along + down * down)
            + 0.5 * rod * spin * spin
            + POLE_MASS * GRAVITY * HALF_LENGTH * cosine
    }

    #[test]
    fn free_motion_keeps_energy_and_momentum() {
        let mut state = [0.0, 0.0, 0.9, 0.0];
        let start = energy(state);
        for _ in 0..200_000 {
            state = integrate(state, 0.0, 1e-5);
            assert!((energy(state) - start).abs() < 1e-4, "{state:?}");
            let [_, speed, angle, spin] = state;
            let momentum = (CART_MASS + POLE_MASS) * speed + POLE_MASS * HALF_LENGTH * spin * angle.cos();
            assert!(momentum.abs() < 1e-4);
        }
    }

    #[test]
    fn hanging_still_is_an_equilibrium_worth_little() {
        let state = integrate([0.0, 0.0, PI, 0.0], 0.0, SUBSTEP);
        assert!((state[2] - PI).abs() < 1e-15 && state[0].abs() < 1e-15);
        assert!(reward([0.0, 0.0, PI, 0.0], 0.0) < 1e-15);
        assert_eq!(reward([0.0; 4], 0.0), 1.0);
        // The four factors where each has its known value: 1/2, (1 + 0.1)/2, 4/5, (1 + 0.1)/2.
        let known = 0.5 * 0.55 * 0.8 * 0.55;
        assert!((reward([2.0, 0.0, PI / 2.0, -5.0], 1.0) - known).abs() < 1e-12);
    }

    #[test]
    fn the_rail_stops_the_cart() {
        let mut state = [0.0, 0.0, PI, 0.0];
        (0..300).for_each(|_| state = integrate(state, FORCE, SUBSTEP));
        assert_eq!((state[0], state[1]), (RAIL, 0.0));
    }
}
