//! Arrays by name: what checkpoints and exported policies hold.

/// A named array of numbers, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// Path of the parameter or state, such as `critic.layers.0.weight`; unique where it is kept.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: Vec<f32>,
}
