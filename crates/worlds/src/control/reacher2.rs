//! `reacher2`: a planar arm of two links that reaches for a target.
//!
//! No gravity; uniform rods with M(q) q'' + C(q, q') q' + d q' = tau, integrated by semi-implicit
//! Euler in five substeps of 0.01 s.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::link_arm::{draw_links, joints};
use super::{FromOptions, help, single_precision, symmetric, vector_field, vector_spec};
use crate::demonstrator::{Actor, Reach, Script};
use crate::render::{Painter, palette};
use crate::spec::{Array, Role, Spec};
use crate::trigonometry::sin_cos;
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const MASS: f64 = 1.0;
const TORQUE: f64 = 2.0;
const SUBSTEP: f64 = 0.01;
const SUBSTEPS: usize = 5;
/// Inner and outer radius of the annulus of targets.
const ANNULUS: [f64; 2] = [0.2, 0.95];
/// Where the target is with `target=fixed`.
const FIXED_TARGET: [f64; 2] = [0.5, 0.5];
const REACHED: f64 = 0.08;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pay {
    Dense,
    Sparse,
    None,
}

/// Link lengths and joint damping.
#[derive(Clone, Copy, Debug)]
struct Arm {
    lengths: [f64; 2],
    damping: f64,
}

/// The arm with two torques in [-1, 1]. Observation: cosines and sines of both angles, both
/// angular speeds, and, unless the target is hidden, the target and the way from the tip to it.
/// A hidden target is in the truth field `target`.
#[derive(Clone, Debug)]
pub struct Reacher2 {
    spec: Arc<Spec>,
    arm: Arm,
    pay: Pay,
    hidden: bool,
    fixed: bool,
    /// Both angles (the second relative), both angular speeds, the target.
    state: [f64; 6],
}

impl FromOptions for Reacher2 {
    const NAME: &'static str = "reacher2";
    const SUMMARY: &'static str = "reach a target with a planar two-link arm";
    const OPTIONS: &'static [OptionHelp] = &[
        help("reward", "dense", "dense: minus distance and effort; sparse: 1 within 0.08; none"),
        help("target", "random", "random: drawn per episode; fixed: at (0.5, 0.5); hidden: drawn, unseen"),
        help("horizon", "100", "steps after which an episode is truncated"),
        help("length1", "0.5", "length of the first link in metres, 0.1 to 2"),
        help("length2", "0.5", "length of the second link in metres, 0.1 to 2"),
        help("damping", "0.5", "joint damping, 0 to 10"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let pay = match options.choice("reward", "dense", &["dense", "sparse", "none"])?.as_str() {
            "dense" => Pay::Dense,
            "sparse" => Pay::Sparse,
            _ => Pay::None,
        };
        let target = options.choice("target", "random", &["random", "fixed", "hidden"])?;
        let hidden = target == "hidden";
        let mut spec = vector_spec(
            options,
            Self::SUMMARY,
            if hidden { 6 } else { 10 },
            symmetric(2, 1.0),
            options.usize("horizon", 100, 1..=1_000_000)?,
            None,
        );
        if hidden {
            spec.fields.push(vector_field("target", Role::Truth, 2));
        }
        let arm = Arm {
            lengths: [options.float("length1", 0.5, 0.1..=2.0)?, options.float("length2", 0.5, 0.1..=2.0)?],
            damping: options.float("damping", 0.5, 0.0..=10.0)?,
        };
        let fixed = target == "fixed";
        Ok(Self { spec: Arc::new(spec), arm, pay, hidden, fixed, state: [0.0; 6] })
    }
}

impl Arm {
    /// One semi-implicit Euler step of `time` seconds from angles and angular speeds.
    fn integrate(&self, [q1, q2, v1, v2]: [f64; 4], torque: [f64; 2], time: f64) -> [f64; 4] {
        let (m11, m12, m22) = self.mass_matrix(q2);
        let [l1, l2] = self.lengths;
        let coupling = MASS * l1 * (l2 / 2.0) * sin_cos(q2).0;
        // Torques less the Coriolis and centrifugal terms and the damping.
        let t1 = torque[0] + coupling * (2.0 * v1 * v2 + v2 * v2) - self.damping * v1;
        let t2 = torque[1] - coupling * v1 * v1 - self.damping * v2;
        let determinant = m11 * m22 - m12 * m12;
        let v1 = v1 + time * (m22 * t1 - m12 * t2) / determinant;
        let v2 = v2 + time * (m11 * t2 - m12 * t1) / determinant;
        [q1 + time * v1, q2 + time * v2, v1, v2]
    }

    /// The entries 11, 12 and 22 of M(q) for uniform rods.
    fn mass_matrix(&self, q2: f64) -> (f64, f64, f64) {
        let [l1, l2] = self.lengths;
        let rod = |length: f64| MASS * length * length / 3.0;
        let cross = MASS * l1 * (l2 / 2.0) * sin_cos(q2).1;
        let m22 = rod(l2);
        (rod(l1) + MASS * l1 * l1 + m22 + 2.0 * cross, m22 + cross, m22)
    }
}

impl Reacher2 {
    fn target(&self) -> [f64; 2] {
        [self.state[4], self.state[5]]
    }

    /// The vector from the tip to the target.
    fn gap(&self) -> [f64; 2] {
        let (_, tip) = joints([self.state[0], self.state[1]], self.arm.lengths);
        [self.state[4] - tip[0], self.state[5] - tip[1]]
    }
}

impl Environment for Reacher2 {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        let mut turn = || random.random_range(-std::f64::consts::PI..std::f64::consts::PI);
        let (q1, q2) = (turn(), turn());
        let [x, y] = if self.fixed {
            FIXED_TARGET
        } else {
            let angle = turn();
            // Uniform over the annulus's area: the squared radius is uniform.
            let [inner, outer] = ANNULUS.map(|radius| radius * radius);
            let radius = random.random_range(inner..outer).sqrt();
            let (sine, cosine) = sin_cos(angle);
            [radius * cosine, radius * sine]
        };
        self.state = [q1, q2, 0.0, 0.0, x, y];
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let a = [action.number(0), action.number(1)];
        let [mut moving @ .., x, y] = self.state;
        for _ in 0..SUBSTEPS {
            moving = self.arm.integrate(moving, a.map(|a| TORQUE * a), SUBSTEP);
        }
        let [q1, q2, v1, v2] = moving;
        self.state = [q1, q2, v1, v2, x, y];
        let gap = self.gap();
        let distance = gap[0].hypot(gap[1]);
        let reward = match self.pay {
            Pay::Dense => -distance - 0.01 * (a[0] * a[0] + a[1] * a[1]),
            Pay::Sparse => f64::from(distance <= REACHED),
            Pay::None => 0.0,
        };
        Step { reward: reward as f32, terminated: false }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        let [q1, q2, v1, v2, x, y] = self.state;
        if field == 1 {
            return array.write_floats(row, &single_precision([x, y]));
        }
        let ((sine1, cosine1), (sine2, cosine2)) = (sin_cos(q1), sin_cos(q2));
        let gap = self.gap();
        let all = [cosine1, cosine2, sine1, sine2, v1, v2, x, y, gap[0], gap[1]];
        let all = single_precision(all);
        array.write_floats(row, if self.hidden { &all[..6] } else { &all });
    }

    fn render(&self, canvas: &mut Canvas) {
        let half = 1.1 * (self.arm.lengths[0] + self.arm.lengths[1]).max(1.0);
        let mut painter = Painter::new(canvas, [0.0, 0.0], half);
        if !self.hidden {
            painter.disc(self.target(), REACHED, palette::GOAL);
        }
        draw_links(&mut painter, [self.state[0], self.state[1]], self.arm.lengths, 0.05);
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let target = if self.hidden { (1, 0) } else { (0, 6) };
        let lengths = self.arm.lengths;
        (script == Script::Expert)
            .then(|| Box::new(Reach { lengths, target, torque: TORQUE }) as Box<dyn Actor>)
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }

    fn cost(&self) -> usize {
        250
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    const FREE: Arm = Arm { lengths: [0.5, 0.4], damping: 0.0 };

    /// Kinetic energy and angular momentum about the shoulder.
    fn invariants(arm: &Arm, [_, q2, v1, v2]: [f64; 4]) -> (f64, f64) {
        let (m11, m12, m22) = arm.mass_matrix(q2);
        let energy = 0.5 * (m11 * v1 * v1 + 2.0 * m12 * v1 * v2 + m22 * v2 * v2);
        (energy, m11 * v1 + m12 * v2)
    }

    #[test]
    fn free_motion_keeps_energy_and_angular_momentum() {
        let mut state = [0.3, 1.0, 1.5, -2.0];
        let (energy, momentum) = invariants(&FREE, state);
        (0..300_000).for_each(|_| state = FREE.integrate(state, [0.0; 2], 1e-5));
        let (energy_after, momentum_after) = invariants(&FREE, state);
        assert!((energy_after - energy).abs() < 1e-4 * energy);
        assert!((momentum_after - momentum).abs() < 1e-4);
    }

    #[test]
    fn damping_brings_rest_and_a_straight_arm_is_one_rod() {
        let damped = Arm { damping: 0.5, ..FREE };
        let mut state = [0.3, 1.0, 1.5, -2.0];
        (0..20_000).for_each(|_| state = damped.integrate(state, [0.0; 2], 1e-2));
        assert!(invariants(&damped, state).0 < 1e-9);
        // Two straight half-metre rods of 1 kg are a rod of 2 kg and 1 m: inertia 2/3.
        let (m11, ..) = Arm { lengths: [0.5, 0.5], damping: 0.0 }.mass_matrix(0.0);
        assert!((m11 - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn targets_fill_the_annulus_evenly() {
        let mut world = Reacher2::from_options(&Options::new("reacher2")).unwrap();
        let mut random = seed::stream(1, "episode", 0);
        let squares: Vec<f64> = (0..20_000)
            .map(|_| {
                world.reset(&mut random);
                let [x, y] = world.target();
                x * x + y * y
            })
            .collect();
        assert!(squares.iter().all(|square| (0.04..=0.9025).contains(square)));
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        assert!((mean - (0.04 + 0.9025) / 2.0).abs() < 0.01);
    }

    #[test]
    fn jacobian_transpose_control_reaches_the_target() {
        let mut world = Reacher2::from_options(&Options::new("reacher2")).unwrap();
        let mut random = seed::stream(2, "episode", 0);
        let mut reached = 0;
        for _ in 0..20 {
            world.reset(&mut random);
            for _ in 0..200 {
                let [q1, q2, v1, v2, ..] = world.state;
                let (elbow, tip) = joints([q1, q2], world.arm.lengths);
                let gap = world.gap();
                let torque = |from: [f64; 2], speed: f64| {
                    let arm = [tip[0] - from[0], tip[1] - from[1]];
                    ((4.0 * (arm[0] * gap[1] - arm[1] * gap[0]) - 0.5 * speed) / TORQUE).clamp(-1.0, 1.0)
                        as f32
                };
                let action = [torque([0.0; 2], v1), torque(elbow, v2)];
                world.step(Action::Continuous(&action), &mut random);
            }
            let gap = world.gap();
            reached += usize::from(gap[0].hypot(gap[1]) < REACHED);
        }
        assert!(reached >= 16, "reached {reached} of 20");
    }
}
