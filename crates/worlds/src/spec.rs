//! What a world gives and takes: observation fields, action space, and the reused buffers they
//! travel in. Rows are copies of the world; every buffer is row-major with the row first.

use serde::{Deserialize, Serialize};

/// Shape and type of one observation field of one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `size` numbers (f32).
    Vector {
        /// Number of elements.
        size: usize,
    },
    /// An image of bytes in height, width, channel order.
    Image {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// Channels, all stacked frames together.
        channels: usize,
        /// How many consecutive frames the channels hold, oldest first; 1 without stacking.
        frames: usize,
        /// What a byte is multiplied by to become a network's input: 1/255 for colours, 1 for
        /// binary planes.
        scale: f32,
    },
}

impl Layout {
    /// Number of elements of one row.
    pub fn size(&self) -> usize {
        match *self {
            Layout::Vector { size } => size,
            Layout::Image { height, width, channels, .. } => height * width * channels,
        }
    }

    /// An array of zeros for `rows` rows.
    pub fn zeros(&self, rows: usize) -> Array {
        match self {
            Layout::Vector { size } => Array::Float(vec![0.0; rows * size]),
            Layout::Image { .. } => Array::Byte(vec![0; rows * self.size()]),
        }
    }
}

/// What an observation field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The policy's input; every world has exactly one, the first field.
    Input,
    /// Ground-truth variables for probes and metrics, never a policy's input.
    Truth,
    /// What is to be achieved in this episode, for policies that read a goal; see [`GoalSpace`].
    Goal,
    /// 1 for every action that is legal now, else 0; at least one is.
    Legal,
}

/// How goals relate to what is observed, in worlds with a field of [`Role::Goal`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalSpace {
    /// Which elements of the policy's input a goal speaks of, in the order of the goal's elements.
    pub achieved: Vec<usize>,
    /// Euclidean distance up to which a goal counts as reached.
    pub radius: f64,
}

impl GoalSpace {
    /// Number of elements of a goal.
    pub fn size(&self) -> usize {
        self.achieved.len()
    }

    /// The goal that an input of one row has achieved.
    pub fn achieved(&self, input: &[f32]) -> Vec<f32> {
        self.achieved.iter().map(|&index| input[index]).collect()
    }

    /// Euclidean distance between what an input of one row has achieved and a goal.
    pub fn distance(&self, input: &[f32], goal: &[f32]) -> f64 {
        let pairs = self.achieved.iter().zip(goal);
        let squares = pairs.map(|(&index, goal)| f64::from(input[index] - goal).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// Whether an input of one row has reached a goal.
    pub fn reached(&self, input: &[f32], goal: &[f32]) -> bool {
        self.distance(input, goal) <= self.radius
    }
}

/// One named part of an observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The field's name, unique in its spec.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its shape and type.
    pub layout: Layout,
}

/// The actions a world takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionSpace {
    /// One of `count` indices.
    Discrete {
        /// Number of actions.
        count: usize,
    },
    /// A vector inside a box; values outside are clipped and counted.
    Box {
        /// Lower bounds, one per dimension.
        low: Vec<f32>,
        /// Upper bounds, one per dimension.
        high: Vec<f32>,
    },
}

/// Everything a method may know about a world before it steps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The full name, options and modifiers included; parsing it gives the same world.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Observation fields, the policy's input first.
    pub fields: Vec<Field>,
    /// The action space.
    pub action: ActionSpace,
    /// Names of the reward channels; `["reward"]` where there is one.
    pub rewards: Vec<String>,
    /// Steps after which an episode is truncated, where there is a limit.
    pub horizon: Option<usize>,
    /// Mean returns of a uniformly random and of an expert policy, where known.
    pub reference: Option<Reference>,
}

/// Returns that scores are normalised with: 100 (R - random) / (expert - random).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Mean return of uniformly random actions.
    pub random: f64,
    /// Mean return of the reference expert.
    pub expert: f64,
}

impl Spec {
    /// Index of the field that holds the goal, where there is one.
    pub fn goal_field(&self) -> Option<usize> {
        self.fields.iter().position(|field| field.role == Role::Goal)
    }

    /// Layout of the policy's input.
    pub fn input(&self) -> &Layout {
        &self.fields[0].layout
    }
}

/// Elements of one field for all rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Array {
    /// Numbers.
    Float(Vec<f32>),
    /// Bytes.
    Byte(Vec<u8>),
}

impl Array {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Array::Float(values) => values.len(),
            Array::Byte(values) => values.len(),
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes `values` as row `row`, where all rows have `values.len()` elements; an array of
    /// bytes is left alone.
    #[inline]
    pub fn write_floats(&mut self, row: usize, values: &[f32]) {
        if let Array::Float(array) = self {
            array[row * values.len()..][..values.len()].copy_from_slice(values);
        }
    }

    /// Writes `values` as row `row`, where all rows have `values.len()` elements; an array of
    /// numbers is left alone.
    #[inline]
    pub fn write_bytes(&mut self, row: usize, values: &[u8]) {
        if let Array::Byte(array) = self {
            array[row * values.len()..][..values.len()].copy_from_slice(values);
        }
    }

    /// Copies all of `part`, an array of the same kind with rows of `size` elements, to the rows
    /// from `row` on.
    pub fn write_rows(&mut self, row: usize, size: usize, part: &Array) {
        match part {
            Array::Float(values) => {
                if let Array::Float(array) = self {
                    array[row * size..][..values.len()].copy_from_slice(values);
                }
            }
            Array::Byte(values) => {
                if let Array::Byte(array) = self {
                    array[row * size..][..values.len()].copy_from_slice(values);
                }
            }
        }
    }
}

/// Observations of all rows, one array per field of the spec, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observations {
    /// Number of rows.
    pub rows: usize,
    /// One array per field.
    pub fields: Vec<Array>,
}

impl Observations {
    /// Zeroed buffers for `rows` rows of `spec`.
    pub fn zeros(spec: &Spec, rows: usize) -> Self {
        let fields = spec.fields.iter().map(|field| field.layout.zeros(rows)).collect();
        Self { rows, fields }
    }

    /// Whether the buffers have the sizes and types that `rows` rows of `spec` need.
    pub fn fits(&self, spec: &Spec, rows: usize) -> bool {
        let matches = |(array, field): (&Array, &Field)| {
            array.len() == rows * field.layout.size()
                && matches!(array, Array::Float(_)) == matches!(field.layout, Layout::Vector { .. })
        };
        self.rows == rows
            && self.fields.len() == spec.fields.len()
            && self.fields.iter().zip(&spec.fields).all(matches)
    }

    /// The policy's input.
    pub fn input(&self) -> &Array {
        &self.fields[0]
    }
}

/// Actions for all rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Actions {
    /// An index per row.
    Discrete(Vec<u32>),
    /// `dimensions` numbers per row.
    Continuous(Vec<f32>),
}

impl Actions {
    /// Zeroed actions for `rows` rows of `space`.
    pub fn zeros(space: &ActionSpace, rows: usize) -> Self {
        match space {
            ActionSpace::Discrete { .. } => Actions::Discrete(vec![0; rows]),
            ActionSpace::Box { low, .. } => Actions::Continuous(vec![0.0; rows * low.len()]),
        }
    }
}

/// What one call of [`crate::Worlds::step`] or [`crate::Worlds::reset`] gives, in reused buffers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What is seen after the step; the final observation where an episode ended.
    pub observations: Observations,
    /// `[rows, channels]`.
    pub reward: Vec<f32>,
    /// A real end: the future is worth nothing.
    pub terminated: Vec<bool>,
    /// A time limit: the future goes on unseen; bootstrap from `observations`.
    pub truncated: Vec<bool>,
    /// This call began a new episode in the row: its action was ignored and its reward is 0.
    pub reset: Vec<bool>,
}

impl Outcome {
    /// Zeroed buffers for `rows` rows of `spec`.
    pub fn new(spec: &Spec, rows: usize) -> Self {
        Self {
            observations: Observations::zeros(spec, rows),
            reward: vec![0.0; rows * spec.rewards.len()],
            terminated: vec![false; rows],
            truncated: vec![false; rows],
            reset: vec![false; rows],
        }
    }

    /// Whether the buffers have the sizes and types that `rows` rows of `spec` need.
    pub fn fits(&self, spec: &Spec, rows: usize) -> bool {
        self.observations.fits(spec, rows)
            && self.reward.len() == rows * spec.rewards.len()
            && [&self.terminated, &self.truncated, &self.reset].iter().all(|x| x.len() == rows)
    }

    /// Whether an episode ended in this row.
    pub fn ended(&self, row: usize) -> bool {
        self.terminated[row] || self.truncated[row]
    }
}
