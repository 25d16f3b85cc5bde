//! The frozen lake against Gymnasium's table, as `reference/frozen_lake.py` wrote it down; the bandit
//! against its definition.

use worlds::tabular::{Policy, Table};
use worlds::{spec, table};

/// The numbers of every line that begins with `name`.
fn golden(name: &str) -> Vec<Vec<f64>> {
    let path = format!("{}/tests/data/frozen_lake.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("{name} ")));
    lines.map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect()).collect()
}

#[test]
fn the_lake_is_gymnasiums() {
    for (name, world) in [("slippery", "frozen-lake"), ("firm", "frozen-lake,slippery=false")] {
        let Table { model, discount, horizon } = table(world).unwrap().unwrap();
        assert_eq!((model.states(), model.actions(), discount, horizon), (16, 4, 0.99, Some(100)));
        let mut rows = golden(name).into_iter().peekable();
        for state in 0..16 {
            for action in 0..4 {
                let mut outcomes = model.outcomes(state, action).to_vec();
                outcomes.sort_by_key(|outcome| outcome.state);
                for outcome in outcomes {
                    let row = rows.next().unwrap();
                    assert_eq!(row[..3], [state as f64, action as f64, outcome.state as f64], "{world}");
                    assert!((row[3] - outcome.probability).abs() < 1e-12, "{world}: {row:?}");
                    assert_eq!(row[4..], [outcome.reward, f64::from(u8::from(outcome.terminal))], "{world}");
                }
            }
        }
        assert_eq!(rows.peek(), None);
        let values = &golden(&format!("{name}-values"))[0];
        let solution = model.optimal(discount);
        assert!(values.iter().zip(&solution.values).all(|(a, b)| (a - b).abs() < 1e-9), "{world}");
        let returns = &golden(&format!("{name}-returns"))[0];
        let reference = spec(world).unwrap().reference.unwrap();
        assert!(
            (reference.random - returns[0]).abs() < 1e-12 && (reference.expert - returns[1]).abs() < 1e-12
        );
    }
}

#[test]
fn paid_pulls_of_the_bandit_say_nothing_about_its_arms() {
    for p in [0.1, 0.2, 0.3, 0.4] {
        let Table { model, .. } = table(&format!("bernoulli-bandit,p={p}")).unwrap().unwrap();
        let paid = [model.expected_reward(0, 0), model.expected_reward(0, 1)];
        assert!((paid[0] - (1.0 - p)).abs() < 1e-12 && (paid[1] - p).abs() < 1e-12);
        let pulled = Policy::new(vec![p, 1.0 - p], 2).unwrap();
        let of_arm = |arm: usize| pulled.probability(0, arm) * paid[arm];
        assert!((of_arm(0) / (of_arm(0) + of_arm(1)) - 0.5).abs() < 1e-12);
        assert_eq!(model.optimal(0.9).policy, [0]);
    }
}
