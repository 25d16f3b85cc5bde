//! Demonstrators: how well they do, and what they refuse.

mod played;

use played::{ended, mean, play, walk};
use worlds::demonstrator::{policies, policies_of};
use worlds::{Actions, Array, catalogue, demonstrator, spec};

/// Mean returns of experts lie where experts' do.
#[test]
fn experts_do_well() {
    for (world, low, high) in [
        ("pendulum", -190.0, -100.0),
        ("mountain-car-continuous", 85.0, 100.0),
        ("mountain-car-continuous,reward=sparse1,horizon=200", 0.85, 1.0),
        ("cartpole", 500.0, 500.0),
        ("cartpole,length=0.5,force=20", 500.0, 500.0),
        ("line-world", 1.0, 1.0),
        ("reacher2,reward=sparse", 15.0, 100.0),
        ("reacher2,reward=sparse,target=hidden", 15.0, 100.0),
        ("reacher2,reward=sparse,target=fixed,length1=0.6,length2=0.4", 15.0, 100.0),
        ("point-mass", -20.0, 0.0),
        ("point-mass,order=1,start=fixed,goal=fixed", -20.0, 0.0),
        ("bernoulli-bandit,p=0.1", 0.85, 0.95),
        ("frozen-lake", 0.65, 0.85),
        ("frozen-lake,slippery=false", 1.0, 1.0),
        ("four-rooms", 1.0, 1.0),
        ("four-rooms,obs=xy,noise_dims=2", 1.0, 1.0),
        ("four-rooms,obs=onehot,noise_dims=2,starts=random,wind=0.3", 1.0, 1.0),
        ("deep-sea", 0.98, 1.0),
        ("chain", 1.0, 1.0),
        ("stochastic-corridor", 0.7, 1.2),
        ("maze-levels,split=test", 1.0, 1.0),
        ("minigrid-doorkey,split=test", 0.97, 0.98),
        ("minigrid-keycorridor,obs=onehot", 0.92, 0.94),
        ("minigrid-unlock-pickup,obs=tile", 0.94, 0.955),
        ("t-maze,length=30", 1.0, 1.0),
    ] {
        let mean = mean(&play(world, "scripted", 200, 0));
        assert!((low..=high).contains(&mean), "{world}: {mean}");
    }
}

#[test]
fn experts_reach_goals() {
    for world in [
        "point-maze-umaze",
        "point-maze-medium",
        "point-maze-large",
        "point-maze-giant",
        "point-maze-medium,order=1,norm=true",
        "point-maze-medium,norm=true,start=random,goal=random,radius=0.1",
        "point-maze-medium,actions=four",
        "point-maze-large,actions=eight,order=1,task=random-goal",
        "point-maze-giant,actions=eight,order=1",
        "point-maze-giant,actions=eight,start=random,goal=random",
        "point-maze-umaze,layout=ring,speed=0.5,order=1",
        "point-mass,reward=sparse",
        "point-mass,reward=sparse,order=1,goal=fixed",
        "point-mass,task=gates",
        "point-mass,task=gates,order=1",
    ] {
        let episodes = play(world, "scripted", 100, 1);
        assert!(ended(&episodes) >= 0.95, "{world}: {}", ended(&episodes));
        assert!(mean(&episodes) >= 0.95, "{world}");
    }
    // With a dense reward the point comes to rest at the goal.
    let dense = mean(&play("point-maze-umaze,reward=dense,horizon=300", "scripted", 20, 2));
    let twice = mean(&play("point-maze-umaze,reward=dense,horizon=600", "scripted", 20, 2));
    assert!(dense < -20.0 && (twice / dense - 1.0).abs() < 0.01, "{dense}, {twice}");
}

/// The references of worlds whose expert is the script are what the script gets.
#[test]
fn references_are_the_returns_of_scripts() {
    for world in [
        "line-world",
        "maze-levels",
        "minigrid-doorkey",
        "minigrid-empty",
        "minigrid-fourrooms",
        "minigrid-keycorridor",
        "minigrid-multiroom",
        "minigrid-unlock-pickup",
        "t-maze",
        "point-maze-umaze,reward=dense,norm=true",
        "point-maze-medium,reward=dense",
        "point-maze-medium",
        "point-maze-large,reward=dense",
        "cartpole",
    ] {
        let reference = spec(world).unwrap().reference.unwrap();
        let range = reference.expert - reference.random;
        let random = mean(&play(world, "random", 300, 15));
        let expert = mean(&play(world, "scripted", 50, 15));
        assert!((random - reference.random).abs() < 0.06 * range, "{world}: {random}");
        assert!((expert - reference.expert).abs() < 0.02 * range, "{world}: {expert}");
    }
    for world in ["point-maze-umaze,order=1", "point-maze-umaze,reward=none", "maze-levels,size=9"] {
        assert_eq!(spec(world).unwrap().reference, None);
    }
}

#[test]
fn a_line_takes_as_long_as_it_must() {
    assert!(play("line-world", "scripted", 50, 0).iter().all(|episode| (9..=10).contains(&episode.length)));
}

#[test]
fn both_gates_are_used() {
    let mut sides = [0; 2];
    walk("point-mass,task=gates", "scripted", 40, 3, |_, out| {
        let Array::Float(values) = out.observations.input() else { panic!("numbers") };
        for row in values.chunks_exact(4).filter(|row| row[0].abs() < 0.02) {
            sides[usize::from(row[1] > 0.0)] += 1;
        }
        sides.iter().all(|count| *count > 5)
    });
}

#[test]
fn skill_and_noise_are_worth_what_they_should() {
    for world in [
        "pendulum",
        "point-maze-umaze,reward=dense",
        "frozen-lake",
        "line-world",
        "maze-levels",
        "minigrid-doorkey,size=5,horizon=50",
    ] {
        let score = |policy: &str| mean(&play(world, policy, 300, 4));
        let (random, least, half, most) =
            (score("random"), score("scripted,skill=0"), score("scripted,skill=0.5"), score("scripted"));
        let range = most - random;
        assert!((least - random).abs() < 0.2 * range, "{world}: {least} is not {random}");
        assert!(half > random + 0.04 * range && half <= most, "{world}: {random} {half} {most}");
    }
    let noisy = |noise: &str| mean(&play("point-maze-medium", &format!("scripted,noise={noise}"), 50, 5));
    assert!(noisy("0.3") >= 0.9);
    let length = |noise: &str| {
        let episodes = play("point-maze-medium", &format!("scripted,noise={noise}"), 50, 5);
        episodes.iter().map(|episode| episode.length).sum::<usize>()
    };
    assert!(length("1") > length("0"));
}

#[test]
fn a_range_of_skills_is_drawn_per_episode() {
    let totals: Vec<f64> =
        play("pendulum", "scripted,skill=0-1", 200, 6).iter().map(|episode| episode.total).collect();
    assert!(totals.iter().any(|total| *total > -400.0) && totals.iter().any(|total| *total < -1_000.0));
    let same = play("pendulum", "scripted,skill=0.4-0.4", 20, 6);
    assert_eq!(same.len(), 20);
}

/// What modifiers do to the input does not change what the expert does.
#[test]
fn experts_see_through_modifiers() {
    for (plain, modified) in [
        ("pendulum", "pendulum+pixels=16+stack=2"),
        ("pendulum", "pendulum+stack=3"),
        ("point-maze-umaze", "point-maze-umaze+pixels=16"),
        ("point-maze-umaze,norm=true", "point-maze-umaze,norm=true+stack=2"),
        ("reacher2,target=hidden", "reacher2,target=hidden+pixels=12"),
        ("four-rooms,obs=xy", "four-rooms,obs=xy+tile"),
        ("deep-sea", "deep-sea+tile+stack=2"),
        ("frozen-lake,obs=onehot", "frozen-lake,obs=onehot+tile"),
        ("frozen-lake", "frozen-lake+stack=3"),
        ("maze-levels", "maze-levels+pixels=32"),
        ("maze-levels", "maze-levels+tile"),
        ("minigrid-keycorridor", "minigrid-keycorridor,obs=tile,view=ego+stack=4"),
        ("minigrid-doorkey", "minigrid-doorkey+pixels=32"),
    ] {
        let policy = "scripted,skill=0.8";
        assert_eq!(play(plain, policy, 10, 7), play(modified, policy, 10, 7), "{modified}");
    }
    for world in
        ["line-world+distractors=4", "line-world+stack=2+distractors=3", "line-world+distractors=4+stack=2"]
    {
        assert_eq!(mean(&play(world, "scripted", 20, 8)), 1.0, "{world}");
    }
    assert!(mean(&play("frozen-lake+distractors=3", "scripted", 200, 8)) > 0.6);
    assert!(mean(&play("pendulum+repeat=2", "scripted", 50, 8)) > -300.0);
}

#[test]
fn way_points_lead_everywhere() {
    for world in ["point-maze-umaze,reward=none", "point-maze-medium,task=free,order=1"] {
        let (mut cells, mut calls) = (std::collections::BTreeSet::new(), 0);
        let free = if world.contains("umaze") { 7 } else { 26 };
        walk(world, "waypoints,noise=0.2", 4, 9, |_, out| {
            let Array::Float(values) = out.observations.input() else { panic!("numbers") };
            let size = values.len() / 4;
            cells.extend(values.chunks_exact(size).map(|row| (row[0] as i32, row[1] as i32)));
            calls += 1;
            calls > 1_500
        });
        assert_eq!(cells.len(), free, "{world}: {cells:?}");
    }
}

/// Whoever walks about in levels gets everywhere, through doors too, but where the ball lies.
#[test]
fn walks_through_levels_lead_everywhere() {
    for (world, free) in
        [("minigrid-doorkey,size=6,levels=1,horizon=400", 12), ("minigrid-keycorridor,levels=1", 17)]
    {
        let (mut cells, mut calls) = (std::collections::BTreeSet::new(), 0);
        walk(world, "waypoints", 4, 9, |_, out| {
            let Array::Float(values) = &out.observations.fields[1] else { panic!("numbers") };
            cells.extend(values.chunks_exact(3).map(|agent| [agent[0] as u8, agent[1] as u8]));
            calls += 1;
            calls > 2_000
        });
        assert!(cells.len() >= free, "{world}: {cells:?}");
    }
}

#[test]
fn mixtures_have_their_shares() {
    // Random actions hardly ever reach the end of the line, experts always do.
    let share = mean(&play("line-world", "mixed=0.3", 2_000, 10));
    assert!((share - 0.31).abs() < 0.04, "{share}");
    let share = ended(&play("point-maze-medium,horizon=60", "mixed,share=0.5", 400, 10));
    assert!((0.4..0.65).contains(&share), "{share}");
    assert_eq!(play("line-world", "mixed=1", 10, 10), play("line-world", "scripted", 10, 10));
}

#[test]
fn stripes_are_good_and_bad_in_turn() {
    let mut seen = 0;
    let mut before: Vec<f32> = Vec::new();
    walk("line-world,start=uniform,horizon=1", "stripes", 500, 11, |actions, out| {
        let (Array::Float(states), Actions::Continuous(actions)) = (out.observations.input(), actions) else {
            panic!("numbers")
        };
        if !out.reset[0] {
            for (state, action) in before.iter().zip(actions) {
                let good = ((state / 2.0) as usize).is_multiple_of(2);
                let range = if good { -0.05..=1.0 } else { -1.0..=0.05 };
                assert!(range.contains(action), "{state}: {action}");
                seen += 1;
            }
        }
        before.clone_from(states);
        seen >= 4_000
    });
}

#[test]
fn the_bandits_behaviour_prefers_the_worse_arm() {
    let (mut pulls, mut first) = (0, 0);
    walk("bernoulli-bandit,p=0.2", "behaviour", 1_000, 12, |actions, out| {
        let Actions::Discrete(values) = actions else { panic!("indices") };
        if !out.reset[0] {
            pulls += values.len();
            first += values.iter().filter(|arm| **arm == 0).count();
        }
        pulls >= 10_000
    });
    assert!((first as f64 / pulls as f64 - 0.2).abs() < 0.02);
}

#[test]
fn smooth_actions_are_correlated() {
    let (mut last, mut products, mut squares, mut calls) = (vec![0.0_f64; 200], 0.0, 0.0, 0);
    walk("pendulum", "smooth", 200, 13, |actions, _| {
        let Actions::Continuous(values) = actions else { panic!("numbers") };
        assert!(values.iter().all(|value| value.abs() <= 2.0));
        let halves = values.iter().map(|value| f64::from(*value) / 2.0);
        if calls > 0 {
            products += last.iter().zip(halves.clone()).map(|(a, b)| a * b).sum::<f64>();
            squares += last.iter().map(|a| a * a).sum::<f64>();
        }
        last = halves.collect();
        calls += 1;
        calls > 150
    });
    assert!((products / squares - 0.9).abs() < 0.02, "{}", products / squares);
}

#[test]
fn every_policy_that_is_said_to_exist_plays() {
    let mut scripted = 0;
    for entry in catalogue() {
        let names = policies_of(entry.name).unwrap();
        assert_eq!(names[0], "random");
        scripted += usize::from(names.contains(&"scripted"));
        for name in names {
            let episodes = play(&format!("{}+timelimit=5", entry.name), name, 2, 14);
            assert_eq!(episodes, play(&format!("{}+timelimit=5", entry.name), name, 2, 14), "{name}");
        }
    }
    assert!(scripted >= 20, "{scripted}");
    for entry in policies() {
        let exists = catalogue().iter().any(|world| policies_of(world.name).unwrap().contains(&entry.name));
        assert!(exists, "{}", entry.name);
    }
}

#[test]
fn what_does_not_exist_is_explained() {
    for (world, policy, part) in [
        (
            "acrobot",
            "scripted",
            "acrobot has no policy `scripted`: it has random; `scripted` exists for bernoulli",
        ),
        ("acrobot", "mixed=0.5", "`mixed` exists for"),
        ("acrobot", "smooth", "`smooth` exists for cartpole-swingup, cube-toy, line-world"),
        ("pendulum", "waypoints", "`waypoints` exists for minigrid-doorkey, minigrid-empty"),
        ("point-maze-umaze,task=free", "scripted", "it has random, smooth, waypoints"),
        ("point-mass,task=none", "scripted", "it has random, smooth;"),
        (
            "line-world",
            "scriptd",
            "there is no policy `scriptd`: line-world has random, smooth, scripted, mixed",
        ),
        ("line-world", "scriptd", "did you mean `scripted`?"),
        ("line-world", "scripted,skil=1", "unknown option of scripted `skil`; did you mean `skill`?"),
        ("line-world", "scripted,skill=2", "`skill` of scripted must be a number from 0 to 1, or two as in"),
        ("line-world", "scripted,skill=0.8-0.2", "not `0.8-0.2`"),
        ("line-world", "scripted,noise=-1", "`noise` of scripted must be a number from 0 to 10"),
        ("line-world", "mixed=2", "`share` of mixed must be a number from 0 to 1"),
        ("line-world", "mixed=0.5,share=0.2", "mixed is given `share` twice"),
        ("line-world", "scripted=0.5", "policy `scripted` takes no value"),
        ("line-world", "random,skill=1", "unknown option of random `skill`"),
        ("line-world", "scripted,skill", "in policy `scripted,skill`, `skill` must be written `key=value`"),
        ("line-world", "", "a policy's name is empty"),
        ("frozen-lake", "scripted,noise=0.1", "`noise` of scripted is added to continuous actions"),
        ("line-wold", "random", "did you mean `line-world`?"),
    ] {
        let error = demonstrator(world, policy, 1).err().unwrap_or_else(|| panic!("{policy} is fine"));
        assert!(error.to_string().contains(part), "{world}/{policy}: {error}");
    }
}
