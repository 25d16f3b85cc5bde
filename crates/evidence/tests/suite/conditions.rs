//! Every kind of condition with every verdict, and the claim's verdict from them.

use std::collections::BTreeMap;

use evidence::{
    Claim, Series,
    claim::{ClaimPlan, Preset},
    condition::{Judgement, Outcomes, RunOutcome, judge},
    report::{Condition, Verdict},
};

const ARMS: &str = r#"
id = "example"
claim = "A claim."
source = "nowhere"
[preset.quick]
seeds = 5
steps = 1000
[[arm]]
name = "a"
method = "random"
world = "cartpole"
[[arm]]
name = "b"
method = "random"
world = "cartpole"
[[arm]]
name = "s"
method = "random"
world = "cartpole"
sweep = { n = [10, 100, 1000] }
steps = "{n}"
"#;

fn plan(conditions: &str) -> ClaimPlan {
    let text = format!("{ARMS}{conditions}");
    let claim = Claim::parse(&text, "example.toml").unwrap_or_else(|error| panic!("{error}"));
    claim.plan(Preset::Quick).unwrap().clone()
}

fn condition(kind: &str, rest: &str) -> String {
    format!("[[condition]]\ntext = \"it is so\"\nkind = \"{kind}\"\nmetric = \"eval/return\"\n{rest}\n")
}

/// Runs with one record each.
fn ends(values: &[f64]) -> Vec<RunOutcome> {
    curves(&values.iter().map(|&value| vec![(1000, value)]).collect::<Vec<_>>())
}

/// Runs with several records.
fn curves(records: &[Vec<(u64, f64)>]) -> Vec<RunOutcome> {
    let run = |(index, records): (usize, &Vec<(u64, f64)>)| {
        let (steps, values) = records.iter().copied().unzip();
        let series = Series { steps, values, budget: 1000 };
        RunOutcome { seed: 100 + index as u64, series: BTreeMap::from([("eval/return".to_owned(), series)]) }
    };
    records.iter().enumerate().map(run).collect()
}

fn outcomes(arms: &[(&str, Vec<RunOutcome>)]) -> Outcomes {
    let arms = arms.iter().map(|(name, runs)| ((*name).to_owned(), runs.clone())).collect();
    Outcomes { arms, claims: BTreeMap::new() }
}

fn judged(conditions: &str, arms: &[(&str, Vec<RunOutcome>)]) -> Judgement {
    judge(&plan(conditions), &outcomes(arms)).unwrap_or_else(|error| panic!("{error}"))
}

fn only(conditions: &str, arms: &[(&str, Vec<RunOutcome>)]) -> Condition {
    judged(conditions, arms).conditions.remove(0)
}

fn refused(conditions: &str, arms: &[(&str, Vec<RunOutcome>)]) -> String {
    judge(&plan(conditions), &outcomes(arms)).unwrap_err().to_string()
}

#[test]
fn a_multiple_of_an_arm_that_has_nothing() {
    let ask = condition("difference", "arm = \"a\"\nversus = \"b\"\ntimes = 2.0\nmargin = 0.0");
    let against =
        |other: [f64; 5]| only(&ask, &[("a", ends(&[1.0, 1.2, 0.9, 1.1, 1.0])), ("b", ends(&other))]);
    let nothing = against([0.0; 5]);
    assert_eq!(
        (nothing.verdict, nothing.about.as_str()),
        (Verdict::Holds, "a against 2 times b: eval/return (end)")
    );
    assert_eq!(against([0.6, 0.7, 0.6, 0.7, 0.6]).verdict, Verdict::DoesNotHold);
}

#[test]
fn difference() {
    let arms = [("a", ends(&[5.0, 6.0, 7.0, 6.0, 6.0])), ("b", ends(&[1.0, 2.5, 3.0, 1.5, 2.0]))];
    let ask = |margin: &str| condition("difference", &format!("arm = \"a\"\nversus = \"b\"\n{margin}"));
    let found = only(&ask("margin = 3.5"), &arms);
    assert_eq!((found.verdict, found.estimate.value), (Verdict::Holds, 4.0));
    assert!(found.estimate.low.unwrap() > 3.6 && found.estimate.high.unwrap() < 4.4, "{found:?}");
    assert_eq!((found.asked.as_str(), found.asked_low, found.asked_high), (">= 3.5", Some(3.5), None));
    assert_eq!(only(&ask("margin = 4.5"), &arms).verdict, Verdict::DoesNotHold);
    let open = only(&ask("margin = 3.9"), &arms);
    assert_eq!(open.verdict, Verdict::Undecided);
    assert!(open.seeds_needed.unwrap() > 5, "{open:?}");
    assert_eq!(only(&ask("direction = \"below\"\nmargin = 4.5"), &arms).verdict, Verdict::Holds);
    assert_eq!(only(&ask("direction = \"below\"\nmargin = 3.5"), &arms).verdict, Verdict::DoesNotHold);
    assert_eq!(only(&ask("direction = \"below\"\nmargin = 4"), &arms).verdict, Verdict::Undecided);
    let alone = only(&condition("difference", "arm = \"a\"\nmargin = 5"), &arms);
    assert_eq!((alone.verdict, alone.estimate.value), (Verdict::Holds, 6.0));
}

#[test]
fn the_mean_over_the_points_of_a_sweep() {
    let point = |n: u32, values: [f64; 5]| (format!("s[n={n}]"), ends(&values));
    // One point goes up with the seed and the other down: their mean does neither.
    let points =
        [point(10, [1.0, 2.0, 3.0, 4.0, 5.0]), point(100, [5.0, 4.0, 3.0, 2.0, 1.0]), point(1000, [6.0; 5])];
    let arms: Vec<(&str, Vec<RunOutcome>)> =
        points.iter().map(|(name, runs)| (name.as_str(), runs.clone())).collect();
    let found = only(&condition("difference", "arm = \"s[*]\"\nmargin = 3.9"), &arms);
    assert_eq!(
        (found.verdict, found.estimate.low, found.estimate.high),
        (Verdict::Holds, Some(4.0), Some(4.0))
    );
    let plan = plan(&condition("difference", "arm = \"s[*]\"\nmargin = 3.9"));
    assert_eq!(plan.measured("s[n=100]").len(), 1);
    assert!(plan.measured("a").is_empty());
}

#[test]
fn pairs_share_what_a_seed_has_in_common() {
    // Seeds differ by a hundred, the arms by one in each of them.
    let base = [0.0, 100.0, 200.0, 300.0, 400.0];
    let arms = [("a", ends(&base.map(|value| value + 1.0))), ("b", ends(&base))];
    let found = only(&condition("difference", "arm = \"a\"\nversus = \"b\"\nmargin = 1"), &arms);
    assert_eq!(
        (found.verdict, found.estimate.low, found.estimate.high),
        (Verdict::Holds, Some(1.0), Some(1.0))
    );
    let above = only(&condition("difference", "arm = \"a\"\nversus = \"b\"\nmargin = 1.001"), &arms);
    assert_eq!(above.verdict, Verdict::DoesNotHold);
}

#[test]
fn few_seeds() {
    let ask = condition("difference", "arm = \"a\"\nmargin = 1");
    // Student's t for 1, 2, 3: 2 +- 2.9200 * 1 / sqrt(3).
    let three = only(&ask, &[("a", ends(&[1.0, 2.0, 3.0]))]);
    assert!((three.estimate.low.unwrap() - (2.0 - 2.919_985_580_355_516 / 3.0_f64.sqrt())).abs() < 1e-9);
    assert_eq!(three.verdict, Verdict::Undecided);
    assert_eq!(only(&ask, &[("a", ends(&[4.0, 4.1, 4.2]))]).verdict, Verdict::Holds);
    assert_eq!(only(&ask, &[("a", ends(&[0.2, 0.1]))]).verdict, Verdict::DoesNotHold);
    let one = judged(&ask, &[("a", ends(&[50.0]))]);
    assert_eq!((one.verdict, one.conditions[0].estimate.low), (Verdict::Undecided, None));
    assert!(one.remark.contains("run at least 5"), "{}", one.remark);
}

#[test]
fn ratio() {
    let arms = [("a", ends(&[8.0, 12.0, 10.0, 9.0, 11.0])), ("b", ends(&[2.0, 3.0, 2.5, 2.0, 3.0]))];
    let ask = |margin| condition("ratio", &format!("arm = \"a\"\nversus = \"b\"\nmargin = {margin}"));
    let found = only(&ask(3.5), &arms);
    assert_eq!((found.verdict, found.estimate.value), (Verdict::Holds, 4.0));
    assert_eq!(only(&ask(5.0), &arms).verdict, Verdict::DoesNotHold);
    assert_eq!(only(&ask(4.0), &arms).verdict, Verdict::Undecided);
    let zeros = [("a", ends(&[1.0, 1.0, 1.0])), ("b", ends(&[0.0, 0.0, 0.5]))];
    let open = only(&ask(2.0), &zeros);
    assert_eq!((open.verdict, open.estimate.low, open.estimate.high), (Verdict::Undecided, None, None));
    for wrong in [[0.0, 0.0, 0.0], [3.0, -1.0, 2.0]] {
        let refusal = refused(&ask(2.0), &[("a", ends(&[1.0, 1.0, 1.0])), ("b", ends(&wrong))]);
        assert!(refusal.contains("arm `b`") && refusal.contains("`eval/return`"), "{refusal}");
    }
}

#[test]
fn reach() {
    let slow = curves(&vec![vec![(10, 0.0), (100, 0.0), (1000, 8.0)]; 5]);
    let fast = curves(&vec![vec![(10, 8.0), (100, 8.0), (1000, 8.0)]; 5]);
    let never = curves(&vec![vec![(10, 0.0), (100, 1.0), (500, 1.0)]; 5]);
    let ask =
        |margin| condition("reach", &format!("arm = \"a\"\nversus = \"b\"\nlevel = 4\nmargin = {margin}"));
    let found = only(&ask(30.0), &[("a", slow.clone()), ("b", fast.clone())]);
    assert!((found.estimate.value - 10.0 * 10.0_f64.sqrt()).abs() < 1e-9, "{found:?}");
    assert_eq!((found.verdict, found.asked.as_str()), (Verdict::Holds, ">= 30"));
    assert_eq!(only(&ask(32.0), &[("a", slow), ("b", fast.clone())]).verdict, Verdict::DoesNotHold);
    let capped = only(&ask(99.0), &[("a", never), ("b", fast)]);
    assert!((capped.estimate.value - 100.0).abs() < 1e-9 && capped.verdict == Verdict::Holds, "{capped:?}");
    let mixed: Vec<Vec<(u64, f64)>> = [100, 20, 400, 50, 900].iter().map(|&step| vec![(step, 9.0)]).collect();
    let steady = curves(&vec![vec![(100, 9.0)]; 5]);
    assert_eq!(only(&ask(1.2), &[("a", curves(&mixed)), ("b", steady)]).verdict, Verdict::Undecided);
}

#[test]
fn bound() {
    let arms = [("a", ends(&[1.0, 2.0, 3.0, 4.0, 9.0, 5.0])), ("b", ends(&[1.0; 6]))];
    let ask = |rest: &str| condition("bound", &format!("arm = \"a\"\n{rest}"));
    let found = only(&ask("low = 1\nhigh = 5\nseeds = \"5 of 6\""), &arms);
    assert_eq!((found.verdict, found.seeds_inside.as_str()), (Verdict::Holds, "5 of 6"));
    assert_eq!((found.estimate.value, found.estimate.low), (4.0, None));
    assert_eq!(only(&ask("low = 1\nhigh = 5"), &arms).verdict, Verdict::DoesNotHold);
    assert_eq!(only(&ask("low = 1"), &arms).verdict, Verdict::Holds);
    assert_eq!(only(&ask("versus = \"b\"\nlow = 0\nhigh = 8"), &arms).verdict, Verdict::Holds);
    assert_eq!(only(&ask("versus = \"b\"\nlow = 0.5\nhigh = 8"), &arms).verdict, Verdict::DoesNotHold);
    // A share of other numbers of seeds is rounded up: 5 of 6 of four seeds are all four.
    let four = [("a", ends(&[1.0, 1.0, 1.0, 9.0]))];
    assert_eq!(only(&ask("high = 2\nseeds = \"5 of 6\""), &four).verdict, Verdict::DoesNotHold);
    assert_eq!(only(&ask("high = 2"), &[("a", ends(&[1.0]))]).verdict, Verdict::Holds);
}

#[test]
fn slope_over_a_sweep() {
    // 3 n^1.5 times a factor of the seed, which cancels.
    let law = |n: f64| ends(&[0.5, 1.0, 1.5, 2.0, 1.0].map(|factor| factor * 3.0 * n.powf(1.5)));
    let arms = [("s[n=10]", law(10.0)), ("s[n=100]", law(100.0)), ("s[n=1000]", law(1000.0))];
    let ask = |rest: &str| condition("slope", &format!("arm = \"s\"\nx = \"n\"\n{rest}"));
    let found = only(&ask("low = 1.4\nhigh = 1.6"), &arms);
    assert!((found.estimate.value - 1.5).abs() < 1e-12, "{found:?}");
    assert!((found.estimate.low.unwrap() - 1.5).abs() < 1e-9 && found.verdict == Verdict::Holds, "{found:?}");
    assert_eq!(only(&ask("high = 1.4"), &arms).verdict, Verdict::DoesNotHold);
    let noisy = [
        ("s[n=10]", ends(&[10.0, 14.0, 8.0, 12.0, 9.0])),
        ("s[n=100]", ends(&[90.0, 120.0, 110.0, 80.0, 100.0])),
        ("s[n=1000]", ends(&[900.0, 1500.0, 700.0, 1000.0, 1200.0])),
    ];
    let open = only(&ask("low = 1"), &noisy);
    assert_eq!(open.verdict, Verdict::Undecided, "{open:?}");
    let zero = [("s[n=10]", ends(&[0.0; 5])), arms[1].clone(), arms[2].clone()];
    let refusal = refused(&ask("low = 1"), &zero);
    assert!(refusal.contains("arm `s[n=10]`") && refusal.contains("`eval/return`"), "{refusal}");
}

#[test]
fn slope_over_steps() {
    let law = |power: f64| {
        let run = |factor: f64| {
            [1_u64, 10, 100, 1000].iter().map(|&n| (n, factor * (n as f64).powf(power))).collect()
        };
        curves(&[run(1.0), run(2.0), run(3.0), run(4.0), run(5.0)])
    };
    let arms = [("a", law(-0.5)), ("b", law(0.25))];
    let ask = |rest: &str| condition("slope", &format!("arm = \"a\"\nx = \"step\"\n{rest}"));
    let found = only(&ask("low = -0.6\nhigh = -0.4"), &arms);
    assert!((found.estimate.value + 0.5).abs() < 1e-12 && found.verdict == Verdict::Holds, "{found:?}");
    let difference = only(&ask("versus = \"b\"\nhigh = -0.7\nfrom = 10\nto = 100"), &arms);
    assert!((difference.estimate.value + 0.75).abs() < 1e-12 && difference.verdict == Verdict::Holds);
    assert!(refused(&ask("low = 0\nfrom = 500"), &arms).contains("has 1 records"));
}

#[test]
fn what_a_run_lacks() {
    let ask = condition("difference", "arm = \"a\"\nversus = \"b\"\nmargin = 1");
    let mut runs = ends(&[1.0, 2.0]);
    runs[1].series.clear();
    let refusal = refused(&ask, &[("a", runs), ("b", ends(&[1.0, 2.0]))]);
    assert!(refusal.starts_with("the run of arm `a` with seed 101 recorded no `eval/return`"), "{refusal}");
    let refusal = refused(&ask, &[("a", ends(&[1.0, 2.0])), ("b", ends(&[1.0]))]);
    assert!(refusal.contains("`a` and `b` ran under different seeds"), "{refusal}");
    assert!(refused(&ask, &[("a", ends(&[1.0]))]).contains("arm `b` has no runs"));
    let refusal = refused(&ask, &[("a", ends(&[1.0, f64::NAN])), ("b", ends(&[1.0, 2.0]))]);
    assert!(refusal.contains("with seed 101 is NaN"), "{refusal}");
}

#[test]
fn the_claim_follows_from_its_conditions() {
    let ask =
        |margin: f64, more: &str| condition("difference", &format!("arm = \"a\"\nmargin = {margin}\n{more}"));
    let (holds, open, fails) = (ask(1.0, ""), ask(3.0, ""), ask(9.0, ""));
    let arms = [("a", ends(&[2.0, 4.0, 3.0, 2.5, 4.0]))];
    let verdict = |conditions: &[&str]| judged(&conditions.concat(), &arms);
    assert_eq!(verdict(&[&holds, &holds]).verdict, Verdict::Holds);
    assert_eq!(verdict(&[&holds]).remark, "");
    let undecided = verdict(&[&holds, &open]);
    assert_eq!(undecided.verdict, Verdict::Undecided);
    let needed = undecided.conditions[1].seeds_needed.unwrap();
    assert!(undecided.remark.contains(&format!("about {needed} seeds")), "{}", undecided.remark);
    let failed = verdict(&[&open, &fails, &holds]);
    assert_eq!(failed.verdict, Verdict::DoesNotHold);
    assert!(failed.remark.contains("is not >= 9"), "{}", failed.remark);
    let aside = ask(9.0, "gating = false");
    assert_eq!(verdict(&[&aside, &holds]).verdict, Verdict::Holds);
    let sane = ask(9.0, "sanity = true");
    let invalid = verdict(&[&holds, &fails, &sane]);
    assert_eq!(invalid.verdict, Verdict::Invalid);
    assert!(invalid.remark.contains("says nothing, because \"it is so\""), "{}", invalid.remark);
    let unclear = ask(3.0, "sanity = true");
    assert_eq!(verdict(&[&holds, &unclear]).verdict, Verdict::Undecided);
}
