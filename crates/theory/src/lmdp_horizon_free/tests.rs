//! Against exhaustive search, closed forms and properties that the proof needs.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Method, Run, Task, task::World};
use settings::Config;
use worlds::{seed::stream, tabular::LatentMdp};

use super::{
    Backup, Bonus, Counts, LmdpHorizonFree, LmdpHorizonFreeConfig, Model, Optimism, Planner, Reference,
    State, fill, log_term, planner::beliefs,
};

trials::small!("lmdp-horizon-free", "lmdp-rooms", &[]);

fn latent(options: &str) -> LatentMdp {
    LatentMdp::named(&format!("lmdp-rooms{options}")).unwrap().unwrap()
}

fn grid(contexts: usize) -> Vec<f64> {
    beliefs(contexts, 129, 1_600, &mut stream(0, "test", 0))
}

/// The best value over all policies of histories, by trying every action after every history.
/// `weights[m]` is the probability of the context and of the history.
fn exhaustive(mdp: &LatentMdp, left: usize, state: usize, weights: &[f64]) -> f64 {
    if left == 0 {
        return 0.0;
    }
    let worth = |action: usize| {
        let reward = |m: usize| weights[m] * mdp.reward(m, state, action);
        let mut value: f64 = (0..weights.len()).map(reward).sum();
        for next in 0..mdp.states() {
            let after = |m: usize| weights[m] * mdp.kernel(m, state, action)[next];
            let after: Vec<f64> = (0..weights.len()).map(after).collect();
            if after.iter().sum::<f64>() > 0.0 {
                value += exhaustive(mdp, left - 1, next, &after);
            }
        }
        value
    };
    (0..mdp.actions()).map(worth).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn the_planner_agrees_with_exhaustive_search() {
    for (options, contexts) in [("", 2), (",contexts=1", 1), (",contexts=3,rooms=3", 3)] {
        for horizon in [6, 7] {
            let mdp = latent(&format!(",horizon={horizon}{options}"));
            let exact = exhaustive(&mdp, horizon, 0, mdp.weights());
            let planned = Reference::new(&mdp, grid(contexts)).value();
            assert!((exact - planned).abs() < 1e-6, "{options} {horizon}: {exact} {planned}");
        }
    }
}

#[test]
fn a_process_without_chance_has_its_value_in_closed_form() {
    let value = |options| {
        let mdp = latent(options);
        Reference::new(&mdp, grid(mdp.contexts())).value()
    };
    assert_eq!(value(",deterministic=true"), 1.0);
    // H = 6 moves at every step; knowing the context, the good room is aimed at: 0.9 (0.8) + 0.1 (0.3).
    assert!((value(",horizon=6,contexts=1") - 0.75).abs() < 1e-12);
}

#[test]
fn water_filling_by_hand() {
    // Least 0.1, 0.2, 0.3; the remaining 0.4 goes to the greatest first, which takes 0.25 of it.
    let items = [((0.1, 0.35), 1.0), ((0.2, 0.9), 0.5), ((0.3, 1.0), 0.0)];
    let expected = 0.35 + 0.5 * (0.2 + 0.15);
    assert!((fill(items.into_iter()) - expected).abs() < 1e-12);
}

#[test]
fn water_filling_is_the_greatest_over_the_confidence_set() {
    let mut random = stream(1, "test", 0);
    for _ in 0..200 {
        let centre = worlds::noise::dirichlet(4, 1.0, &mut random);
        let width: f64 = random.random::<f64>() * 0.3;
        let bounds: Vec<(f64, f64)> =
            centre.iter().map(|p| ((p - width).max(0.0), (p + width).min(1.0))).collect();
        let mut items: Vec<((f64, f64), f64)> =
            bounds.iter().map(|bound| (*bound, random.random())).collect();
        items.sort_by(|left, right| right.1.total_cmp(&left.1));
        let best = fill(items.iter().copied());
        for _ in 0..200 {
            let kernel = worlds::noise::dirichlet(4, 1.0, &mut random);
            let inside = kernel.iter().zip(&items).all(|(p, ((low, high), _))| (*low..=*high).contains(p));
            let value: f64 = kernel.iter().zip(&items).map(|(p, (_, x))| p * x).sum();
            assert!(!inside || value <= best + 1e-12);
        }
    }
}

/// An estimate from `episodes` episodes of random actions.
fn estimate(mdp: &LatentMdp, episodes: usize, random: &mut ChaCha8Rng) -> Model {
    let mut model = Model::exact(mdp);
    let mut counts = Counts::new(model.contexts, model.states, model.actions);
    for _ in 0..episodes {
        let context = mdp.sample_context(random);
        let mut states = vec![mdp.sample_start(context, random) as u32];
        let actions: Vec<u32> = (0..mdp.horizon()).map(|_| random.random_range(0..2)).collect();
        for (step, &action) in actions.iter().enumerate() {
            states.push(mdp.step(context, states[step] as usize, action as usize, random) as u32);
        }
        counts.add(context, &states, &actions);
    }
    model.refresh(&counts, false);
    model
}

fn paper(optimism: Optimism, bonus: Bonus) -> LmdpHorizonFreeConfig {
    LmdpHorizonFreeConfig { optimism, bonus, ..LmdpHorizonFreeConfig::paper() }
}

#[test]
fn backups_are_monotone_and_dominate_the_expectation() {
    let mut random = stream(2, "test", 0);
    let mdp = latent(",horizon=12");
    for episodes in [5, 100, 3_000] {
        let model = estimate(&mdp, episodes, &mut random);
        let iota = log_term(&model, 1_000, 0.1);
        for config in [paper(Optimism::Value, Bonus::Bernstein), paper(Optimism::Model, Bonus::Bernstein)] {
            let mut backup = Backup::new(&config, &model, iota);
            let everyone: Vec<usize> = (0..model.states).collect();
            for round in 0..2_000 {
                let triple = round % model.visits.len();
                let low: Vec<f64> = everyone.iter().map(|_| random.random()).collect();
                let high: Vec<f64> =
                    low.iter().map(|x| x + (1.0 - x) * random.random::<f64>().powi(3)).collect();
                let below = backup.alpha(&model, triple, &everyone, &low);
                let above = backup.alpha(&model, triple, &everyone, &high);
                assert!(below <= above + 1e-12, "{below} {above}");
                let plain = Backup::Exact.alpha(&model, triple, &everyone, &low).min(1.0);
                assert!(below >= plain - 1e-12);
            }
        }
    }
}

#[test]
fn the_bonus_in_closed_form() {
    let mdp = latent("");
    let mut model = Model::exact(&mdp);
    model.visits.fill(1_000_000);
    let iota = 20.0;
    // The start in context 0, action 0: stay 1 - p, left 0.9 p, right 0.1 p with p = 6/16.
    let p = 0.375;
    let row = [1.0 - p, 0.9 * p, 0.1 * p];
    let x = [0.5, 1.0, 0.0];
    let mean = row[0] * x[0] + row[1] * x[1];
    let variance = row[0] * 0.25 + row[1] - mean * mean;
    let alpha = |bonus| {
        let mut backup = Backup::new(&paper(Optimism::Value, bonus), &model, iota);
        backup.alpha(&model, 0, &[0, 1, 2], &x)
    };
    let bernstein = 4.0 * (3.0 * variance * iota / 1e6).sqrt();
    assert!((alpha(Bonus::Bernstein) - mean - bernstein).abs() < 1e-12);
    assert!((alpha(Bonus::Hoeffding) - mean - 4.0 * (3.0 * 0.25 * iota / 1e6).sqrt()).abs() < 1e-12);
    assert!((alpha(Bonus::None) - mean).abs() < 1e-12);
    // 2 ln(2 * 2 * 5 * 2 * 16 * 1000 / 0.1).
    assert!((log_term(&model, 1_000, 0.1) - 2.0 * 6_400_000.0_f64.ln()).abs() < 1e-12);
}

#[test]
fn both_solvers_are_optimistic_and_tighten() {
    let mut random = stream(3, "test", 0);
    let mdp = latent(",horizon=12");
    let best = Reference::new(&mdp, grid(2)).value();
    for optimism in [Optimism::Value, Optimism::Model] {
        let config = paper(optimism, Bonus::Bernstein);
        let mut last = f64::INFINITY;
        for episodes in [0, 100, 10_000, 1_000_000] {
            // A million episodes by scaling the counts of ten thousand would not be independent, so
            // the exact kernels stand in for them.
            let mut model = estimate(&mdp, episodes.min(10_000), &mut random);
            if episodes > 10_000 {
                model =
                    Model { visits: vec![episodes as u64 * 1_000; model.visits.len()], ..Model::exact(&mdp) };
            }
            let iota = log_term(&model, 1_000, 0.1);
            let mut planner = Planner::new(beliefs(2, 17, 0, &mut random), 2);
            let value = planner.solve(&model, &mut Backup::new(&config, &model, iota)).value(&model);
            assert!(value >= best - 1e-9 && value <= last + 1e-9, "{optimism:?} {episodes}: {value} {best}");
            last = value;
        }
        assert!(last < best + 0.05, "{optimism:?}: {last} {best}");
    }
}

fn method(options: &str, config: LmdpHorizonFreeConfig, episodes: u64) -> (LmdpHorizonFree, Run) {
    let mut run = Run::new(4, episodes, "cpu");
    let task = Task::new().with(World::new(&format!("lmdp-rooms{options}")).unwrap());
    let method = LmdpHorizonFree::build(config, &task, &mut run).unwrap();
    (method, run)
}

fn train(options: &str, config: LmdpHorizonFreeConfig, episodes: u64) -> State {
    let (mut method, mut run) = method(options, config, episodes);
    while run.steps() < episodes {
        method.advance(&mut run).unwrap();
    }
    method.state
}

#[test]
fn regret_without_noise_has_the_mean_of_realised_regret() {
    let (mut method, mut run) = method(",horizon=12", LmdpHorizonFreeConfig::default(), 20_000);
    let best = method.reference.value();
    // The plan before anything is known is far from the best one, and is kept.
    let random = run.random("test");
    let (mut lost, mut earned) = (0.0, 0.0);
    for _ in 0..40_000 {
        let context = method.mdp.sample_context(random);
        let (a, b) = method.episode(context, random);
        (earned, lost) = (earned + a, lost + b);
    }
    let (lost, realised) = (lost / 40_000.0, best - earned / 40_000.0);
    assert!(lost > 0.05 && (lost - realised).abs() < 4.0 * 0.5 / 200.0, "{lost} {realised}");
}

#[test]
fn a_deterministic_process_is_learnt_once_and_for_all() {
    let state = train(",deterministic=true", LmdpHorizonFreeConfig::default(), 1_000);
    assert_eq!(state.late_regret, 0.0);
    assert!(state.regret > 0.0);
}

#[test]
fn epochs_double() {
    let state = train("", LmdpHorizonFreeConfig::default(), 2_000);
    // M S A log2(H K), and the call before the first episode.
    let most = 20.0 * (16.0 * 2_000.0_f64).log2() + 1.0;
    assert!((state.solver_calls as f64) < most, "{}", state.solver_calls);
    assert!(state.solver_calls > 20);
}
