//! Worlds known exactly that are no tables: thresholds with latent values, and latent processes.

use worlds::tabular::{LatentMdp, ThresholdOracle};
use worlds::{Actions, Array, Outcome, make, seed, spec};

fn oracle(options: &str) -> ThresholdOracle {
    ThresholdOracle::named(&format!("threshold-oracle,{options}")).unwrap().unwrap()
}

const INSTANCES: [&str; 4] = [
    "instance=flat-bump,eps=0.1,place=0.3",
    "instance=price-bump,eps=0.1,place=0.6",
    "instance=needle,place=0.4",
    "instance=beta-quality",
];

#[test]
fn expected_rewards_agree_with_queries() {
    let mut random = seed::stream(0, "test", 0);
    for name in INSTANCES {
        let oracle = oracle(name);
        for step in 0..=20 {
            let threshold = f64::from(step) / 20.0;
            let exact = oracle.expected(threshold);
            let one_by_one: f64 =
                (0..20_000).map(|_| oracle.query(threshold, &mut random)).sum::<f64>() / 20_000.0;
            let at_once = oracle.queries(threshold, 20_000, &mut random);
            assert_eq!(at_once.count, 20_000);
            assert!(at_once.squares <= at_once.sum);
            // Four standard errors of a number in [0, 1].
            for mean in [one_by_one, at_once.sum / 20_000.0] {
                assert!((mean - exact).abs() < 4.0 * 0.5 / 20_000.0_f64.sqrt(), "{name} at {threshold}");
            }
        }
    }
}

#[test]
fn the_acceptance_is_the_values_distribution() {
    let mut random = seed::stream(1, "test", 0);
    for name in INSTANCES {
        let oracle = oracle(name);
        let values: Vec<f64> = (0..20_000).map(|_| oracle.value(&mut random)).collect();
        for step in 0..=20 {
            let threshold = f64::from(step) / 20.0;
            let share = values.iter().filter(|value| **value >= threshold).count() as f64 / 20_000.0;
            let error = (share - oracle.acceptance(threshold)).abs();
            assert!(error < 0.015, "{name} at {threshold}: {error}");
        }
    }
}

#[test]
fn bumps_have_their_height_and_their_steep_side() {
    for (name, steep) in [("flat-bump", -1.0), ("price-bump", 1.0)] {
        for seed in 0..200 {
            let oracle = oracle(&format!("instance={name},eps=0.05,world_seed={seed}"));
            let (best, top) = oracle.best();
            assert!((top - 0.35).abs() < 1e-12);
            // The wrong neighbour is back on the plateau, the right one is near the top.
            assert!((oracle.expected(best + steep * 1e-9) - 0.25).abs() < 1e-6);
            assert!((oracle.expected(best - steep * 1e-3) - 0.35).abs() < 1.1e-3);
            let worst = (0..=1000).map(|x| oracle.expected(f64::from(x) / 1000.0)).fold(0.0, f64::max);
            assert!(worst <= top + 1e-12);
        }
    }
    // 12 v^2 (1 - v)^2 integrated from 1/2: by symmetry half of 0.4.
    assert!((oracle("instance=beta-quality").expected(0.5) - 0.2).abs() < 1e-12);
}

#[test]
fn one_sided_regularity_holds_on_both_bumps() {
    // U(x + d) >= U(x) - d in class A; U(x - d) >= U(x) - d in class B.
    for (name, sign) in [("flat-bump", 1.0), ("price-bump", -1.0)] {
        let oracle = oracle(&format!("instance={name},eps=0.1,world_seed=3"));
        for step in 0..=400 {
            for shift in 1..=400 {
                let (x, d) = (f64::from(step) / 400.0, f64::from(shift) / 400.0);
                let moved = x + sign * d;
                if (0.0..=1.0).contains(&moved) {
                    assert!(oracle.expected(moved) >= oracle.expected(x) - d - 1e-12, "{name} {x} {d}");
                }
            }
        }
    }
}

#[test]
fn references_are_the_mean_and_the_best_of_the_expected_rewards() {
    for name in INSTANCES {
        let oracle = oracle(name);
        let cells = 200_000;
        let mean = (0..cells).map(|i| oracle.expected((f64::from(i) + 0.5) / f64::from(cells))).sum::<f64>()
            / f64::from(cells);
        let reference = oracle.reference();
        assert!((reference.random - mean).abs() < 1e-5, "{name}: {mean}");
        assert_eq!(reference.expert, oracle.best().1);
    }
}

#[test]
fn a_given_place_stays_and_a_drawn_one_moves() {
    let given = oracle("place=0.375");
    assert_eq!(given.redrawn(9).place(), 0.375);
    let drawn = oracle("world_seed=1");
    assert_ne!(drawn.redrawn(2).place(), drawn.place());
    assert_eq!(drawn.redrawn(1), drawn);
    let scaled = oracle("place=0.375,scale=2");
    assert_eq!(
        (scaled.best().1, scaled.reference().random),
        (2.0 * given.best().1, 2.0 * given.reference().random)
    );
    let hardest = oracle("queries=64000");
    assert!((hardest.eps() - 0.0125).abs() < 1e-12);
    let both = spec("threshold-oracle,queries=100,eps=0.1").unwrap_err().to_string();
    assert!(both.contains("both `eps` and `queries`"), "{both}");
    assert!(ThresholdOracle::named("threshold-oracle+repeat=2").unwrap().is_none());
    assert!(ThresholdOracle::named("cartpole").unwrap().is_none());
}

fn latent(options: &str) -> LatentMdp {
    LatentMdp::named(&format!("lmdp-rooms{options}")).unwrap().unwrap()
}

#[test]
fn rooms_are_the_process_they_are_described_as() {
    let mdp = latent(",horizon=60");
    assert_eq!(
        (mdp.contexts(), mdp.states(), mdp.actions(), mdp.horizon(), mdp.branching()),
        (2, 5, 2, 60, 3)
    );
    let close = |left: &[f64], right: &[f64]| {
        assert!(left.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-12), "{left:?} {right:?}");
    };
    close(mdp.kernel(0, 0, 0), &[0.9, 0.09, 0.01, 0.0, 0.0]);
    close(mdp.kernel(1, 0, 1), &[0.9, 0.04, 0.06, 0.0, 0.0]);
    close(mdp.kernel(0, 1, 0), &[0.0, 0.9, 0.0, 0.08, 0.02]);
    close(mdp.kernel(0, 2, 1), &[0.0, 0.0, 0.9, 0.03, 0.07]);
    close(mdp.kernel(1, 2, 1), &[0.0, 0.0, 0.9, 0.08, 0.02]);
    close(mdp.kernel(1, 3, 0), &[0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!((mdp.reward(0, 3, 1), mdp.reward(0, 4, 1)), (1.0, 0.0));
    assert_eq!(mdp.greatest_return(), 1.0);
    assert_eq!(latent(",prize=2").greatest_return(), 2.0);
    for options in [",contexts=4,rooms=6", ",contexts=1", ",rooms=3", ",deterministic=true"] {
        let mdp = latent(options);
        for triple in 0..mdp.contexts() * mdp.states() * mdp.actions() {
            let (pair, action) = (triple / mdp.actions(), triple % mdp.actions());
            let row = mdp.kernel(pair / mdp.states(), pair % mdp.states(), action);
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn the_context_is_told_by_the_last_observation_only() {
    let mut worlds = make("lmdp-rooms,horizon=8", 64, 0).unwrap();
    let mut out = Outcome::new(worlds.spec(), 64);
    worlds.reset(&mut out);
    let contexts = |out: &Outcome| {
        let Array::Float(values) = &out.observations.fields[2] else { panic!("bytes") };
        values.clone()
    };
    for step in 1..=8 {
        assert!(contexts(&out).iter().all(|context| *context == -1.0));
        worlds.step(&Actions::Discrete(vec![0; 64]), &mut out).unwrap();
        assert!(out.terminated.iter().all(|ended| *ended == (step == 8)));
    }
    let ones = contexts(&out).iter().filter(|context| **context == 1.0).count();
    assert!((16..=48).contains(&ones) && contexts(&out).iter().all(|context| *context >= 0.0));
}
