//! Goals come from where they are said to come from, with the law they are said to have.

mod laws;
mod script;
mod walk;

use laws::{assert_law, counted, laws, number, numbers};
use memory::relabel::{GoalReward, Origin, Scheme, geometric_offset};
use memory::{GoalDraw, MemoryError, Position, Relabel, RelabelConfig, Replay, Shares, Span};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Script, config};
use worlds::Array;

/// Two rows of scripted episodes, of which the oldest have been overwritten.
fn filled() -> Replay {
    let mut script = Script::new(0, true, 2, 9, 1);
    let mut replay = Replay::new(config(&script.spec, 2, 64)).unwrap();
    (0..150).for_each(|_| {
        script
            .step(|observations, actions, outcome, extra| replay.push(observations, actions, outcome, extra));
    });
    replay
}

/// Row, episode and age of the observations at positions.
fn seen(replay: &Replay, positions: &[Position]) -> Vec<[f32; 3]> {
    let mut array = Array::Float(Vec::new());
    replay.observations(positions, &mut array).unwrap();
    let Array::Float(values) = array else { panic!("vectors") };
    values.as_chunks::<3>().0.to_vec()
}

#[test]
fn goals_lie_later_in_the_same_episode() {
    let replay = filled();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let anchors: Vec<Position> = replay
        .valid_positions(Span::transition(1))
        .filter(|anchor| anchor.step() + 1 < replay.total_pushed())
        .collect();
    let from = seen(&replay, &anchors);
    let mut goals = Vec::new();
    for relabel in [Relabel::Future, Relabel::Geometric { gamma: 0.9 }, Relabel::Final] {
        replay.goals(&anchors, relabel, &mut random, &mut goals).unwrap();
        let to = seen(&replay, &goals);
        for (from, to) in from.iter().zip(&to) {
            assert_eq!(from[..2], to[..2], "{relabel:?}");
            assert!(to[2] > from[2], "{relabel:?}");
        }
    }
    // The final goal is the last of its episode: no other anchor's goal lies behind it.
    let last = seen(&replay, &goals);
    replay.goals(&anchors, Relabel::Future, &mut random, &mut goals).unwrap();
    assert!(seen(&replay, &goals).iter().zip(&last).all(|(some, last)| some[2] <= last[2]));
}

#[test]
fn random_goals_are_any_stored_observation() {
    let replay = filled();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let anchors: Vec<Position> = replay.valid_positions(Span::transition(1)).take(1).collect();
    let anchors = vec![anchors[0]; 20_000];
    let mut goals = Vec::new();
    replay.goals(&anchors, Relabel::Random, &mut random, &mut goals).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    goals.iter().for_each(|goal| *counts.entry(*goal).or_insert(0) += 1);
    assert_eq!(counts.len(), replay.len());
    let expected = 20_000 / replay.len() as i32;
    assert!(counts.values().all(|count: &i32| (count - expected).abs() < 6 * 13), "{counts:?}");
}

#[test]
fn geometric_offsets_have_their_law() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for case in laws()["geometric"].as_array().unwrap() {
        let law = numbers(&case["law"]);
        let gamma = 1.0 - number(&case["p"]);
        let draw = || geometric_offset(law.len(), gamma, &mut random) - 1;
        assert_law(&counted(200_000, law.len(), draw), &law);
    }
}

/// How far on the goals of the first step of an episode of `left` steps lie, from 0 to `left`.
fn offsets(relabel: Relabel, left: usize, seed: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut one = walk::episodes(1, 1, 0);
    one[0].places = vec![0; left + 1];
    (one[0].actions, one[0].rewards) = (vec![1; left], vec![[0.0; 2]; left]);
    let (set, replay) = (walk::data(&one, true), walk::replay(&one, true));
    let from: Vec<Position> = replay.valid_positions(Span::transition(1)).take(1).collect();
    let from = vec![from[0]; 40_000];
    let (mut goals, mut here) = (Vec::new(), Vec::new());
    replay.goals(&from, relabel, &mut random.clone(), &mut goals).unwrap();
    set.goals(&from, relabel, &mut random, &mut here).unwrap();
    assert_eq!(goals, here, "a replay and a data set draw alike");
    let mut steps = goals.iter().map(|goal| goal.step() as usize);
    counted(from.len(), left + 1, || steps.next().unwrap())
}

#[test]
fn schemes_have_their_laws() {
    let uniform = |left: usize, most: usize| {
        let share = |step: usize| if (1..=most).contains(&step) { 1.0 / most as f64 } else { 0.0 };
        (0..=left).map(share).collect::<Vec<f64>>()
    };
    assert_law(&offsets(Relabel::Future, 9, 1), &uniform(9, 9));
    assert_law(&offsets(Relabel::Within { steps: 4 }, 9, 2), &uniform(9, 4));
    assert_law(&offsets(Relabel::Within { steps: 40 }, 9, 3), &uniform(9, 9));
    assert_eq!(offsets(Relabel::Final, 9, 4)[9], 40_000);
    assert_eq!(offsets(Relabel::Current, 9, 5)[0], 40_000);
    for (seed, case) in (6..).zip(laws()["window_end"].as_array().unwrap()) {
        let law = [&[0.0], &numbers(&case["law"])[..]].concat();
        let (length, gamma) = (number(&case["length"]) as usize, 1.0 - number(&case["p"]));
        assert_law(&offsets(Relabel::WindowEnd { length, gamma }, law.len() - 1, seed), &law);
    }
}

#[test]
fn shares_are_kept_and_what_is_left_keeps_its_goal() {
    let episodes = walk::episodes(30, 12, 7);
    let replay = walk::replay(&episodes, true);
    let at = walk::in_replay(&episodes);
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let shares = Shares::new(&[(Relabel::Final, 0.5), (Relabel::Current, 0.2), (Relabel::Random, 0.1)]);
    let (mut from, mut goals) = (Vec::new(), GoalDraw::default());
    replay.sample_uniform(50_000, Span::transition(1), &mut random, &mut from).unwrap();
    replay.draw_goals(&from, &shares.unwrap(), &mut random, &mut goals).unwrap();
    let mut kinds = [0; 4];
    for ((&from, &goal), &origin) in from.iter().zip(&goals.positions).zip(&goals.origins) {
        let ((episode, step), (to, last)) = (at(from), at(goal));
        let inside = (to == episode && last >= step).then(|| (last - step) as u32);
        let kind = match origin {
            Origin::Kept => 3,
            Origin::Ahead(0) => 1,
            Origin::Ahead(_) if last == episodes[to].length() => 0,
            _ => 2,
        };
        let expected = if kind == 3 { Origin::Kept } else { inside.map_or(Origin::Elsewhere, Origin::Ahead) };
        assert_eq!(origin, expected, "where a goal lies is said of random ones too");
        kinds[kind] += 1;
    }
    // A random goal is now and then a final one, or what is seen already.
    let share = |kind: usize| f64::from(kinds[kind]) / 50_000.0;
    assert!((share(3) - 0.2).abs() < 0.01 && (share(2) - 0.1).abs() < 0.01, "{kinds:?}");
    assert!((share(0) - 0.5).abs() < 0.01 && (share(1) - 0.2).abs() < 0.01, "{kinds:?}");
}

#[test]
fn distinct_goals_are_any_other_observation() {
    let episodes = walk::episodes(4, 5, 9);
    let set = walk::data(&episodes, true);
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let shares = Shares::new(&[(Relabel::Random, 1.0)]).unwrap().distinct().unwrap();
    let all: usize = episodes.iter().map(|episode| episode.length() + 1).sum();
    let from = vec![set.starts(Span::transition(1)).unwrap().get(0); 40_000];
    let mut goals = GoalDraw::default();
    set.draw_goals(&from, &shares, &mut random, &mut goals).unwrap();
    let before = |row: usize| episodes[..row].iter().map(|episode| episode.length() + 1).sum::<usize>();
    let mut places = goals.positions.iter().map(|goal| before(goal.row()) + goal.step() as usize);
    let counts = counted(from.len(), all, || places.next().unwrap());
    let law = |place: usize| if place == 0 { 0.0 } else { 1.0 / (all - 1) as f64 };
    assert_law(&counts, &(0..all).map(law).collect::<Vec<f64>>());
}

#[test]
fn a_prefix_is_the_way_to_a_position() {
    let episodes = walk::episodes(6, 8, 11);
    let (replay, set) = (walk::replay(&episodes, true), walk::data(&episodes, true));
    let at = walk::in_replay(&episodes);
    let mut way = Vec::new();
    for position in replay.valid_positions(Span::transition(1)) {
        replay.prefix(position, &mut way).unwrap();
        let (episode, step) = at(position);
        let expected: Vec<(usize, usize)> = (0..=step).map(|step| (episode, step)).collect();
        assert_eq!(way.iter().map(|&position| at(position)).collect::<Vec<_>>(), expected);
    }
    let mut goals = Vec::new();
    let first: Vec<Position> =
        (0..set.steps()).map(|at| set.starts(Span::transition(1)).unwrap().get(at)).collect();
    set.goals(&first, Relabel::Final, &mut ChaCha8Rng::seed_from_u64(1), &mut goals).unwrap();
    for goal in goals {
        set.prefix(goal, &mut way).unwrap();
        assert_eq!(way.len(), episodes[goal.row()].length() + 1, "the final observation has a way too");
    }
    let lost = filled();
    let early = lost
        .valid_positions(Span::transition(1))
        .find(|&position| lost.prefix(position, &mut way).is_err() && seen(&lost, &[position])[0][2] > 0.0);
    assert!(early.is_some(), "the beginning of the oldest episode was overwritten");
}

#[test]
fn stacks_that_are_not_whole_are_no_goals() {
    let mut script = Script::new(4, true, 2, 30, 12);
    let mut replay = Replay::new(config(&script.spec, 2, 12)).unwrap();
    script.fill(&mut replay, 100);
    let mut random = ChaCha8Rng::seed_from_u64(13);
    let from: Vec<Position> = replay.valid_positions(Span::transition(1)).take(1).collect();
    let (mut goals, mut array) = (Vec::new(), Array::Byte(Vec::new()));
    replay.goals(&vec![from[0]; 2_000], Relabel::Random, &mut random, &mut goals).unwrap();
    replay.observations(&goals, &mut array).unwrap();
    let size = script.spec.fields[0].layout.size();
    for (goal, shown) in goals.iter().zip(script::numbers(&array).chunks(size)) {
        assert_eq!(shown, script.log[goal.row()][goal.step() as usize].observation);
    }
}

#[test]
fn what_no_goal_can_be_drawn_by_is_refused() {
    let refused = |parts: &[(Relabel, f64)]| Shares::new(parts).unwrap_err().to_string();
    assert!(refused(&[(Relabel::Future, -0.1)]).contains("-0.1 is not between 0 and 1"));
    assert!(refused(&[(Relabel::Future, f64::NAN)]).contains("NaN"));
    assert!(refused(&[(Relabel::Future, 0.6), (Relabel::Final, 0.5)]).contains("more than 1"));
    assert!(refused(&[(Relabel::Geometric { gamma: 1.0 }, 0.5)]).contains("1 is not above 0 and below 1"));
    assert!(refused(&[(Relabel::Within { steps: 0 }, 0.5)]).contains("at least 1 step"));
    assert!(refused(&[(Relabel::WindowEnd { length: 0, gamma: 0.5 }, 0.5)]).contains("at least 1 step"));
    let tenths = Shares::new(&[(Relabel::Future, 0.1); 10]).unwrap();
    assert_eq!(tenths.total(), 1.0, "what rounding does to a sum is forgiven");
    let current = Shares::new(&[(Relabel::Current, 0.1)]).unwrap().distinct();
    assert!(current.unwrap_err().to_string().contains("`current`"));
}

/// An agent that is told of goals under `relabel`.
#[derive(Clone, Debug, settings::Config)]
struct Agent {
    /// Goals in hindsight.
    #[setting(group)]
    relabel: RelabelConfig,
}

fn read(text: &str) -> Result<RelabelConfig, String> {
    use settings::Config;
    let mut agent = Agent::default();
    let table = text.parse().map_err(|error: settings::toml::de::Error| error.to_string())?;
    agent.read(&table).map_err(|refusal| refusal.complete().to_string())?;
    agent.validate()?;
    Ok(agent.relabel)
}

#[test]
fn settings_make_shares_or_say_what_is_wrong() {
    assert!(!read("").unwrap().is_used());
    let config = read("relabel = { scheme = \"future\", share = 0.8 }").unwrap();
    assert_eq!(config.shares().unwrap(), Shares::new(&[(Relabel::Future, 0.8)]).unwrap());
    let config =
        read("relabel = { scheme = \"window-end\", share = 0.9, p = 0.25, window = 8, random = 0.1 }");
    let window = Relabel::WindowEnd { length: 8, gamma: 0.75 };
    let config = config.unwrap();
    assert_eq!(config.shares().unwrap(), Shares::new(&[(window, 0.9), (Relabel::Random, 0.1)]).unwrap());
    assert_eq!((config.reward, config.scheme), (GoalReward::Success, Scheme::WindowEnd));
    for (text, sentence) in [
        ("share = 1.5", "`relabel.share` is 1.5: it must be between 0 and 1"),
        (
            "share = 0.8\nrandom = 0.3",
            "`relabel.share` is 0.8: with `relabel.random` = 0.3 and `relabel.current` = 0 it is more than 1: lower \
             one of them",
        ),
        (
            "scheme = \"final\"\nwithin = 5",
            "`relabel.within` is 5: `relabel.scheme` is final, and only `future` goals have a limit",
        ),
        (
            "distinct = true\ncurrent = 0.2",
            "`relabel.current` is 0.2: `relabel.distinct` asks for goals that are never what is seen already: set \
             one of them only",
        ),
        ("p = 1.0", "`relabel.p` is 1: it must be above 0 and below 1"),
        (
            "scheme = \"past\"",
            "`relabel.scheme` is past: it must be `future`, `geometric`, `final`, `window-end` or `random`",
        ),
    ] {
        assert_eq!(read(&format!("[relabel]\n{text}")).unwrap_err(), sentence);
    }
}

#[test]
fn positions_without_a_successor_are_refused() {
    let replay = filled();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let anchors: Vec<Position> = replay.valid_positions(Span::transition(1)).take(1).collect();
    let mut script = Script::new(0, true, 2, 9, 1);
    let mut young = Replay::new(config(&script.spec, 2, 64)).unwrap();
    script.step(|observations, actions, outcome, extra| young.push(observations, actions, outcome, extra));
    let mut goals = Vec::new();
    let refused = young.goals(&anchors, Relabel::Future, &mut random, &mut goals);
    assert!(matches!(refused, Err(MemoryError::Unavailable { .. })));
}
