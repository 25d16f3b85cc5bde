//! Against the values of `reference/text_worlds.py`.

use serde_json::Value;
use worlds::seed::fnv1a;
use worlds::text::{Problem, Size, TextWorld};

use super::world;

fn golden() -> Value {
    serde_json::from_str(include_str!("../data/text_worlds.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Sizes of the splits, and the exclusive or over the hashes of all held-out problems.
fn check_space(world: &dyn TextWorld, expected: &Value) {
    let count = |key: &str| Size::Exactly(expected[key].as_u64().unwrap() as usize);
    assert_eq!(world.sizes(), [count("train"), count("test")], "{}", world.name());
    let problems = world.held_out(usize::MAX);
    assert_eq!(Size::Exactly(problems.len()), count("test"), "{}", world.name());
    let hash = |problem: &Problem| fnv1a((problem.prompt.clone() + &world.solution(problem)).as_bytes());
    let checksum = problems.iter().map(hash).fold(0, |sum, hash| sum ^ hash);
    assert_eq!(format!("{checksum:016x}"), text(&expected["checksum"]), "{}", world.name());
}

fn check_samples(world: &dyn TextWorld, samples: &Value) {
    for sample in samples.as_array().unwrap() {
        let problem = world.problem(text(&sample[0]));
        let solution = problem.map(|problem| world.solution(&problem));
        assert_eq!(solution.as_deref(), sample[1].as_str(), "{} of {}", sample[0], world.name());
    }
}

#[test]
fn hashes() {
    for pair in golden()["fnv"].as_array().unwrap() {
        assert_eq!(format!("{:016x}", fnv1a(text(&pair[0]).as_bytes())), text(&pair[1]), "{pair}");
    }
}

#[test]
fn arithmetic_in_whole_spaces() {
    for space in golden()["arith"].as_array().unwrap() {
        let world = world(text(&space["world"]));
        check_space(&*world, space);
        check_samples(&*world, &space["samples"]);
    }
}

#[test]
fn all_puzzles_of_two_people_and_some_of_more() {
    let golden = &golden()["knights"];
    check_space(&*world("knights,puzzles=2000"), &golden["two"]);
    check_samples(&*world("knights,n=2-6,puzzles=100"), &golden["samples"]);
}

#[test]
fn programs_with_and_without_faults() {
    let golden = &golden()["stack"];
    check_space(&*world("stack-code,lines=2,depth=2"), &golden["two"]);
    check_samples(&*world("stack-code"), &golden["samples"]);
}
