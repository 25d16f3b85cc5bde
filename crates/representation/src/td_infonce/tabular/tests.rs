use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use worlds::tabular::{Model, Policy};

use super::{
    critic::{self, Batch, Objective, Table, Training},
    data::Data,
    distribution,
    successor::{self, Replayed, Stream},
};

const GAMMA: f64 = 0.8;

fn grid() -> worlds::tabular::Table {
    worlds::table("gridwalk-5x5").expect("a name").expect("a table")
}

fn collected(count: usize, model: &Model, random: &mut ChaCha8Rng) -> Data {
    let mut data = Data::default();
    data.extend(count, model, &Policy::uniform(model.states(), model.actions()), 50, random);
    data
}

fn training(objective: Objective) -> Training {
    Training {
        objective,
        gamma: GAMMA,
        batch: 128,
        updates: 1_500,
        learning_rate: 0.05,
        final_share: 0.02,
        tau: 0.05,
    }
}

fn numbers(count: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// The loss as the paper writes it, over rows of logits with one column for every candidate.
fn loss(critic: &Table, target: &Table, policy: &Policy, batch: &Batch, training: &Training) -> f64 {
    let cross_entropy = |row: &[f64], labels: &[f64]| -> f64 {
        let total: f64 = row.iter().map(|value| value.exp()).sum();
        row.iter().zip(labels).map(|(value, label)| -label * (value - total.ln())).sum()
    };
    let gamma = training.gamma;
    let pick =
        |row: &[f64], states: &[usize]| -> Vec<f64> { states.iter().map(|&state| row[state]).collect() };
    let mut sum = 0.0;
    for (index, &pair) in batch.pairs.iter().enumerate() {
        let row = critic.row(pair);
        let mut own = vec![0.0; batch.positives.len()];
        own[index] = 1.0;
        let near = cross_entropy(&pick(row, &batch.positives), &own);
        let far = |classifier: bool| -> f64 {
            let shares = (0..policy.actions()).map(|action| {
                let ahead = target.row(batch.next[index] * policy.actions() + action);
                let odds: Vec<f64> = pick(ahead, &batch.random).iter().map(|value| value.exp()).collect();
                let total: f64 = if classifier { odds.len() as f64 } else { odds.iter().sum() };
                let labels: Vec<f64> = odds.iter().map(|odds| odds / total).collect();
                let here = pick(row, &batch.random);
                let value: f64 = match classifier {
                    true => here.iter().zip(&labels).map(|(f, label)| label * (-f).exp().ln_1p()).sum(),
                    false => cross_entropy(&here, &labels),
                };
                policy.probability(batch.next[index], action) * value
            });
            shares.sum()
        };
        sum += match training.objective {
            Objective::MonteCarlo => near,
            Objective::NextState => (1.0 - gamma) * near,
            Objective::Temporal => (1.0 - gamma) * near + gamma * far(false),
            Objective::Classifier => {
                let random = pick(row, &batch.random);
                let negatives: f64 = random.iter().map(|f| f.exp().ln_1p() / random.len() as f64).sum();
                (1.0 - gamma) * (-row[batch.positives[index]]).exp().ln_1p() + gamma * far(true) + negatives
            }
        };
    }
    sum / batch.pairs.len() as f64
}

#[test]
fn gradients_are_those_of_the_losses_over_all_logits() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (states, actions) = (4, 2);
    let policy = Policy::softmax(&numbers(states * actions, &mut random), actions, 1.0);
    let mut critic = Table::zeros(states, actions);
    critic.values = numbers(critic.values.len(), &mut random);
    let mut target = critic.clone();
    target.values = numbers(critic.values.len(), &mut random);
    let mut draw = |below: usize| (0..6).map(|_| random.random_range(0..below)).collect::<Vec<_>>();
    let batch = Batch {
        pairs: draw(states * actions),
        positives: draw(states),
        next: draw(states),
        random: draw(states),
    };
    for objective in [Objective::Temporal, Objective::NextState, Objective::MonteCarlo, Objective::Classifier]
    {
        let training = training(objective);
        let found = critic::gradient(&critic, &target, &policy, &batch, &training);
        for (index, found) in found.iter().enumerate() {
            let at = |offset: f64| {
                let mut moved = critic.clone();
                moved.values[index] += offset;
                loss(&moved, &target, &policy, &batch, &training)
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((found - expected).abs() < 1e-8, "{objective:?} {index}: {found} for {expected}");
        }
    }
}

#[test]
fn probabilities_come_back_from_their_ratio() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let table = grid();
    let exact = distribution(&table, GAMMA, &Policy::uniform(25, 5));
    let candidates: Vec<f64> = {
        let raw: Vec<f64> = (0..25).map(|_| random.random_range(0.1..1.0)).collect();
        let total: f64 = raw.iter().sum();
        raw.iter().map(|share| share / total).collect()
    };
    let mut critic = Table::zeros(25, 5);
    for (index, value) in critic.values.iter_mut().enumerate() {
        // Any number of the pair may be added to its row.
        *value = (exact[index] / candidates[index % 25]).ln() + (index / 25) as f64;
    }
    let found = critic.probabilities(&candidates);
    assert!(found.iter().zip(&exact).all(|(found, exact)| (found - exact).abs() < 1e-12));
}

#[test]
fn bootstrapped_estimators_reach_the_certainty_equivalent_and_the_others_what_they_can() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let table = grid();
    let policy = Policy::uniform(25, 5);
    let exact = distribution(&table, GAMMA, &policy);
    let error = |found: &[f64]| -> f64 {
        found.iter().zip(&exact).map(|(found, exact)| (found - exact).abs()).sum::<f64>() / 125.0
    };
    let data = collected(3_000, &table.model, &mut random);
    let shares = data.next_shares(25);
    let model = worlds::tabular::Table { model: data.empirical(5, &shares), ..table.clone() };
    let floor = error(&distribution(&model, GAMMA, &policy));
    let mut fit = |objective, shares: &[f64]| {
        let critic = critic::train(&data, &policy, 25, &training(objective), &mut random);
        error(&critic.probabilities(shares))
    };
    let temporal = fit(Objective::Temporal, &shares);
    let classifier = fit(Objective::Classifier, &shares);
    let monte_carlo = fit(Objective::MonteCarlo, &data.future_shares(25, GAMMA));
    let next_state = fit(Objective::NextState, &shares);
    let settings = Replayed { gamma: GAMMA, batch: 128, updates: 1_500, rate: 0.5, final_share: 0.02 };
    let replayed = error(&successor::replay(&data, &policy, &settings, &mut random));
    assert!(temporal < 1.5 * floor && classifier < 1.5 * floor && replayed < 1.5 * floor);
    assert!(monte_carlo > 2.0 * temporal && next_state > 2.0 * monte_carlo);
    assert!(next_state > 0.8 && floor < 0.15, "{next_state} {floor}");
}

#[test]
fn futures_are_shared_out_as_they_are_drawn_and_stay_in_their_episode() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let data = collected(130, &grid().model, &mut random);
    let shares = data.future_shares(25, GAMMA);
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let mut counts = [0.0; 25];
    for _ in 0..200_000 {
        let index = data.draw(&mut random);
        counts[data.future(index, GAMMA, &mut random)] += 1.0 / 200_000.0;
    }
    assert!(counts.iter().zip(&shares).all(|(count, share)| (count - share).abs() < 0.004));
    // The last transition of an episode has one future only.
    (0..50).for_each(|_| assert_eq!(data.future(49, GAMMA, &mut random), data.next(49)));
    assert_eq!(data.future(129, GAMMA, &mut random), data.next(129));
}

#[test]
fn data_grow_and_are_restored_exactly() {
    let table = grid();
    let policy = Policy::uniform(25, 5);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let whole = collected(170, &table.model, &mut random);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut grown = Data::default();
    for size in [30, 50, 75, 170] {
        grown.extend(size, &table.model, &policy, 50, &mut random);
        grown = Data::from_bytes(&grown.to_bytes()).expect("whole bytes");
    }
    assert_eq!(grown, whole);
    assert!(Data::from_bytes(&whole.to_bytes()[1..]).is_err());
}

#[test]
fn a_stream_learns_each_transition_once() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let data = collected(1, &grid().model, &mut random);
    let policy = Policy::uniform(25, 5);
    let mut stream = Stream::new(&[0.5], 25, 5);
    stream.follow(&data, &policy, GAMMA, &mut random);
    stream.follow(&data, &policy, GAMMA, &mut random);
    let row = &stream.tables()[0][data.pair(0) * 25..][..25];
    // Half of the way from 1/25 to (1 - gamma) 1(s') + gamma / 25.
    for (state, value) in row.iter().enumerate() {
        let here = if state == data.next(0) { 1.0 - GAMMA } else { 0.0 };
        assert!((value - (0.5 / 25.0 + 0.5 * (here + GAMMA / 25.0))).abs() < 1e-12);
    }
}
