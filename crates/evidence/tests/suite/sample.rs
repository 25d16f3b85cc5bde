//! Made-up reports that look like real ones.

use evidence::report::{
    Aggregate, Arm, Comparison, Condition, Curve, Estimate, Improvement, Metric, Report, Verdict,
};

/// A number in [-1, 1] that looks random and is always the same.
fn wobble(a: usize, b: usize, c: usize) -> f64 {
    let x = ((a * 131 + b * 37 + c * 17 + 5) as f64 * 12.9898).sin() * 43758.5453;
    (x - x.floor()) * 2.0 - 1.0
}

pub fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { value, low: Some(value - half), high: Some(value + half) }
}

/// A metric whose curve rises from `start` to `end`, the faster the larger `speed`.
pub fn metric(
    name: &str,
    arm: usize,
    seeds: usize,
    steps: u64,
    (start, end): (f64, f64),
    speed: f64,
) -> Metric {
    let points = 60;
    let spread = (end - start).abs().max(1e-12) * 0.06;
    let mut curve = Curve::default();
    for point in 0..=points {
        let time = point as f64 / f64::from(points);
        let mean = start
            + (end - start) * (1.0 - (-speed * time).exp())
            + spread * 0.3 * wobble(arm, point as usize, 3);
        let half = spread * (0.6 + 0.6 * time);
        curve.steps.push(steps * point as u64 / points as u64);
        curve.mean.push(mean);
        curve.low.push(mean - half);
        curve.high.push(mean + half);
    }
    let last = *curve.mean.last().unwrap_or(&end);
    let per_seed: Vec<f64> = (0..seeds).map(|seed| last + spread * 2.0 * wobble(arm, seed, 9)).collect();
    let mean = per_seed.iter().sum::<f64>() / seeds as f64;
    let sure = |value: f64, half: f64| {
        if seeds > 1 { estimate(value, half) } else { Estimate { value, low: None, high: None } }
    };
    Metric {
        name: name.into(),
        at: "end".into(),
        higher_is_better: Some(end > start),
        per_seed,
        mean: sure(mean, spread),
        iqm: sure(mean + spread * 0.1, spread * 1.1),
        curve,
    }
}

pub fn arm(name: &str, method: &str, world: Option<&str>, settings: &str, metrics: Vec<Metric>) -> Arm {
    Arm {
        name: name.into(),
        method: method.into(),
        world: world.map(Into::into),
        data: None,
        settings: settings.into(),
        steps: 200_000,
        unit: "environment steps".into(),
        metrics,
    }
}

pub fn condition(
    text: &str,
    kind: &str,
    found: Estimate,
    asked: (&str, Option<f64>, Option<f64>),
    verdict: Verdict,
) -> Condition {
    Condition {
        text: text.into(),
        kind: kind.into(),
        about: "eval/return at the end · spr against rainbow".into(),
        estimate: found,
        asked: asked.0.into(),
        asked_low: asked.1,
        asked_high: asked.2,
        seeds_inside: String::new(),
        gating: true,
        sanity: false,
        verdict,
        seeds_needed: None,
    }
}

/// A claim with six arms, seven conditions of all kinds and all four verdicts.
pub fn claim() -> Report {
    let settings = [
        ("spr", "spr", "", (2.0, 46.0), 4.0),
        (
            "spr without augmentation, with a slow target encoder (tau = 0.99)",
            "spr",
            "spr.augmentation = false, spr.target_tau = 0.99",
            (2.0, 38.0),
            3.0,
        ),
        ("rainbow", "rainbow", "", (2.0, 31.0), 2.0),
        ("dqn with n-step returns", "dqn", "n_step = 10", (2.0, 30.0), 2.2),
        (
            "reconstruction instead of prediction",
            "spr",
            "objective = \"reconstruction\", decoder.hidden = [256, 256], decoder.learning_rate = 0.0003",
            (2.0, 24.0),
            1.6,
        ),
        ("random", "random", "", (2.0, 2.2), 1.0),
    ];
    let arms = settings.iter().enumerate().map(|(index, (name, method, set, range, speed))| {
        let mut metrics = vec![metric("eval/return", index, 8, 200_000, *range, *speed)];
        if index < 3 {
            metrics.push(metric(
                "diag/prediction_error",
                index + 10,
                8,
                200_000,
                (40.0 * (index + 1) as f64, 0.05 * (index + 1) as f64),
                9.0,
            ));
        }
        arm(name, method, Some("minatar/breakout+sticky"), set, metrics)
    });
    use Verdict::{DoesNotHold, Holds, Invalid, Undecided};
    let mut conditions = vec![
        condition(
            "Predicting future representations improves the return after 200k steps",
            "difference",
            estimate(14.83, 2.31),
            (">= 5", Some(5.0), None),
            Holds,
        ),
        condition(
            "It needs at most half the steps that Rainbow needs to reach a return of 20",
            "reach",
            estimate(2.61, 0.42),
            (">= 2", Some(2.0), None),
            Holds,
        ),
        condition(
            "Reconstruction ends below prediction by a fifth",
            "ratio",
            estimate(0.83, 0.09),
            ("<= 0.8", None, Some(0.8)),
            Undecided,
        ),
        condition(
            "The prediction error falls as a power law in steps",
            "slope",
            estimate(-0.31, 0.05),
            ("in [-1.2, -0.8]", Some(-1.2), Some(-0.8)),
            DoesNotHold,
        ),
        condition(
            "The representation keeps more than half of its effective rank",
            "bound",
            estimate(0.71, 0.03),
            ("in [0.5, 1]", Some(0.5), Some(1.0)),
            Holds,
        ),
        condition(
            "A random policy scores as it must",
            "bound",
            estimate(2.2, 0.1),
            ("in [0.4, 0.8]", Some(0.4), Some(0.8)),
            Invalid,
        ),
        condition(
            "At least three of the four claims on augmentation hold",
            "study",
            Estimate { value: 3.0, low: None, high: None },
            (">= 3 of 4", Some(3.0), None),
            Holds,
        ),
    ];
    conditions[2].seeds_needed = Some(24);
    conditions[3].gating = false;
    conditions[4].seeds_inside = "8 of 8".into();
    conditions[5].seeds_inside = "0 of 8".into();
    conditions[5].sanity = true;
    Report {
        id: "spr".into(),
        title: "Predicting one’s own future representations makes learning from 200k frames far more sample-efficient than value learning alone.".into(),
        source: "Table 1 and Figure 4".into(),
        paper: "Schwarzer et al., Data-Efficient Reinforcement Learning with Self-Predictive Representations (2021)".into(),
        preset: "quick".into(),
        seeds: (100..108).collect(),
        verdict: Some(Verdict::Undecided),
        remark: "About 24 seeds would decide the condition on reconstruction.".into(),
        arms: arms.collect(),
        conditions,
        comparison: None,
        seconds: 2832.0,
        program: "latentrl 0.1.0".into(),
        processor: "AMD EPYC 7763, 2 threads".into(),
        command: "latentrl reproduce spr --preset quick --seeds 100-107".into(),
    }
}

/// Four methods in three worlds.
pub fn comparison() -> Report {
    let methods = ["spr", "rainbow", "dqn", "random"];
    let worlds = ["minatar/breakout", "control/acrobot", "grid/deep-sea-12"];
    let mut arms = Vec::new();
    for (w, world) in worlds.iter().enumerate() {
        for (m, method) in methods.iter().enumerate() {
            let top = [46.0, -80.0, 0.98][w];
            let bottom = [2.0, -500.0, 0.0][w];
            let end = bottom + (top - bottom) * [0.95, 0.72, 0.55, 0.03][m];
            let found = metric("eval/return", m + 5 * w, 5, 100_000, (bottom, end), 4.0 - m as f64 * 0.7);
            arms.push(arm(&format!("{method} in {world}"), method, Some(world), "", vec![found]));
        }
    }
    let thresholds: Vec<f64> = (0..=40).map(|index| f64::from(index) / 40.0).collect();
    let methods = methods.iter().enumerate().map(|(m, method)| {
        let level = [0.93, 0.71, 0.56, 0.03][m];
        let share = |t: f64| 1.0 / (1.0 + ((t - level) * 14.0).exp());
        Aggregate {
            method: (*method).into(),
            mean: estimate(level, 0.05),
            median: estimate(level + 0.01, 0.07),
            iqm: estimate(level + 0.005, 0.06),
            optimality_gap: estimate(1.0 - level, 0.05),
            profile: thresholds
                .iter()
                .map(|&t| estimate(share(t), 0.08 * share(t) * (1.0 - share(t)) * 4.0))
                .collect(),
            efficiency: metric("", m, 5, 100_000, (0.0, level), 4.0 - m as f64 * 0.7).curve,
        }
    });
    let pair = |method: &str, versus: &str, value, half| Improvement {
        method: method.into(),
        versus: versus.into(),
        probability: estimate(value, half),
    };
    let comparison = Comparison {
        worlds: worlds.iter().map(|&world| world.into()).collect(),
        normalisation: "Scores are normalised so that a random policy has 0 and the best known return 1."
            .into(),
        methods: methods.collect(),
        improvements: vec![
            pair("spr", "rainbow", 0.86, 0.1),
            pair("spr", "dqn", 0.94, 0.05),
            pair("spr", "random", 1.0, 0.0),
            pair("rainbow", "dqn", 0.61, 0.15),
            pair("rainbow", "random", 0.99, 0.01),
            pair("dqn", "random", 0.97, 0.02),
        ],
        thresholds,
    };
    Report {
        id: "compare".into(),
        title: "spr, rainbow, dqn and random in three worlds".into(),
        source: String::new(),
        paper: String::new(),
        preset: "laptop".into(),
        seeds: vec![0, 1, 2, 3, 4],
        verdict: None,
        remark: String::new(),
        arms,
        conditions: Vec::new(),
        comparison: Some(comparison),
        seconds: 8421.0,
        command: "latentrl compare spr rainbow dqn random --worlds minatar/breakout,control/acrobot,grid/deep-sea-12 --seeds 0-4".into(),
        ..claim()
    }
}
