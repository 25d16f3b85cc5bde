//! Labelled examples for methods that learn from data instead of acting in a world.
//!
//! A data set is named like a world, `name[,key=value]*`: `digits8`, `curves16,noise=0.3,train=60`,
//! `latent-classes,classes=50`. [`load`] gives it split into training and held-out examples; the
//! same name and seed give the same bytes.

mod curves16;
mod digits8;
mod latent_classes;
pub mod traj2d;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    WorldError, WorldName,
    name::{OptionHelp, Options, nearest},
};

/// Inputs with their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// Inputs, row-major `[examples, width]`.
    pub inputs: Vec<f32>,
    /// Class of each example, below the data set's number of classes.
    pub labels: Vec<usize>,
    /// Numbers per input.
    pub width: usize,
}

impl Examples {
    /// No examples of this width.
    pub fn new(width: usize) -> Self {
        Self { inputs: Vec::new(), labels: Vec::new(), width }
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The input of example `index`.
    pub fn input(&self, index: usize) -> &[f32] {
        &self.inputs[index * self.width..(index + 1) * self.width]
    }

    /// Adds an example at the end.
    pub fn push(&mut self, input: impl IntoIterator<Item = f32>, label: usize) {
        self.inputs.extend(input);
        self.labels.push(label);
        debug_assert_eq!(self.inputs.len(), self.labels.len() * self.width);
    }

    /// Indices of the examples of each of `classes` classes, in order.
    pub fn by_class(&self, classes: usize) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); classes];
        for (index, &label) in self.labels.iter().enumerate() {
            if let Some(of_class) = members.get_mut(label) {
                of_class.push(index);
            }
        }
        members
    }
}

/// A data set, split.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// What methods learn from.
    pub train: Examples,
    /// What they are scored on.
    pub test: Examples,
    /// Exact probability of each class; its length is the number of classes.
    pub prior: Vec<f64>,
    /// Rows and columns where the inputs are images of one channel.
    pub image: Option<[usize; 2]>,
}

impl DataSet {
    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.prior.len()
    }
}

/// A kind of data set, as help texts show it.
#[derive(Clone, Copy, Debug)]
pub struct DataEntry {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionHelp],
    build: fn(&Options, u64) -> Result<DataSet, WorldError>,
}

/// Every data set.
static ENTRIES: &[DataEntry] = &[digits8::ENTRY, curves16::ENTRY, latent_classes::ENTRY];

/// Every data set.
pub fn catalogue() -> &'static [DataEntry] {
    ENTRIES
}

/// The data set of this name; splits and generators draw from `seed`.
///
/// # Errors
/// An unknown name or option (with the nearest that exists), or a value out of range.
pub fn load(name: &str, seed: u64) -> Result<DataSet, WorldError> {
    let parsed: WorldName = name.parse()?;
    if let Some(modifier) = parsed.modifiers.first() {
        return Err(WorldError::Invalid(format!(
            "data `{name}`: data sets take no modifiers, so leave out `{modifier}`"
        )));
    }
    let entry = ENTRIES.iter().find(|entry| entry.name == parsed.base()).ok_or_else(|| unknown(&parsed))?;
    let known: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
    parsed.options.finish(entry.name, &known)?;
    (entry.build)(&parsed.options, seed)
}

fn unknown(parsed: &WorldName) -> WorldError {
    let name = parsed.base();
    let suggestion = nearest(name, ENTRIES.iter().map(|entry| entry.name));
    WorldError::Unknown { kind: "data set".to_owned(), name: name.to_owned(), suggestion }
}

/// `0..count` in an order drawn uniformly (Fisher and Yates's shuffle).
pub fn permutation(count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, random.random_range(0..=last));
    }
    order
}

/// Equal probabilities.
fn uniform(classes: usize) -> Vec<f64> {
    vec![1.0 / classes as f64; classes]
}
