//! Experts of the control worlds.

use nalgebra::{Matrix4, RowVector4, Vector4};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Actor, Move, Seen};
use crate::control::line_world::STRIPE;

/// `pendulum`: pumps energy until the rod has what upright rest takes, then holds it by its angle and
/// speed (Astrom and Furuta, *Swinging up a pendulum by energy control*, 2000).
pub(crate) struct SwingUp;

impl SwingUp {
    /// Twice the acceleration of gravity on the horizontal rod, 3 g / (2 l).
    const FALL: f64 = 15.0;
    /// A little more energy than upright rest has, so that the rod gets over the last stretch.
    const ENERGY: f64 = 1.0;
    const PUMP: f64 = 0.5;
    const HOLD: [f64; 2] = [12.0, 3.0];
    /// Angle and energy within which the rod is held.
    const NEAR: [f64; 2] = [0.8, 4.0];
}

impl Actor for SwingUp {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        let ([cosine, sine], spin) = (seen.pair(0, 0), seen.number(0, 2));
        let tilt = sine.atan2(cosine);
        let energy = 0.5 * spin * spin + Self::FALL * (cosine - 1.0);
        let torque = if tilt.abs() < Self::NEAR[0] && energy.abs() < Self::NEAR[1] {
            -(Self::HOLD[0] * tilt + Self::HOLD[1] * spin)
        } else {
            let side = if spin < 0.0 { -1.0 } else { 1.0 };
            side * Self::PUMP * (Self::ENERGY - energy)
        };
        Move::Vector([torque, 0.0])
    }
}

/// `mountain-car-continuous`: full throttle along the motion.
pub(crate) struct Pump;

impl Actor for Pump {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        Move::Vector([if seen.number(0, 1) < 0.0 { -1.0 } else { 1.0 }, 0.0])
    }
}

/// `line-world`: always to the right.
pub(crate) struct Rightward;

impl Actor for Rightward {
    fn act(&mut self, _row: usize, _seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        Move::Vector([1.0, 0.0])
    }
}

/// `line-world`: U[-0.05, 1] in the first stripe and every other one, U[-1, 0.05] between.
pub(crate) struct Stripes;

impl Actor for Stripes {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) -> Move {
        // The line's end belongs to the last stripe.
        let stripe = (seen.number(0, 0) / STRIPE).floor().min(4.0);
        let good = random.random_range(-0.05..=1.0);
        Move::Vector([if stripe % 2.0 == 0.0 { good } else { -good }, 0.0])
    }
}

/// `cartpole`: the sign of the linear-quadratic regulator's push.
pub(crate) struct Balance {
    gain: RowVector4<f64>,
}

impl Balance {
    /// Iterations of the Riccati equation, enough for every pole of the world.
    const ROUNDS: usize = 3_000;

    /// The regulator of x' = `transition` x + `push` u with unit costs of state and push.
    pub(crate) fn new(transition: Matrix4<f64>, push: Vector4<f64>) -> Self {
        let mut cost = Matrix4::identity();
        let mut gain = RowVector4::zeros();
        for _ in 0..Self::ROUNDS {
            gain = push.transpose() * cost * transition / (1.0 + (push.transpose() * cost * push)[0]);
            cost = Matrix4::identity() + transition.transpose() * cost * (transition - push * gain);
        }
        Self { gain }
    }
}

impl Actor for Balance {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        let state = Vector4::from_fn(|index, _| seen.number(0, index));
        Move::Index(u32::from((self.gain * state)[0] < 0.0))
    }
}

/// `reacher2`: torques k J^T (target - tip) less half the joints' speeds.
pub(crate) struct Reach {
    /// Lengths of the links.
    pub(crate) lengths: [f64; 2],
    /// Field that holds the target, and its first element there.
    pub(crate) target: (usize, usize),
    /// Torque of a full action.
    pub(crate) torque: f64,
}

impl Reach {
    const PULL: f64 = 4.0;
    const BRAKE: f64 = 0.5;
}

impl Actor for Reach {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        let ([cosine1, cosine2], [sine1, sine2]) = (seen.pair(0, 0), seen.pair(0, 2));
        let speed = seen.pair(0, 4);
        let target = seen.pair(self.target.0, self.target.1);
        let [first, second] = self.lengths;
        let elbow = [first * cosine1, first * sine1];
        let fore =
            [second * (cosine1 * cosine2 - sine1 * sine2), second * (sine1 * cosine2 + cosine1 * sine2)];
        let tip = [elbow[0] + fore[0], elbow[1] + fore[1]];
        let gap = [target[0] - tip[0], target[1] - tip[1]];
        // J^T f of a joint is the moment of the force about it.
        let moment = |arm: [f64; 2], speed: f64| {
            (Self::PULL * (arm[0] * gap[1] - arm[1] * gap[0]) - Self::BRAKE * speed) / self.torque
        };
        Move::Vector([moment(tip, speed[0]), moment(fore, speed[1])])
    }
}
