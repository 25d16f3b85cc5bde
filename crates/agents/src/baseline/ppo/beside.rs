//! What actor and critic read besides the policy's input: which actions are legal, and what a world
//! shows to nobody who acts.

use burn::tensor::{Device, Tensor};
use learn::batch;
use run::{Result, RunError};
use worlds::{Array, Layout, Observations, Role, Spec};

/// Logit of an action that is not legal: its probability is exactly 0.
const NEVER: f32 = -1e9;

/// Fields of an observation besides the policy's input, which are kept as one row of numbers: first a
/// mark for every action, then what the critic reads.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The field of legal actions, and their number.
    legal: Option<(usize, usize)>,
    /// Fields that the critic reads, and their sizes.
    critic: Vec<(usize, usize)>,
}

/// The same on the device.
#[derive(Clone, Debug)]
pub struct Marks {
    /// 1 for every legal action, `[B, A]`.
    pub legal: Option<Tensor<2>>,
    /// What the critic reads besides the latent, `[B, P]`.
    pub critic: Option<Tensor<2>>,
}

impl Beside {
    /// The legal actions, where a world says them, and the fields of these names for the critic.
    ///
    /// # Errors
    /// A world has no field of such a name, or it is an image.
    pub fn new(spec: &Spec, critic: &[String]) -> Result<Self> {
        let legal = spec.fields.iter().position(|field| field.role == Role::Legal);
        let find = |name: &String| {
            let fields = spec.fields.iter().enumerate().skip(1);
            let vectors = fields.filter_map(|(index, field)| match field.layout {
                Layout::Vector { size } => Some((index, size, &field.name)),
                Layout::Image { .. } => None,
            });
            let found = vectors.clone().find(|(.., known)| *known == name);
            found.map(|(index, size, _)| (index, size)).ok_or_else(|| {
                let known: Vec<String> = vectors.map(|(.., known)| format!("`{known}`")).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                RunError::Config(format!(
                    "`critic_sees` names `{name}`: besides its observation `{}` gives {known}",
                    spec.name
                ))
            })
        };
        Ok(Self {
            legal: legal.map(|index| (index, spec.fields[index].layout.size())),
            critic: critic.iter().map(find).collect::<Result<_>>()?,
        })
    }

    /// Whether some actions may not be legal.
    pub fn masks(&self) -> bool {
        self.legal.is_some()
    }

    /// Numbers that the critic reads, P.
    pub fn critic_size(&self) -> usize {
        self.critic.iter().map(|(_, size)| size).sum()
    }

    /// The rows of numbers of an observation, `[B, A + P]`; empty where there is nothing.
    pub fn rows(&self, observations: &Observations) -> Vec<f32> {
        let fields = || self.legal.iter().chain(&self.critic);
        let mut rows = Vec::new();
        for row in 0..observations.rows {
            for &(index, size) in fields() {
                if let Array::Float(values) = &observations.fields[index] {
                    rows.extend_from_slice(&values[row * size..][..size]);
                }
            }
        }
        rows
    }

    /// These rows on the device.
    pub fn upload(&self, rows: &[f32], count: usize, device: &Device) -> Marks {
        let actions = self.legal.map_or(0, |(_, size)| size);
        let whole = (!rows.is_empty()).then(|| batch::matrix(rows, count, device));
        let part = |from: usize, size: usize| {
            whole.clone().filter(|_| size > 0).map(|whole| whole.narrow(1, from, size))
        };
        Marks { legal: part(0, actions), critic: part(actions, self.critic_size()) }
    }
}

impl Marks {
    /// The same for a graph, as constants.
    pub fn autodiff(self) -> Self {
        Self { legal: self.legal.map(Tensor::autodiff), critic: self.critic.map(Tensor::autodiff) }
    }

    /// Logits with those of actions that are not legal out of reach.
    pub fn mask(&self, head: Tensor<2>) -> Tensor<2> {
        match &self.legal {
            Some(legal) => head + (legal.clone() - 1.0) * -NEVER,
            None => head,
        }
    }

    /// What the critic reads beside a latent.
    pub fn beside(&self, latent: Tensor<2>) -> Tensor<2> {
        match &self.critic {
            Some(critic) => Tensor::cat(vec![latent, critic.clone()], 1),
            None => latent,
        }
    }
}
