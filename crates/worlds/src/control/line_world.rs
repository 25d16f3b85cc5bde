//! `line-world`: a point that is moved along a line to its right end (after the one-dimensional
//! world of Ran et al., *Policy Regularization with Dataset Constraint for Offline Reinforcement
//! Learning*, 2023).
//!
//! s' = clip(s + a, 0, 10) with a in [-1, 1]; reaching s >= 9.5 pays 1 and ends. Going right all the
//! way is optimal: from s it takes n = ceil(9.5 - s) steps and is worth gamma^(n-1).

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{FromOptions, help, single_precision, symmetric, vector_spec};
use crate::demonstrator::{Actor, Rightward, Script, Stripes};
use crate::render::{Painter, palette};
use crate::spec::{Array, Reference, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

/// Right end of the line; the left one is 0.
pub const LENGTH: f64 = 10.0;
/// Where the goal begins.
const GOAL: f64 = 9.5;
/// Width of the stripes in which data may be of different quality.
pub const STRIPE: f64 = 2.0;
/// Returns at the usual start and horizon; that of random actions by `reference/line_world.py`.
const REFERENCE: Reference = Reference { random: 0.0138, expert: 1.0 };
const HORIZON: usize = 40;

/// The point with one motion in [-1, 1]; observation: its position. Its own discount is 0.9.
#[derive(Clone, Debug)]
pub struct LineWorld {
    spec: Arc<Spec>,
    /// Episodes begin uniformly below this position.
    starts: f64,
    position: f64,
}

impl FromOptions for LineWorld {
    const NAME: &'static str = "line-world";
    const SUMMARY: &'static str = "move a point along a line to its right end; 1 and the end there";
    const OPTIONS: &'static [OptionHelp] = &[
        help("start", "layout", "layout: uniform on [0, 1]; uniform: anywhere before the goal, on [0, 9.5)"),
        help("horizon", "40", "steps after which an episode is truncated"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let anywhere = options.choice("start", "layout", &["layout", "uniform"])? == "uniform";
        let horizon = options.usize("horizon", HORIZON, 1..=1_000_000)?;
        let reference = (!anywhere && horizon == HORIZON).then_some(REFERENCE);
        let spec = vector_spec(options, Self::SUMMARY, 1, symmetric(1, 1.0), horizon, reference);
        let starts = if anywhere { GOAL } else { 1.0 };
        Ok(Self { spec: Arc::new(spec), starts, position: 0.0 })
    }
}

impl LineWorld {
    /// Least number of steps from a position on the line to the goal, at least 1.
    pub fn steps_to_goal(position: f64) -> usize {
        (GOAL - position).ceil().max(1.0) as usize
    }

    /// The optimal value of a position before the goal, gamma^(n-1) with n the steps to the goal.
    pub fn optimal_value(position: f64, discount: f64) -> f64 {
        discount.powi(Self::steps_to_goal(position) as i32 - 1)
    }
}

impl Environment for LineWorld {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.position = random.random_range(0.0..self.starts);
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        self.position = (self.position + action.number(0)).clamp(0.0, LENGTH);
        let terminated = self.position >= GOAL;
        Step { reward: f32::from(u8::from(terminated)), terminated }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        array.write_floats(row, &single_precision([self.position]));
    }

    fn render(&self, canvas: &mut Canvas) {
        let middle = LENGTH / 2.0;
        let mut painter = Painter::new(canvas, [middle, 0.0], 0.55 * LENGTH);
        painter.rectangle([0.0, -0.15], [LENGTH, 0.15], palette::GROUND);
        painter.rectangle([GOAL, -0.6], [LENGTH, 0.6], palette::GOAL);
        painter.disc([self.position, 0.0], 0.4, palette::AGENT);
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        match script {
            Script::Expert => Some(Box::new(Rightward)),
            Script::Stripes => Some(Box::new(Stripes)),
            _ => None,
        }
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.position)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let position: f64 = decode(state)?;
        if !(0.0..=LENGTH).contains(&position) {
            return Err(format!("position {position} is not on the line"));
        }
        self.position = position;
        Ok(())
    }

    fn cost(&self) -> usize {
        15
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    fn world(name: &str) -> LineWorld {
        let name: crate::WorldName = name.parse().unwrap();
        LineWorld::from_options(&name.options).unwrap()
    }

    /// Discounted return of an episode from the world's position on under one action.
    fn discounted(world: &mut LineWorld, action: f32, discount: f64) -> f64 {
        let mut random = seed::stream(0, "episode", 0);
        let mut weight = 1.0;
        for _ in 0..HORIZON {
            let step = world.step(Action::Continuous(&[action]), &mut random);
            if step.terminated {
                return weight * f64::from(step.reward);
            }
            weight *= discount;
        }
        0.0
    }

    #[test]
    fn going_right_is_worth_what_is_said_and_nothing_is_worth_more() {
        let mut world = world("line-world");
        for index in 0..950 {
            let start = f64::from(index) / 100.0;
            world.position = start;
            let value = LineWorld::optimal_value(start, 0.9);
            assert!((discounted(&mut world, 1.0, 0.9) - value).abs() < 1e-12, "from {start}");
            world.position = start;
            assert!(discounted(&mut world, 0.7, 0.9) < value + 1e-12);
        }
        assert!((LineWorld::optimal_value(0.25, 0.9) - 0.9_f64.powi(9)).abs() < 1e-15);
        assert_eq!(LineWorld::steps_to_goal(9.5), 1);
    }

    #[test]
    fn ends_stop_the_point_and_starts_are_where_they_belong() {
        let mut random = seed::stream(1, "episode", 0);
        for (name, limit) in [("line-world", 1.0), ("line-world,start=uniform", GOAL)] {
            let mut world = world(name);
            let starts: Vec<f64> = (0..20_000)
                .map(|_| {
                    world.reset(&mut random);
                    world.position
                })
                .collect();
            assert!(starts.iter().all(|start| (0.0..limit).contains(start)));
            let mean = starts.iter().sum::<f64>() / starts.len() as f64;
            assert!((mean / limit - 0.5).abs() < 0.01);
            world.position = 0.3;
            let step = world.step(Action::Continuous(&[-1.0]), &mut random);
            assert_eq!((world.position, step), (0.0, Step { reward: 0.0, terminated: false }));
            world.position = 9.4;
            let step = world.step(Action::Continuous(&[1.0]), &mut random);
            assert_eq!((world.position, step), (LENGTH, Step { reward: 1.0, terminated: true }));
        }
        assert!(world("line-world").restore(&encode(&10.5_f64)).is_err());
    }
}
