//! Refusals, what is read from data, and acting along plans.

use std::sync::Arc;

use memory::{
    Column,
    dataset::{ActionColumn, Columns, DataSpec, Dataset, Episode, FieldColumn},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{Method, Mode, Policy, Run, Scope, Snapshot, Task, data::Data};
use settings::Config;
use worlds::{ActionSpace, Array, Field, Layout, Observations, Role};

use super::{
    data::{Condition, Paths, far_outside, summed},
    *,
};

trials::small!(
    "decision-diffuser",
    "data:point-maze-umaze,reward=dense/mixed=0.5,steps=600",
    &[&[
        "horizon=8",
        "diffusion.base=8",
        "diffusion.steps=8",
        "batch=2",
        "inverse.hidden=[8]",
        "inverse.batch=2",
    ]]
);
trials::small!(
    "decision-diffuser",
    "data:traj2d,paths=50",
    &[&["variant=bc", "condition=label", "labels.ask=[\"1\"]", "inverse.hidden=[8]", "batch=2"]]
);

/// What a data set of the tests has.
#[derive(Clone, Copy)]
struct Has {
    lengths: &'static [usize],
    terminated: bool,
    rewards: bool,
    discrete: bool,
}

const USUAL: Has = Has { lengths: &[12, 9], terminated: false, rewards: true, discrete: false };

/// Episodes of a point that moves by its action; label 0 for the first episode, 1 for the others.
fn data(has: Has) -> Data {
    let (mut positions, mut actions, mut rewards, mut labels) = (vec![], vec![], vec![], vec![]);
    let mut episodes = Vec::new();
    for (index, &length) in has.lengths.iter().enumerate() {
        let (observation, step) = (positions.len() / 2, labels.len());
        episodes.push(Episode { observation, step, length, terminated: has.terminated });
        let mut place = [0.0_f32, index as f32];
        positions.extend(place);
        for step in 0..length {
            let action = if (step + index) % 3 == 0 { [1.0, 0.5] } else { [0.25, -0.5] };
            place = [place[0] + action[0], place[1] + action[1]];
            positions.extend(place);
            actions.extend(action);
            rewards.push(-1.0);
            labels.push(index.min(1) as f32);
        }
    }
    let steps = labels.len();
    let field = |name: &str, role| Field { name: name.to_owned(), role, layout: Layout::Vector { size: 2 } };
    let spec = DataSpec {
        world: None,
        fields: vec![field("state", Role::Input), field("goal", Role::Goal)],
        action: Some(match has.discrete {
            true => ActionSpace::Discrete { count: 3 },
            false => ActionSpace::Box { low: vec![-2.0; 2], high: vec![2.0; 2] },
        }),
        rewards: if has.rewards { vec!["reward".to_owned()] } else { Vec::new() },
        extra: vec![Column { name: "label".to_owned(), width: 1 }],
        horizon: None,
        policy: "test".to_owned(),
        seed: None,
    };
    let goals = vec![3.0; positions.len()];
    let columns = Columns {
        fields: vec![FieldColumn::Floats(positions.into()), FieldColumn::Floats(goals.into())],
        actions: Some(match has.discrete {
            true => ActionColumn::Discrete((0..steps as u32).map(|step| step % 3).collect::<Vec<_>>().into()),
            false => ActionColumn::Continuous(actions.into()),
        }),
        reward: if has.rewards { rewards.into() } else { Vec::new().into() },
        extra: vec![labels.into()],
    };
    let set = Dataset::new(spec, episodes, columns).expect("the columns fit");
    Data { name: "test".to_owned(), set: Arc::new(set) }
}

fn small() -> DecisionDiffuserConfig {
    DecisionDiffuserConfig {
        horizon: 8,
        scale: memory::Scale::MinMax,
        diffusion: DiffusionConfig { steps: 4, base: 8, ..DiffusionConfig::default() },
        sampling: SamplingConfig { reuse: 3, ..SamplingConfig::default() },
        inverse: InverseSettings { hidden: vec![8], ..InverseSettings::default() },
        batch: 8,
        ..DecisionDiffuserConfig::default()
    }
}

fn labelled(ask: &[&str]) -> DecisionDiffuserConfig {
    let labels =
        LabelsConfig { ask: ask.iter().map(|&text| text.to_owned()).collect(), ..LabelsConfig::default() };
    DecisionDiffuserConfig { condition: ConditionOn::Label, labels, ..small() }
}

fn built(config: DecisionDiffuserConfig, has: Has) -> Result<(DecisionDiffuser, Run)> {
    let mut run = Run::new(3, 100, "cpu");
    config.validate().expect("the settings make sense");
    let task = Task::new().with(data(has));
    Ok((DecisionDiffuser::build(config, &task, &mut run)?, run))
}

fn refusal(config: DecisionDiffuserConfig, has: Has) -> String {
    built(config, has).err().expect("it is refused").to_string()
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let without = Has { rewards: false, ..USUAL };
    assert!(refusal(small(), without).contains("has no rewards"));
    assert!(built(labelled(&["0"]), without).is_ok());
    let short = Has { lengths: &[5, 1], ..USUAL };
    assert!(refusal(small(), short).contains("episode 1 of data `test` has fewer than 2 steps"));
    let text = refusal(labelled(&["0", "not 7"]), USUAL);
    assert!(text.contains("`not 7`") && text.ends_with(": 0, 1"), "{text}");
    let discrete = Has { discrete: true, ..USUAL };
    assert!(refusal(small(), discrete).contains("inverse.head=classifier"));
    let classifier =
        InverseSettings { head: nets::dynamics::inverse::InverseHead::Classifier, ..small().inverse };
    assert!(
        refusal(DecisionDiffuserConfig { inverse: classifier.clone(), ..small() }, USUAL)
            .contains("head=mse")
    );
    assert!(built(DecisionDiffuserConfig { inverse: classifier, ..small() }, discrete).is_ok());
    let reuse = SamplingConfig { reuse: 8, ..SamplingConfig::default() };
    let sentence = DecisionDiffuserConfig { sampling: reuse, ..small() }.validate().unwrap_err();
    assert!(sentence.starts_with("`sampling.reuse` is 8: a plan of 8 rows"), "{sentence}");
    let mut warm = small();
    warm.sampling.warm = 5;
    assert_eq!(warm.validate().unwrap_err(), "`sampling.warm` is 5: it must be at most `diffusion.steps`, 4");
    let mut target = small();
    target.returns.target = 1.5;
    let sentence = target.validate().unwrap_err();
    assert!(
        sentence.starts_with("`returns.target` is 1.5: ") && sentence.contains("`returns.clip` is 1"),
        "{sentence}"
    );
    let odd = DecisionDiffuserConfig { horizon: 9, ..small() };
    assert!(refusal(odd, USUAL).contains("`horizon` is 9"));
}

/// The returns that every step is conditioned on.
fn conditions(returns: ReturnsConfig, has: Has) -> Vec<f32> {
    let config = DecisionDiffuserConfig { returns, ..small() };
    let mut run = Run::new(0, 100, "cpu");
    let mut paths = Paths::new(&config, &data(has), &mut run).expect("the data can be read");
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut values = Vec::new();
    for _ in 0..400 {
        paths.draw_steps(1, &mut random);
        values.extend(paths.conditions());
    }
    values.sort_by(f32::total_cmp);
    values.dedup();
    values
}

#[test]
fn returns_fill_the_range_below_one() {
    // Rewards are -1 throughout: raised by 1 they say nothing, so that all are alike.
    assert_eq!(conditions(ReturnsConfig::default(), USUAL), [0.0]);
    let one = Has { lengths: &[2], terminated: true, ..USUAL };
    let constants = ReturnsConfig { discount: 0.5, divisor: 2.0, terminal: 4.0, ..ReturnsConfig::default() };
    // Last step (-1 + 4)/2, clipped at 1; the first (-1 + 0.5 * 3)/2.
    assert_eq!(conditions(constants, one), [0.25, 1.0]);
}

#[test]
fn a_target_far_outside_is_told() {
    assert_eq!(far_outside(0.9, 0.0, 1.0), None);
    assert_eq!(far_outside(1.19, 0.0, 1.0), None);
    let warning = far_outside(0.9, -4.0, -2.5).expect("it is far outside");
    assert!(warning.contains("is 0.9") && warning.contains("-4.000 to -2.500"), "{warning}");
}

#[test]
fn plans_are_windows_that_repeat_a_terminal_state() {
    for terminated in [false, true] {
        let has = Has { lengths: &[12], terminated, ..USUAL };
        let mut run = Run::new(0, 100, "cpu");
        let mut paths = Paths::new(&small(), &data(has), &mut run).expect("the data can be read");
        // A goal that never changes is no part of the state.
        assert_eq!(paths.fields.width, 2);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut repeated = 0;
        for _ in 0..50 {
            paths.draw(1, &mut random);
            let states = paths.states(0, 8);
            let step = paths.drawn_steps().next().expect("one was drawn");
            assert!(terminated || step <= 5);
            let alike = states.chunks_exact(2).rev().take_while(|state| *state == &states[14..]).count();
            assert_eq!(alike, (step + 8).saturating_sub(12).max(1), "{step}");
            repeated += usize::from(alike > 1);
        }
        assert_eq!(repeated > 0, terminated);
    }
}

fn seen(rows: &[[f32; 2]]) -> Observations {
    let states = Array::Float(rows.concat());
    let goals = Array::Float(vec![3.0; 2 * rows.len()]);
    Observations { rows: rows.len(), fields: vec![states, goals] }
}

/// Plans as they stand.
fn plans(policy: &PlanPolicy) -> Snapshot {
    let mut snapshot = Snapshot::new();
    policy.save(&mut snapshot).expect("plans can be saved");
    snapshot
}

#[test]
fn a_plan_is_followed_for_as_many_steps_as_asked_and_can_be_saved() {
    for (history, warm) in [(1, 0), (3, 0), (2, 2)] {
        let mut config = DecisionDiffuserConfig { history, ..small() };
        config.sampling.warm = warm;
        let (mut method, mut run) = built(config, USUAL).expect("it is built");
        method.advance(&mut run).expect("training goes on");
        let mut policy = method.plan_policy(method.conditions.clone()).expect("the data have actions");
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut drawn = Vec::new();
        for step in 0..7 {
            let before = random.get_word_pos();
            let state = step as f32 * 0.5;
            policy.act(&seen(&[[state, 0.0], [state, 1.0]]), Mode::Greedy, &mut random).expect("it acts");
            drawn.push(random.get_word_pos() != before);
        }
        assert_eq!(drawn, [true, false, false, true, false, false, true]);
        let mut other = method.plan_policy(method.conditions.clone()).expect("the data have actions");
        other.load(&plans(&policy)).expect("plans can be loaded");
        policy.begin(Scope::Episode, &[1]);
        other.begin(Scope::Episode, &[1]);
        let next = seen(&[[3.5, 0.0], [0.0, 0.0]]);
        let mut same = random.clone();
        let actions = policy.act(&next, Mode::Greedy, &mut random).expect("it acts");
        assert_eq!(actions, other.act(&next, Mode::Greedy, &mut same).expect("it acts"));
        assert!(plans(&policy) == plans(&other));
    }
}

#[test]
fn every_variant_acts_inside_the_box() {
    for head in ["mse", "bins"] {
        for variant in [PathModel::Diffuser, PathModel::CondDiffuser] {
            let mut config = DecisionDiffuserConfig { variant, ..small() };
            config.inverse.bins = 5;
            if head == "bins" {
                config.inverse.head = nets::dynamics::inverse::InverseHead::Bins;
            }
            let (mut method, mut run) = built(config, USUAL).expect("it is built");
            method.advance(&mut run).expect("training goes on");
            let mut policy = method.policy().expect("the data have actions");
            let mut random = ChaCha8Rng::seed_from_u64(5);
            let actions = policy.act(&seen(&[[0.0, 0.0]]), Mode::Greedy, &mut random).expect("it acts");
            let worlds::Actions::Continuous(values) = actions else { panic!("actions are vectors") };
            assert!(values.len() == 2 && values.iter().all(|value| value.abs() <= 2.0));
        }
    }
}

#[test]
fn a_sum_of_labels_is_one_condition() {
    let (method, _) = built(labelled(&["0", "not 1"]), USUAL).expect("it is built");
    let weight = method.config.sampling.guidance;
    assert_eq!(
        method.conditions,
        [Condition { values: vec![1.0, 0.0], weight }, Condition { values: vec![0.0, 1.0], weight: -weight },]
    );
    assert_eq!(summed(&method.conditions, 2.0), [Condition { values: vec![1.0, -1.0], weight: 2.0 }]);
    let mut config = labelled(&["0", "1"]);
    config.labels.together = Together::Sum;
    let (method, _) = built(config, USUAL).expect("it is built");
    assert_eq!(method.conditions, [Condition { values: vec![1.0, 1.0], weight }]);
}
