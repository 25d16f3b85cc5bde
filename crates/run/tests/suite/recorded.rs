//! Recipes and recordings: equal ones give equal bytes, and what does not fit is refused in one
//! sentence before anything is recorded.

use memory::dataset::{ActionColumn, FieldColumn};
use run::{
    ActionNeed, Card, DataActions, Need, ObservationNeed, Primary, Task,
    collect::{Actor, Amount, Scripted, record},
    data::Data,
    policy::Mode,
    settings::TaskSettings,
    task::World,
};

const CARD: Card = Card {
    id: "learner",
    title: "",
    paper: "",
    family: "test",
    summary: "",
    needs: &[Need::Data {
        actions: DataActions::Continuous,
        rewards: true,
        observations: ObservationNeed::Vector,
    }],
    metrics: &[],
    stages: &["main"],
    primary: Primary::RETURN,
    unit: "updates",
    steps: 1,
    instead: "`bc`",
};

const ONLINE: Card =
    Card { needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Any }], ..CARD };

fn floats(data: &Data) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let FieldColumn::Floats(seen) = data.set.field(0) else { panic!("vectors") };
    let Some(ActionColumn::Continuous(actions)) = data.set.actions() else { panic!("vectors") };
    (seen.to_vec(), actions.to_vec(), data.set.reward().to_vec())
}

fn refused(card: &Card, data: Option<&str>, eval_world: Option<&str>) -> String {
    let named = |name: Option<&str>| name.map(str::to_owned);
    let settings =
        TaskSettings { data: named(data), eval_world: named(eval_world), ..TaskSettings::default() };
    Task::of(card, &settings).err().expect("refused").to_string()
}

#[test]
fn a_recipe_is_recorded_alike_every_time_and_its_seed_counts() {
    let open = |name: &str| Data::open(name).expect("the recipe parses");
    let first = open("data:pendulum/random,steps=500,seed=3");
    assert_eq!(floats(&first), floats(&open("data:pendulum/random,steps=500,seed=3")));
    assert_ne!(floats(&first), floats(&open("data:pendulum/random,steps=500,seed=4")));
    assert_eq!(first.set.steps(), 500);
    let lengths: Vec<usize> = first.set.episodes().iter().map(|episode| episode.length).collect();
    assert_eq!(lengths, [200, 200, 100], "the last episode is cut where the steps end");
    assert!(first.set.episodes().iter().all(|episode| !episode.terminated));
    let spec = first.spec();
    assert_eq!(
        (spec.world.as_deref(), spec.policy.as_str(), spec.seed),
        (Some("pendulum"), "random", Some(3))
    );
}

#[test]
fn what_is_recorded_is_what_the_world_did() {
    let world = World::new("pendulum").expect("it exists");
    let mut scripted = Scripted::new(&world, "random", 1).expect("it exists");
    let actor = Actor { policy: &mut scripted, mode: Mode::Sample, name: "random".to_owned() };
    let set = record(&world, actor, Amount::Episodes(2), 5).expect("the world goes on");
    let mut worlds = world.make(1, 5).expect("it exists");
    let mut outcome = worlds::Outcome::new(&world.spec, 1);
    worlds.reset(&mut outcome);
    let FieldColumn::Floats(seen) = set.field(0) else { panic!("vectors") };
    let Some(ActionColumn::Continuous(actions)) = set.actions() else { panic!("vectors") };
    for (index, episode) in set.episodes().iter().enumerate() {
        if index > 0 {
            worlds.step(&worlds::Actions::Continuous(vec![0.0]), &mut outcome).expect("it steps");
        }
        for step in 0..=episode.length {
            let worlds::Array::Float(now) = outcome.observations.input() else { panic!("vectors") };
            assert_eq!(seen[(episode.observation + step) * 3..][..3], now[..]);
            if step < episode.length {
                let action = worlds::Actions::Continuous(vec![actions[episode.step + step]]);
                worlds.step(&action, &mut outcome).expect("it steps");
                assert_eq!(outcome.reward[0], set.reward()[episode.step + step]);
            }
        }
    }
}

#[test]
fn paths_have_a_label_and_neither_actions_nor_rewards() {
    let data = Data::open("data:traj2d,paths=50,seed=1").expect("the recipe parses");
    assert_eq!((data.set.episodes().len(), data.set.steps()), (50, 50 * 15));
    assert!(data.set.actions().is_none() && data.set.reward().is_empty());
    let label = data.set.extra_named("label").expect("there is a label");
    assert!(data.set.extra(label).chunks(15).all(|path| path.iter().all(|label| *label == path[0])));
    assert!(refused(&CARD, Some("data:traj2d,paths=50"), None).contains("needs rewards, but data set"));
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_recorded() {
    assert!(refused(&CARD, None, None).contains("`learner` needs a data set: give one with --data"));
    let other = refused(&CARD, Some("data:cartpole/random"), None);
    assert!(other.contains("needs continuous actions") && other.contains("2 discrete actions"), "{other}");
    let spaces = refused(&CARD, Some("data:pendulum/random"), Some("mountain-car-continuous"));
    assert!(
        spaces.contains("its actions are 1 numbers in [-2, 2], the world's 1 numbers in [-1, 1]"),
        "{spaces}"
    );
    let recipe = refused(&CARD, Some("data:pendulum"), None);
    assert!(recipe.contains("is not a recipe"), "{recipe}");
    assert!(refused(&CARD, Some("data:pendulum/random,steps=0"), None).contains("`steps=0`"));
    assert!(refused(&CARD, Some("data:pendulum/nobody"), None).contains("nobody"));
    assert!(refused(&CARD, Some("no/such/file"), None).contains("no/such/file"));
    let settings = TaskSettings {
        world: Some("pendulum".to_owned()),
        data: Some("data:pendulum/random".to_owned()),
        ..TaskSettings::default()
    };
    let surplus = Task::of(&ONLINE, &settings).err().expect("refused").to_string();
    assert!(surplus.contains("takes no data set: leave out --data"), "{surplus}");
}
