//! A bonus for what is new, beside the world's reward: what an agent with the setting `bonus` carries.

use burn::tensor::Device;
use learn::intrinsic::{Bonus, BonusSettings, Intrinsic, Place, Placement};
use learn::plug::NONE;
use memory::{ReturnScale, TransitionBatch};
use rand::Rng;
use run::{Result, Run, RunError, Snapshot, task::World};
use settings::Refusal;
use worlds::{Array, Outcome};

use crate::{
    baseline::ppo::rollout::{Channel, gather, passes},
    update::failure,
};

/// Smallest deviation of the bonus's discounted sum that it is divided by.
const FLOOR: f64 = 1e-8;

/// What the snapshot's arrays and values are called.
const NAME: &str = "bonus";

/// The bonus of an agent: what is new, on which scale, and when it counts.
pub struct Exploration {
    part: Box<dyn Intrinsic>,
    /// Of the discounted sum of what is new, where that is divided by its deviation.
    deviation: Option<ReturnScale>,
    /// What was arrived at since it was last learnt from, row after row, and the rows' number.
    kept: Option<(Array, usize)>,
}

impl Exploration {
    /// What the setting asks for in `rows` copies of a world; nothing where it is `none`.
    ///
    /// # Errors
    /// There is no such bonus, or it does not fit the world.
    pub fn new(
        bonus: &Bonus,
        world: &World,
        rows: usize,
        device: &Device,
        run: &mut Run,
    ) -> Result<Option<Self>> {
        if bonus.name() == NONE {
            return Ok(None);
        }
        let seed = run.random("bonus").next_u64();
        let place = Place { layout: world.spec.input().clone(), device: device.clone(), seed };
        let Some(part) = bonus.build(&place).map_err(RunError::part)? else { return Ok(None) };
        let settings = part.settings();
        let deviation = settings
            .normalise
            .then(|| ReturnScale::new(rows, settings.gamma, FLOOR, f32::INFINITY))
            .transpose()?;
        Ok(Some(Self { part, deviation, kept: None }))
    }

    /// How an agent values the bonus that values it apart.
    pub fn channel(&self) -> Channel {
        let BonusSettings { gamma, episodic, .. } = *self.part.settings();
        Channel { gamma, episodic, weight: 1.0 }
    }

    /// Takes note of what every copy arrived at in the last step, and gives the bonus for it, `[B]`;
    /// copies that only began an episode get nothing.
    ///
    /// # Errors
    /// None in practice.
    pub fn arrive(&mut self, outcome: &Outcome, run: &mut Run) -> Result<Vec<f32>> {
        let (seen, rows) = (outcome.observations.input(), outcome.reset.len());
        self.part.visit(seen, rows).map_err(RunError::part)?;
        let mut novelty = self.part.novelty(seen, rows).map_err(RunError::part)?;
        for (novelty, &reset) in novelty.iter_mut().zip(&outcome.reset) {
            if reset {
                *novelty = 0.0;
            } else {
                run.log("diag/novelty", f64::from(*novelty))?;
            }
        }
        if let Some(deviation) = &mut self.deviation {
            deviation.update(&novelty, &outcome.reset)?;
        }
        self.weigh(&mut novelty);
        Ok(novelty)
    }

    /// What an agent that replays experience is to remember as rewards of the last step: `reward`, with
    /// the bonus in its first channel unless that is added when it is drawn. Takes note of the arrivals
    /// either way.
    ///
    /// # Errors
    /// None in practice.
    pub fn collected(
        &mut self,
        outcome: &Outcome,
        mut reward: Vec<f32>,
        run: &mut Run,
    ) -> Result<Option<Vec<f32>>> {
        let bonus = self.arrive(outcome, run)?;
        if self.part.settings().place == Placement::Collected {
            add(&mut reward, &bonus);
        }
        Ok(Some(reward))
    }

    /// Learns from what a batch of transitions arrived at and, where the bonus is not in their rewards
    /// yet, adds it to the first channel's.
    ///
    /// # Errors
    /// The loss is not finite.
    pub fn draw(&mut self, batch: &mut TransitionBatch, run: &mut Run) -> Result<()> {
        if self.part.settings().place == Placement::Drawn {
            let mut bonus = self.part.novelty(&batch.next, batch.rows).map_err(RunError::part)?;
            self.weigh(&mut bonus);
            add(&mut batch.reward, &bonus);
        }
        self.learn(&batch.next, batch.rows, run)
    }

    /// As [`Exploration::arrive`], and keeps what was arrived at for [`Exploration::learn_kept`].
    ///
    /// # Errors
    /// None in practice.
    pub fn arrive_and_keep(&mut self, outcome: &Outcome, run: &mut Run) -> Result<Vec<f32>> {
        let seen = outcome.observations.input();
        let rows = outcome.reset.len();
        match &mut self.kept {
            None => self.kept = Some((seen.clone(), rows)),
            Some((kept, count)) => {
                match (kept, seen) {
                    (Array::Float(kept), Array::Float(seen)) => kept.extend_from_slice(seen),
                    (Array::Byte(kept), Array::Byte(seen)) => kept.extend_from_slice(seen),
                    _ => {}
                }
                *count += rows;
            }
        }
        self.arrive(outcome, run)
    }

    /// Passes over what was kept, each in a random order and cut into minibatches, and forgets it.
    ///
    /// # Errors
    /// The loss is not finite.
    pub fn learn_kept(&mut self, [epochs, minibatches]: [usize; 2], run: &mut Run) -> Result<()> {
        let Some((kept, count)) = self.kept.take() else { return Ok(()) };
        let size = kept.len() / count.max(1);
        passes((0..count).collect(), [epochs, minibatches], run, |indices, run| {
            let seen = match &kept {
                Array::Float(values) => Array::Float(gather(values, indices, size)),
                Array::Byte(bytes) => Array::Byte(gather(bytes, indices, size)),
            };
            self.learn(&seen, indices.len(), run)
        })
    }

    /// Learns from `rows` observations that were arrived at.
    ///
    /// # Errors
    /// The loss is not finite.
    fn learn(&mut self, arrived: &Array, rows: usize, run: &mut Run) -> Result<()> {
        let loss = self.part.learn(arrived, rows, run.random(NAME));
        match loss.map_err(|error| failure(run, error))? {
            Some(loss) => run.log("loss/bonus", f64::from(loss)),
            None => Ok(()),
        }
    }

    /// Novelty on the scale on which it is added to a reward.
    fn weigh(&self, novelty: &mut [f32]) {
        if let Some(deviation) = &self.deviation {
            deviation.scale(novelty);
        }
        novelty.iter_mut().for_each(|value| *value *= self.part.settings().scale);
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let mut arrays = Vec::new();
        self.part.save(NAME, &mut arrays);
        snapshot.put_arrays(arrays);
        snapshot.put_bytes(NAME, self.part.state());
        snapshot.put("bonus_deviation", &self.deviation)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another bonus or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.part.load(NAME, snapshot.arrays(), snapshot.bytes(NAME)?).map_err(RunError::part)?;
        self.deviation = snapshot.get("bonus_deviation")?;
        Ok(())
    }
}

/// Adds a number per row to the first channel of its rewards.
fn add(reward: &mut [f32], bonus: &[f32]) {
    let channels = (reward.len() / bonus.len().max(1)).max(1);
    reward.iter_mut().step_by(channels).zip(bonus).for_each(|(reward, bonus)| *reward += bonus);
}

/// Refuses a bonus that is added when it is drawn where a target sums the rewards of several steps,
/// since only the last one's arrival is at hand then.
///
/// # Errors
/// One sentence about `bonus.place`.
pub fn fits(bonus: &Bonus, n_step: usize) -> std::result::Result<(), Refusal> {
    match bonus.place() == Some(Placement::Drawn) && n_step > 1 {
        true => {
            let why = format!("targets sum the rewards of {n_step} steps (`.n_step`): set it to collected");
            Err(Refusal::saying("bonus.place", "drawn", why))
        }
        false => Ok(()),
    }
}
