//! `mountain-car-continuous`: the valley with a throttle and a price on using it.
//!
//! Physics of Gymnasium's `MountainCarContinuous-v0`; the sparse reward pays 1 at the goal and
//! charges a hundredth of Gymnasium's price.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::mountain_car::{START, draw, drive};
use super::{FromOptions, help, single_precision, symmetric, vector_spec};
use crate::demonstrator::{Actor, Pump, Script};
use crate::spec::{Array, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const POWER: f64 = 0.0015;
const GOAL: f64 = 0.45;

/// The car with one throttle in [-1, 1]; observation (position, speed).
#[derive(Clone, Debug)]
pub struct MountainCarContinuous {
    spec: Arc<Spec>,
    /// What the goal pays and what a squared throttle costs.
    prices: [f64; 2],
    state: [f64; 2],
}

impl FromOptions for MountainCarContinuous {
    const NAME: &'static str = "mountain-car-continuous";
    const SUMMARY: &'static str =
        "rock an underpowered car out of a valley with little throttle; a prize at the goal";
    const OPTIONS: &'static [OptionHelp] = &[
        help("reward", "gym", "gym: 100 at the goal, -0.1 a^2; sparse1: 1 at the goal, -0.001 a^2"),
        help("horizon", "999", "steps after which an episode is truncated"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let prices = match options.choice("reward", "gym", &["gym", "sparse1"])?.as_str() {
            "gym" => [100.0, 0.1],
            _ => [1.0, 0.001],
        };
        let spec = vector_spec(
            options,
            Self::SUMMARY,
            2,
            symmetric(1, 1.0),
            options.usize("horizon", 999, 1..=1_000_000)?,
            None,
        );
        Ok(Self { spec: Arc::new(spec), prices, state: [-0.5, 0.0] })
    }
}

impl Environment for MountainCarContinuous {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.state = [random.random_range(START), 0.0];
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let throttle = action.number(0);
        self.state = drive(self.state, throttle * POWER);
        let terminated = self.state[0] >= GOAL && self.state[1] >= 0.0;
        let prize = if terminated { self.prices[0] } else { 0.0 };
        Step { reward: (prize - self.prices[1] * throttle * throttle) as f32, terminated }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        array.write_floats(row, &single_precision(self.state));
    }

    fn render(&self, canvas: &mut Canvas) {
        draw(canvas, self.state[0], GOAL);
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        (script == Script::Expert).then(|| Box::new(Pump) as Box<dyn Actor>)
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
