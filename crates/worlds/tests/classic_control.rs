//! The classic control worlds against Gymnasium's, from trajectories that
//! `reference/classic_control.py` recorded.

use worlds::{Action, Array, Environment, Layout, single};

const TOLERANCE: f64 = 1e-6;

/// Rows of [kind, action, reward, values...]; the script says what the kinds are.
fn read(name: &str, width: usize) -> Vec<Vec<f64>> {
    let path = format!("{}/tests/data/{name}.f64", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let numbers: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    numbers.chunks_exact(width + 3).map(<[f64]>::to_vec).collect()
}

fn observation(world: &dyn Environment) -> Vec<f32> {
    let mut array = world.spec().input().zeros(1);
    world.observe(0, 0, &mut array);
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => panic!("an image"),
    }
}

/// A world's state of numbers is saved as their bytes, before its parameters.
fn begin(world: &mut dyn Environment, state: &[f64]) {
    let mut bytes = world.save();
    for (bytes, value) in bytes.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
    world.restore(&bytes).unwrap();
}

fn compare(name: &str, state_size: usize, discrete: bool) {
    let mut world = single(name).unwrap();
    let mut random = worlds::seed::stream(0, "episode", 0);
    let Layout::Vector { size } = *world.spec().input() else { panic!("an image") };
    let horizon = world.spec().horizon.unwrap();
    let (mut steps, mut ends, mut elapsed) = (0, [0; 2], 0);
    for row in read(name, size.max(state_size)) {
        let [kind, action, reward, values @ ..] = &row[..] else { panic!("a short row") };
        if *kind >= 3.0 {
            begin(&mut *world, &values[..state_size]);
            elapsed = if *kind == 3.0 { 0 } else { elapsed };
            continue;
        }
        let vector = [*action as f32];
        let action = if discrete { Action::Discrete(*action as u32) } else { Action::Continuous(&vector) };
        let step = world.step(action, &mut random);
        steps += 1;
        elapsed += 1;
        assert!(
            (f64::from(step.reward) - reward).abs() < TOLERANCE * reward.abs().max(1.0),
            "{name}, step {steps}"
        );
        assert_eq!(step.terminated, *kind == 1.0, "{name}, step {steps}");
        assert_eq!(elapsed == horizon && !step.terminated, *kind == 2.0, "{name}, step {steps}");
        for (ours, theirs) in observation(&*world).iter().zip(values) {
            let difference = (f64::from(*ours) - theirs).abs();
            assert!(difference < TOLERANCE, "{name}, step {steps}: {ours} for {theirs}");
        }
        ends[0] += usize::from(*kind == 1.0);
        ends[1] += usize::from(*kind == 2.0);
    }
    assert_eq!(steps, 1_500);
    assert!(ends[0] + ends[1] > 3, "{name} ended {ends:?} times");
}

#[test]
fn cartpole() {
    compare("cartpole", 4, true);
}

#[test]
fn acrobot() {
    compare("acrobot", 4, true);
}

#[test]
fn mountain_car() {
    compare("mountain-car", 2, true);
}

#[test]
fn mountain_car_continuous() {
    compare("mountain-car-continuous", 2, false);
}

#[test]
fn pendulum() {
    compare("pendulum", 2, false);
}

/// First observations lie in Gymnasium's ranges and fill them.
#[test]
fn starts_have_gymnasiums_ranges() {
    type Range = (usize, f32, f32);
    let cases: [(&str, &[Range]); 5] = [
        ("cartpole", &[(0, -0.05, 0.05), (1, -0.05, 0.05), (2, -0.05, 0.05), (3, -0.05, 0.05)]),
        ("acrobot", &[(1, -0.1, 0.1), (3, -0.1, 0.1), (4, -0.1, 0.1), (5, -0.1, 0.1)]),
        ("mountain-car", &[(0, -0.6, -0.4), (1, 0.0, 0.0)]),
        ("mountain-car-continuous", &[(0, -0.6, -0.4), (1, 0.0, 0.0)]),
        ("pendulum", &[(0, -1.0, 1.0), (1, -1.0, 1.0), (2, -1.0, 1.0)]),
    ];
    for (name, ranges) in cases {
        let mut world = single(name).unwrap();
        let mut random = worlds::seed::stream(9, "episode", 0);
        let starts: Vec<Vec<f32>> = (0..2_000)
            .map(|_| {
                world.reset(&mut random);
                observation(&*world)
            })
            .collect();
        for &(index, low, high) in ranges {
            let values = || starts.iter().map(|start| start[index]);
            let (least, most) = (values().fold(9.0, f32::min), values().fold(-9.0, f32::max));
            let slack = 0.01 * (high - low);
            assert!(least >= low && least <= low + slack, "{name}[{index}] from {least}");
            assert!(most <= high && most >= high - slack, "{name}[{index}] to {most}");
        }
    }
}
