//! `acrobot`: swing the tip of a two-link pendulum above a line by a torque at its elbow.
//!
//! Dynamics of Sutton and Barto's book with the constants, Runge-Kutta step and limits of
//! Gymnasium's `Acrobot-v1`.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::link_arm::draw_links;
use super::{FromOptions, single_precision, vector_spec};
use crate::render::Painter;
use crate::spec::{ActionSpace, Array, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const GRAVITY: f64 = 9.8;
/// Distance of a link's centre of mass from its joint; links are 1 m long, of 1 kg and with a
/// moment of inertia of 1 kg m^2.
const CENTRE: f64 = 0.5;
const TIME_STEP: f64 = 0.2;
const TOP_SPEEDS: [f64; 2] = [4.0 * PI, 9.0 * PI];

/// Two links, three torques (-1, 0, 1); observation (cos, sin of both angles, both speeds).
#[derive(Clone, Debug)]
pub struct Acrobot {
    spec: Arc<Spec>,
    /// Both angles (the first from hanging, the second relative), both angular speeds.
    state: [f64; 4],
}

impl FromOptions for Acrobot {
    const NAME: &'static str = "acrobot";
    const SUMMARY: &'static str = "swing the tip of a two-link pendulum above a line; -1 per step";
    const OPTIONS: &'static [OptionHelp] = &[];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let spec = vector_spec(options, Self::SUMMARY, 6, ActionSpace::Discrete { count: 3 }, 500, None);
        Ok(Self { spec: Arc::new(spec), state: [0.0; 4] })
    }
}

/// Time derivative of a state under a torque at the elbow.
fn derivative([first, second, spin1, spin2]: [f64; 4], torque: f64) -> [f64; 4] {
    let (sine, cosine) = sin_cos(second);
    let d1 = CENTRE * CENTRE + (1.0 + CENTRE * CENTRE + 2.0 * CENTRE * cosine) + 2.0;
    let d2 = CENTRE * CENTRE + CENTRE * cosine + 1.0;
    let phi2 = CENTRE * GRAVITY * sin_cos(first + second - FRAC_PI_2).1;
    let phi1 = -CENTRE * spin2 * spin2 * sine - 2.0 * CENTRE * spin2 * spin1 * sine
        + (CENTRE + 1.0) * GRAVITY * sin_cos(first - FRAC_PI_2).1
        + phi2;
    let rate2 = (torque + d2 / d1 * phi1 - CENTRE * spin1 * spin1 * sine - phi2)
        / (CENTRE * CENTRE + 1.0 - d2 * d2 / d1);
    let rate1 = -(d2 * rate2 + phi1) / d1;
    [spin1, spin2, rate1, rate2]
}

/// One classical Runge-Kutta step of fourth order over `time` seconds.
fn runge_kutta(state: [f64; 4], torque: f64, time: f64) -> [f64; 4] {
    let moved = |rate: [f64; 4], by: f64| std::array::from_fn(|i| state[i] + by * rate[i]);
    let k1 = derivative(state, torque);
    let k2 = derivative(moved(k1, time / 2.0), torque);
    let k3 = derivative(moved(k2, time / 2.0), torque);
    let k4 = derivative(moved(k3, time), torque);
    std::array::from_fn(|i| state[i] + time / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// `angle` moved by whole turns into [-pi, pi], both ends included.
fn wrap(mut angle: f64) -> f64 {
    while angle > PI {
        angle -= TAU;
    }
    while angle < -PI {
        angle += TAU;
    }
    angle
}

impl Environment for Acrobot {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = std::array::from_fn(|_| random.random_range(-0.1..0.1));
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let torque = f64::from(action.index()) - 1.0;
        let [first, second, spin1, spin2] = runge_kutta(self.state, torque, TIME_STEP);
        self.state = [
            wrap(first),
            wrap(second),
            spin1.clamp(-TOP_SPEEDS[0], TOP_SPEEDS[0]),
            spin2.clamp(-TOP_SPEEDS[1], TOP_SPEEDS[1]),
        ];
        let [first, second, ..] = self.state;
        let terminated = -sin_cos(first).1 - sin_cos(second + first).1 > 1.0;
        Step { reward: if terminated { 0.0 } else { -1.0 }, terminated }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        let [first, second, spin1, spin2] = self.state;
        let ((sine1, cosine1), (sine2, cosine2)) = (sin_cos(first), sin_cos(second));
        let values = [cosine1, sine1, cosine2, sine2, spin1, spin2];
        array.write_floats(row, &single_precision(values));
    }

    fn render(&self, canvas: &mut Canvas) {
        let mut painter = Painter::new(canvas, [0.0, 0.0], 2.2);
        painter.rectangle([-2.2, 0.98], [2.2, 1.02], crate::render::palette::GOAL);
        // Angles are from hanging down; the drawing's are from the x axis.
        let angles = [self.state[0] - FRAC_PI_2, self.state[1]];
        draw_links(&mut painter, angles, [1.0, 1.0], 0.1);
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kinetic plus potential energy of the two links.
    fn energy([first, second, spin1, spin2]: [f64; 4]) -> f64 {
        let both = spin1 + spin2;
        let elbow =
            spin1 * spin1 + CENTRE * CENTRE * both * both + 2.0 * CENTRE * spin1 * both * second.cos();
        0.5 * (CENTRE * CENTRE * spin1 * spin1 + elbow + spin1 * spin1 + both * both)
            - GRAVITY * CENTRE * first.cos()
            - GRAVITY * (first.cos() + CENTRE * (first + second).cos())
    }

    #[test]
    fn free_motion_keeps_energy() {
        let mut state = [1.0, -0.5, 0.3, 0.2];
        let start = energy(state);
        (0..10_000).for_each(|_| state = runge_kutta(state, 0.0, 1e-3));
        assert!((energy(state) - start).abs() < 1e-6, "{} from {start}", energy(state));
    }

    #[test]
    fn hanging_still_is_an_equilibrium() {
        let state = runge_kutta([0.0; 4], 0.0, TIME_STEP);
        assert!(state.iter().all(|value| value.abs() < 1e-14));
    }
}
