//! What the latent actions say about the true ones, measured and never trained on.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use learn::probe::{Labelled, LinearHead};
use memory::{Dataset, Position};
use nets::host;
use run::{Protocol, Result, Run, RunError, Scores, data::Data, scores::exact};

use super::{
    CHUNK, Lapo,
    frames::{Frames, action, changes},
};

/// Windows with their actions.
struct Examples {
    positions: Vec<Position>,
    actions: Vec<usize>,
}

impl Examples {
    /// Those of `positions` whose action did what it does. An action that changes the frame
    /// somewhere and did not here was blocked, as by a wall, and says nothing about what it is.
    fn of(set: &Dataset, frames: &Frames, past: usize, positions: &[Position]) -> Self {
        let all = (0..frames.starts().len()).map(|number| frames.starts().get(number));
        let moving = all.filter(|&position| changes(set, position, past));
        let effective: BTreeSet<usize> = moving.filter_map(|position| action(set, position, past)).collect();
        let mut examples = Self { positions: Vec::new(), actions: Vec::new() };
        for &position in positions {
            let Some(action) = action(set, position, past) else { continue };
            if changes(set, position, past) || !effective.contains(&action) {
                examples.positions.push(position);
                examples.actions.push(action);
            }
        }
        examples
    }
}

impl Lapo {
    /// A linear probe from latent to action, trained on the labels and tested on what the data's
    /// demonstrator does in the evaluation world (on the data's other windows where that is not
    /// possible), and how the codes are used there. Nothing where there are no latents or labels.
    pub(super) fn probe(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        if !self.config.latent() || self.labels.len() == 0 || self.config.probe.steps == 0 {
            return Ok(Scores::new());
        }
        let past = self.config.past;
        let known = Examples::of(&self.set, &self.frames, past, &self.labels.positions);
        let features = self.latents(&known.positions)?;
        let test = self.test_set(protocol, run);
        let mut frames = Frames::new(&test, past)?;
        let positions = self.test_windows(&test, &frames);
        let unknown = Examples::of(&test, &frames, past, &positions);
        if known.actions.is_empty() || unknown.actions.is_empty() {
            return Ok(Scores::new());
        }
        let size = features.dims()[1];
        let features = host(features);
        let data = Labelled::new(&features, size, &known.actions, self.actions).map_err(RunError::part)?;
        let task: Vec<usize> = known.actions.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let head = LinearHead::logistic(&data, &task, self.config.probe.ridge).map_err(RunError::part)?;
        std::mem::swap(&mut self.frames, &mut frames);
        let inferred = self.inferred(&unknown.positions);
        std::mem::swap(&mut self.frames, &mut frames);
        let inferred = inferred?;
        let right = inferred.latents.chunks_exact(size).zip(&unknown.actions).filter(|(latent, action)| {
            let latent: Vec<f64> = latent.iter().map(|&value| f64::from(value)).collect();
            let best =
                task.iter().max_by(|&&a, &&b| head.score(&latent, a).total_cmp(&head.score(&latent, b)));
            best == Some(*action)
        });
        let accuracy = right.count() as f64 / unknown.actions.len() as f64;
        let mut scores = exact([("probe/accuracy", accuracy)]);
        for (codebook, value) in inferred.perplexities(self.config.quantiser.slots).into_iter().enumerate() {
            scores.extend(exact([(format!("diag/perplexity_{codebook}").as_str(), value)]));
        }
        for (action, used) in inferred.of_actions(&unknown.actions) {
            scores.extend(exact([(format!("diag/codes_{action}").as_str(), used)]));
        }
        Ok(scores)
    }

    /// Episodes of the data's demonstrator in the evaluation world, or the data itself.
    fn test_set(&mut self, protocol: &Protocol, run: &Run) -> Arc<Dataset> {
        if let Some(set) = &self.held_out {
            return Arc::clone(set);
        }
        let recorded = protocol.world.as_ref().and_then(|world| {
            let (name, policy) = (&world.spec.name, &self.set.spec().policy);
            let recipe =
                format!("data:{name}/{policy},steps={},seed={}", self.config.probe.steps, run.seed());
            // A data set from elsewhere has no demonstrator here.
            Data::open(&recipe).ok()
        });
        let set = recorded.map_or_else(|| Arc::clone(&self.set), |data| data.set);
        self.held_out = Some(Arc::clone(&set));
        set
    }

    /// The windows that the probe is tested on: of the data itself, those that are not labelled.
    fn test_windows(&self, test: &Arc<Dataset>, frames: &Frames) -> Vec<Position> {
        let labelled: BTreeSet<Position> = match Arc::ptr_eq(test, &self.set) {
            true => self.labels.positions.iter().copied().collect(),
            false => BTreeSet::new(),
        };
        let starts = frames.starts();
        let all = (0..starts.len()).map(|number| starts.get(number));
        all.filter(|position| !labelled.contains(position)).take(self.config.probe.steps as usize).collect()
    }

    /// Latents and codes of the windows at these positions.
    fn inferred(&mut self, positions: &[Position]) -> Result<Codes> {
        let mut found = Codes { latents: Vec::new(), codes: Vec::new() };
        for chunk in positions.chunks(CHUNK) {
            let windows = self.frames.at(chunk, &self.device)?;
            let inferred = self.inverse.inference().forward(windows.all, false);
            found.latents.extend(inferred.latent.into_data().iter::<f32>());
            let mut codes = vec![Vec::new(); chunk.len()];
            if let Some(quantised) = inferred.quantised {
                let slots = self.config.quantiser.slots;
                for (place, index) in quantised.indices.into_data().iter::<i64>().enumerate() {
                    codes[place / slots % chunk.len()].push(index);
                }
            }
            found.codes.extend(codes);
        }
        Ok(found)
    }
}

/// What the inverse model makes of some windows.
struct Codes {
    /// `[N, size]`.
    latents: Vec<f32>,
    /// Indices of the codes of every window, codebook by codebook; empty without quantisation.
    codes: Vec<Vec<i64>>,
}

impl Codes {
    /// How many codes of every codebook of `slots` slots are in use.
    fn perplexities(&self, slots: usize) -> Vec<f64> {
        let codebooks = self.codes.first().map_or(0, |codes| codes.len() / slots);
        let of = |codebook: usize| {
            perplexity(self.codes.iter().flat_map(|codes| &codes[codebook * slots..(codebook + 1) * slots]))
        };
        (0..codebooks).map(of).collect()
    }

    /// For every action, how many combinations of codes stand for it. Nothing without quantisation.
    fn of_actions(&self, actions: &[usize]) -> Vec<(usize, f64)> {
        let mut all: BTreeMap<usize, Vec<&Vec<i64>>> = BTreeMap::new();
        for (codes, &action) in self.codes.iter().zip(actions).filter(|(codes, _)| !codes.is_empty()) {
            all.entry(action).or_default().push(codes);
        }
        all.into_iter().map(|(action, codes)| (action, perplexity(codes))).collect()
    }
}

/// exp(entropy) of how often each item occurs.
fn perplexity<T: Ord>(items: impl IntoIterator<Item = T>) -> f64 {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let term = |&count: &usize| {
        let share = count as f64 / total as f64;
        -share * share.ln()
    };
    counts.values().map(term).sum::<f64>().exp()
}
