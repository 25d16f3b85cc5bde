//! Shortest solutions against a search through everything that can be done.

use std::collections::{HashSet, VecDeque};

use rand::RngExt;
use worlds::Environment;
use worlds::grid::minigrid::{Action, Aim, Kind, Place, State, Task, solve};

use crate::{random, wander, world};

/// What a state's future depends on.
fn key(
    state: &State,
) -> (Vec<worlds::grid::minigrid::Cell>, Place, u8, Option<worlds::grid::minigrid::Cell>) {
    let parts = state.parts();
    (parts.grid.cells().to_vec(), parts.agent, parts.facing as u8, parts.carried)
}

/// Least steps to an aim, breadth first by the rules themselves.
fn steps(start: &State, aim: Aim) -> Option<usize> {
    let mut seen = HashSet::from([key(start)]);
    let mut queue = VecDeque::from([(start.clone(), 0)]);
    while let Some((state, steps)) = queue.pop_front() {
        let arrived = match aim {
            Aim::Task => state.solved(),
            Aim::Reach(place) => state.parts().agent == place,
        };
        if arrived {
            return Some(steps);
        }
        for action in Action::ALL {
            let mut next = state.clone();
            next.step(action);
            // On the way to a place nothing may end the episode, and the box stays whole.
            let ends = next.solved() && !matches!(aim, Aim::Reach(place) if next.parts().agent == place);
            let allowed = aim == Aim::Task || !(ends || next.target().is_none() && state.target().is_some());
            if allowed && seen.insert(key(&next)) {
                queue.push_back((next, steps + 1));
            }
        }
    }
    None
}

#[test]
fn solutions_are_as_short_as_they_can_be() {
    let mut compared = 0;
    for (index, (name, levels)) in [
        ("minigrid-empty,size=6,start=random", 20),
        ("minigrid-doorkey,size=5", 20),
        ("minigrid-doorkey,size=7", 20),
        ("minigrid-doorkey,size=6,task=key-at-door", 20),
        ("minigrid-doorkey,size=6,task=open-door", 20),
        ("minigrid-keycorridor,rows=1", 20),
        ("minigrid-keycorridor,rows=2", 6),
        ("minigrid-multiroom,rooms=2-4,room_size=4", 6),
        ("minigrid-unlock-pickup", 4),
        ("minigrid-fourrooms", 6),
    ]
    .into_iter()
    .enumerate()
    {
        let (mut world, mut random) = (world(name), random(index));
        for level in 0..levels {
            world.reset(&mut random);
            // From the beginning of a level, and from the middle of an episode.
            if level % 2 == 1 && wander(&mut world, 200, &mut random) {
                continue;
            }
            let state = world.state();
            let solution = solve(state, Aim::Task);
            assert_eq!(solution.map(|plan| plan.len()), steps(state, Aim::Task), "{name}: {state:?}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn ways_to_any_cell_are_as_short_as_they_can_be() {
    let (mut found, mut none) = (0, 0);
    for (index, name) in [
        "minigrid-empty,size=6",
        "minigrid-doorkey,size=6",
        "minigrid-doorkey,size=6,task=open-door",
        "minigrid-keycorridor,rows=1",
        "minigrid-keycorridor,rows=2",
        "minigrid-multiroom,rooms=2,room_size=4",
        "minigrid-unlock-pickup",
    ]
    .into_iter()
    .enumerate()
    {
        let (mut world, mut random) = (world(name), random(100 + index));
        for _ in 0..10 {
            world.reset(&mut random);
            if wander(&mut world, 30, &mut random) {
                continue;
            }
            let state = world.state();
            let grid = &state.parts().grid;
            let place = grid.place(random.random_range(0..grid.cells().len()));
            let plan = solve(state, Aim::Reach(place));
            assert_eq!(
                plan.as_ref().map(Vec::len),
                steps(state, Aim::Reach(place)),
                "{name}: {place:?} {state:?}"
            );
            let Some(plan) = plan else {
                none += 1;
                continue;
            };
            let mut later = state.clone();
            plan.iter().for_each(|action| later.step(*action));
            assert_eq!(later.parts().agent, place);
            found += 1;
        }
    }
    assert!(found > 20 && none > 10, "{found} {none}");
}

#[test]
fn what_cannot_be_solved_has_no_solution() {
    let mut random = random(0);
    let mut world = world("minigrid-unlock-pickup");
    world.reset(&mut random);
    let plan = solve(world.state(), Aim::Task).unwrap();
    for action in &plan[..plan.len() - 1] {
        assert!(!crate::act(&mut world, *action).terminated);
    }
    // Opened, the box is gone.
    let front = world.state().front();
    assert_eq!(world.state().cell(front).kind, Kind::Box);
    crate::act(&mut world, Action::Toggle);
    assert_eq!((world.state().target(), solve(world.state(), Aim::Task)), (None, None));
    // A door without its key.
    let mut parts = crate::world("minigrid-doorkey").state().parts().clone();
    let key = crate::world("minigrid-doorkey").state().key().unwrap();
    parts.grid.set(key, worlds::grid::minigrid::Cell::EMPTY);
    for task in [Task::Goal, Task::KeyAtDoor, Task::OpenDoor] {
        let state = State::new(worlds::grid::minigrid::Parts { task, ..parts.clone() }).unwrap();
        assert_eq!(solve(&state, Aim::Task), None);
    }
}
