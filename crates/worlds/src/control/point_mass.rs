//! `point-mass`: a point that is pushed about a square arena.
//!
//! Order 2: v <- 0.85 v + 0.015 a, p <- p + v; order 1: p <- p + 0.05 a. Walls stop the part of
//! the motion that runs into them.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{FromOptions, help, single_precision, symmetric, vector_spec};
use crate::demonstrator::{Actor, Script, Steer};
use crate::render::{Painter, palette};
use crate::spec::{Array, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

const DRAG: f64 = 0.85;
const THRUST: f64 = 0.015;
const STRIDE: f64 = 0.05;
/// Half the thickness of the wall between the gates.
const WALL: f64 = 0.02;
/// Height of a gate's middle above and below the centre, and half its width.
const GATE: [f64; 2] = [0.5, 0.075];
/// Pieces that a step's motion is cut into against walls; the fastest step is 0.1 long, so no
/// piece jumps over a wall.
const PIECES: usize = 20;
/// Goal of the `gates` task.
const BEYOND: [f64; 2] = [0.7, 0.0];
/// Start and goal where they are fixed.
const FIXED: [[f64; 2]; 2] = [[-0.5, -0.5], [0.5, 0.5]];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Reach,
    Gates,
    None,
}

/// The point with a push in [-1, 1]^2. Observation: position, speed (the last motion) and, where
/// it varies, the goal.
#[derive(Clone, Debug)]
pub struct PointMass {
    spec: Arc<Spec>,
    task: Task,
    second_order: bool,
    sparse: bool,
    action_cost: f64,
    radius: f64,
    fixed_start: bool,
    fixed_goal: bool,
    /// Position, speed, goal.
    state: [f64; 6],
}

impl FromOptions for PointMass {
    const NAME: &'static str = "point-mass";
    const SUMMARY: &'static str = "push a point about a square arena to a goal";
    const OPTIONS: &'static [OptionHelp] = &[
        help("task", "reach", "reach: go to a goal; gates: through a wall with two gates; none: no reward"),
        help("order", "2", "1: the action is a velocity; 2: the action is a force"),
        help("reward", "dense", "of reach; dense: minus distance; sparse: 1 and end within the radius"),
        help("action-cost", "0", "of reach; price of the squared action"),
        help("radius", "0.05", "distance at which the goal is reached"),
        help("start", "random", "of reach; random or fixed at (-0.5, -0.5)"),
        help("goal", "random", "of reach; random or fixed at (0.5, 0.5)"),
        help("horizon", "100", "steps after which an episode is truncated; 80 for gates"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let (task, horizon) = match options.choice("task", "reach", &["reach", "gates", "none"])?.as_str() {
            "reach" => (Task::Reach, 100),
            "gates" => (Task::Gates, 80),
            _ => (Task::None, 100),
        };
        if task != Task::Reach {
            let only = ["reward", "action-cost", "start", "goal"];
            if let Some(key) = only.iter().find(|key| options.text(key).is_some()) {
                return Err(WorldError::Invalid(format!(
                    "`{key}` of point-mass goes with `task=reach` only; leave it out"
                )));
            }
        }
        let drawn = |key: &str| options.choice(key, "random", &["random", "fixed"]);
        let fixed_goal = drawn("goal")? == "fixed" || task != Task::Reach;
        let spec = vector_spec(
            options,
            Self::SUMMARY,
            if fixed_goal { 4 } else { 6 },
            symmetric(2, 1.0),
            options.usize("horizon", horizon, 1..=1_000_000)?,
            None,
        );
        Ok(Self {
            spec: Arc::new(spec),
            task,
            second_order: options.usize("order", 2, 1..=2)? == 2,
            sparse: options.choice("reward", "dense", &["dense", "sparse"])? == "sparse",
            action_cost: options.float("action-cost", 0.0, 0.0..=100.0)?,
            radius: options.float("radius", 0.05, 0.001..=1.0)?,
            fixed_start: drawn("start")? == "fixed",
            fixed_goal,
            state: [0.0; 6],
        })
    }
}

impl PointMass {
    /// Whether a point lies inside the wall between the two sides.
    fn blocked(&self, x: f64, y: f64) -> bool {
        self.task == Task::Gates && x.abs() < WALL && (y.abs() - GATE[0]).abs() > GATE[1]
    }

    /// Moves by the given motion and returns what of it was not stopped by a wall.
    fn travel(&mut self, motion: [f64; 2]) -> [f64; 2] {
        let mut motion = motion;
        let [mut x, mut y, ..] = self.state;
        let pieces = if self.task == Task::Gates { PIECES } else { 1 };
        for _ in 0..pieces {
            let next = x + motion[0] / pieces as f64;
            if self.blocked(next, y) || next.abs() > 1.0 {
                motion[0] = 0.0;
                // Up to the wall itself, from the side it came from.
                x = if next.abs() > 1.0 { next.clamp(-1.0, 1.0) } else { WALL.copysign(x) };
            } else {
                x = next;
            }
            let next = y + motion[1] / pieces as f64;
            if self.blocked(x, next) {
                motion[1] = 0.0;
            } else if next.abs() > 1.0 {
                motion[1] = 0.0;
                y = next.clamp(-1.0, 1.0);
            } else {
                y = next;
            }
        }
        (self.state[0], self.state[1]) = (x, y);
        motion
    }

    fn distance(&self) -> f64 {
        let [x, y, _, _, goal_x, goal_y] = self.state;
        (x - goal_x).hypot(y - goal_y)
    }
}

impl Environment for PointMass {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        let mut anywhere = || [random.random_range(-1.0..1.0), random.random_range(-1.0..1.0)];
        let (start, goal) = match self.task {
            Task::Gates => {
                let x = -0.7 + random.random_range(-0.1..0.1);
                ([x, random.random_range(-0.2..0.2)], BEYOND)
            }
            Task::None => (anywhere(), [0.0; 2]),
            Task::Reach => {
                let (start, goal) = (anywhere(), anywhere());
                (
                    if self.fixed_start { FIXED[0] } else { start },
                    if self.fixed_goal { FIXED[1] } else { goal },
                )
            }
        };
        self.state = [start[0], start[1], 0.0, 0.0, goal[0], goal[1]];
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let a = [action.number(0), action.number(1)];
        let speed = [self.state[2], self.state[3]];
        let motion = std::array::from_fn(|axis| {
            if self.second_order { DRAG * speed[axis] + THRUST * a[axis] } else { STRIDE * a[axis] }
        });
        [self.state[2], self.state[3]] = self.travel(motion);
        let distance = self.distance();
        let inside = distance <= self.radius;
        let effort = self.action_cost * (a[0] * a[0] + a[1] * a[1]);
        let (reward, terminated) = match self.task {
            Task::None => (0.0, false),
            Task::Reach if !self.sparse => (-distance - effort, false),
            Task::Reach => (f64::from(inside) - effort, inside),
            Task::Gates => (f64::from(inside), inside),
        };
        Step { reward: reward as f32, terminated }
    }

    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        let all = single_precision(self.state);
        array.write_floats(row, if self.fixed_goal { &all[..4] } else { &all });
    }

    fn render(&self, canvas: &mut Canvas) {
        let mut painter = Painter::new(canvas, [0.0, 0.0], 1.1);
        for side in [-1.0, 1.0] {
            painter.rectangle([side * 1.05 - 0.05, -1.1], [side * 1.05 + 0.05, 1.1], palette::WALL);
            painter.rectangle([-1.1, side * 1.05 - 0.05], [1.1, side * 1.05 + 0.05], palette::WALL);
        }
        if self.task == Task::Gates {
            let (near, far) = (GATE[0] - GATE[1], GATE[0] + GATE[1]);
            for [low, high] in [[-1.0, -far], [-near, near], [far, 1.0]] {
                painter.rectangle([-WALL, low], [WALL, high], palette::WALL);
            }
        }
        let [x, y, _, _, goal_x, goal_y] = self.state;
        if self.task != Task::None {
            painter.ring([goal_x, goal_y], self.radius.max(0.08), 0.03, palette::GOAL);
        }
        painter.disc([x, y], 0.08, palette::AGENT);
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        let exists = script == Script::Expert && self.task != Task::None;
        let goal = match self.task {
            Task::Gates => Some(BEYOND),
            _ => self.fixed_goal.then_some(FIXED[1]),
        };
        let gate = (self.task == Task::Gates).then_some(GATE[0]);
        exists.then(|| Box::new(Steer::new(goal, gate)) as Box<dyn Actor>)
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.state = decode(state)?;
        Ok(())
    }

    fn cost(&self) -> usize {
        50
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    fn world(name: &str) -> PointMass {
        let name: crate::WorldName = name.parse().unwrap();
        PointMass::from_options(&name.options).unwrap()
    }

    #[test]
    fn top_speed_is_a_tenth_and_walls_stop() {
        let mut world = world("point-mass,task=none");
        let mut random = seed::stream(0, "episode", 0);
        world.state = [-1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        (0..19).for_each(|_| {
            world.step(Action::Continuous(&[1.0, 0.0]), &mut random);
        });
        assert!((world.state[2] - 0.1 * (1.0 - 0.85_f64.powi(19))).abs() < 1e-12);
        (0..20).for_each(|_| {
            world.step(Action::Continuous(&[1.0, 0.2]), &mut random);
        });
        assert_eq!((world.state[0], world.state[2]), (1.0, 0.0));
        assert!(world.state[3] > 0.0, "the wall stops only what runs into it");
    }

    #[test]
    fn the_wall_is_passed_through_the_gates_only() {
        let mut world = world("point-mass,task=gates");
        let mut random = seed::stream(5, "episode", 0);
        world.reset(&mut random);
        let mut crossings = 0;
        for _ in 0..3_000 {
            let [x, y, ..] = world.state;
            let action = [random.random_range(-1.0..1.0_f32), random.random_range(-1.0..1.0)];
            world.state[2] += random.random_range(-0.04..0.04);
            world.step(Action::Continuous(&action.map(f32::signum)), &mut random);
            assert!(!world.blocked(world.state[0], world.state[1]));
            if (x > 0.0) != (world.state[0] > 0.0) {
                crossings += 1;
                // The motion is at most 0.14 high, so a crossing happens close to a gate.
                assert!((y.abs() - 0.5).abs() < 0.075 + 0.15, "crossed from {x}, {y}");
            }
        }
        assert!(crossings > 0);
        world.state = [-0.1, 0.0, 0.1, 0.0, 0.7, 0.0];
        world.step(Action::Continuous(&[1.0, 0.0]), &mut random);
        assert_eq!((world.state[0], world.state[2]), (-WALL, 0.0));
    }

    #[test]
    fn sparse_reach_pays_once_and_ends() {
        let mut world = world("point-mass,order=1,reward=sparse,goal=fixed,start=fixed");
        let mut random = seed::stream(0, "episode", 0);
        world.reset(&mut random);
        let steps: Vec<Step> =
            (0..20).map(|_| world.step(Action::Continuous(&[1.0, 1.0]), &mut random)).collect();
        let end = steps.iter().position(|step| step.terminated);
        assert_eq!(end, Some(19));
        assert!(steps[..19].iter().all(|step| step.reward == 0.0));
        assert_eq!(steps[19].reward, 1.0);
    }
}
