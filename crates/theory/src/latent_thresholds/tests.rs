//! Constants in closed form, the side of the rounding, and what a learner may and may not do.

use worlds::{seed::stream, tabular::ThresholdOracle};

use super::{
    Class, LatentThresholdsConfig, Strategy, grid,
    offline::{Learner, Recommendation, least_queries, radius, theory_queries},
    offline_points,
    online::OnlineLearner,
    online_points, repeats,
};

trials::small!("latent-thresholds", "threshold-oracle", &[&["class=a", "plan=budget", "trials=100"]]);
trials::small!("latent-thresholds", "threshold-oracle", &[&["class=b", "mode=online", "doubling=true"]]);

fn oracle(options: &str) -> ThresholdOracle {
    ThresholdOracle::named(&format!("threshold-oracle,{options}")).unwrap().unwrap()
}

fn settings(class: Class) -> LatentThresholdsConfig {
    LatentThresholdsConfig { class, ..Default::default() }
}

fn recommend(config: &LatentThresholdsConfig, oracle: &ThresholdOracle, queries: u64) -> Recommendation {
    let mut random = stream(5, "test", 0);
    Learner { config, oracle, random: &mut random }.recommend(queries).unwrap()
}

#[test]
fn the_theorems_constants() {
    // 2/0.05 = 40 thresholds; 8/0.0025 ln(80/0.05) = 3200 * 7.377758908 = 23608.8.
    assert_eq!(offline_points(1.0, 0.05), 40);
    assert_eq!(repeats(0.05, 0.05, 40), 23_609);
    assert_eq!(theory_queries(&settings(Class::A)), 40 * 23_609);
    assert_eq!([0.1, 0.025, 0.0125].map(|eps| offline_points(1.0, eps)), [20, 80, 160]);
    // Hoeffding: 2 exp(-2 m (eps/4)^2) over K thresholds is at most delta, and not for m - 1.
    let missed = |repeats: u64| 40.0 * 2.0 * (-2.0 * repeats as f64 * 0.0125_f64.powi(2)).exp();
    assert!(missed(23_609) <= 0.05 && missed(23_608) > 0.05);
    // (200000 / ln 200000)^(1/3) = 25.4.
    assert_eq!(online_points(1.0, 200_000), 26);
    // sqrt(2 * 0.25 * ln(60) / 100) + 3 ln(60) / 100.
    assert!((radius(0.25, 100, 0.05) - (0.143_08 + 0.122_83)).abs() < 1e-4);
}

#[test]
fn grids_hold_the_right_end_and_the_safe_neighbour() {
    assert_eq!(grid(Class::A, 4), [0.25, 0.5, 0.75, 1.0]);
    assert_eq!(grid(Class::B, 4), [0.0, 0.25, 0.5, 0.75]);
    for seed in 0..100 {
        for (class, name) in [(Class::A, "flat-bump"), (Class::B, "price-bump")] {
            let oracle = oracle(&format!("instance={name},world_seed={seed}"));
            let (place, top) = oracle.best();
            let points = grid(class, 40);
            let above = points.iter().copied().find(|point| *point >= place).unwrap();
            let below = points.iter().copied().rfind(|point| *point <= place).unwrap();
            let (safe, wrong) = if class == Class::A { (above, below) } else { (below, above) };
            assert!(oracle.expected(safe) >= top - 1.0 / 40.0 - 1e-12);
            // The wrong neighbour misses the bump as a whole.
            assert!(oracle.expected(wrong) < 0.25 + 1e-9, "{name} {seed}");
        }
    }
}

#[test]
fn theory_finds_the_bump_and_elimination_asks_less() {
    for (class, name) in [(Class::A, "flat-bump"), (Class::B, "price-bump")] {
        for seed in 0..20 {
            let oracle = oracle(&format!("instance={name},eps=0.05,world_seed={seed}"));
            let config = settings(class);
            let plain = recommend(&config, &oracle, theory_queries(&config));
            assert!(oracle.expected(plain.threshold) >= oracle.best().1 - 0.05, "{name} {seed}");
            let config = LatentThresholdsConfig { elimination: true, ..config };
            let eager = recommend(&config, &oracle, theory_queries(&config));
            assert!(oracle.expected(eager.threshold) >= oracle.best().1 - 0.05, "{name} {seed}");
            assert!(eager.queries < plain.queries / 2, "{} of {}", eager.queries, plain.queries);
        }
    }
}

#[test]
fn every_strategy_keeps_to_its_budget() {
    let oracle = oracle("instance=flat-bump");
    for strategy in [Strategy::Grid, Strategy::Random, Strategy::GoldenSection] {
        for elimination in [false, true] {
            let elimination = elimination && strategy == Strategy::Grid;
            let config = LatentThresholdsConfig { strategy, elimination, ..settings(Class::A) };
            for queries in [least_queries(&config), 1_000, 54_321] {
                let made = recommend(&config, &oracle, queries).queries;
                assert!(made <= queries && made * 2 > queries, "{strategy:?}: {made} of {queries}");
            }
        }
    }
}

#[test]
fn golden_section_finds_a_single_peak_and_misses_a_bump() {
    let config = LatentThresholdsConfig { strategy: Strategy::GoldenSection, ..settings(Class::A) };
    let hiring = oracle("instance=beta-quality");
    let found = recommend(&config, &hiring, 1_000_000);
    assert!(hiring.best().1 - hiring.expected(found.threshold) < 0.01, "{found:?}");
    let config = LatentThresholdsConfig { eps: 0.005, ..config };
    let bumps = (0..50).map(|seed| oracle(&format!("instance=flat-bump,eps=0.005,world_seed={seed}")));
    let hits = bumps.filter(|bump| {
        bump.best().1 - bump.expected(recommend(&config, bump, 10_000_000).threshold) <= 0.005
    });
    let hits = hits.count();
    assert!(hits < 25, "{hits} of 50");
}

#[test]
fn rewards_above_one_are_refused() {
    let (config, oracle) = (settings(Class::A), oracle("scale=3"));
    let mut random = stream(5, "test", 0);
    let error =
        Learner { config: &config, oracle: &oracle, random: &mut random }.recommend(10_000).unwrap_err();
    assert!(error.to_string().contains("rewards must lie in [0, 1]"), "{error}");
}

#[test]
fn the_index_settles_on_the_best_arm_and_doubling_starts_afresh() {
    let oracle = oracle("instance=flat-bump,eps=0.1,place=0.3");
    let mut random = stream(6, "test", 0);
    for doubling in [false, true] {
        let config = LatentThresholdsConfig { doubling, ..settings(Class::A) };
        let mut learner = OnlineLearner::new(&config, 50_000);
        for _ in 0..50_000 {
            learner.step(&config, &oracle, &mut random).unwrap();
        }
        assert!(oracle.best().1 - oracle.expected(learner.recommendation()) < 0.05);
        assert!(learner.regret() < 50_000.0 * 0.05, "{}", learner.regret());
        // Epochs of 64, 128, ... make 65472 after ten: the grid is that of the tenth, 32768.
        let expected = if doubling { online_points(1.0, 32_768) } else { online_points(1.0, 50_000) };
        assert_eq!(learner.points(), expected);
    }
}
