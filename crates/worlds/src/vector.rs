//! Many copies stepped together.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::shard::Shard;
use crate::spec::{Array, Observations};
use crate::world::{decode, encode};
use crate::{
    Action, ActionSpace, Actions, Canvas, Environment, Outcome, Parameter, Spec, WorldError, parameter, seed,
};

/// A batch of copies of one world with next-step autoreset.
///
/// Buffers passed as `out` are reused; buffers of another size are replaced.
pub trait Worlds: Send {
    /// What each copy gives and takes.
    fn spec(&self) -> &Spec;

    /// Number of copies.
    fn rows(&self) -> usize;

    /// Begins an episode in every row.
    fn reset(&mut self, out: &mut Outcome);

    /// Steps every row. Rows whose episode ended in the call before are reset instead (their
    /// action is ignored, their reward is 0, [`Outcome::reset`] is set); so are all rows of a
    /// batch that was never reset.
    ///
    /// # Errors
    /// Actions of the wrong kind or number, which leave the batch as it was; a reward or
    /// observation that is not finite.
    fn step(&mut self, actions: &Actions, out: &mut Outcome) -> Result<(), WorldError>;

    /// Writes the current observations of all rows.
    fn observe(&self, out: &mut Observations);

    /// Draws row `row`; a row that does not exist draws nothing.
    fn render(&self, row: usize, canvas: &mut Canvas);

    /// The physical parameters that [`Worlds::set_parameters`] takes; most worlds have none.
    fn parameters(&self) -> &'static [Parameter];

    /// Sets the parameters of row `row`, one value each, for all its episodes that begin from now
    /// on. After the call that ended an episode, this is still in time for the next one.
    ///
    /// # Errors
    /// There is no such row, another number of values, or one outside its range.
    fn set_parameters(&mut self, row: usize, values: &[f64]) -> Result<(), WorldError>;

    /// How many action values were clipped into the box so far.
    fn clipped(&self) -> u64;

    /// The complete state, generators included.
    fn save(&self) -> Vec<u8>;

    /// Continues exactly from what [`Worlds::save`] gave.
    ///
    /// # Errors
    /// The bytes are damaged or of another world or number of rows.
    fn restore(&mut self, state: &[u8]) -> Result<(), WorldError>;
}

/// Least work that is worth handing to another thread, in nanoseconds; waking one costs a few
/// microseconds.
const WORTH_A_THREAD: usize = 50_000;

/// Copies of a [`Environment`], each with its own generator and time limit.
///
/// Rows that cost enough are stepped on several threads; the results do not depend on how many.
pub struct Vectorised<W: Environment> {
    spec: Spec,
    rows: usize,
    shards: Vec<Shard<W>>,
    /// Continuous actions inside the box, reused.
    boxed: Vec<f32>,
    clipped: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedBatch {
    name: String,
    clipped: u64,
    rows: Vec<SavedRow>,
}

#[derive(Serialize, Deserialize)]
struct SavedRow {
    world: Vec<u8>,
    random: ChaCha8Rng,
    elapsed: u64,
    ended: bool,
}

impl<W: Environment> Vectorised<W> {
    /// `rows` copies that `build` makes, stepped by as many threads as pay; row `i` draws from
    /// [`seed::stream`]`(seed, "episode", i)`.
    ///
    /// # Errors
    /// No rows; an error of `build`.
    pub fn new(
        rows: usize,
        seed: u64,
        build: impl FnMut() -> Result<W, WorldError>,
    ) -> Result<Self, WorldError> {
        let mut batch = Self::on_threads(rows, seed, 1, build)?;
        let cost = batch.shards[0].worlds[0].cost();
        let threads = rayon::current_num_threads().min(rows * cost / WORTH_A_THREAD);
        batch.split(threads);
        Ok(batch)
    }

    /// The same on a given number of threads (1 where 0 is given, at most one a row).
    ///
    /// # Errors
    /// No rows; an error of `build`.
    pub fn on_threads(
        rows: usize,
        seed: u64,
        threads: usize,
        mut build: impl FnMut() -> Result<W, WorldError>,
    ) -> Result<Self, WorldError> {
        if rows == 0 {
            return Err(WorldError::Invalid(
                "a batch needs at least one copy of its world; ask for 1 or more".to_owned(),
            ));
        }
        let worlds = (0..rows).map(|_| build()).collect::<Result<Vec<W>, _>>()?;
        let spec = worlds[0].spec().clone();
        let shard = Shard {
            first: 0,
            limit: spec.horizon.map_or(u64::MAX, |horizon| horizon as u64),
            worlds,
            random: (0..rows).map(|row| seed::stream(seed, "episode", row)).collect(),
            elapsed: vec![0; rows],
            ended: vec![true; rows],
            part: None,
        };
        let mut batch = Self { spec, rows, shards: vec![shard], boxed: Vec::new(), clipped: 0 };
        batch.split(threads);
        Ok(batch)
    }

    /// Divides the first shard into `threads` of nearly equal size.
    fn split(&mut self, threads: usize) {
        let threads = threads.clamp(1, self.rows);
        for parts in (2..=threads).rev() {
            let whole = &mut self.shards[0];
            let start = whole.worlds.len() - whole.worlds.len() / parts;
            let rest = whole.split_off(start);
            self.shards.insert(1, rest);
        }
        if threads > 1 {
            for shard in &mut self.shards {
                shard.part = Some(Outcome::new(&self.spec, shard.worlds.len()));
            }
        }
    }

    fn fit(&self, out: &mut Outcome) {
        if !out.fits(&self.spec, self.rows) {
            *out = Outcome::new(&self.spec, self.rows);
        }
    }

    fn advance<'a>(&mut self, act: impl Fn(usize) -> Action<'a> + Sync, out: &mut Outcome) {
        if let [shard] = &mut self.shards[..] {
            shard.step(&act, out);
            return;
        }
        self.shards.par_iter_mut().for_each(|shard| {
            if let Some(mut part) = shard.part.take() {
                shard.step(&act, &mut part);
                shard.part = Some(part);
            }
        });
        for shard in &self.shards {
            shard.hand_over(&self.spec, out);
        }
    }

    fn mismatch(&self, cause: &str) -> WorldError {
        let takes = match &self.spec.action {
            ActionSpace::Discrete { count } => format!("one index below {count} per copy"),
            ActionSpace::Box { low, .. } => format!("{} numbers per copy", low.len()),
        };
        WorldError::Action(format!(
            "world `{}` with {} copies takes {takes}, but {cause}",
            self.spec.name, self.rows
        ))
    }

    fn check_indices(&self, values: &[u32], count: usize) -> Result<(), WorldError> {
        if values.len() != self.rows {
            return Err(self.mismatch(&format!("was given {} indices", values.len())));
        }
        // A plain pass first: whole vectors of indices are compared at once.
        if values.iter().all(|value| (*value as usize) < count) {
            return Ok(());
        }
        match (0..self.rows).find(|&row| values[row] as usize >= count && !self.ended(row)) {
            Some(row) => Err(self.mismatch(&format!("copy {row} was given {}", values[row]))),
            None => Ok(()),
        }
    }

    /// Fills `boxed` with `values` clipped into the box and counts what was outside.
    fn clip(&mut self, values: &[f32]) -> Result<(), WorldError> {
        let ActionSpace::Box { low, high } = &self.spec.action else {
            return Err(self.mismatch("was given vectors"));
        };
        let size = low.len();
        if values.len() != self.rows * size {
            return Err(self.mismatch(&format!("was given {} numbers", values.len())));
        }
        let acting = |row: usize| !self.ended(row);
        let wrong = |row: &usize| values[row * size..][..size].iter().any(|x| x.is_nan());
        if let Some(row) = (0..self.rows).find(|row| wrong(row) && acting(*row)) {
            return Err(self.mismatch(&format!("copy {row} was given one that is not a number")));
        }
        let mut boxed = std::mem::take(&mut self.boxed);
        boxed.clear();
        let mut clipped = 0;
        for row in 0..self.rows {
            for (index, value) in values[row * size..][..size].iter().enumerate() {
                let inside = value.max(low[index]).min(high[index]);
                clipped += u64::from(inside != *value && !self.ended(row));
                boxed.push(inside);
            }
        }
        self.clipped += clipped;
        self.boxed = boxed;
        Ok(())
    }

    fn ended(&self, row: usize) -> bool {
        let shard = self.shard(row);
        shard.ended[row - shard.first]
    }

    fn shard(&self, row: usize) -> &Shard<W> {
        let index = self.shards.partition_point(|shard| shard.first <= row);
        &self.shards[index - 1]
    }

    fn check_finite(&self, out: &Outcome) -> Result<(), WorldError> {
        let name = |what, row| WorldError::NotFinite { world: self.spec.name.clone(), what, row };
        if let Some(index) = first_not_finite(&out.reward) {
            return Err(name("reward", index / self.spec.rewards.len()));
        }
        for (array, field) in out.observations.fields.iter().zip(&self.spec.fields) {
            if let Array::Float(values) = array
                && let Some(index) = first_not_finite(values)
            {
                return Err(name("observation", index / field.layout.size()));
            }
        }
        Ok(())
    }
}

/// Index of the first infinity or NaN. The scan of whole blocks needs no branch per number.
fn first_not_finite(values: &[f32]) -> Option<usize> {
    // x * 0 is 0 for a finite x and NaN otherwise.
    let poisoned = |block: &[f32]| block.iter().fold(0.0, |sum, x| sum + x * 0.0) != 0.0;
    let suspicious = values.chunks(64).any(|block| {
        let (groups, rest) = block.as_chunks::<8>();
        let mut sums = [0.0_f32; 8];
        for group in groups {
            for (sum, x) in sums.iter_mut().zip(group) {
                *sum += x * 0.0;
            }
        }
        poisoned(rest) || sums.iter().any(|sum| *sum != 0.0)
    });
    if suspicious { values.iter().position(|x| !x.is_finite()) } else { None }
}

impl<W: Environment> Worlds for Vectorised<W> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn reset(&mut self, out: &mut Outcome) {
        self.fit(out);
        self.shards.iter_mut().for_each(|shard| shard.ended.fill(true));
        self.advance(|_| Action::Discrete(0), out);
    }

    fn step(&mut self, actions: &Actions, out: &mut Outcome) -> Result<(), WorldError> {
        match (actions, &self.spec.action) {
            (Actions::Discrete(values), ActionSpace::Discrete { count }) => {
                self.check_indices(values, *count)?;
                self.fit(out);
                self.advance(|row| Action::Discrete(values[row]), out);
            }
            (Actions::Continuous(values), ActionSpace::Box { low, .. }) => {
                let size = low.len();
                self.clip(values)?;
                self.fit(out);
                let boxed = std::mem::take(&mut self.boxed);
                self.advance(|row| Action::Continuous(&boxed[row * size..][..size]), out);
                self.boxed = boxed;
            }
            (Actions::Discrete(_), _) => return Err(self.mismatch("was given indices")),
            (Actions::Continuous(_), _) => return Err(self.mismatch("was given vectors")),
        }
        self.check_finite(out)
    }

    fn observe(&self, out: &mut Observations) {
        if !out.fits(&self.spec, self.rows) {
            *out = Observations::zeros(&self.spec, self.rows);
        }
        self.shards.iter().for_each(|shard| shard.observe(shard.first, out));
    }

    fn render(&self, row: usize, canvas: &mut Canvas) {
        if row < self.rows {
            let shard = self.shard(row);
            shard.worlds[row - shard.first].render(canvas);
        }
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.shards[0].worlds[0].parameters()
    }

    fn set_parameters(&mut self, row: usize, values: &[f64]) -> Result<(), WorldError> {
        parameter::check(&self.spec.name, self.parameters(), values)?;
        if row >= self.rows {
            return Err(self.mismatch(&format!("parameters were given for copy {row}")));
        }
        let index = self.shards.partition_point(|shard| shard.first <= row) - 1;
        let shard = &mut self.shards[index];
        shard.worlds[row - shard.first].set_parameters(values);
        Ok(())
    }

    fn clipped(&self) -> u64 {
        self.clipped
    }

    fn save(&self) -> Vec<u8> {
        let row = |row: usize| {
            let shard = self.shard(row);
            let index = row - shard.first;
            SavedRow {
                world: shard.worlds[index].save(),
                random: shard.random[index].clone(),
                elapsed: shard.elapsed[index],
                ended: shard.ended[index],
            }
        };
        encode(&SavedBatch {
            name: self.spec.name.clone(),
            clipped: self.clipped,
            rows: (0..self.rows).map(row).collect(),
        })
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), WorldError> {
        let refuse = |cause| WorldError::State { world: self.spec.name.clone(), cause };
        let saved: SavedBatch = decode(state).map_err(refuse)?;
        if saved.name != self.spec.name {
            return Err(refuse(format!("it is of world `{}`", saved.name)));
        }
        if saved.rows.len() != self.rows {
            let counts = format!("it has {} copies instead of {}", saved.rows.len(), self.rows);
            return Err(refuse(counts));
        }
        let mut rows = saved.rows.into_iter();
        for shard in &mut self.shards {
            for (index, row) in rows.by_ref().take(shard.worlds.len()).enumerate() {
                shard.worlds[index].restore(&row.world).map_err(refuse)?;
                shard.random[index] = row.random;
                shard.elapsed[index] = row.elapsed;
                shard.ended[index] = row.ended;
            }
        }
        self.clipped = saved.clipped;
        Ok(())
    }
}
