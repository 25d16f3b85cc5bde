//! The deep sea against closed forms and its own model.

mod exact;

use exact::{check_continuation, check_probabilities, check_walk, close, seen, with};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use worlds::grid::DeepSea;
use worlds::{Action, Canvas, Environment, FromOptions, Options};

fn sea(pairs: &[(&str, &str)], world_seed: u64) -> DeepSea {
    let options = with(Options::new("deep-sea"), pairs).with("world_seed", world_seed);
    DeepSea::from_options(&options).unwrap()
}

#[test]
fn returns_of_the_deep_sea_are_exact() {
    for size in [2, 8, 10, 14, 20] {
        let text = size.to_string();
        let p = 1.0 - 1.0 / f64::from(size);
        // With slips, bsuite's (1 - 1/N)^(N-1) less the cost of the moves still on the path:
        // 0.01/N (1 + p + ... + p^(N-1)) = 0.01 (1 - p^N).
        let slipping = p.powi(size - 1) - 0.01 * (1.0 - p.powi(size));
        for (slip, expert, found) in [("0", 0.99, 1.0), ("auto", slipping, p.powi(size - 1))] {
            let world = sea(&[("size", &text), ("slip", slip)], 5);
            let (model, reference) = (world.model(), world.spec().reference.unwrap());
            check_probabilities(&model);
            let random = found * 0.5_f64.powi(size) - 0.005;
            close(model.optimal_return(size as usize), expert);
            close(model.random_return(size as usize), random);
            close(reference.expert, expert);
            close(reference.random, random);
        }
    }
}

#[test]
fn always_right_finds_the_treasure() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let mut world = sea(&[], 9);
    world.reset(&mut random);
    let mut total = 0.0;
    for depth in 0..10 {
        let expected: Vec<f32> = (0..100).map(|cell| f32::from(u8::from(cell == depth * 11))).collect();
        assert_eq!(seen(&world), expected);
        let right = world.rightward(depth, depth);
        let step = world.step(Action::Discrete(right), &mut random);
        total += f64::from(step.reward);
        assert_eq!(step.terminated, depth == 9);
    }
    assert!((total - 0.99).abs() < 1e-6);
    assert!(seen(&world).iter().all(|value| *value == 0.0));
    assert!(world.step(Action::Discrete(0), &mut random).terminated);
}

#[test]
fn dives_follow_the_model() {
    for slip in ["0", "auto"] {
        let mut world = sea(&[("size", "5"), ("slip", slip)], 11);
        let model = world.model();
        check_walk(&mut world, &model, |world| {
            seen(world).iter().position(|value| *value == 1.0).unwrap_or(0)
        });
    }
}

#[test]
fn the_world_seed_draws_the_actions() {
    let actions = |seed| {
        let world = sea(&[], seed);
        (0..100).map(|cell| world.rightward(cell / 10, cell % 10)).collect::<Vec<u32>>()
    };
    assert_eq!(actions(1), actions(1));
    assert_ne!(actions(1), actions(2));
    let ones: u32 = (0..50).map(|seed| actions(seed).iter().sum::<u32>()).sum();
    assert!((2_300..2_700).contains(&ones));
}

#[test]
fn saved_dives_continue_exactly() {
    let options = [("slip", "auto"), ("size", "7")];
    for seed in 0..32 {
        check_continuation(sea(&options, seed), sea(&options, seed), 2, seed);
    }
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut deep = sea(&[("size", "20")], 1);
    deep.reset(&mut random);
    for _ in 0..20 {
        deep.step(Action::Discrete(0), &mut random);
    }
    assert!(sea(&[], 1).restore(&deep.save()).unwrap_err().contains("not in the grid"));
}

#[test]
fn wrong_options_are_explained() {
    let error = |key: &str, value: &str| {
        let options = Options::new("deep-sea").with(key, value);
        DeepSea::from_options(&options).unwrap_err().to_string()
    };
    assert!(error("slip", "0.5").contains("must be one of 0, auto"));
    assert!(error("size", "1").contains("from 2 to 100"));
    assert!(worlds::spec("deep-sea,sise=10").unwrap_err().to_string().contains("did you mean `size`?"));
    assert_eq!(sea(&[], 7).spec().name, "deep-sea,world_seed=7");
}

#[test]
fn the_diver_is_drawn() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut world = sea(&[("size", "5")], 0);
    world.reset(&mut random);
    let mut canvas = Canvas::new(5, 5);
    world.render(&mut canvas);
    let agent = canvas.get(0, 0).unwrap();
    assert_ne!(canvas.get(0, 1).unwrap(), agent);
    world.step(Action::Discrete(1 - world.rightward(0, 0)), &mut random);
    world.render(&mut canvas);
    assert_eq!(canvas.get(0, 1).unwrap(), agent);
}
