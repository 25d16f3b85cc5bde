//! Motion, walls, goals and state of the disc.

use super::*;
use crate::seed;

fn world(name: &str) -> PointMaze<UMaze> {
    let name: crate::WorldName = name.parse().unwrap();
    PointMaze::from_options(&name.options).unwrap()
}

#[test]
fn the_disc_is_never_inside_a_wall() {
    for (name, seed) in
        [("", 0), (",order=1,speed=0.5", 1), (",layout=giant,task=free", 2), (",layout=comb", 3)]
    {
        let mut world = world(&format!("point-maze-umaze{name}"));
        let mut random = seed::stream(seed, "episode", 0);
        for _ in 0..20 {
            world.reset(&mut random);
            let mut push = [0.0_f32; 2];
            for step in 0..300 {
                if step % 10 == 0 {
                    push = [random.random_range(-1.0..=1.0), random.random_range(-1.0..=1.0)];
                }
                world.step(Action::Continuous(&push), &mut random);
                let [x, y, ..] = world.state;
                assert!(world.layout.clearance(x, y) > RADIUS - 1e-9, "{name}: {x}, {y}");
            }
        }
    }
}

#[test]
fn a_wall_stops_at_contact_and_only_across() {
    let mut world = world("point-maze-umaze,reward=none");
    let mut random = seed::stream(0, "episode", 0);
    world.state = [1.5, 3.5, 0.0, 0.0, 1.5, 1.5];
    (0..40).for_each(|_| {
        world.step(Action::Continuous(&[1.0, 1.0]), &mut random);
    });
    let [x, y, vx, vy, ..] = world.state;
    assert_eq!((x, y, vx, vy), (3.9, 3.9, 0.0, 0.0));
    (0..60).for_each(|_| {
        world.step(Action::Continuous(&[1.0, -0.5]), &mut random);
    });
    assert_eq!((world.state[0], world.state[2]), (3.9, 0.0));
    assert_eq!(world.state[1], 1.1);
}

#[test]
fn the_free_point_reaches_its_top_speed() {
    let mut world = world("point-maze-umaze,layout=open,reward=none");
    let mut random = seed::stream(0, "episode", 0);
    world.state = [1.1, 3.5, 0.0, 0.0, 5.5, 1.5];
    for steps in 1..=15 {
        world.step(Action::Continuous(&[1.0, 0.0]), &mut random);
        assert!((world.state[2] - TOP_SPEED * (1.0 - DRAG.powi(steps))).abs() < 1e-12);
    }
}

#[test]
fn pushing_round_the_corner_reaches_the_goal() {
    let mut world = world("point-maze-umaze");
    let mut random = seed::stream(0, "episode", 0);
    world.reset(&mut random);
    let goal = world.goal().unwrap();
    let pushes = [([1.0, 0.0], 14), ([0.0, -1.0], 14), ([-1.0, 0.0], 30)];
    let all = pushes.iter().flat_map(|(push, times)| std::iter::repeat_n(push, *times));
    let mut ends = Vec::new();
    for push in all {
        let step = world.step(Action::Continuous(push), &mut random);
        let input = world.state.map(|number| number as f32);
        assert_eq!(step.terminated, goal.reached(&input[..4], &input[4..]));
        ends.push(step);
        if step.terminated {
            break;
        }
    }
    assert_eq!(ends.last(), Some(&Step { reward: 1.0, terminated: true }));
    assert!(ends[..ends.len() - 1].iter().all(|step| step.reward == 0.0));
}

#[test]
fn scaled_observations_lie_in_the_unit_box_and_keep_the_radius() {
    let mut world = world("point-maze-umaze,norm=true,layout=giant,start=random,goal=random");
    let mut random = seed::stream(0, "episode", 0);
    let mut array = Array::Float(vec![0.0; 4]);
    for _ in 0..100 {
        world.reset(&mut random);
        world.step(Action::Continuous(&[1.0, 1.0]), &mut random);
        world.observe(0, 0, &mut array);
        let Array::Float(values) = &array else { panic!("a vector") };
        assert!(values.iter().all(|value| value.abs() <= 1.0));
    }
    assert_eq!(world.goal().unwrap().radius, 0.5 / 8.0);
}

#[test]
fn directions_are_even() {
    let mut four = world("point-maze-umaze,actions=four");
    let eight = world("point-maze-umaze,actions=eight");
    assert_eq!(four.push(&Action::Discrete(1)), [0.0, 1.0]);
    assert_eq!(eight.push(&Action::Discrete(4)), [-1.0, 0.0]);
    let push = eight.push(&Action::Discrete(7));
    assert!((push[0].hypot(push[1]) - 1.0).abs() < 1e-12 && push[1] < 0.0);
    let mut random = seed::stream(0, "episode", 0);
    four.state = [1.5, 3.5, 0.0, 0.0, 1.5, 1.5];
    four.step(Action::Discrete(0), &mut random);
    assert_eq!(four.state[2], THRUST);
}

#[test]
fn random_goals_are_far_enough() {
    let mut world = world("point-maze-umaze,task=random-goal,share=1");
    let mut random = seed::stream(0, "episode", 0);
    for _ in 0..20 {
        world.reset(&mut random);
        let [x, y, _, _, goal_x, goal_y] = world.state;
        assert!(x < 2.0 && goal_x == 1.5 && (y - goal_y).abs() > 1.5);
    }
}

#[test]
fn wrong_places_are_refused() {
    for (name, part) in [
        ("start=2.1", "cell 2.1 of the maze is a wall"),
        ("goal=left", "must be layout, random or a cell"),
        ("task=free,goal=random", "goes with `task=goal` only"),
        ("share=0.5", "goes with `task=random-goal` only"),
    ] {
        let name: crate::WorldName = format!("point-maze-umaze,{name}").parse().unwrap();
        let error = PointMaze::<UMaze>::from_options(&name.options).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
