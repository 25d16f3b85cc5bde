//! Sizes, weights and places as the host's loops read them.

use std::ops::Range;

use super::super::config::LmConfig;
use super::super::place::{Seats, Seen};

/// Sizes of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub width: usize,
    pub heads: usize,
    pub key_heads: usize,
    pub head_width: usize,
    pub hidden: usize,
    pub bias: bool,
    /// Whether queries and keys are normalised.
    pub normalised: bool,
    pub epsilon: f32,
}

impl Shape {
    pub fn of(config: &LmConfig) -> Self {
        let LmConfig { width, heads, key_heads, head_width, hidden, bias, .. } = *config;
        let (normalised, epsilon) = (config.query_key_norm, config.norm_epsilon as f32);
        Self { width, heads, key_heads, head_width, hidden, bias, normalised, epsilon }
    }

    /// Elements of all queries of a token.
    pub fn queries(&self) -> usize {
        self.heads * self.head_width
    }

    /// Elements of all keys of a token.
    pub fn keys(&self) -> usize {
        self.key_heads * self.head_width
    }

    /// Elements of queries, keys and values of a token.
    pub fn inner(&self) -> usize {
        self.queries() + 2 * self.keys()
    }

    /// Number of elements of each array of [`Weights`], absent ones 0.
    pub fn sizes(&self) -> [usize; 9] {
        let inner = self.inner();
        let head = if self.normalised { self.head_width } else { 0 };
        [
            self.width,
            self.width * inner,
            if self.bias { inner } else { 0 },
            head,
            head,
            self.queries() * self.width,
            self.width,
            self.width * 2 * self.hidden,
            self.hidden * self.width,
        ]
    }
}

/// A layer's weights, in the order of [`Shape::sizes`].
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    pub attention_norm: &'a [f32],
    pub query_key_value: &'a [f32],
    pub bias: &'a [f32],
    pub query_norm: &'a [f32],
    pub key_norm: &'a [f32],
    pub output: &'a [f32],
    pub feed_norm: &'a [f32],
    pub gate_up: &'a [f32],
    pub down: &'a [f32],
}

impl<'a> Weights<'a> {
    /// From the arrays in order.
    pub fn new(arrays: [&'a [f32]; 9]) -> Self {
        let [attention_norm, query_key_value, bias, query_norm, key_norm, output, feed_norm, gate_up, down] =
            arrays;
        Self { attention_norm, query_key_value, bias, query_norm, key_norm, output, feed_norm, gate_up, down }
    }
}

/// Where the tokens of a batch stand.
#[derive(Debug)]
pub struct Seating {
    pub rows: usize,
    pub length: usize,
    /// Slots of the cache and of the input.
    pub slots: usize,
    /// 1 for slots that hold a token, else 0, `[B, S]`.
    pub seen: Vec<f32>,
    /// `[B, T, d/2]` each.
    pub cosine: Vec<f32>,
    pub sine: Vec<f32>,
}

impl Seating {
    /// None where the mask is not causal.
    pub fn of(seats: &Seats, rows: usize, frequencies: &[f64]) -> Option<Self> {
        let Seen::Causal(present) = &seats.mask else {
            return None;
        };
        let slots = present.first().map_or(0, Vec::len);
        let seen = present.iter().flatten().map(|slot| f32::from(*slot)).collect();
        let table = |function: fn(f64) -> f64| {
            let angles = seats
                .positions
                .iter()
                .flat_map(|position| frequencies.iter().map(move |frequency| *position as f64 * frequency));
            angles.map(|angle| function(angle) as f32).collect()
        };
        let length = seats.positions.len() / rows.max(1);
        Some(Self { rows, length, slots, seen, cosine: table(f64::cos), sine: table(f64::sin) })
    }

    /// How sequences are dealt out to threads: in eight parts, but no fewer than 16 tokens each. It does
    /// not depend on the number of threads, so that neither do sums over parts.
    pub fn part(&self) -> usize {
        self.rows.div_ceil(8).max(16_usize.div_ceil(self.length.max(1))).max(1)
    }

    /// All parts, as ranges of sequences.
    pub fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let (part, rows) = (self.part(), self.rows);
        (0..rows.div_ceil(part)).map(move |index| index * part..((index + 1) * part).min(rows))
    }
}
