//! Who moves through a maze by rule.

use super::{DRAG, PointMaze, Preset, RADIUS, THRUST, TOP_SPEED, Task, direction};
use crate::demonstrator::{Actor, Drive, Mover, Script};
use crate::maze::Geodesic;
use crate::spec::ActionSpace;

/// Distance from walls that discrete moves keep where they can.
const WIDE: f64 = 0.3;

impl<P: Preset> PointMaze<P> {
    /// The expert, where there is a goal, and the wanderer between random cells.
    pub(super) fn drive(&self, script: Script) -> Option<Box<dyn Actor>> {
        let wanders = match script {
            Script::Expert if self.task != Task::Free => false,
            Script::Waypoints => true,
            _ => return None,
        };
        let count = match self.spec.action {
            ActionSpace::Box { .. } => 0,
            ActionSpace::Discrete { count } => count,
        };
        let [width, height] = self.layout.size().map(|size| size as f64 / 2.0);
        let mover = Mover {
            inertia: self.second_order.then_some([DRAG, THRUST]),
            stride: if self.second_order { TOP_SPEED } else { self.speed },
            scale: if self.normalised { self.half() } else { 1.0 },
            shift: if self.normalised { [width, height] } else { [0.0; 2] },
            speed: if self.normalised { TOP_SPEED } else { 1.0 },
            directions: (0..count).map(|index| direction(index, count)).collect(),
        };
        // Moves in a few directions cannot slide along corners and keep away from them.
        let radius = if count == 0 { RADIUS } else { WIDE };
        let lattice = Geodesic::new(&self.layout, radius);
        Some(Box::new(Drive::new(mover, lattice, self.free.to_vec(), wanders)))
    }
}
