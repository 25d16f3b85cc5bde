//! What a model that thinks in latents is worth at its speeds.

use agents::language::rollout::{Drawing, answer};
use rand_chacha::ChaCha8Rng;
use run::{Problems, Result, RunError, Score, Scores};
use worlds::text::Problem;

use super::{
    config::SpeedsConfig,
    thinking::{Chain, Thinker},
};

/// Completions that are shown.
const SHOWN: usize = 2;

/// Scores of a model and some of its completions.
pub struct Found {
    /// `eval/accuracy`, `eval/length` and the like.
    pub scores: Scores,
    /// Prompts with the greedy answers to them.
    pub shown: Vec<String>,
}

/// Scores mean latents and greedy answers at every speed: `accuracy`, `length` in latents, `format` and
/// `unstopped` of the chosen speed, the same with the speed behind an underscore, and `drop`, how much
/// less accurate a speed is than the one before it. `fitted` says that the model is not half trained.
///
/// # Errors
/// A prompt has characters that are no tokens, or a fitted model rarely ends its chains.
pub fn at_speeds(
    thinker: &Thinker<'_>,
    problems: &Problems,
    given: &[Problem],
    config: &SpeedsConfig,
    fitted: bool,
    random: &mut ChaCha8Rng,
) -> Result<Found> {
    let mut found = Found { scores: Scores::new(), shown: Vec::new() };
    let mut before: Option<Vec<f64>> = None;
    let mut speeds = config.speeds.clone();
    if !speeds.contains(&config.speed) {
        speeds.push(config.speed);
    }
    speeds.sort_unstable();
    for speed in speeds {
        let chains = thinker.think(problems, given, speed, 1, None, random)?;
        let unstopped = share(&chains, |chain| chain.thoughts.stop.is_none());
        if fitted && unstopped > config.unstopped {
            return Err(RunError::Part(format!(
                "colar: {:.0} % of the chains at speed {speed} do not end within {} latents: fit worked solutions \
                 for longer, or raise `max_latents`",
                100.0 * unstopped,
                thinker.max_latents
            )));
        }
        let accuracy = each(&chains, |chain| f64::from(u8::from(chain.correct)));
        let mut values = vec![
            ("accuracy", accuracy.clone()),
            ("length", each(&chains, |chain| chain.length as f64)),
            ("format", each(&chains, |chain| f64::from(u8::from(chain.format)))),
            ("unstopped", each(&chains, |chain| f64::from(u8::from(chain.thoughts.stop.is_none())))),
        ];
        if speed == config.speed {
            found.scores.extend(summaries(&values, ""));
            let lines = given.iter().zip(&chains).take(SHOWN).map(|(problem, chain)| line(problem, chain));
            found.shown.extend(lines);
        }
        if let Some(before) = before.replace(accuracy.clone()) {
            let drop = before.iter().zip(&accuracy).map(|(before, now)| before - now).collect();
            values.push(("drop", drop));
        }
        found.scores.extend(summaries(&values, &format!("_{speed}")));
    }
    Ok(found)
}

/// Scores chains in tokens: `accuracy`, `format`, and `length`, the tokens before the separator.
///
/// # Errors
/// A prompt has characters that are no tokens, or is too long for the model.
pub fn in_tokens(
    thinker: &Thinker<'_>,
    problems: &Problems,
    given: &[Problem],
    random: &mut ChaCha8Rng,
) -> Result<Found> {
    let max_new = problems.world.longest()[1] + thinker.max_answer;
    let drawing = Drawing { temperature: 0.0, max_new };
    let greedy =
        answer(thinker.decoder, thinker.codec, problems, given.to_vec(), 1, drawing, None, random)?.answers;
    let length = |ids: &[u32]| ids.iter().take_while(|id| **id != thinker.separator).count() as f64;
    let values = vec![
        ("accuracy", greedy.iter().map(|answer| f64::from(u8::from(answer.verdict.correct))).collect()),
        ("format", greedy.iter().map(|answer| f64::from(u8::from(answer.verdict.format))).collect()),
        ("length", greedy.iter().map(|answer| length(&answer.ids)).collect()),
    ];
    let shown = given.iter().zip(&greedy).take(SHOWN);
    let shown = shown.map(|(problem, answer)| format!("{} -> {}", problem.prompt, answer.text)).collect();
    Ok(Found { scores: summaries(&values, ""), shown })
}

/// Share of the chains of which something holds.
pub fn share(chains: &[Chain], holds: impl Fn(&Chain) -> bool) -> f64 {
    chains.iter().filter(|chain| holds(chain)).count() as f64 / chains.len().max(1) as f64
}

fn each(chains: &[Chain], measure: impl Fn(&Chain) -> f64) -> Vec<f64> {
    chains.iter().map(measure).collect()
}

fn summaries(values: &[(&str, Vec<f64>)], suffix: &str) -> Scores {
    let one = |(name, values): &(&str, Vec<f64>)| Some((format!("eval/{name}{suffix}"), Score::of(values)?));
    values.iter().filter_map(one).collect()
}

fn line(problem: &Problem, chain: &Chain) -> String {
    let word = if chain.correct { "right" } else { "wrong" };
    format!("{} -> {} latents, {} ({word})", problem.prompt, chain.length, chain.text)
}
