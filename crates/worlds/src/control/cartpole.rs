//! `cartpole`: keep a pole upright on a pushed cart.
//!
//! Dynamics of Barto, Sutton and Anderson (1983) as corrected by Florian (2007), with the
//! constants, explicit Euler steps and limits of Gymnasium's `CartPole-v1`.
//!
//! The pole's length and the push are parameters. Where the pole is longer than [`STEADY`], the
//! push gets a random sign every step, so that nothing can be learnt there: 60 % of the space of
//! parameters.

use std::sync::Arc;

use nalgebra::{Matrix4, Vector4};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{FromOptions, help, single_precision, vector_spec};
use crate::demonstrator::{Actor, Balance, Script};
use crate::render::{Painter, palette};
use crate::spec::{ActionSpace, Array, Reference, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, Parameter, WorldError};

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 1.1;
const TIME_STEP: f64 = 0.02;
const TRACK: f64 = 2.4;
const FALL: f64 = 12.0 * std::f64::consts::TAU / 360.0;
const LENGTHS: [f64; 2] = [0.25, 6.0];
const FORCES: [f64; 2] = [1.0, 30.0];
/// Longest pole, in metres, under which pushes go where they should: 40 % of the range.
pub const STEADY: f64 = LENGTHS[0] + 0.4 * (LENGTHS[1] - LENGTHS[0]);

const PARAMETERS: [Parameter; 2] = [
    Parameter {
        name: "length",
        help: "length of the pole in metres",
        low: LENGTHS[0],
        high: LENGTHS[1],
        learnable: [LENGTHS[0], STEADY],
    },
    Parameter {
        name: "force",
        help: "push of an action in newtons",
        low: FORCES[0],
        high: FORCES[1],
        learnable: FORCES,
    },
];

/// What the parameters set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Physics {
    half_length: f64,
    force: f64,
}

impl Physics {
    /// A step's motion about upright rest, x' = A x + B u with u the push in newtons: A and B.
    fn linearised(self) -> (Matrix4<f64>, Vector4<f64>) {
        let inertia = self.half_length * (4.0 / 3.0 - POLE_MASS / TOTAL_MASS);
        let share = POLE_MASS * self.half_length / TOTAL_MASS;
        let (fall, tilt) = (GRAVITY / inertia, -1.0 / (TOTAL_MASS * inertia));
        #[rustfmt::skip]
        let rates = Matrix4::new(
            0.0, 1.0, 0.0, 0.0,
            0.0, 0.0, -share * fall, 0.0,
            0.0, 0.0, 0.0, 1.0,
            0.0, 0.0, fall, 0.0,
        );
        let push = Vector4::new(0.0, 1.0 / TOTAL_MASS - share * tilt, 0.0, tilt);
        (Matrix4::identity() + TIME_STEP * rates, TIME_STEP * push)
    }
}

/// The pole on a cart with two actions, left and right; observation (x, x', angle, angle').
#[derive(Clone, Debug)]
pub struct CartPole {
    spec: Arc<Spec>,
    /// Position, speed, angle from upright, angular speed.
    state: [f64; 4],
    /// Of this episode.
    physics: Physics,
    /// Of the episodes from the next reset on.
    next: Physics,
}

impl FromOptions for CartPole {
    const NAME: &'static str = "cartpole";
    const SUMMARY: &'static str = "balance a pole on a cart that is pushed left or right; 1 per step";
    const OPTIONS: &'static [OptionHelp] = &[
        help("length", "1", "pole in metres, 0.25 to 6; above 2.55 pushes go either way at random"),
        help("force", "10", "push in newtons, 1 to 30"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let length = options.float("length", 1.0, LENGTHS[0]..=LENGTHS[1])?;
        let force = options.float("force", 10.0, FORCES[0]..=FORCES[1])?;
        let usual = length == 1.0 && force == 10.0;
        let spec = vector_spec(
            options,
            Self::SUMMARY,
            4,
            ActionSpace::Discrete { count: 2 },
            500,
            usual.then_some(Reference { random: 22.3, expert: 500.0 }),
        );
        let physics = Physics { half_length: 0.5 * length, force };
        Ok(Self { spec: Arc::new(spec), state: [0.0; 4], physics, next: physics })
    }
}

impl Environment for CartPole {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    #[inline]
    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.physics = self.next;
        self.state = std::array::from_fn(|_| random.random_range(-0.05..0.05));
    }

    #[inline]
    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let Physics { half_length, force } = self.physics;
        let pole_moment = POLE_MASS * half_length;
        let mut force = if action.index() == 1 { force } else { -force };
        if 2.0 * half_length > STEADY && random.random() {
            force = -force;
        }
        let [x, speed, angle, spin] = self.state;
        let (sine, cosine) = sin_cos(angle);
        let push = (force + pole_moment * spin * spin * sine) * (1.0 / TOTAL_MASS);
        let inertia = half_length * (4.0 / 3.0 - (POLE_MASS / TOTAL_MASS) * cosine * cosine);
        let spin_rate = (GRAVITY * sine - cosine * push) / inertia;
        let speed_rate = push - (pole_moment / TOTAL_MASS) * spin_rate * cosine;
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
        draw(canvas, TRACK + 0.3, self.state[0], self.state[2], 2.0 * self.physics.half_length);
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let (transition, push) = self.physics.linearised();
        (script == Script::Expert).then(|| Box::new(Balance::new(transition, push)) as Box<dyn Actor>)
    }

    fn save(&self) -> Vec<u8> {
        encode(&(self.state, self.physics, self.next))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        (self.state, self.physics, self.next) = decode(state)?;
        Ok(())
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn set_parameters(&mut self, values: &[f64]) {
        if let [length, force] = *values {
            self.next = Physics { half_length: 0.5 * length, force };
        }
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
