//! Small trials.

trials::small!("alp-gmm", "cube-toy,gain=0.1", &[&["mixture.fit_rate=50"]]);
trials::small!(
    "alp-gmm",
    "cartpole",
    &[&["student.rollout=32", "student.hidden=[8]", "mixture.fit_rate=50"]]
);
