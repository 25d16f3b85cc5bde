//! What drawing from a replay and from a data set have in common: episodes that positions point into.

use rand_chacha::ChaCha8Rng;
use worlds::Array;

use crate::replay::nstep::{End, accumulate};
use crate::{MemoryError, Position, TransitionBatch};

/// Stored episodes. A *source* is the number of a stored observation or step, whatever that is.
pub(crate) trait Recall {
    /// Refuses positions that transitions over `n` steps cannot begin at.
    fn require(&self, positions: &[Position], n: usize) -> Result<(), MemoryError>;

    /// Reward channels.
    fn channels(&self) -> usize;

    /// Adds `factor` times the rewards of the step `offset` after a position, and says how it ended.
    fn add_reward(&self, position: Position, offset: usize, factor: f32, sum: &mut [f32]) -> End;

    /// Source of the observation `offset` steps after a position, of the same episode.
    fn seen(&self, position: Position, offset: usize) -> u32;

    /// Source of the step `offset` after a position, where one is stored.
    fn taken(&self, position: Position, offset: usize) -> Option<u32>;

    /// Copies everything that the sources of a batch name.
    fn gather(&self, out: &mut TransitionBatch);

    /// Copies a kept observation field, the policy's input being 0; zeros where there is no source.
    fn gather_field(&self, field: usize, sources: &[Option<u32>], out: &mut Array);

    /// Number of the kept field that holds the goal, where one does.
    fn goal_field(&self) -> Option<usize>;

    /// Steps that the episode of a position goes on for, as far as it is stored; at least 1.
    ///
    /// # Errors
    /// No step is stored at the position.
    fn steps_left(&self, position: Position) -> Result<usize, MemoryError>;

    /// A stored observation, final ones included, drawn uniformly.
    fn anywhere(&self, random: &mut ChaCha8Rng) -> Position;
}

/// Fills a batch with the transitions over up to `n` steps that begin at the positions.
///
/// # Errors
/// `n` is 0, or no such transition begins at a position.
pub(crate) fn transitions(
    source: &impl Recall,
    positions: &[Position],
    n: usize,
    gamma: f32,
    out: &mut TransitionBatch,
) -> Result<(), MemoryError> {
    plan(source, positions, n, gamma, out)?;
    source.gather(out);
    Ok(())
}

/// As [`transitions`], without the copies: sources, rewards, discounts and steps.
pub(crate) fn plan(
    source: &impl Recall,
    positions: &[Position],
    n: usize,
    gamma: f32,
    out: &mut TransitionBatch,
) -> Result<(), MemoryError> {
    if n == 0 {
        return Err(MemoryError::setting("n", "a transition covers at least one step"));
    }
    source.require(positions, n)?;
    let channels = source.channels();
    out.begin(positions, channels);
    for (index, &position) in positions.iter().enumerate() {
        let sum = &mut out.reward[index * channels..][..channels];
        let bootstrap =
            accumulate(n, gamma, |offset, factor| source.add_reward(position, offset, factor, sum));
        out.discount.push(bootstrap.discount);
        out.steps.push(bootstrap.steps as u32);
        out.from.push(Some(source.seen(position, 0)));
        out.to.push(Some(source.seen(position, bootstrap.steps)));
        out.taken.push(source.taken(position, 0));
        out.then.push(source.taken(position, bootstrap.steps));
    }
    Ok(())
}
