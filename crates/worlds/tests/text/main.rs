//! Text worlds: golden values, properties, strict grading, files.

mod files;
mod properties;
mod reference;
mod verifier;

use worlds::text::{TextWorld, text_world};

/// Worlds that between them use every option.
const NAMES: [&str; 14] = [
    "arith",
    "arith,m=7,n=3",
    "arith,m=3,n=1",
    "arith,m=10,n=1-3,shift=1",
    "arith,m=5,n=2,ops=plus-minus",
    "arith,n=12",
    "arith,ladder=2-9",
    "arith,ladder=1",
    "knights",
    "knights,n=2-3,puzzles=300",
    "knights,n=2-6,puzzles=100",
    "stack-code",
    "stack-code,lines=1,depth=1",
    "stack-code,lines=8,depth=4",
];

fn world(name: &str) -> Box<dyn TextWorld> {
    text_world(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
