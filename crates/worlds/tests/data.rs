//! Names of data sets: errors and repeatability.

use worlds::data::{catalogue, load};

#[test]
fn the_same_name_and_seed_give_the_same_bytes() {
    for entry in catalogue() {
        let data = load(entry.name, 5).unwrap();
        assert!(
            data == load(entry.name, 5).unwrap() && data != load(entry.name, 6).unwrap(),
            "{}",
            entry.name
        );
        assert!((data.prior.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let all = data.train.labels.iter().chain(&data.test.labels);
        assert!(all.into_iter().all(|&label| label < data.classes()));
        assert!(data.train.inputs.iter().chain(&data.test.inputs).all(|value| value.is_finite()));
    }
}

#[test]
fn wrong_names_are_refused_in_one_sentence() {
    let error = |name: &str| load(name, 0).unwrap_err().to_string();
    assert_eq!(error("digit8"), "unknown data set `digit8`; did you mean `digits8`?");
    assert_eq!(error("curves16,nois=0.3"), "unknown option of curves16 `nois`; did you mean `noise`?");
    assert!(error("digits8,train=1797").contains("from 10 to 1796"));
    assert!(error("digits8+stack=4").contains("take no modifiers"));
    assert!(error("latent-classes,rho=skewed").contains("one of uniform, zipf"));
}
