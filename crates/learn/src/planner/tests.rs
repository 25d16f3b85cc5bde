use rand::SeedableRng;

use super::*;

const BEST: [f32; 6] = [0.5, -0.3, 0.1, 0.9, -0.7, 0.0];

/// Minus the squared distance to [`BEST`].
fn quadratic(sequences: &[f32]) -> Result<Vec<f32>, LearnError> {
    let distance = |sequence: &[f32]| -> f32 {
        let pairs = sequence.iter().zip(&BEST);
        pairs.map(|(action, best)| (action - best).powi(2)).sum()
    };
    Ok(sequences.chunks(6).map(|sequence| -distance(sequence)).collect())
}

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(3)
}

#[test]
fn both_find_the_optimum_of_a_quadratic() {
    for settings in [PlannerSettings::mppi(3, 400, 40, 5.0), PlannerSettings::cem(3, 400, 40)] {
        let settings = PlannerSettings { iterations: 12, min_sigma: 0.01, ..settings };
        let mut planner = Planner::new(settings, 2).unwrap();
        let plan = planner.plan(&[], quadratic, &mut random()).unwrap();
        for (found, best) in plan.mean.iter().zip(BEST) {
            assert!((found - best).abs() < 0.05, "{found} instead of {best}");
        }
        assert_eq!(plan.action(2), &plan.mean[..2]);
        // The next plan starts from this one shifted by a step.
        assert_eq!(planner.warm_start()[..4], plan.mean[2..]);
        assert_eq!(planner.warm_start()[4..], [0.0, 0.0]);
        planner.reset();
        assert_eq!(planner.warm_start(), [0.0; 6]);
    }
}

#[test]
fn weights_follow_the_exponential_and_the_mean_follows_the_weights() {
    let settings = PlannerSettings { iterations: 1, ..PlannerSettings::mppi(3, 50, 10, 0.8) };
    let mut planner = Planner::new(settings, 2).unwrap();
    let mut scored = Vec::new();
    let plan = planner
        .plan(
            &[],
            |sequences| {
                scored = quadratic(sequences)?;
                Ok(scored.clone())
            },
            &mut random(),
        )
        .unwrap();
    scored.sort_by(|a, b| b.total_cmp(a));
    let raw: Vec<f32> = scored[..10].iter().map(|v| (0.8 * (v - scored[0])).exp()).collect();
    let total: f32 = raw.iter().sum();
    for (weight, raw) in plan.weights.iter().zip(&raw) {
        assert!((weight - raw / total).abs() < 1e-6);
    }
    assert_eq!(plan.value, scored[0]);
    for at in 0..6 {
        let column = (0..10).map(|elite| plan.elites[elite * 6 + at] * plan.weights[elite]);
        assert!((plan.mean[at] - column.sum::<f32>()).abs() < 1e-6);
    }
    assert!(plan.elites.iter().all(|action| action.abs() <= 1.0));
}

#[test]
fn a_guide_that_is_the_optimum_wins() {
    let settings = PlannerSettings { iterations: 1, ..PlannerSettings::cem(3, 5, 1) };
    let mut planner = Planner::new(settings, 2).unwrap();
    let plan = planner.plan(&BEST, quadratic, &mut random()).unwrap();
    assert_eq!(plan.mean, BEST);
    assert_eq!(plan.value, 0.0);
    assert!(plan.sigma.iter().all(|&sigma| sigma == 0.05));
}

#[test]
fn bad_input_is_refused_and_bad_values_lose() {
    let settings = PlannerSettings::cem(3, 20, 2);
    let mut planner = Planner::new(settings.clone(), 2).unwrap();
    let only_first = |sequences: &[f32]| {
        let mut values = vec![f32::NAN; sequences.len() / 6];
        values[0] = 1.0;
        Ok(values)
    };
    let plan = planner.plan(&[], only_first, &mut random()).unwrap();
    assert_eq!(plan.value, 1.0);
    assert_eq!(plan.weights.len(), 2);
    let none = |sequences: &[f32]| Ok(vec![f32::NAN; sequences.len() / 6]);
    assert!(planner.plan(&[], none, &mut random()).is_err());
    let short = |_: &[f32]| Ok(vec![0.0]);
    assert!(planner.plan(&[], short, &mut random()).is_err());
    assert!(planner.plan(&[0.0; 5], quadratic, &mut random()).is_err());
    assert!(planner.set_warm_start(&[0.0; 5]).is_err());
    for broken in [
        PlannerSettings { elites: 21, ..settings.clone() },
        PlannerSettings { horizon: 0, ..settings.clone() },
        PlannerSettings { min_sigma: 0.0, ..settings.clone() },
        PlannerSettings { initial_sigma: 0.001, ..settings },
    ] {
        assert!(Planner::new(broken, 2).is_err());
    }
}
