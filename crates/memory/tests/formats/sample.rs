//! A data set with everything in it, and its columns as numbers.

use std::path::PathBuf;

use memory::{
    Column, DataSpec, Dataset,
    dataset::{ActionColumn, Builder, FieldColumn},
};
use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Role};

/// A file written by `reference/data_files.py`.
pub fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// An observation field as numbers.
pub fn field(set: &Dataset, index: usize) -> Vec<f32> {
    match set.field(index) {
        FieldColumn::Floats(values) => values.to_vec(),
        FieldColumn::Bytes(values) => values.iter().map(|&value| f32::from(value)).collect(),
    }
}

/// The actions as numbers.
pub fn actions(set: &Dataset) -> Option<Vec<f32>> {
    set.actions().map(|actions| match actions {
        ActionColumn::Discrete(indices) => indices.iter().map(|&index| index as f32).collect(),
        ActionColumn::Continuous(values) => values.to_vec(),
    })
}

/// Two data sets hold the same.
pub fn assert_same(one: &Dataset, other: &Dataset) {
    assert_eq!(one.spec(), other.spec());
    assert_eq!(one.episodes(), other.episodes());
    for index in 0..one.spec().fields.len() {
        assert_eq!(field(one, index), field(other, index), "field {index}");
    }
    assert_eq!(actions(one), actions(other));
    assert_eq!(one.reward(), other.reward());
    for index in 0..one.spec().extra.len() {
        assert_eq!(one.extra(index), other.extra(index), "extra column {index}");
    }
}

fn named(name: &str, role: Role, layout: Layout) -> Field {
    Field { name: name.to_owned(), role, layout }
}

/// Three episodes of an image, a goal and a truth, with `action` and these reward channels.
pub fn record(action: ActionSpace, rewards: &[&str]) -> Dataset {
    let image = Layout::Image { height: 3, width: 4, channels: 2, frames: 2, scale: 1.0 };
    let fields = vec![
        named("observation", Role::Input, image),
        named("goal", Role::Goal, Layout::Vector { size: 2 }),
        named("state", Role::Truth, Layout::Vector { size: 3 }),
    ];
    record_fields(fields, action, rewards)
}

/// Three episodes of these fields.
pub fn record_fields(fields: Vec<Field>, action: ActionSpace, rewards: &[&str]) -> Dataset {
    let spec = DataSpec {
        world: Some("a-world,size=3".into()),
        fields,
        action: Some(action.clone()),
        rewards: rewards.iter().map(|&name| name.to_owned()).collect(),
        extra: vec![
            Column { name: "label".into(), width: 1 },
            Column { name: "infos/pair".into(), width: 2 },
        ],
        horizon: Some(7),
        policy: "scripted,skill=0.3".into(),
        seed: Some(11),
    };
    let mut builder = Builder::new(spec.clone()).expect("a valid spec");
    let mut count = 0_u16;
    for (length, terminated) in [(3, true), (1, false), (7, false)] {
        builder.begin(&seen(&spec, &mut count), 0);
        for _ in 0..length {
            let number = f32::from(count);
            let taken = match &action {
                ActionSpace::Discrete { count: actions } => {
                    Actions::Discrete(vec![u32::from(count) % *actions as u32])
                }
                ActionSpace::Box { low, .. } => Actions::Continuous(
                    (0..low.len()).map(|index| (number * 0.1 + index as f32).sin()).collect(),
                ),
            };
            let rewards: Vec<f32> = (0..rewards.len()).map(|channel| number * 0.3 + channel as f32).collect();
            let next = seen(&spec, &mut count);
            builder.step(&taken, &rewards, &[number, -number, 0.5], &next, 0).expect("finite numbers");
        }
        builder.end(terminated);
    }
    builder.finish().expect("episodes")
}

fn seen(spec: &DataSpec, count: &mut u16) -> Observations {
    let number = *count;
    *count += 1;
    let array = |field: &Field| match field.layout {
        Layout::Vector { size } => {
            Array::Float((0..size).map(|index| f32::from(number) / 7.0 + index as f32).collect())
        }
        Layout::Image { .. } => Array::Byte(
            (0..field.layout.size()).map(|index| (usize::from(number) * 5 + index) as u8).collect(),
        ),
    };
    Observations { rows: 1, fields: spec.fields.iter().map(array).collect() }
}

/// A box with other bounds in every dimension.
pub fn uneven_box() -> ActionSpace {
    ActionSpace::Box { low: vec![-1.0, -2.0], high: vec![1.5, 2.25] }
}
