//! Shortest solutions.
//!
//! A search over where the agent is and looks, which doors are open, and where the key is. Left out is
//! what never shortens a way: closing doors, dropping the key before its door is open, and destroying
//! the box. The search is A*: of the states that a breadth-first search would visit, those come first
//! from which the way that remains, if closed doors opened by themselves, is shortest.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::cell::{Cell, Colour, Door, Kind};
use super::grid::{Direction, Grid, Place};
use super::state::{Action, State, Task};

/// What is to be achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The level's task.
    Task,
    /// To stand in this place, and not to end the episode before: without whatever solves the task.
    Reach(Place),
}

/// A shortest list of actions from a state to an aim, empty where it is achieved; nothing where there is
/// no way.
pub fn solve(state: &State, aim: Aim) -> Option<Vec<Action>> {
    if aim == Aim::Task && state.solved() {
        return Some(Vec::new());
    }
    Search::new(state, aim)?.run()
}

/// Where the key is, in a node: the index of its cell, or one of these.
const HELD: u16 = u16::MAX;
const NOWHERE: u16 = u16::MAX - 1;

/// What differs between the states of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    /// Index of the agent's cell.
    cell: u16,
    facing: Direction,
    /// Bits of the doors that are open.
    open: u16,
    key: u16,
}

/// The last thing that a solution does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Stands in the cell.
    Reach,
    /// Takes what is in the cell in front, with empty hands.
    PickUp,
    /// Faces the door that is not open, with the key.
    KeyAtDoor,
    /// Opens the door in front.
    Open,
}

/// One search.
struct Search<'a> {
    grid: &'a Grid,
    /// Index of the cell that the solution ends in or in front of, and how.
    aim: u16,
    end: End,
    start: Node,
    /// Per cell: the number of its door.
    doors: Vec<Option<u8>>,
    /// The first locked door, and whether the aim is behind it.
    lock: Option<u16>,
    behind: bool,
    colour_of_key: Option<Colour>,
    /// Whether something else than the key is carried.
    full: bool,
    /// What would end the episode on the way to a place: the task, where that is not the aim.
    other_task: Option<Task>,
    /// Cells that are never entered: the ball's or box's, and a goal's that is not the aim.
    barred: [Option<u16>; 2],
    /// Steps that remain from every pose, without doors and key: to the end, to where the key can be
    /// picked up, to where the lock can be opened.
    to_end: Ways,
    to_key: Ways,
    to_lock: Ways,
    /// Least steps from where the lock was opened to the end, and from where the key was picked up to
    /// where it is needed.
    after_lock: u32,
    after_key: u32,
}

/// Steps from every cell and direction.
type Ways = Vec<[Option<u32>; 4]>;

impl<'a> Search<'a> {
    fn new(state: &'a State, aim: Aim) -> Option<Self> {
        let parts = state.parts();
        let grid = &parts.grid;
        let index = |place: Place| grid.index(place) as u16;
        let first_door = state.doors().first().copied();
        let (end, place) = match (aim, parts.task) {
            (Aim::Reach(place), _) => (End::Reach, Some(place)),
            (Aim::Task, Task::Goal) => (End::Reach, state.goal()),
            (Aim::Task, Task::Target) => (End::PickUp, state.target()),
            (Aim::Task, Task::KeyAtDoor) => (End::KeyAtDoor, first_door),
            (Aim::Task, Task::OpenDoor) => (End::Open, first_door),
        };
        let held = parts.carried.is_some_and(|carried| carried.kind == Kind::Key);
        let key = if held { parts.carried } else { state.key().map(|place| state.cell(place)) };
        let other_goal = state.goal().filter(|goal| parts.task == Task::Goal && Some(*goal) != place);
        let mut doors = vec![None; grid.cells().len()];
        let mut open = 0;
        for (number, door) in state.doors().iter().enumerate() {
            doors[grid.index(*door)] = Some(number as u8);
            open |= u16::from(grid.get(*door).door == Door::Open) << number;
        }
        let start_key = if held { HELD } else { state.key().map_or(NOWHERE, index) };
        let locked = |door: &&Place| grid.get(**door).door == Door::Locked;
        let mut search = Self {
            grid,
            aim: place.map(index)?,
            end,
            start: Node { cell: index(parts.agent), facing: parts.facing, open, key: start_key },
            doors,
            lock: state.doors().iter().find(locked).copied().map(index),
            behind: false,
            colour_of_key: key.map(|key| key.colour),
            full: parts.carried.is_some() && !held,
            other_task: (aim != Aim::Task).then_some(parts.task),
            barred: [state.target(), other_goal].map(|place| place.map(index)),
            to_end: Vec::new(),
            to_key: Vec::new(),
            to_lock: Vec::new(),
            after_lock: 0,
            after_key: 0,
        };
        search.look_ahead()?;
        Some(search)
    }

    /// Fills in what the estimates are made of; nothing where there is no way.
    fn look_ahead(&mut self) -> Option<()> {
        let pose = (self.start.cell, self.start.facing);
        let at = |ways: &Ways, (cell, facing): (u16, Direction)| {
            ways.get(usize::from(cell)).and_then(|ways| ways[facing as usize])
        };
        let in_front = |cell: u16| self.poses_before(cell);
        let ends = match self.end {
            End::Reach => Direction::ALL.map(|facing| (self.aim, facing)).to_vec(),
            _ => in_front(self.aim),
        };
        let to_end = self.ways(&ends, None);
        at(&to_end, pose)?;
        let behind = match self.end {
            End::Reach | End::PickUp => {
                self.lock.is_some() && at(&self.ways(&ends, self.lock), pose).is_none()
            }
            End::KeyAtDoor | End::Open => false,
        };
        let least =
            |poses: &[(u16, Direction)], ways: &Ways| poses.iter().filter_map(|pose| at(ways, *pose)).min();
        if let Some(lock) = self.lock {
            let before_lock = in_front(lock);
            let drop = u32::from(self.end == End::PickUp);
            self.after_lock = least(&before_lock, &to_end).unwrap_or_default() + drop;
            self.to_lock = self.ways(&before_lock, None);
        }
        let key = self.start.key;
        if key < NOWHERE {
            let before_key = self.poses_before(key);
            self.to_key = self.ways(&before_key, None);
            self.after_key = match self.end {
                _ if behind => least(&before_key, &self.to_lock).unwrap_or_default() + 1 + self.after_lock,
                _ => least(&before_key, &to_end).unwrap_or_default(),
            };
        }
        (self.to_end, self.behind) = (to_end, behind);
        Some(())
    }

    /// The cells beside a cell, looking at it; numbers that are no cells where the grid ends.
    fn poses_before(&self, cell: u16) -> Vec<(u16, Direction)> {
        let place = self.grid.place(usize::from(cell));
        let before = |facing: Direction| (self.grid.index(place.ahead(facing.turned(2))) as u16, facing);
        Direction::ALL.map(before).to_vec()
    }

    /// Steps from every pose to the nearest of these, as if there were no doors but `wall` and no key;
    /// breadth first, backwards.
    fn ways(&self, ends: &[(u16, Direction)], wall: Option<u16>) -> Ways {
        let mut ways: Ways = vec![[None; 4]; self.grid.cells().len()];
        let mut reached = Vec::with_capacity(4 * ways.len());
        let free = |cell: u16| {
            let kind = self.grid.cells().get(usize::from(cell)).map(|cell| cell.kind);
            kind.is_some_and(|kind| kind != Kind::Wall) && !self.barred(cell) && Some(cell) != wall
        };
        for &(cell, facing) in ends.iter().filter(|(cell, _)| free(*cell)) {
            ways[usize::from(cell)][facing as usize] = Some(0);
            reached.push((cell, facing));
        }
        let mut next = 0;
        while let Some(&(cell, facing)) = reached.get(next) {
            let further = ways[usize::from(cell)][facing as usize].map(|steps| steps + 1);
            let behind = self.ahead(cell, facing.turned(2));
            for pose in [(cell, facing.turned(1)), (cell, facing.turned(3)), (behind, facing)] {
                let way = &mut ways[usize::from(pose.0)][pose.1 as usize];
                if free(pose.0) && way.is_none() {
                    *way = further;
                    reached.push(pose);
                }
            }
            next += 1;
        }
        ways
    }

    fn barred(&self, cell: u16) -> bool {
        self.barred.contains(&Some(cell))
    }

    /// The cell in a direction; the cell itself where the grid ends.
    fn ahead(&self, cell: u16, facing: Direction) -> u16 {
        let place = self.grid.place(usize::from(cell)).ahead(facing);
        let inside = place.column < self.grid.width() && place.row < self.grid.height();
        if inside { self.grid.index(place) as u16 } else { cell }
    }

    /// At most the steps that remain; nothing where there is no way.
    fn estimate(&self, node: Node) -> Option<u32> {
        let at = |ways: &Ways| ways.get(usize::from(node.cell)).and_then(|ways| ways[node.facing as usize]);
        let locked = self.lock.is_some_and(|lock| self.closed(node, lock));
        let needs_key = locked && (self.behind || matches!(self.end, End::KeyAtDoor | End::Open));
        if needs_key && node.key != HELD {
            return Some(at(&self.to_key)? + 1 + self.after_key);
        }
        if locked && self.behind {
            return Some(at(&self.to_lock)? + 1 + self.after_lock);
        }
        // What is carried must be dropped first.
        let drop = u32::from(self.end == End::PickUp && node.key == HELD);
        Some(at(&self.to_end)? + drop)
    }

    fn closed(&self, node: Node, cell: u16) -> bool {
        self.doors[usize::from(cell)].is_some_and(|door| node.open >> door & 1 == 0)
    }

    fn arrived(&self, node: Node) -> bool {
        let faces = self.ahead(node.cell, node.facing) == self.aim;
        match self.end {
            End::Reach => node.cell == self.aim,
            End::PickUp => faces && node.key != HELD && !self.full,
            End::KeyAtDoor => faces && node.key == HELD && self.closed(node, self.aim),
            End::Open => faces && self.closed(node, self.aim) && self.opens(node, self.aim),
        }
    }

    /// Whether the agent can open a closed door.
    fn opens(&self, node: Node, door: u16) -> bool {
        let Cell { colour, door: state, .. } = self.grid.cells()[usize::from(door)];
        state != Door::Locked || (node.key == HELD && self.colour_of_key == Some(colour))
    }

    /// Whether an episode ends on the way, where it should not.
    fn ends(&self, node: Node) -> bool {
        match self.other_task {
            Some(Task::OpenDoor) => node.open != self.start.open,
            Some(Task::KeyAtDoor) => {
                let faces_door = self.closed(node, self.ahead(node.cell, node.facing));
                node.key == HELD && faces_door && !self.arrived(node)
            }
            // Goals, balls and boxes are barred.
            Some(Task::Goal | Task::Target) | None => false,
        }
    }

    /// The node after an action that is worth while.
    fn after(&self, node: Node, action: Action) -> Option<Node> {
        let ahead = self.ahead(node.cell, node.facing);
        let cell = self.grid.cells()[usize::from(ahead)];
        let blocked = self.barred(ahead) || ahead == node.key;
        match action {
            Action::Left => Some(Node { facing: node.facing.turned(3), ..node }),
            Action::Right => Some(Node { facing: node.facing.turned(1), ..node }),
            Action::Forward => {
                let free = cell.kind != Kind::Wall && !blocked && !self.closed(node, ahead);
                free.then_some(Node { cell: ahead, ..node })
            }
            Action::PickUp => {
                let takes = ahead == node.key && !self.full;
                takes.then_some(Node { key: HELD, ..node })
            }
            Action::Drop => {
                let locked = self.behind && self.lock.is_some_and(|lock| self.closed(node, lock));
                // A cell from where the key was taken is empty by now.
                let empty = (cell == Cell::EMPTY || cell.kind == Kind::Key) && !blocked;
                let drops = self.end == End::PickUp && node.key == HELD && !locked && empty;
                drops.then_some(Node { key: ahead, ..node })
            }
            Action::Toggle => {
                let door = self.doors[usize::from(ahead)]?;
                let opens = self.closed(node, ahead) && self.opens(node, ahead);
                opens.then_some(Node { open: node.open | 1 << door, ..node })
            }
            Action::Done => None,
        }
    }

    fn run(self) -> Option<Vec<Action>> {
        // All nodes found, each with the one before and the action between.
        let mut found = vec![(self.start, 0, Action::Done)];
        let mut least: HashMap<Node, u32> = HashMap::from([(self.start, 0)]);
        // By length of the whole way; of equal ones the longest behind, then the first found.
        let mut queue = BinaryHeap::from([(Reverse(self.estimate(self.start)?), 0, Reverse(0))]);
        while let Some((_, steps, Reverse(index))) = queue.pop() {
            let (node, ..) = found[index];
            if least.get(&node).is_some_and(|known| *known < steps) {
                continue;
            }
            if self.arrived(node) {
                return Some(self.way(&found, index));
            }
            for action in Action::ALL {
                let Some(next) = self.after(node, action).filter(|next| !self.ends(*next)) else { continue };
                let further = steps + 1;
                if least.get(&next).is_some_and(|known| *known <= further) {
                    continue;
                }
                if let Some(rest) = self.estimate(next) {
                    least.insert(next, further);
                    queue.push((Reverse(further + rest), further, Reverse(found.len())));
                    found.push((next, index, action));
                }
            }
        }
        None
    }

    /// The actions that lead to a node, and the last one.
    fn way(&self, found: &[(Node, usize, Action)], mut index: usize) -> Vec<Action> {
        let mut actions = match self.end {
            End::Reach | End::KeyAtDoor => Vec::new(),
            End::PickUp => vec![Action::PickUp],
            End::Open => vec![Action::Toggle],
        };
        while index > 0 {
            let (_, before, action) = found[index];
            actions.push(action);
            index = before;
        }
        actions.reverse();
        actions
    }
}
