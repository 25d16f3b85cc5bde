//! Nearest pairs constrain a policy, and refuse what they cannot.

use run::{Task, data::Data};
use trials::{Trial, refusals::refused};

const STRIPES: &str = "data:line-world,start=uniform,horizon=1/stripes,steps=4000,seed=0 in line-world";

#[test]
fn near_pairs_cross_the_stripes_that_stop_the_same_state() {
    let after = |constraint: &[&str]| {
        let settings = [&["agent.alpha=5.0", "agent.gamma=0.9", "agent.tau=0.05"], constraint].concat();
        let mut trial = Trial::new("prdc", STRIPES, &settings, 1_500, 0);
        trial.train(1_500);
        trial.metric("eval/discounted", 20)
    };
    assert!(after(&["beta=0.5"]) > 0.3);
    assert!(after(&["beta=1000.0"]) < 0.2);
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    let refused = |data: &str, settings: &[&str]| {
        refused("prdc", &Task::new().with(Data::open(data).expect("the data can be recorded")), settings)
    };
    let sentence = refused("data:cartpole/random,steps=50", &[]);
    assert!(sentence.contains("`prdc` needs continuous actions"), "{sentence}");
    let few = "data:line-world/random,steps=2";
    assert!(refused(few, &["neighbours=3"]).contains("looks for 3 nearest pairs, but the data holds 2"));
    assert!(refused(few, &["beta=-1.0"]).contains("`beta` is -1"));
}
