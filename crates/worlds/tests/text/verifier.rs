//! Responses that try to look right.

use worlds::text::{Problem, TextWorld, Verdict};

use super::world;

fn graded(world: &dyn TextWorld, prompt: &str, response: &str) -> Verdict {
    world.verify(&world.problem(prompt).unwrap(), response)
}

/// Correct, format, first wrong character.
fn outline(verdict: &Verdict) -> (bool, bool, Option<usize>) {
    (verdict.correct, verdict.format, verdict.first_wrong)
}

#[test]
fn arithmetic_is_graded_strictly() {
    let world = world("arith,m=7");
    let grade = |response: &str| graded(&*world, "3+1*4?", response);
    for (response, expected) in [
        ("3+1=4;4*4=2;#2$", (true, true, None)),
        ("#2$", (true, true, Some(0))),
        ("3+1=4;#2$", (true, true, Some(6))),
        ("3+1=4;4*4=2;#2", (false, false, Some(14))),
        ("3+1=4;4*4=2;#2$$", (false, false, Some(15))),
        ("3+1=4;4*4=2;#2$2", (false, false, Some(15))),
        ("3+1=4;4*4=2;#2$#3$", (false, false, Some(15))),
        ("3+1=4;4*4=2;#2#2$", (false, false, Some(14))),
        ("3+1=4;4*4=2;##2$", (false, false, Some(13))),
        ("3+1=4;4*4=2;#3$", (false, true, Some(13))),
        ("3+1=4;4*4=2;#9$", (false, false, Some(13))),
        ("3+1=4;4*4=2;#02$", (false, false, Some(13))),
        ("3+1=4;4*4=2;#2 $", (false, false, Some(14))),
        ("3+1=4;4*4=2;#２$", (false, false, Some(13))),
        ("3+1=4;4*4=2;#$", (false, false, Some(13))),
        ("3+1=4;4*4=2;2$", (false, false, Some(12))),
        ("3+1=4$4*4=2;#2$", (false, false, Some(5))),
        ("$", (false, false, Some(0))),
        ("#", (false, false, Some(0))),
        ("", (false, false, Some(0))),
    ] {
        assert_eq!(outline(&grade(response)), expected, "{response}");
    }
}

#[test]
fn arithmetic_steps_are_judged_from_the_step_before() {
    let world = world("arith,m=7");
    let steps = |response: &str| graded(&*world, "3+1*4?", response).steps;
    for (response, expected) in [
        ("3+1=5;5*4=6;#6$", vec![false, true]),
        ("3+1=4;4*4=3;#3$", vec![true, false]),
        ("3+1=4;4*3=5;#5$", vec![true, false]),
        ("3+1=4;4*4=2", vec![true, false]),
        ("3+1=4;4*4=2;2+0=2;#2$", vec![true, true, false]),
        ("3+1=4;;4*4=2;#2$", vec![true, false, false]),
        ("3+1=9;9*4=1;#1$", vec![false, false]),
        ("nonsense#2$", vec![false]),
        ("#2$", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(steps(response), expected, "{response}");
    }
    let ladder = super::world("arith,ladder=4");
    let steps = |response: &str| graded(&*ladder, "4+3+6*4?", response).steps;
    assert_eq!(steps("732#2$"), [true, true, true]);
    assert_eq!(steps("743#3$"), [true, false, false]);
    assert_eq!(steps("746#6$"), [true, false, true]);
    assert_eq!(steps("7322#2$"), [true, true, true, false]);
}

#[test]
fn puzzles_are_graded_strictly() {
    let world = world("knights,n=2-4");
    // A: if C is a knave so is C; B: A is a knave and C a knight; C: A is a knave and so is C.
    let prompt = "A>nCnCB&nAkBC&nAkC?";
    let worked = "k;kkx;kn;knkx;knn;#knn$";
    let grade = |response: &str| graded(&*world, prompt, response);
    for (response, expected) in [
        (worked, (true, true, None)),
        ("#knn$", (true, true, Some(0))),
        ("#nnn$", (false, true, Some(0))),
        ("#kn$", (false, false, Some(0))),
        ("#knnn$", (false, false, Some(0))),
        ("#knx$", (false, false, Some(0))),
        ("#KNN$", (false, false, Some(0))),
        ("#knn", (false, false, Some(0))),
        ("#knn$#knn$", (false, false, Some(0))),
        ("k;kkx;kn;knkx;knn;#knn#knn$", (false, false, Some(22))),
    ] {
        assert_eq!(outline(&grade(response)), expected, "{response}");
    }
    for (response, expected) in [
        ("k;kkx;kn;knkx;knn;", vec![true; 5]),
        ("kx;n;", vec![false, true]),
        ("k;kk;", vec![true, false]),
        ("k;kn;", vec![true, false]),
        ("n;", vec![false]),
        ("k;kkx;kn;knkx;knn;n;", vec![true, true, true, true, true, false]),
        ("k;kkx;kn", vec![true, true, false]),
        (";x;q;kkkkk;kkkkkx;", vec![false; 5]),
    ] {
        assert_eq!(grade(response).steps, expected, "{response}");
    }
    let four = world.held_out(usize::MAX).into_iter().find(|problem| problem.level == 4).unwrap();
    assert_eq!(four.steps, None);
    assert_eq!(world.solution(&four), format!("#{}$", four.answer));
}

#[test]
fn what_is_no_puzzle_is_refused() {
    let world = world("knights,n=2-3");
    for prompt in [
        "",
        "?",
        "AkBBkA",           // no question mark
        "AkABkA?",          // a lone literal about the speaker
        "AkBBkA?",          // two solutions
        "AkBBnA?",          // none
        "AkCBkA?",          // a stranger
        "BkAAkB?",          // out of order
        "A&kBBkA?",         // half a pair
        "AkBBkAA?",         // a letter too many
        "A|kBnDBkACnADnA?", // four people
    ] {
        assert_eq!(world.problem(prompt), None, "{prompt}");
    }
    assert!(world.problem("A&kAnAB|kBnB?").is_some());
}

#[test]
fn programs_are_graded_strictly() {
    let world = world("stack-code");
    let grade = |response: &str| graded(&*world, "P3;+;D;*;|42?", response);
    for (response, expected) in [
        ("423;45;455;45;#5$", (true, true, None)),
        ("#5$", (true, true, Some(0))),
        ("423;45;455;45;#4$", (false, true, Some(15))),
        ("423;45;455;45;#45$", (false, false, Some(15))),
        ("423;45;455;45;#5", (false, false, Some(16))),
        ("423;45;455;45;5$", (false, false, Some(14))),
    ] {
        assert_eq!(outline(&grade(response)), expected, "{response}");
    }
    assert_eq!(grade("423;44;444;46;#6$").steps, [true, false, true, true]);
    assert_eq!(grade("423;;455;45;1;#5$").steps, [true, false, false, true, false]);
    for prompt in
        ["P3|4?", "P;|4?", "+3;|44?", "+;|4?", "X;|4?", "D;|12345678?", "|4?", ";|4?", "D;|?", "D;|4"]
    {
        assert_eq!(world.problem(prompt), None, "{prompt}");
    }
}

#[test]
fn what_is_no_chain_is_refused() {
    let world = world("arith,m=7,ops=plus-minus");
    for prompt in ["", "?", "3+?", "3+1", "3*1?", "7+1?", "3+10?", "+3?", " 3+1?", "３+1?"] {
        assert_eq!(world.problem(prompt), None, "{prompt}");
    }
    assert_eq!(world.problem("3?").map(|problem: Problem| problem.answer).as_deref(), Some("3"));
}

#[test]
fn the_distance_is_a_share_of_edits() {
    let world = world("arith,m=7");
    let problem = world.problem("3+1*4?").unwrap();
    let distance = |response: &str| world.distance(&problem, response);
    assert_eq!(distance(""), 1.0);
    assert!((distance("3+1=4;4*4=2;#3$") - 1.0 / 15.0).abs() < 1e-12);
    assert!((distance("3+1=4;4*4=2;#2") - 1.0 / 15.0).abs() < 1e-12);
}
