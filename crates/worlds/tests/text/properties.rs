//! What holds for every problem of every world.

use std::collections::HashSet;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use worlds::seed::stream;
use worlds::text::{Problem, Size, Split, TextWorld, is_text_world, text_world, text_worlds};

use super::{NAMES, world};

fn random(seed: u64) -> ChaCha8Rng {
    stream(seed, "test", 0)
}

/// Everything that a drawn problem promises.
fn check(world: &dyn TextWorld, split: Split, problem: &Problem) {
    let name = world.name();
    assert_eq!(Split::of(&problem.prompt), split, "{name}: {problem:?}");
    assert_eq!(world.problem(&problem.prompt).as_ref(), Some(problem), "{name}");
    let solution = world.solution(problem);
    for text in [&problem.prompt, &solution] {
        assert!(text.chars().all(|character| world.alphabet().contains(character)), "{name}: {text}");
    }
    let [prompt, response] = world.longest();
    assert!(problem.prompt.len() <= prompt && solution.len() <= response, "{name}: {problem:?}");
    let verdict = world.verify(problem, &solution);
    assert!(verdict.correct && verdict.format && verdict.first_wrong.is_none(), "{name}: {verdict:?}");
    assert!(verdict.steps.iter().all(|valid| *valid), "{name}: {solution} {verdict:?}");
    assert_eq!(verdict.steps.is_empty(), problem.steps.as_deref().unwrap_or_default().is_empty(), "{name}");
    assert_eq!(world.distance(problem, &solution), 0.0);
}

#[test]
fn problems_keep_their_promises_and_their_side() {
    for name in NAMES {
        let world = world(name);
        assert_eq!(world.name(), name);
        let random = &mut random(1);
        for split in [Split::Train, Split::Test] {
            (0..200).for_each(|_| check(&*world, split, &world.draw(split, random)));
            for &level in world.levels() {
                let problem = world.draw_at(level, split, random);
                let shift = usize::from(name.contains("shift") && split == Split::Test);
                assert_eq!(problem.level, level + shift, "{name}");
            }
        }
    }
}

#[test]
fn held_out_problems_are_distinct_fixed_and_nested() {
    for name in NAMES {
        let world = world(name);
        let problems = world.held_out(60);
        let again = super::world(name).held_out(30);
        assert_eq!(problems[..again.len()], again, "{name}");
        let prompts: HashSet<&str> = problems.iter().map(|problem| problem.prompt.as_str()).collect();
        assert_eq!(prompts.len(), problems.len(), "{name}");
        problems.iter().for_each(|problem| check(&*world, Split::Test, problem));
        match world.sizes()[1] {
            Size::Exactly(size) => assert_eq!(problems.len(), size.min(60), "{name}"),
            Size::About(size) => assert!(size > 1e5 && problems.len() == 60, "{name}: {size}"),
        }
    }
}

#[test]
fn the_same_seed_draws_the_same_problems() {
    let draw = |name: &str, seed: u64| -> Vec<Problem> {
        let (world, mut random) = (world(name), random(seed));
        (0..20).map(|_| world.draw(Split::Train, &mut random)).collect()
    };
    for name in NAMES.into_iter().filter(|name| *name != "arith,ladder=1") {
        assert_eq!(draw(name, 4), draw(name, 4), "{name}");
        assert_ne!(draw(name, 4), draw(name, 5), "{name}");
    }
}

#[test]
fn mixtures_have_their_levels_in_equal_parts() {
    for (name, levels) in [("arith,n=1-3", 3.0), ("knights,n=2-3", 2.0), ("stack-code", 3.0)] {
        let (world, mut random) = (world(name), random(2));
        for &level in world.levels() {
            let share = (0..3_000).filter(|_| world.draw(Split::Train, &mut random).level == level).count();
            // Five standard deviations of a share near a third.
            assert!((share as f64 / 3_000.0 - 1.0 / levels).abs() < 0.045, "{name}, level {level}: {share}");
        }
    }
}

#[test]
fn a_shift_moves_held_out_problems_only() {
    let (near, far) = (world("arith,n=3"), world("arith,n=2,shift=1"));
    assert_eq!(near.held_out(100), far.held_out(100));
    assert_eq!(far.draw(Split::Train, &mut random(0)).level, 2);
    assert_eq!(near.sizes()[1], far.sizes()[1]);
    assert_eq!(world("arith").sizes()[0], far.sizes()[0]);
}

#[test]
fn each_step_errs_on_its_own_and_what_follows_builds_on_it() {
    for name in ["arith,n=3", "arith,ladder=4", "stack-code,lines=3", "knights,n=3"] {
        let (world, mut random) = (world(name), random(3));
        let (mut steps, mut wrong) = (0, 0);
        for _ in 0..2_000 {
            let problem = world.draw(Split::Train, &mut random);
            let solution = world.solution(&problem);
            assert_eq!(world.corrupt(&problem, 0.0, &mut random).as_ref(), Some(&solution), "{name}");
            let text = world.corrupt(&problem, 0.15, &mut random).unwrap();
            let verdict = world.verify(&problem, &text);
            assert!(verdict.format, "{name}: {text}");
            assert_eq!(verdict.steps.iter().all(|valid| *valid), text == solution, "{name}: {text}");
            steps += verdict.steps.len();
            wrong += verdict.steps.iter().filter(|valid| !**valid).count();
        }
        let share = f64::from(wrong as u32) / f64::from(steps as u32);
        // A search follows its last branch whatever is found there, which adds errors to those drawn.
        let most = if name.starts_with("knights") { 0.25 } else { 0.165 };
        assert!((0.135..most).contains(&share), "{name}: {share}");
    }
    let unworked = world("knights,n=5,puzzles=100");
    let problem = unworked.draw(Split::Train, &mut random(0));
    assert_eq!((unworked.corrupt(&problem, 0.5, &mut random(0)), problem.steps), (None, None));
}

#[test]
fn searches_with_nothing_but_errors_end_too() {
    let (world, mut random) = (world("knights,n=2-3"), random(5));
    for _ in 0..200 {
        let problem = world.draw(Split::Train, &mut random);
        let text = world.corrupt(&problem, 1.0, &mut random).unwrap();
        assert!(world.verify(&problem, &text).format, "{text}");
    }
}

#[test]
fn more_puzzles_begin_with_the_same_ones() {
    let all = |name: &str| -> HashSet<String> {
        world(name).held_out(usize::MAX).into_iter().map(|problem| problem.prompt).collect()
    };
    assert!(all("knights,n=4,puzzles=100").is_subset(&all("knights,n=4")));
    let sizes = world("knights,n=2-6").sizes();
    let [Size::Exactly(train), Size::Exactly(test)] = sizes else { panic!("{sizes:?}") };
    assert_eq!(train + test, 5_000);
}

#[test]
fn wrong_names_are_refused_in_one_sentence() {
    let error = |name: &str| text_world(name).err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(error("arit"), "unknown text world `arit`; did you mean `arith`?");
    assert_eq!(error("arith,mod=7"), "unknown option of arith `mod`; did you mean `m`?");
    assert_eq!(error("knights,puzzle=7"), "unknown option of knights `puzzle`; did you mean `puzzles`?");
    assert_eq!(
        error("arith,ops=plus-time"),
        "`ops` of arith must be some of plus, minus, times, as in `plus-minus`, not `plus-time`; did you mean \
         `times`?"
    );
    for (name, part) in [
        ("arith,m=11", "from 2 to 10, not `11`"),
        ("arith,m=2,n=1-2,ops=times", "none of its 4 problems of level 1 is on the held-out side"),
        ("arith,n=0", "a whole number from 1 to 12, or two as in `1-12`, not `0`"),
        ("arith,n=3-1", "not `3-1`"),
        ("arith,n=two", "not `two`"),
        ("arith,shift=9", "from 0 to 4"),
        ("arith,ladder=2-9,m=7", "leave out `m`"),
        ("arith,ladder=", "is empty"),
        ("arith+stack=4", "text worlds take no modifiers, so leave out `+stack=4`"),
        ("knights,n=7", "from 2 to 6"),
        ("knights,puzzles=5", "from 100 to 200000"),
        ("stack-code,lines=9", "from 1 to 8"),
        ("stack-code,depth=0", "from 1 to 4"),
        ("arith,m", "must be written `key=value`"),
        ("", "is empty"),
    ] {
        assert!(error(name).contains(part), "{name}: {}", error(name));
    }
}

#[test]
fn the_catalogue_is_what_can_be_built() {
    for entry in text_worlds() {
        assert!(is_text_world(entry.name) && is_text_world(&format!("{},n=3", entry.name)));
        let world = world(entry.name);
        let alphabet: Vec<char> = world.alphabet().chars().collect();
        assert_eq!(alphabet.iter().collect::<HashSet<_>>().len(), alphabet.len());
        assert!(world.alphabet().ends_with(&format!("{}{}", world.marker(), world.end())));
        for option in entry.options.iter().filter(|option| !option.default.is_empty()) {
            let same = super::world(&format!("{},{}={}", entry.name, option.name, option.default));
            assert_eq!(same.held_out(40), world.held_out(40), "{} of {}", option.name, entry.name);
        }
    }
    assert!(!is_text_world("cartpole") && !is_text_world("") && !is_text_world("arithmetic"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Nothing but a response that ends with the marked answer is correct, whatever stands in it.
    #[test]
    fn grading_is_strict_and_never_fails(
        name in proptest::sample::select(NAMES.to_vec()),
        seed in 0_u64..100,
        response in "[0-9kn;x=+*#$PDA ]{0,12}(#[0-9kn]{0,3}\\$?)?",
    ) {
        let world = world(name);
        let problem = world.draw(Split::Train, &mut random(seed));
        let verdict = world.verify(&problem, &response);
        let ended = response.find('$') == Some(response.len().wrapping_sub(1));
        let marked = ended && response.matches('#').count() == 1;
        let right = response.ends_with(&format!("#{}$", problem.answer));
        prop_assert_eq!(verdict.correct, marked && right);
        prop_assert!(verdict.format || !verdict.correct);
        prop_assert!(marked || !verdict.format);
        prop_assert_eq!(verdict.first_wrong.is_none(), response == world.solution(&problem));
    }

    /// Any single other character is found where it stands.
    #[test]
    fn one_wrong_character_is_found(
        name in proptest::sample::select(NAMES.to_vec()),
        seed in 0_u64..100,
        place in any::<proptest::sample::Index>(),
        other in any::<char>(),
    ) {
        let world = world(name);
        let problem = world.draw(Split::Train, &mut random(seed));
        let mut text: Vec<char> = world.solution(&problem).chars().collect();
        let index = place.index(text.len());
        prop_assume!(text[index] != other);
        text[index] = other;
        let verdict = world.verify(&problem, &text.iter().collect::<String>());
        prop_assert_eq!(verdict.first_wrong, Some(index));
        let answer = text.len() - 1 - problem.answer.len();
        prop_assert!(index < answer - 1 || !verdict.correct);
    }
}
