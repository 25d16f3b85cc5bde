//! What modifiers do to observations, rewards and limits.

use worlds::{
    Action, Actions, Array, Canvas, Environment, Layout, Outcome, Role, WorldError, make, seed, single, spec,
};

fn refused(name: &str) -> String {
    match single(name) {
        Err(WorldError::Invalid(sentence)) => sentence,
        Err(other) => panic!("{name}: {other}"),
        Ok(_) => panic!("{name} is fine"),
    }
}

fn floats(world: &dyn Environment, field: usize) -> Vec<f32> {
    let mut array = world.spec().fields[field].layout.zeros(1);
    world.observe(field, 0, &mut array);
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => panic!("bytes"),
    }
}

fn bytes(world: &dyn Environment) -> Vec<u8> {
    let mut array = world.spec().input().zeros(1);
    world.observe(0, 0, &mut array);
    match array {
        Array::Byte(values) => values,
        Array::Float(_) => panic!("numbers"),
    }
}

#[test]
fn pixels_are_the_drawing_and_the_vector_becomes_truth() {
    let (mut plain, mut seen) = (single("pendulum").unwrap(), single("pendulum+pixels=24").unwrap());
    let layout = Layout::Image { height: 24, width: 24, channels: 3, frames: 1, scale: 1.0 / 255.0 };
    assert_eq!(*seen.spec().input(), layout);
    assert_eq!((&*seen.spec().fields[1].name, seen.spec().fields[1].role), ("state", Role::Truth));
    plain.reset(&mut seed::stream(1, "episode", 0));
    seen.reset(&mut seed::stream(1, "episode", 0));
    let mut canvas = Canvas::new(24, 24);
    plain.render(&mut canvas);
    assert_eq!(bytes(&*seen), canvas.pixels);
    assert_eq!(floats(&*seen, 1), floats(&*plain, 0));

    let mut grey = single("pendulum+pixels=24,grey=true").unwrap();
    grey.reset(&mut seed::stream(1, "episode", 0));
    let mut expected = vec![0; 24 * 24];
    canvas.grey_into(&mut expected);
    assert_eq!(bytes(&*grey), expected);
}

#[test]
fn stacked_vectors_are_oldest_first_and_start_with_the_first_repeated() {
    let mut random = seed::stream(2, "episode", 0);
    let mut world = single("cartpole+stack=3").unwrap();
    assert_eq!(*world.spec().input(), Layout::Vector { size: 12 });
    world.reset(&mut random);
    let start = floats(&*world, 0);
    assert_eq!(start[..4], start[4..8]);
    assert_eq!(start[..4], start[8..]);
    world.step(Action::Discrete(1), &mut random);
    let second = floats(&*world, 0);
    assert_eq!(second[..8], start[4..]);
    assert_ne!(second[8..], start[8..]);
    world.step(Action::Discrete(1), &mut random);
    assert_eq!(floats(&*world, 0)[..8], second[4..]);
}

#[test]
fn stacked_images_hold_the_frames_in_their_channels() {
    let mut plain = single("cartpole+pixels=16").unwrap();
    let mut stacked = single("cartpole+pixels=16+stack=2").unwrap();
    let layout = Layout::Image { height: 16, width: 16, channels: 6, frames: 2, scale: 1.0 / 255.0 };
    assert_eq!(*stacked.spec().input(), layout);
    let mut frames = Vec::new();
    let mut generators = [seed::stream(3, "episode", 0), seed::stream(3, "episode", 0)];
    plain.reset(&mut generators[0]);
    stacked.reset(&mut generators[1]);
    frames.push(bytes(&*plain));
    for _ in 0..20 {
        plain.step(Action::Discrete(1), &mut generators[0]);
        stacked.step(Action::Discrete(1), &mut generators[1]);
        frames.push(bytes(&*plain));
    }
    assert_ne!(frames[19], frames[20]);
    let both = bytes(&*stacked);
    for (pixel, channels) in both.chunks(6).enumerate() {
        assert_eq!(channels[..3], frames[19][3 * pixel..][..3]);
        assert_eq!(channels[3..], frames[20][3 * pixel..][..3]);
    }
}

#[test]
fn stacked_rows_do_not_overlap() {
    let mut worlds = make("cartpole+stack=2", 3, 5).unwrap();
    let mut plain = make("cartpole", 3, 5).unwrap();
    let mut outs = [Outcome::new(worlds.spec(), 3), Outcome::new(plain.spec(), 3)];
    worlds.reset(&mut outs[0]);
    plain.reset(&mut outs[1]);
    let (Array::Float(stacked), Array::Float(single)) =
        (outs[0].observations.input(), outs[1].observations.input())
    else {
        panic!("bytes")
    };
    let doubled: Vec<f32> = single.chunks(4).flat_map(|row| [row, row].concat()).collect();
    assert_eq!(*stacked, doubled);
}

#[test]
fn distractors_follow_the_observation_and_have_their_statistics() {
    for (kind, correlation) in [("iid", 0.0), ("ar", 0.95)] {
        let name = format!("pendulum+distractors=50,kind={kind},scale=0.3");
        let mut world = single(&name).unwrap();
        assert_eq!(*world.spec().input(), Layout::Vector { size: 53 });
        let mut random = seed::stream(4, "episode", 0);
        world.reset(&mut random);
        let (mut square, mut product) = (0.0, 0.0);
        let mut before = floats(&*world, 0);
        for _ in 0..2_000 {
            world.step(Action::Continuous(&[0.0]), &mut random);
            let now = floats(&*world, 0);
            assert_eq!(now[..3], floats(&*world, 1));
            for (old, new) in before[3..].iter().zip(&now[3..]) {
                square += f64::from(new * new) / 1e5;
                product += f64::from(old * new) / 1e5;
            }
            before = now;
        }
        assert!((square - 0.09).abs() < 0.005, "{kind}: {square}");
        assert!((product / square - correlation).abs() < 0.02, "{kind}: {}", product / square);
    }
}

#[test]
fn a_repeated_action_sums_rewards_and_stops_at_an_end() {
    let mut random = seed::stream(5, "episode", 0);
    let mut world = single("cartpole+repeat=4").unwrap();
    assert_eq!(world.spec().horizon, Some(125));
    world.reset(&mut random);
    let mut rewards = Vec::new();
    loop {
        let step = world.step(Action::Discrete(1), &mut random);
        rewards.push(step.reward);
        if step.terminated {
            break;
        }
    }
    let mut plain = single("cartpole").unwrap();
    plain.reset(&mut seed::stream(5, "episode", 0));
    let mut steps = 1;
    while !plain.step(Action::Discrete(1), &mut random).terminated {
        steps += 1;
    }
    assert_eq!(rewards.iter().sum::<f32>(), steps as f32);
    assert!(rewards[..rewards.len() - 1].iter().all(|reward| *reward == 4.0));
}

#[test]
fn the_horizon_of_a_repeated_world_is_rounded_up_and_the_last_repetition_cut() {
    let mut worlds = make("mountain-car+timelimit=10+repeat=4", 1, 0).unwrap();
    assert_eq!(worlds.spec().horizon, Some(3));
    let mut out = Outcome::new(worlds.spec(), 1);
    worlds.reset(&mut out);
    let mut rewards = Vec::new();
    for _ in 0..3 {
        worlds.step(&Actions::Discrete(vec![0]), &mut out).unwrap();
        rewards.push(out.reward[0]);
    }
    assert_eq!(rewards, [-4.0, -4.0, -2.0]);
    assert!(out.truncated[0]);
}

#[test]
fn reference_scores_stay_only_where_they_hold() {
    assert!(spec("cartpole+pixels+stack=2").unwrap().reference.is_some());
    for modifier in ["timelimit=9", "repeat=2", "sticky=0.1"] {
        assert!(spec(&format!("cartpole+{modifier}")).unwrap().reference.is_none());
    }
}

#[test]
fn a_time_limit_replaces_the_worlds_own() {
    assert_eq!(spec("cartpole+timelimit=7").unwrap().horizon, Some(7));
    assert_eq!(spec("cartpole+timelimit=900").unwrap().horizon, Some(900));
}

#[test]
fn sticky_actions_are_as_frequent_as_asked_and_never_first() {
    let fraction = |name: &str| {
        let (mut world, mut random) = (single(name).unwrap(), seed::stream(6, "episode", 0));
        let mut kept = 0;
        for _ in 0..4_000 {
            world.reset(&mut random);
            let first = floats(&*world, 0)[1];
            world.step(Action::Discrete(0), &mut random);
            let second = floats(&*world, 0)[1];
            assert!(second < first, "the first action pushes left");
            world.step(Action::Discrete(1), &mut random);
            kept += usize::from(floats(&*world, 0)[1] < second);
        }
        kept as f64 / 4_000.0
    };
    assert_eq!(fraction("cartpole+sticky=0"), 0.0);
    assert!((fraction("cartpole+sticky=0.3") - 0.3).abs() < 0.03);
    assert_eq!(fraction("cartpole+sticky=1"), 1.0);
}

#[test]
fn modifiers_say_what_they_do_not_go_with() {
    assert!(refused("cartpole+pixels+distractors").contains("gives an image"));
    assert!(refused("minatar-breakout+distractors=3").contains("gives an image"));
    assert!(refused("cartpole+stack=2+pixels").contains("before other modifiers"));
    assert!(refused("cartpole+stack=2+stack=2").contains("given twice"));
    assert!(refused("cartpole+repeat=2+timelimit=5").contains("before `+repeat`"));
}

#[test]
fn hidden_elements_are_missing_from_the_observation_and_stay_in_the_state() {
    let mut whole = make("cartpole", 2, 3).unwrap();
    let mut part = make("cartpole+hide=1_3", 2, 3).unwrap();
    let spec = part.spec().clone();
    assert_eq!(spec.input().size(), 2);
    assert_eq!(
        (&*spec.fields[1].name, spec.fields[1].role, spec.fields[1].layout.size()),
        ("state", Role::Truth, 4)
    );
    let (mut all, mut some) = (Outcome::new(whole.spec(), 2), Outcome::new(&spec, 2));
    whole.reset(&mut all);
    part.reset(&mut some);
    for _ in 0..30 {
        let Array::Float(values) = all.observations.input() else { panic!("bytes") };
        let seen: Vec<f32> = values.chunks_exact(4).flat_map(|row| [row[0], row[2]]).collect();
        assert_eq!(some.observations.input(), &Array::Float(seen));
        assert_eq!(&some.observations.fields[1], all.observations.input());
        let actions = Actions::Discrete(vec![0, 1]);
        whole.step(&actions, &mut all).unwrap();
        part.step(&actions, &mut some).unwrap();
    }
    for wrong in ["cartpole+hide=4", "cartpole+hide=0_1_2_3", "cartpole+hide=x"] {
        assert!(refused(wrong).contains("elements of the 4 of `cartpole`"), "{}", refused(wrong));
    }
    assert!(refused("minatar-breakout+hide=1").contains("gives an image"));
}
