use super::*;
use crate::testing::{assert_close, check_gradient, random_values, tensor, values};

const ROLLOUT: Rollout = Rollout { steps: 9, rows: 3, order: Order::TimeMajor };

struct Case {
    reward: Vec<f32>,
    discount: Vec<f32>,
    value: Vec<f32>,
    value_next: Vec<f32>,
    continues: Vec<f32>,
    valid: Vec<f32>,
}

impl Case {
    /// Row 0 terminates at step 3, row 1 is truncated at step 5, each followed by an entry that
    /// belongs to no episode and holds nonsense; row 2 goes on.
    fn new() -> Self {
        let size = ROLLOUT.size();
        let mut case = Self {
            reward: random_values(1, size),
            discount: vec![0.9; size],
            value: random_values(2, size),
            value_next: random_values(3, size),
            continues: vec![1.0; size],
            valid: vec![1.0; size],
        };
        for (step, row, terminated) in [(3, 0, true), (5, 1, false)] {
            let at = ROLLOUT.index(step, row);
            case.continues[at] = 0.0;
            if terminated {
                case.discount[at] = 0.0;
            }
            let between = ROLLOUT.index(step + 1, row);
            case.valid[between] = 0.0;
            case.continues[between] = 0.0;
            case.reward[between] = 1e6;
            case.value_next[between] = -1e6;
        }
        // Within an episode the next value is the next step's value; at its end and at the end of
        // the rollout it is a value of its own.
        for step in 0..ROLLOUT.steps - 1 {
            for row in 0..ROLLOUT.rows {
                let at = ROLLOUT.index(step, row);
                if case.continues[at] != 0.0 {
                    case.value_next[at] = case.value[ROLLOUT.index(step + 1, row)];
                }
            }
        }
        case
    }

    fn steps(&self) -> Steps<'_> {
        Steps {
            reward: &self.reward,
            discount: &self.discount,
            value_next: &self.value_next,
            continues: &self.continues,
        }
    }

    /// The k-step return from `start`, in f64, by its definition; `None` beyond the episode.
    fn k_step(&self, start: usize, row: usize, k: usize) -> Option<f64> {
        let (mut sum, mut product) = (0.0, 1.0);
        for step in start..start + k {
            if step >= ROLLOUT.steps {
                return None;
            }
            let at = ROLLOUT.index(step, row);
            sum += product * f64::from(self.reward[at]);
            product *= f64::from(self.discount[at]);
            if step + 1 == start + k {
                return Some(sum + product * f64::from(self.value_next[at]));
            }
            if self.continues[at] == 0.0 {
                return None;
            }
        }
        None
    }

    /// Every k-step return from `start` that the episode and the rollout allow.
    fn k_steps(&self, start: usize, row: usize) -> Vec<f64> {
        (1..).map_while(|k| self.k_step(start, row, k)).collect()
    }

    /// The lambda return as a mixture of k-step returns, the rest of the weight on the longest.
    fn lambda(&self, start: usize, row: usize, lambda: f64) -> f64 {
        let returns = self.k_steps(start, row);
        let mut weight = 1.0;
        let mut sum = 0.0;
        for (k, value) in returns.iter().enumerate() {
            let share = if k + 1 == returns.len() { 1.0 } else { 1.0 - lambda };
            sum += weight * share * value;
            weight *= lambda;
        }
        sum
    }
}

/// A function of step and row in the rollout's order.
fn table(function: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut all = vec![0.0; ROLLOUT.size()];
    for step in 0..ROLLOUT.steps {
        for row in 0..ROLLOUT.rows {
            all[ROLLOUT.index(step, row)] = function(step, row);
        }
    }
    all
}

#[test]
fn lambda_returns_and_advantages_are_mixtures_of_k_step_returns() {
    let case = Case::new();
    for lambda in [0.0f32, 0.7, 1.0] {
        let expected = table(|step, row| case.lambda(step, row, f64::from(lambda)));
        let found = lambda_return(ROLLOUT, case.steps(), lambda).unwrap();
        assert_close(&found, &expected, 1e-5);

        let found = gae(ROLLOUT, case.steps(), &case.value, &case.valid, lambda).unwrap();
        for at in 0..ROLLOUT.size() {
            let value = f64::from(case.value[at]);
            let expected = f64::from(case.valid[at]) * (expected[at] - value);
            assert_close(&found.advantage[at..=at], &[expected], 1e-5);
            assert_close(&found.target[at..=at], &[expected + value], 1e-5);
        }
    }
}

#[test]
fn n_step_returns_stop_at_the_end_of_the_episode() {
    let case = Case::new();
    for n in [1, 3, 20] {
        let expected = table(|step, row| {
            let returns = case.k_steps(step, row);
            returns[n.min(returns.len()) - 1]
        });
        let found = n_step(ROLLOUT, case.steps(), n).unwrap();
        assert_close(&found, &expected, 1e-5);
    }
}

#[test]
fn discounted_sums_and_both_layouts() {
    let rollout = Rollout { steps: 3, rows: 2, order: Order::BatchMajor };
    let reward = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let discount = [0.5, 0.5, 0.5, 0.5, 0.0, 0.5];
    let found = discounted(rollout, &reward, &discount, &[8.0, -4.0]).unwrap();
    assert_eq!(found, [3.75, 5.5, 7.0, 6.5, 5.0, 4.0]);
    let rollout = Rollout { order: Order::TimeMajor, ..rollout };
    let reward = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    let discount = [0.5, 0.5, 0.5, 0.0, 0.5, 0.5];
    let found = discounted(rollout, &reward, &discount, &[8.0, -4.0]).unwrap();
    assert_eq!(found, [3.75, 6.5, 5.5, 5.0, 7.0, 4.0]);
    let error = discounted(rollout, &reward[1..], &discount, &[0.0; 2]).unwrap_err();
    let text = "`reward` has 5 values where 6 are expected";
    assert_eq!(error.to_string(), text);
}

#[test]
fn the_differentiable_lambda_return_agrees_and_has_the_right_gradient() {
    let rollout = Rollout { steps: 4, rows: 2, order: Order::BatchMajor };
    let [reward, discount, value] = [1, 2, 3].map(|seed| random_values(seed, 8));
    let steps = Steps { reward: &reward, discount: &discount, value_next: &value, continues: &[1.0; 8] };
    let expected = lambda_return(rollout, steps, 0.8).unwrap();
    let shape = [2, 4];
    let found =
        imagined_lambda_return(tensor(&reward, shape), tensor(&discount, shape), tensor(&value, shape), 0.8);
    let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
    assert_close(&values(found), &expected, 1e-6);
    let all = [reward, discount, value].concat();
    check_gradient(&all, |leaf| {
        let part = |start| leaf.clone().narrow(0, start, 8).reshape(shape);
        imagined_lambda_return(part(0), part(8), part(16), 0.8).square().sum()
    });
}

#[test]
fn returns_to_go_of_a_small_episode() {
    let plain = ReturnToGo::new(2.0);
    assert_eq!(plain.of(&[1.0, 0.0, 3.0], true), [2.0, 1.5, 1.5]);
    assert!(plain.of(&[], true).is_empty());
    let full = ReturnToGo { discount: 0.5, clip: Some((-1.0, 1.0)), terminal: -4.0, ..plain };
    // 3 - 4 = -1, 0 - 0.5, 1 - 0.25, halved.
    assert_eq!(full.of(&[1.0, 0.0, 3.0], true), [0.375, -0.25, -0.5]);
    assert_eq!(full.of(&[1.0, 0.0, 3.0], false), [0.875, 0.75, 1.0]);
}
