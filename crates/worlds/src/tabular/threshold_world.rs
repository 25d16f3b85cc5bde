//! The threshold oracle as an ordinary world of one-step episodes.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::threshold::{NAME, ThresholdOracle};
use crate::name::help;
use crate::render::palette;
use crate::spec::{ActionSpace, Array, Field, Layout, Role, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{FromOptions, OptionHelp, Options, WorldError};

/// One query an episode: the action is a threshold in [0, 1], the reward the censored one.
/// Observation: always 1, since nothing is ever seen before a query. The truth field `optimum` is
/// the best threshold and its expected reward.
#[derive(Clone, Debug)]
pub struct ThresholdWorld {
    spec: Arc<Spec>,
    oracle: Arc<ThresholdOracle>,
    /// The last query.
    asked: Option<f64>,
}

impl FromOptions for ThresholdWorld {
    const NAME: &'static str = NAME;
    const SUMMARY: &'static str = "propose a threshold: a reward where it is at most a latent value";
    const OPTIONS: &'static [OptionHelp] = &[
        help("instance", "flat-bump", "flat-bump, price-bump, needle or beta-quality"),
        help("eps", "0.05", "half the bump's height, 0.0001 to 0.25"),
        help("queries", "0", "in place of eps: the bump that is hardest for so many, 0.5 queries^(-1/3)"),
        help("place", "seeded", "where bump or needle stands: a number, or seeded: drawn by world_seed"),
        help("scale", "1", "what every reward is multiplied by, 0.01 to 100"),
        help("world_seed", "0", "seed of the place"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let oracle = ThresholdOracle::from_options(options)?;
        let field =
            |name: &str, role, size| Field { name: name.to_owned(), role, layout: Layout::Vector { size } };
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: vec![field("observation", Role::Input, 1), field("optimum", Role::Truth, 2)],
            action: ActionSpace::Box { low: vec![0.0], high: vec![1.0] },
            rewards: vec!["reward".to_owned()],
            horizon: Some(1),
            reference: Some(oracle.reference()),
        };
        Ok(Self { spec: Arc::new(spec), oracle: Arc::new(oracle), asked: None })
    }
}

impl Environment for ThresholdWorld {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, _random: &mut ChaCha8Rng) {
        self.asked = None;
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        let threshold = action.number(0);
        self.asked = Some(threshold);
        Step { reward: self.oracle.query(threshold, random) as f32, terminated: true }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        if field == 0 {
            array.write_floats(row, &[1.0]);
        } else {
            let (threshold, expected) = self.oracle.best();
            array.write_floats(row, &[threshold as f32, expected as f32]);
        }
    }

    /// The expected reward over the thresholds as an area, with the best and the last query in it.
    fn render(&self, canvas: &mut Canvas) {
        let (width, height) = (canvas.width, canvas.height);
        let column = |threshold: f64| ((threshold * width as f64) as usize).min(width - 1);
        let (best, top) = self.oracle.best();
        let top = top.max(f64::MIN_POSITIVE);
        for x in 0..width {
            let expected = self.oracle.expected((x as f64 + 0.5) / width as f64);
            let filled = (0.9 * height as f64 * expected / top) as usize;
            for y in 0..height {
                let inside = height - y <= filled;
                let colour = match self.asked {
                    Some(asked) if column(asked) == x => palette::AGENT,
                    _ if column(best) == x => palette::GOAL,
                    _ if inside => palette::GROUND,
                    _ => palette::PAPER,
                };
                canvas.set(x, y, colour);
            }
        }
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.asked)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let asked: Option<f64> = decode(state)?;
        if let Some(threshold) = asked.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(format!("threshold {threshold} is not in [0, 1]"));
        }
        self.asked = asked;
        Ok(())
    }

    fn cost(&self) -> usize {
        30
    }
}
