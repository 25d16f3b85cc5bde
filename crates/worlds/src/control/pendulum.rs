//! `pendulum`: swing a rod up and hold it with a torque too weak to lift it.
//!
//! Gymnasium's `Pendulum-v1`.

use std::f64::consts::PI;
use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{FromOptions, single_precision, symmetric, vector_spec, wrapped};
use crate::demonstrator::{Actor, Script, SwingUp};
use crate::render::{Painter, palette};
use crate::spec::{Array, Reference, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const GRAVITY: f64 = 10.0;
const MASS: f64 = 1.0;
const LENGTH: f64 = 1.0;
const TIME_STEP: f64 = 0.05;
const TOP_SPEED: f64 = 8.0;
const TORQUE: f32 = 2.0;

/// The rod with one torque in [-2, 2]; observation (cos, sin, angular speed).
#[derive(Clone, Debug)]
pub struct Pendulum {
    spec: Arc<Spec>,
    /// Angle from upright and angular speed.
    state: [f64; 2],
}

impl FromOptions for Pendulum {
    const NAME: &'static str = "pendulum";
    const SUMMARY: &'static str = "swing a rod up and hold it with a weak torque; minus a cost per step";
    const OPTIONS: &'static [OptionHelp] = &[];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let spec = vector_spec(
            options,
            Self::SUMMARY,
            3,
            symmetric(1, TORQUE),
            200,
            Some(Reference { random: -1_230.0, expert: -150.0 }),
        );
        Ok(Self { spec: Arc::new(spec), state: [PI, 0.0] })
    }
}

impl Environment for Pendulum {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = [random.random_range(-PI..PI), random.random_range(-1.0..1.0)];
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let torque = action.number(0);
        let [angle, spin] = self.state;
        let tilt = wrapped(angle);
        let cost = tilt * tilt + 0.1 * spin * spin + 0.001 * torque * torque;
        let rate =
            3.0 * GRAVITY / (2.0 * LENGTH) * sin_cos(angle).0 + 3.0 / (MASS * LENGTH * LENGTH) * torque;
        let spin = (spin + rate * TIME_STEP).clamp(-TOP_SPEED, TOP_SPEED);
        self.state = [angle + spin * TIME_STEP, spin];
        Step { reward: -cost as f32, terminated: false }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        let (sine, cosine) = sin_cos(self.state[0]);
        array.write_floats(row, &single_precision([cosine, sine, self.state[1]]));
    }

    fn render(&self, canvas: &mut Canvas) {
        let (sine, cosine) = sin_cos(self.state[0]);
        let mut painter = Painter::new(canvas, [0.0, 0.0], 1.25);
        // Gymnasium's positive angle is counter-clockwise.
        painter.capsule([0.0, 0.0], [-LENGTH * sine, LENGTH * cosine], 0.1, palette::AGENT);
        painter.disc([0.0, 0.0], 0.06, palette::MARK);
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        (script == Script::Expert).then(|| Box::new(SwingUp) as Box<dyn Actor>)
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }

    fn cost(&self) -> usize {
        40
    }
}
