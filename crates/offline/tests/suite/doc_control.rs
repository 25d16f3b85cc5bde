//! Control is separated from luck, in data recorded on the spot.

use trials::Trial;

#[test]
fn control_is_separated_from_luck_on_a_table() {
    let data = "data:bernoulli-bandit,p=0.2/behaviour,steps=1000,seed=0 in bernoulli-bandit,p=0.2";
    let measured = |lambda: &str| {
        let mut trial = Trial::new("doc-control", data, &[lambda], 3_000, 0);
        trial.train(3_000);
        ["eval/return", "diag/mutual_information", "diag/consistency_gap"].map(|name| trial.metric(name, 1))
    };
    let [earned, information, gap] = measured("lambda=2.0");
    assert!(earned > 0.72 && information < 0.05 && gap < 0.1, "{earned} {information} {gap}");
    let [earned, information, gap] = measured("lambda=0.0");
    assert!((earned - 0.5).abs() < 0.1 && information > 0.2 && gap > 0.4, "{earned} {information} {gap}");
}

#[test]
fn control_is_separated_from_luck_by_networks() {
    let data = "data:bernoulli-bandit,p=0.2/behaviour,steps=1000,seed=0 in bernoulli-bandit,p=0.2";
    let measured = |lambda: &str| {
        let settings = [
            "variant=deep",
            "deep.context=1",
            "deep.future=1",
            "deep.width=16",
            "deep.layers=1",
            "deep.latent=2",
            "deep.batch=64",
            "deep.beta=0.1",
            lambda,
        ];
        let mut trial = Trial::new("doc-control", data, &settings, 1_500, 0);
        trial.train(1_500);
        ["eval/return", "diag/consistency_gap", "diag/promised"].map(|name| trial.metric(name, 400))
    };
    let with = measured("lambda=3.0");
    let without = measured("lambda=0.0");
    assert!(with[0] > without[0] + 0.1 && with[1] < without[1], "{with:?} {without:?}");
}
