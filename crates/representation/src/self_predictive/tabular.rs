//! The form on tables: the exact learning dynamics on the chain of a world's uniformly random
//! policy.

use learn::tabular::{
    chain::{Chain, expect_full_rank},
    latent_flow::{Backward, Directions, Flow, PredictorRule, Rule},
    spectral,
};
use nalgebra::{DMatrix, DVector};
use nets::noise::normal_values;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError, Scores, Snapshot, scores};
use settings::{Choice, Config, Refusal};
use worlds::tabular::{Policy, Table};

/// Iterations of one call of `advance`: enough that the loop around them does not count.
const CHUNK: u64 = 100;

/// From this absolute cosine on, two columns count as one.
const COLLAPSED_COSINE: f64 = 0.95;
/// Up to this smallest eigenvalue of the Gram matrix, a representation counts as collapsed; an
/// orthonormal one begins at 1.
const COLLAPSED_EIGENVALUE: f64 = 0.05;

/// How the predictor follows the representation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Predictor {
    /// The best one, solved for at every iteration.
    #[default]
    Optimal,
    /// Gradient steps from random entries.
    Gradient,
}

/// What predicts what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Direction {
    /// One representation that predicts itself a step ahead.
    #[default]
    Forward,
    /// Two representations, one of states and one of successors, that predict each other.
    Bidirectional,
}

/// How states are weighted in the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Weights {
    /// All equally.
    #[default]
    Uniform,
    /// By how often the chain visits them.
    Stationary,
    /// As `state_weights` says.
    Explicit,
}

/// Hyper-parameters of the form on tables.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct TabularSettings {
    /// Width of a latent, k; at most the number of states.
    #[setting(2, min = 1)]
    pub dimensions: usize,
    /// Step size of the representation, eta.
    #[setting(0.2, above = 0.0)]
    pub step_size: f64,
    /// `optimal`: the predictor is solved for at every iteration; `gradient`: it takes steps of its
    /// own, from random entries.
    #[setting(Predictor::Optimal)]
    pub predictor: Predictor,
    /// Step size of the gradient predictor over that of the representation: above 1 is the fast
    /// time scale, below the slow one.
    #[setting(10.0, above = 0.0)]
    pub ratio: f64,
    /// Steps of the gradient predictor per iteration.
    #[setting(1, min = 1)]
    pub inner_steps: usize,
    /// Deviation of the normal entries that the gradient predictor begins with.
    #[setting(1.0, min = 0.0)]
    pub predictor_scale: f64,
    /// Whether the target's own gradient is dropped; without, the representation collapses.
    #[setting(true)]
    pub stop_gradient: bool,
    /// `forward`, or `bidirectional` for two representations that predict each other.
    #[setting(Direction::Forward)]
    pub direction: Direction,
    /// `uniform`, `stationary` (the chain's own distribution) or `explicit`.
    #[setting(Weights::Uniform)]
    pub weights: Weights,
    /// One weight per state, positive and summing to 1, for `weights = "explicit"`.
    #[setting(Vec::new())]
    pub state_weights: Vec<f64>,
    /// Whether the representation begins with orthonormal columns, not just normal entries.
    #[setting(true)]
    pub orthonormal: bool,
    /// Probability of staying that is mixed into the chain: from 0.5 on a symmetric chain has no
    /// negative eigenvalue.
    #[setting(0.0, min = 0.0, below = 1.0)]
    pub laziness: f64,
}

impl TabularSettings {
    fn combinations(&self) -> std::result::Result<(), Refusal> {
        let allowed = match (self.weights, self.state_weights.is_empty()) {
            (Weights::Explicit, true) => "one weight per state with `.weights` at explicit",
            (Weights::Uniform | Weights::Stationary, false) => "empty unless `.weights` is explicit",
            _ => return Ok(()),
        };
        Err(Refusal::new("state_weights", format!("{:?}", self.state_weights), allowed))
    }

    fn rule(&self) -> Rule {
        let predictor = match self.predictor {
            Predictor::Optimal => PredictorRule::Best,
            Predictor::Gradient => {
                PredictorRule::Gradient { step_size: self.ratio * self.step_size, updates: self.inner_steps }
            }
        };
        Rule { step_size: self.step_size, predictor, stop_gradient: self.stop_gradient }
    }

    /// The chain of the uniformly random policy.
    pub(super) fn chain(&self, table: &Table) -> Result<Chain> {
        let model = &table.model;
        let policy = Policy::uniform(model.states(), model.actions());
        let states = model.states();
        let moving = model.transition_matrix(&policy) * (1.0 - self.laziness);
        let transitions = moving + DMatrix::identity(states, states) * self.laziness;
        let weights = match self.weights {
            Weights::Uniform => vec![1.0 / states as f64; states],
            // Staying changes how long a state is kept, everywhere alike.
            Weights::Stationary => model.stationary(&policy),
            Weights::Explicit => self.state_weights.clone(),
        };
        Chain::new(transitions, DVector::from_vec(weights)).map_err(RunError::part)
    }

    /// A start of `states` rows.
    fn representation(&self, states: usize, random: &mut ChaCha8Rng) -> DMatrix<f64> {
        let drawn = normal(states, self.dimensions, random);
        if self.orthonormal { drawn.qr().q() } else { drawn }
    }

    /// What is doubtful about these settings on `chain`.
    pub(super) fn doubt(&self, chain: &Chain) -> Option<&'static str> {
        let spectral = self.stop_gradient && self.direction == Direction::Forward;
        match (spectral, chain.symmetric(), chain.uniform()) {
            (true, false, _) => Some(
                "self-predictive: the transition matrix is not symmetric, so only that the representation does \
                 not collapse is sure, not that it finds the spectrum: `tabular.direction = bidirectional` \
                 finds the singular subspaces",
            ),
            (true, true, false) => Some(
                "self-predictive: the states' weights are not equal, so only that the representation does not \
                 collapse is sure, not that it finds the spectrum: `tabular.weights = uniform` does",
            ),
            _ => None,
        }
    }
}

fn normal(rows: usize, columns: usize, random: &mut ChaCha8Rng) -> DMatrix<f64> {
    DMatrix::from_vec(rows, columns, normal_values(rows * columns, random))
}

/// The learning dynamics on one chain.
pub struct Tabular {
    chain: Chain,
    directions: Directions,
    rule: Rule,
    flow: Flow,
    /// Representations at the start.
    start: DMatrix<f64>,
    second_start: Option<DMatrix<f64>>,
}

impl Tabular {
    /// Draws representations and predictors for a table's chain.
    ///
    /// # Errors
    /// The chain is none, a weight is not positive, or the representation is wider than there are
    /// states.
    pub fn new(settings: &TabularSettings, table: &Table, run: &mut Run) -> Result<Self> {
        let chain = settings.chain(table)?;
        if let Some(note) = settings.doubt(&chain) {
            run.note(note);
        }
        let (states, size) = (chain.states(), settings.dimensions);
        if size > states {
            return Err(RunError::Config(format!(
                "`tabular.dimensions` is {size}, but the world has {states} states: it must be at most that"
            )));
        }
        let random = run.random("init");
        let start = settings.representation(states, random);
        expect_full_rank(&start).map_err(RunError::part)?;
        let mut predictor = || normal(size, size, random) * settings.predictor_scale;
        let (forward, second) = (predictor(), predictor());
        let second = (settings.direction == Direction::Bidirectional)
            .then(|| (settings.representation(states, random), second));
        let second_start = second.as_ref().map(|(representation, _)| representation.clone());
        let backward = second.map(|(representation, predictor)| Backward { representation, predictor });
        Ok(Self {
            directions: Directions::of(&chain),
            rule: settings.rule(),
            flow: Flow { representation: start.clone(), predictor: forward, backward },
            start,
            second_start,
            chain,
        })
    }

    /// Some iterations, at most as many as are left.
    ///
    /// # Errors
    /// The representation is not finite any more: the step size is too large.
    pub fn advance(&mut self, run: &mut Run) -> Result<()> {
        let left = run.total_steps().saturating_sub(run.steps());
        let steps = CHUNK.min(left.max(1));
        for _ in 0..steps {
            self.flow.step(&self.directions, &self.rule);
        }
        run.count_steps(steps);
        let (forward, backward) = self.flow.losses(&self.directions);
        let total = forward + backward.unwrap_or(0.0);
        let sides = self.sides();
        if !(total.is_finite() && sides.iter().all(|side| side.0.iter().all(|value| value.is_finite()))) {
            return Err(run.not_finite("loss/forward", total));
        }
        run.log("loss/forward", forward)?;
        backward.map_or(Ok(()), |loss| run.log("loss/backward", loss))
    }

    /// Every representation with its start.
    fn sides(&self) -> Vec<(&DMatrix<f64>, &DMatrix<f64>)> {
        let second = self.flow.backward.as_ref().zip(self.second_start.as_ref());
        let second = second.map(|(second, start)| (&second.representation, start));
        [(&self.flow.representation, &self.start)].into_iter().chain(second).collect()
    }

    /// The measures of collapse, over both representations the worse, and those of the spectrum.
    pub fn scores(&self) -> Scores {
        let (transitions, phi) = (self.chain.transitions(), &self.flow.representation);
        let over = |measure: &dyn Fn(&DMatrix<f64>, &DMatrix<f64>) -> f64, worse: fn(f64, f64) -> f64| {
            self.sides().into_iter().map(|(now, start)| measure(now, start)).reduce(worse).unwrap_or(f64::NAN)
        };
        let eigenvalue = over(&|now, _| spectral::smallest_eigenvalue(now), f64::min);
        let cosine = over(&|now, _| spectral::column_cosine(now), f64::max);
        let collapsed = cosine >= COLLAPSED_COSINE || eigenvalue <= COLLAPSED_EIGENVALUE;
        scores::exact([
            ("diag/min_eigenvalue", eigenvalue),
            ("diag/gram_drift", over(&spectral::gram_drift, f64::max)),
            ("diag/cosine", cosine),
            ("diag/collapsed", f64::from(u8::from(collapsed))),
            ("diag/trace", spectral::normalised_trace(transitions, phi, self.flow.target())),
            ("diag/svd_capture", spectral::svd_capture(transitions, phi)),
        ])
    }

    /// Writes representations, predictors and starts.
    ///
    /// # Errors
    /// A number has no portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let parts: Vec<&[f64]> = self.parts().into_iter().map(|matrix| matrix.as_slice()).collect();
        snapshot.put("flow", &parts)
    }

    /// Takes them back.
    ///
    /// # Errors
    /// The snapshot is of other settings.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let saved: Vec<Vec<f64>> = snapshot.get("flow")?;
        let mut parts = self.parts_mut();
        let fits = saved.len() == parts.len()
            && saved.iter().zip(&parts).all(|(values, matrix)| values.len() == matrix.len());
        if !fits {
            return Err(RunError::Part(
                "the checkpoint's representation has another shape: it was written under other settings"
                    .to_owned(),
            ));
        }
        for (matrix, values) in parts.iter_mut().zip(saved) {
            matrix.copy_from_slice(&values);
        }
        Ok(())
    }

    fn parts(&self) -> Vec<&DMatrix<f64>> {
        let second = self.flow.backward.iter().flat_map(|second| [&second.representation, &second.predictor]);
        let first = [&self.flow.representation, &self.flow.predictor, &self.start];
        first.into_iter().chain(second).chain(&self.second_start).collect()
    }

    fn parts_mut(&mut self) -> Vec<&mut DMatrix<f64>> {
        let Self { flow, start, second_start, .. } = self;
        let Flow { representation, predictor, backward } = flow;
        let second =
            backward.iter_mut().flat_map(|second| [&mut second.representation, &mut second.predictor]);
        [representation, predictor, start].into_iter().chain(second).chain(second_start).collect()
    }
}
