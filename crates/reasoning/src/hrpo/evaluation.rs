//! What hybrid reasoning is worth, beside the model and the gate at the start.

use agents::language::{
    learner::{Exam, Language},
    rollout::{Drawing, answer},
};
use run::{Protocol, Result, Run, Scores, scores::exact};

use super::{Hrpo, Inputs, Mixing, Thinker, hook, hybrid_log_probs};

/// Problems on which a gate that is held shut is compared with plain tokens.
const COMPARED: usize = 16;

impl Hrpo {
    /// Greedy answers are thought like drawn ones, with states made at the temperature of training.
    pub(super) fn scores(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let Self { language, inputs, config, .. } = self;
        let temperature = config.tuning.rollout.temperature;
        let decoder = language.policy.inference();
        let mut thinker =
            inputs.inference().map(|mixing| Thinker::new(mixing, decoder, self.marker, temperature));
        let mut scores = language.evaluate(protocol, hook(&mut thinker), run)?;
        let opened = thinker.as_ref().and_then(Thinker::hybrid_ratio);
        if let (Inputs::Gated(_), Some(opened)) = (&self.inputs, opened) {
            let start = self.at_start(protocol, run)?;
            let (ratio, accuracy) =
                (start["eval/start_hybrid_ratio"].mean, start["eval/start_accuracy"].mean);
            scores.extend(start);
            scores.extend(exact([
                ("eval/hybrid_ratio", opened),
                ("eval/hybrid_growth", opened - ratio),
                ("eval/start_gap", accuracy - scores["eval/base_accuracy"].mean),
            ]));
        }
        Ok(scores)
    }

    /// What the model and the gate at the start were worth (`eval/start_*`), and how far a gate that is
    /// held shut is from none: the largest difference of log-probabilities (`eval/shut_gap`).
    fn at_start(&mut self, protocol: &Protocol, run: &Run) -> Result<Scores> {
        let problems = protocol.problems.as_ref().unwrap_or(&self.language.problems).clone();
        let key = (problems.world.name().to_owned(), protocol.episodes);
        if let (Inputs::Gated(gate), false) = (&self.inputs, self.start.contains_key(&key)) {
            let (language, (maps, openness)) = (&self.language, &gate.start);
            let reference = &language.reference;
            let mixing = |shut| Some(Mixing::Gated { maps, openness, shut });
            let mut thinker = self.thinker(mixing(false), reference);
            let given = problems.world.held_out(protocol.episodes);
            let exam = Exam { prefix: "start_", source: &problems, problems: given, samples: true };
            let found = language.measure(reference, &exam, hook(&mut thinker), 0, run)?;
            let mut scores = found.scores(exam.prefix);
            let opened = thinker.as_ref().and_then(Thinker::hybrid_ratio).unwrap_or_default();
            let thinker = self.thinker(mixing(true), reference).map(Thinker::keeping);
            let gap = shut_gap(language, thinker, mixing(true), self.config.tuning.rollout.temperature, run)?;
            scores.extend(exact([("eval/start_hybrid_ratio", opened), ("eval/shut_gap", gap)]));
            self.start.insert(key.clone(), scores);
        }
        Ok(self.start.get(&key).cloned().unwrap_or_default())
    }
}

/// The largest difference, over tokens of the answers to some held-out problems, between what the model at
/// the start says with its gate held shut and without one.
fn shut_gap(
    language: &Language,
    mut thinker: Option<Thinker<'_>>,
    mixing: Option<Mixing<'_>>,
    temperature: f64,
    run: &Run,
) -> Result<f64> {
    let Language { reference, codec, problems, max_new, .. } = language;
    let given = problems.world.held_out(COMPARED);
    let drawing = Drawing { temperature, max_new: *max_new };
    let random = &mut run.derived("shut-gate", 0);
    let rollouts = answer(reference, codec, problems, given, 1, drawing, hook(&mut thinker), random)?;
    let states = thinker.map(Thinker::into_states).unwrap_or_default();
    let mut gap: f64 = 0.0;
    for piece in rollouts.pieces() {
        let batch = rollouts.batch(&piece);
        let states: Vec<&[f32]> = piece.iter().map(|answer| states[*answer].as_slice()).collect();
        let shut = hybrid_log_probs(reference, &batch, mixing, &states, temperature)?;
        let plain = hybrid_log_probs(reference, &batch, None, &[], temperature)?;
        let drawn = piece.iter().map(|answer| &rollouts.answers[*answer].log_probs);
        let rows = batch.rows(shut).into_iter().zip(batch.rows(plain)).zip(drawn);
        for ((shut, plain), drawn) in rows {
            let far = |values: &[f32]| {
                let apart = values.iter().zip(&plain).map(|(one, other)| f64::from((one - other).abs()));
                apart.fold(0.0, f64::max)
            };
            gap = gap.max(far(&shut)).max(far(drawn));
        }
    }
    Ok(gap)
}
