//! Scores: in a world, or of sampled paths against the constraints of their generator.

use rand_chacha::ChaCha8Rng;
use run::{
    Policy, Protocol, Result, Run, Scores,
    scores::{self, exact},
};
use worlds::data::traj2d;

use super::{
    ConditionOn, DecisionDiffuser, Together, Trainee,
    data::{Condition, summed},
};

/// Name of the generator of labelled paths, whose constraints can be checked.
pub(super) const LABELLED_PATHS: &str = "traj2d";

impl DecisionDiffuser {
    /// Plays in the protocol's world. With `contrast`, the same network also plays without guidance, under the same
    /// seeds; `diag/gain_over_unguided` is by how much the guided one is better, in points of the
    /// normalised return where the world has one.
    pub(super) fn score_in_world(&self, protocol: &Protocol, run: &Run) -> Result<Scores> {
        let play = |conditions: Vec<Condition>| {
            let policy = self.plan_policy(conditions).map(|policy| Box::new(policy) as Box<dyn Policy>);
            scores::of_policy(policy, protocol, run)
        };
        let mut scores = play(self.conditions.clone())?;
        if self.config.contrast && !self.conditions.is_empty() {
            let plain = play(Vec::new())?;
            let names = ["eval/normalised", "eval/return"];
            let pair = |name: &str| Some((scores.get(name)?.mean, plain.get(name)?.mean));
            if let Some((guided, unguided)) = names.into_iter().find_map(pair) {
                scores.extend(exact([
                    ("diag/unguided", unguided),
                    ("diag/gain_over_unguided", guided - unguided),
                ]));
            }
        }
        Ok(scores)
    }

    /// Samples paths from first states of the data and gives the shares that keep each constraint and
    /// both. With `contrast`, also the share when the same network is asked for the sum of the labels.
    pub(super) fn score_paths(&self, random: &mut ChaCha8Rng) -> Result<Scores> {
        if !self.checked {
            return Ok(Scores::new());
        }
        let first = self.paths.first_states(self.config.paths, random);
        let [a, b, both] = self.shares(&first, &self.conditions, random)?;
        let mut scores = exact([("eval/a", a), ("eval/b", b), ("eval/both", both)]);
        let several = self.config.condition == ConditionOn::Label && self.conditions.len() > 1;
        if self.config.contrast && several && self.config.labels.together == Together::Scores {
            let sum = summed(&self.conditions, self.config.sampling.guidance);
            let [.., of_sum] = self.shares(&first, &sum, random)?;
            scores.extend(exact([("diag/both_of_sum", of_sum), ("diag/gain_over_sum", both - of_sum)]));
        }
        Ok(scores)
    }

    /// Shares of sampled paths that keep the first, the second and both constraints.
    fn shares(&self, first: &[f32], conditions: &[Condition], random: &mut ChaCha8Rng) -> Result<[f64; 3]> {
        let (rows, width) = (self.config.horizon, self.paths.fields.width);
        let mut states = match &self.trainee {
            Trainee::Cloner(cloner) => cloner.roll(first, rows, conditions, random),
            Trainee::Diffuser(diffuser) => {
                let planner = diffuser.planner(&self.config, &self.paths, conditions.to_vec());
                let known: Vec<Vec<f32>> = first.chunks_exact(width).map(<[f32]>::to_vec).collect();
                planner.plan(&known, None, random)
            }
        };
        self.paths.scaling.restore(&mut states)?;
        let mut counts = [0.0; 3];
        for path in states.chunks_exact(rows * width) {
            let (a, b) = (traj2d::passes_a(path), traj2d::avoids_b(path));
            let kept = [a, b, a && b];
            counts.iter_mut().zip(kept).for_each(|(count, kept)| *count += f64::from(u8::from(kept)));
        }
        Ok(counts.map(|count| count / self.config.paths as f64))
    }
}
