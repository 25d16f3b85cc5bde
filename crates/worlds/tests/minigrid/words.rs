//! Events, captions, sub-goals, descriptions, and levels read back from truth fields.

use rand::RngExt;
use worlds::grid::minigrid::{
    Action, Aim, Cell, Colour, Door, Event, Kind, MiniGrid, Place, Reader, State, What, describe, solve,
    sub_goals, tags,
};
use worlds::{Actions, Environment, Outcome, make, single};

use crate::{WORLDS, act, numbers, observations, random, wander, world};

/// A level in a world of its size, from rows of the reference's characters; the agent looks east.
fn placed(mut world: MiniGrid, agent: Place, rows: &[&str]) -> MiniGrid {
    let mut parts = world.state().parts().clone();
    for (row, cells) in rows.iter().enumerate() {
        for (column, character) in cells.chars().enumerate() {
            parts.grid.set(Place::new(column as u8, row as u8), crate::cell(character));
        }
    }
    (parts.agent, parts.facing) = (agent, worlds::grid::minigrid::Direction::East);
    world.begin(State::new(parts).unwrap()).unwrap();
    world
}

fn door_key(options: &str) -> MiniGrid {
    let rows = ["######", "#.e#.#", "#..#.#", "#..Q.#", "#..#*#", "######"];
    placed(world(&format!("minigrid-doorkey,size=6{options}")), Place::new(1, 1), &rows)
}

fn happens(world: &mut MiniGrid, action: Action) -> (What, String) {
    act(world, action);
    let event = world.state().parts().event;
    let seen = Event::from_numbers(&numbers(world, "event")).unwrap();
    let shown = Cell { door: Door::Open, ..event.object };
    assert_eq!(seen, Event { object: shown, ..event });
    assert_eq!(seen.caption(), event.caption());
    (event.what, event.caption())
}

#[test]
fn what_happens_is_told() {
    use Action::{Done, Drop, Forward, Left, PickUp, Right, Toggle};
    let mut world = door_key("");
    for (action, what, caption) in [
        (Done, What::Nothing, ""),
        (Forward, What::Bumped, "you bump into the yellow key"),
        (Drop, What::NothingToDrop, "there is nothing to drop"),
        (Toggle, What::Nothing, ""),
        (PickUp, What::PickedUp, "you pick up the yellow key"),
        (PickUp, What::NothingToPickUp, "there is nothing to pick up"),
        (Drop, What::Dropped, "you drop the yellow key"),
        (PickUp, What::PickedUp, "you pick up the yellow key"),
        (Forward, What::Moved, ""),
        (Forward, What::Bumped, "you bump into the wall"),
        (Drop, What::NoRoom, "there is no room to drop the yellow key"),
        (Right, What::TurnedRight, ""),
        (Forward, What::Moved, ""),
        (Forward, What::Moved, ""),
        (Drop, What::Dropped, "you drop the yellow key"),
        (Left, What::TurnedLeft, ""),
        (Toggle, What::Locked, "the yellow door is locked"),
        (Forward, What::Bumped, "you bump into the yellow door"),
        (Right, What::TurnedRight, ""),
        (PickUp, What::PickedUp, "you pick up the yellow key"),
        (Left, What::TurnedLeft, ""),
        (Toggle, What::Opened, "the yellow door opens"),
        (Toggle, What::Closed, "the yellow door closes"),
        (Toggle, What::Opened, "the yellow door opens"),
        (Drop, What::NoRoom, "there is no room to drop the yellow key"),
        (Forward, What::Moved, ""),
        (Forward, What::Moved, ""),
        (Right, What::TurnedRight, ""),
        (Forward, What::ReachedGoal, "you reach the goal"),
    ] {
        assert_eq!(happens(&mut world, action), (what, caption.to_owned()), "{action:?}");
    }
    assert!(world.state().solved());

    let rows = ["###########", "#..e.#....#", "#....#....#", "#....E.n..#", "#....#....#", "###########"];
    let mut world = placed(world_of_box(), Place::new(2, 1), &rows);
    for action in [PickUp, Right, Forward, Forward, Left, Forward, Forward, Forward, Forward] {
        act(&mut world, action);
    }
    assert_eq!(happens(&mut world, PickUp), (What::HandsFull, "your hands are full".to_owned()));
    assert_eq!(happens(&mut world, Toggle), (What::Emptied, "the green box is empty and gone".to_owned()));
    assert_eq!(world.mission(), "pick up the box");
}

fn world_of_box() -> MiniGrid {
    world("minigrid-unlock-pickup")
}

#[test]
fn what_is_prevented_does_not_happen() {
    for (options, what) in [
        ("pick-up", What::PickedUp),
        ("open", What::Opened),
        ("goal", What::ReachedGoal),
        ("none", What::Nothing),
    ] {
        let mut free = door_key("");
        let mut world = door_key(&format!(",prevent={options}"));
        let plan = solve(free.state(), Aim::Task).unwrap();
        let mut prevented = 0;
        for action in plan {
            let before = world.save();
            let foreseen = world.state().foresee(action);
            let step = act(&mut world, action);
            let event = world.state().parts().event;
            if foreseen.what == what {
                assert_eq!(event, Event { what: What::Prevented, ..foreseen });
                assert!(event.changed().is_none() && event.caption().is_empty() && !step.terminated);
                // Nothing but the count of steps and the event.
                let mut other = door_key("");
                other.restore(&before).unwrap();
                act(&mut other, Action::Done);
                assert_eq!(
                    (other.state().parts().agent, &other.state().parts().grid, other.state().parts().steps),
                    (world.state().parts().agent, &world.state().parts().grid, world.state().parts().steps)
                );
                prevented += 1;
            } else {
                assert_eq!(event, foreseen);
            }
            act(&mut free, action);
        }
        assert_eq!(prevented > 0, options != "none", "{options}");
        assert_eq!(world.state().solved(), options == "none");
        assert!(free.state().solved());
    }
}

fn told(state: &State) -> Vec<String> {
    sub_goals(state).iter().map(ToString::to_string).collect()
}

#[test]
fn sub_goals_are_in_order_and_completed_by_solutions() {
    let world = door_key("");
    let orders = ["pick up the yellow key", "open the locked yellow door", "go to the green goal"];
    assert_eq!(told(world.state()), orders);
    let places = sub_goals(world.state()).iter().map(|goal| (goal.id, goal.place)).collect::<Vec<_>>();
    assert_eq!(places, [(0, Place::new(2, 1)), (1, Place::new(3, 3)), (2, Place::new(4, 4))]);
    assert_eq!(told(door_key(",task=open-door").state()), orders[..2]);
    let before_door = told(door_key(",task=key-at-door").state());
    assert_eq!(before_door, ["pick up the yellow key", "go to the locked yellow door"]);
    for (index, name) in WORLDS.into_iter().enumerate() {
        let (mut world, mut random) = (crate::world(name), random(index));
        for _ in 0..10 {
            world.reset(&mut random);
            let goals = sub_goals(world.state());
            let expected = match name {
                name if name.contains("empty") || name.contains("four") => 1..=1,
                name if name.contains("multiroom") => {
                    let doors = world.state().doors().len();
                    doors + 1..=doors + 1
                }
                name if name.contains("unlock") => 3..=3,
                name if name.contains("corridor") => 3..=12,
                _ => 2..=3,
            };
            assert!(expected.contains(&goals.len()), "{name}: {goals:?}");
            assert!(goals.iter().enumerate().all(|(id, goal)| goal.id == id));
            // They are completed in their order, the last by the last step.
            let mut next = 0;
            let plan = solve(world.state(), Aim::Task).unwrap();
            for action in &plan {
                act(&mut world, *action);
                next += usize::from(goals.get(next).is_some_and(|goal| goal.completed(world.state())));
                let last = world.state().solved() || name.contains("key-at-door");
                assert_eq!(
                    next == goals.len(),
                    last && next > 1 || world.state().solved(),
                    "{name}: {goals:?}"
                );
            }
            assert_eq!(next, goals.len(), "{name}: {goals:?}");
        }
    }
}

#[test]
fn levels_are_described() {
    let mut world = door_key("");
    let text = "The grid has 6 columns and 6 rows, counted from 0 at the top left.
The agent is in column 1, row 1 and faces east.
It carries nothing.
Room 1 has columns 1 to 2 and rows 1 to 4.
Room 2 has columns 4 to 4 and rows 1 to 4.
There is a yellow key in column 2, row 1.
There is a locked yellow door in column 3, row 3.
There is a green goal in column 4, row 4.
The mission: use the key to open the door and then get to the goal.";
    assert_eq!(describe(world.state(), &world.mission()), text);
    act(&mut world, Action::PickUp);
    let described = describe(world.state(), &world.mission());
    assert!(described.contains("It carries a yellow key.\n") && !described.contains("There is a yellow key"));
    let expected = [
        "the agent is in column 1, row 1",
        "the agent faces east",
        "the green goal is in column 4, row 4",
        "the yellow door is in column 3, row 3",
        "the yellow door is locked",
        "the yellow key is held",
        "the agent picks up the yellow key",
    ];
    assert_eq!(tags(world.state()), expected);
    // The corridor is a room, and so is every one beside it; what is outside is none.
    let rooms =
        |name: &str| describe(&Reader::named(name).unwrap().unwrap().level(3), "").matches("Room ").count();
    assert_eq!(rooms("minigrid-keycorridor"), 7);
    assert_eq!(rooms("minigrid-multiroom"), 4);
    assert_eq!(rooms("minigrid-fourrooms"), 1);
    for (name, mission) in [
        ("minigrid-empty", "get to the green goal square"),
        ("minigrid-fourrooms", "reach the goal"),
        ("minigrid-multiroom", "traverse the rooms to get to the goal"),
        ("minigrid-doorkey,task=open-door", "use the key to open the door"),
    ] {
        assert_eq!(crate::world(name).mission(), mission);
    }
    let corridor = crate::world("minigrid-keycorridor");
    let ball = corridor.state().cell(corridor.state().target().unwrap());
    assert_eq!(corridor.mission(), format!("pick up the {ball}"));
    assert!(Reader::named("maze-levels").unwrap().is_none());
    assert!(Reader::named("minigrid-door").is_err());
}

/// Everything but the count of steps is read back from the truth, through modifiers too.
#[test]
fn states_are_read_from_truth_fields() {
    for (index, name) in WORLDS.into_iter().enumerate() {
        let modified = format!("{name}+pixels=16+stack=2+repeat=1");
        let (mut world, mut through) = (world(name), single(&modified).unwrap());
        let readers = [name, &modified].map(|name| Reader::named(name).unwrap().unwrap());
        let mut dice = random(index);
        for round in 0..20 {
            world.reset(&mut dice.clone());
            through.reset(&mut dice);
            for _ in 0..10 * round {
                let action = worlds::Action::Discrete(dice.random_range(0..7));
                world.step(action, &mut random(0));
                through.step(action, &mut random(0));
            }
            let mut parts = world.state().parts().clone();
            parts.steps = 0;
            parts.event.object.door = Door::Open;
            let state = State::new(parts).unwrap();
            assert_eq!(readers[0].state(&observations(&world), 0), state, "{name}");
            assert_eq!(readers[1].state(&observations(&*through), 0), state, "{modified}");
        }
    }
}

#[test]
fn rows_of_a_batch_are_read() {
    let name = "minigrid-keycorridor,levels=9";
    let mut worlds = make(name, 5, 1).unwrap();
    let reader = Reader::named(name).unwrap().unwrap();
    let mut out = Outcome::new(worlds.spec(), 5);
    worlds.reset(&mut out);
    for turns in 1..5 {
        let first: Vec<State> = (0..5).map(|row| reader.state(&out.observations, row)).collect();
        worlds.step(&Actions::Discrete(vec![1; 5]), &mut out).unwrap();
        for (row, before) in first.iter().enumerate() {
            let mut expected = before.clone();
            expected.step(Action::Right);
            let read = reader.state(&out.observations, row);
            assert_eq!(
                (read.parts().facing, read.parts().event),
                (expected.parts().facing, expected.parts().event)
            );
            assert!(turns < 4 || read.parts().facing == reader.level(read.parts().seed).parts().facing);
        }
    }
}

#[test]
fn captions_are_few_and_without_numbers() {
    let mut captions = std::collections::BTreeSet::new();
    for (index, name) in WORLDS.into_iter().enumerate() {
        let (mut world, mut dice) = (world(name), random(index));
        for _ in 0..50 {
            world.reset(&mut dice);
            while world.state().parts().steps < 100 && !wander(&mut world, 1, &mut dice) {
                captions.insert(world.state().parts().event.caption());
            }
        }
    }
    assert!(captions.iter().all(|caption| caption.len() < 45 && !caption.contains(char::is_numeric)));
    assert!((30..=200).contains(&captions.len()), "{}", captions.len());
}

#[test]
fn events_are_numbers_and_back() {
    for what in What::ALL {
        for kind in [Kind::Wall, Kind::Door, Kind::Key, Kind::Ball, Kind::Box, Kind::Goal] {
            for colour in Colour::ALL {
                let event = Event { what, object: Cell::new(kind, colour), place: Place::new(1, 2) };
                assert_eq!(Event::from_numbers(&event.numbers()), Some(event));
            }
        }
    }
    assert_eq!(Event::from_numbers(&[77.0, 0.0, 0.0, 0.0, 0.0]), None);
    assert_eq!(Event::from_numbers(&[0.0; 4]), None);
}
