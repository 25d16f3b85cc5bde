//! The rule of a verdict: an interval against what was asked.

use super::{
    measure::{Outcomes, least_squares, positive},
    words,
};
use crate::{
    EvidenceError, Result,
    claim::{ClaimPlan, Direction, PlannedCondition, Question, Share, SlopeOver, Subject, Threshold},
    report::{Condition, Estimate, Verdict},
    statistics::{Interval, interval, seeds_needed},
};

/// Coverage of a condition's interval.
pub const LEVEL: f64 = 0.9;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Every condition, in the order of the plan.
    pub conditions: Vec<Condition>,
    /// The claim's verdict.
    pub verdict: Verdict,
    /// Why it is invalid, what fails, or what would decide it, in one sentence; empty where it
    /// holds.
    pub remark: String,
}

/// Judges every condition of a plan, and the claim by them: it is invalid if a sanity condition
/// fails, does not hold if a gating one does not, and holds if all of both kinds do.
///
/// # Errors
/// A run lacks what a condition asks for, or a number that cannot be compared.
pub fn judge(plan: &ClaimPlan, outcomes: &Outcomes) -> Result<Judgement> {
    let one = |condition: &PlannedCondition| Judge { id: &plan.id, outcomes }.condition(condition);
    let conditions = plan.conditions.iter().map(one).collect::<Result<Vec<_>>>()?;
    let is = |condition: &&Condition, verdict| condition.verdict == verdict;
    let failed = conditions.iter().find(|condition| condition.sanity && is(condition, Verdict::DoesNotHold));
    let mut counting = conditions.iter().filter(|condition| condition.gating || condition.sanity);
    let (verdict, remark) = if let Some(condition) = failed {
        (Verdict::Invalid, words::invalid(condition))
    } else if let Some(condition) = counting.clone().find(|condition| is(condition, Verdict::DoesNotHold)) {
        (Verdict::DoesNotHold, words::fails(condition))
    } else if counting.all(|condition| condition.verdict == Verdict::Holds) {
        (Verdict::Holds, String::new())
    } else {
        let open: Vec<&Condition> = conditions
            .iter()
            .filter(|condition| condition.gating || condition.sanity)
            .filter(|condition| is(condition, Verdict::Undecided))
            .collect();
        (Verdict::Undecided, words::undecided(&open))
    };
    Ok(Judgement { conditions, verdict, remark })
}

/// The number that a condition is about, without its verdict.
struct Finding {
    value: f64,
    interval: Option<Interval>,
    seeds: usize,
}

struct Judge<'j> {
    id: &'j str,
    outcomes: &'j Outcomes,
}

impl Judge<'_> {
    fn condition(&self, planned: &PlannedCondition) -> Result<Condition> {
        let mut out = Condition {
            text: planned.text.clone(),
            kind: planned.question.kind().to_owned(),
            about: words::about(&planned.question),
            estimate: Estimate { value: 0.0, low: None, high: None },
            asked: words::asked(&planned.question),
            asked_low: None,
            asked_high: None,
            seeds_inside: String::new(),
            gating: planned.gating,
            sanity: planned.sanity,
            verdict: Verdict::Undecided,
            seeds_needed: None,
        };
        match &planned.question {
            Question::Difference(threshold) => {
                let finding = self.difference(&threshold.subject)?;
                fill(&mut out, &finding, asked_of(threshold, threshold.subject.direction));
            }
            Question::Ratio(threshold) => {
                let finding = self.ratio(&threshold.subject)?;
                fill(&mut out, &finding, asked_of(threshold, threshold.subject.direction));
            }
            Question::Reach { threshold, level } => {
                let finding = self.reach(&threshold.subject, *level)?;
                fill(&mut out, &finding, asked_of(threshold, Direction::Above));
            }
            Question::Slope { subject, over, low, high } => {
                let finding = self.slope(subject, over)?;
                fill(&mut out, &finding, (*low, *high));
            }
            Question::Bound { subject, low, high, share } => {
                self.bound(&mut out, subject, (*low, *high), *share)?;
            }
            Question::Study { claims, need } => self.study(&mut out, claims, *need),
        }
        Ok(out)
    }

    /// The value of every seed, or its difference to a multiple of the other arm's.
    fn per_seed(&self, subject: &Subject) -> Result<Vec<f64>> {
        let values = |arm: &str| self.outcomes.values(arm, &subject.metric, subject.at, subject.direction);
        let own = values(&subject.arm)?;
        let Some(versus) = &subject.versus else { return Ok(own) };
        self.outcomes.shared_seeds(&[&subject.arm, versus])?;
        Ok(own.iter().zip(values(versus)?).map(|(own, other)| own - subject.times * other).collect())
    }

    fn find(&self, seeds: usize, statistic: impl Fn(&[usize]) -> f64) -> Finding {
        let all: Vec<usize> = (0..seeds).collect();
        Finding { value: statistic(&all), interval: interval(seeds, &statistic, LEVEL, self.id), seeds }
    }

    fn difference(&self, subject: &Subject) -> Result<Finding> {
        let values = self.per_seed(subject)?;
        Ok(self.find(values.len(), |chosen| mean(&values, chosen)))
    }

    fn ratio(&self, subject: &Subject) -> Result<Finding> {
        let versus = subject.versus.as_deref().unwrap_or(&subject.arm);
        let seeds = self.outcomes.shared_seeds(&[&subject.arm, versus])?;
        let values = |arm: &str| self.outcomes.values(arm, &subject.metric, subject.at, subject.direction);
        let (own, other) = (values(&subject.arm)?, values(versus)?);
        if other.iter().any(|&value| value < 0.0) || other.iter().all(|&value| value == 0.0) {
            return Err(EvidenceError::Outcome(format!(
                "a ratio to arm `{versus}` means nothing: its `{}` is negative or always 0; ask for a difference instead",
                subject.metric
            )));
        }
        Ok(self.find(seeds, |chosen| match (mean(&own, chosen), mean(&other, chosen)) {
            // Seeds under which both have nothing are equal.
            (0.0, 0.0) => 1.0,
            (own, other) => own / other,
        }))
    }

    /// The geometric mean over seeds of steps(arm) / steps(versus), with its interval taken in
    /// logarithms.
    fn reach(&self, subject: &Subject, level: f64) -> Result<Finding> {
        let versus = subject.versus.as_deref().unwrap_or(&subject.arm);
        let seeds = self.outcomes.shared_seeds(&[&subject.arm, versus])?;
        let own = self.outcomes.log_reach(&subject.arm, subject, level)?;
        let other = self.outcomes.log_reach(versus, subject, level)?;
        let logs: Vec<f64> = own.iter().zip(&other).map(|(own, other)| own - other).collect();
        let found = self.find(seeds, |chosen| mean(&logs, chosen));
        let linear = |interval: Interval| Interval {
            value: interval.value.exp(),
            low: interval.low.exp(),
            high: interval.high.exp(),
        };
        Ok(Finding { value: found.value.exp(), interval: found.interval.map(linear), seeds })
    }

    fn slope(&self, subject: &Subject, over: &SlopeOver) -> Result<Finding> {
        let metric = &subject.metric;
        match over {
            SlopeOver::Step { from, to } => {
                let mut slopes = self.outcomes.step_slopes(&subject.arm, metric, *from, *to)?;
                if let Some(versus) = &subject.versus {
                    self.outcomes.shared_seeds(&[&subject.arm, versus])?;
                    let other = self.outcomes.step_slopes(versus, metric, *from, *to)?;
                    slopes.iter_mut().zip(other).for_each(|(slope, other)| *slope -= other);
                }
                Ok(self.find(slopes.len(), |chosen| mean(&slopes, chosen)))
            }
            SlopeOver::Sweep { arm, versus } => {
                let names: Vec<&str> = arm.iter().chain(versus).map(|(_, name)| name.as_str()).collect();
                let seeds = self.outcomes.shared_seeds(&names)?;
                let points = |points: &[(f64, String)]| {
                    let point = |(x, name): &(f64, String)| {
                        let values = self.outcomes.values(name, metric, subject.at, subject.direction)?;
                        values.iter().try_for_each(|&value| positive(value, name, metric).map(drop))?;
                        Ok((x.ln(), values))
                    };
                    points.iter().map(point).collect::<Result<Vec<_>>>()
                };
                let (own, other) = (points(arm)?, points(versus)?);
                let slope = |points: &[(f64, Vec<f64>)], chosen: &[usize]| {
                    let logs: Vec<(f64, f64)> =
                        points.iter().map(|(x, values)| (*x, mean(values, chosen).ln())).collect();
                    if logs.is_empty() { 0.0 } else { least_squares(&logs) }
                };
                Ok(self.find(seeds, |chosen| slope(&own, chosen) - slope(&other, chosen)))
            }
        }
    }

    fn bound(
        &self,
        out: &mut Condition,
        subject: &Subject,
        (low, high): (Option<f64>, Option<f64>),
        share: Share,
    ) -> Result<()> {
        let values = self.per_seed(subject)?;
        let inside =
            |value: &&f64| low.is_none_or(|low| **value >= low) && high.is_none_or(|high| **value <= high);
        let (count, seeds) = (values.iter().filter(inside).count(), values.len());
        out.estimate.value = values.iter().sum::<f64>() / seeds as f64;
        (out.asked_low, out.asked_high) = (low, high);
        out.seeds_inside = format!("{count} of {seeds}");
        out.verdict = if count >= share.of_seeds(seeds) { Verdict::Holds } else { Verdict::DoesNotHold };
        Ok(())
    }

    /// A study holds when enough claims do, and cannot hold when those that are still open do not
    /// suffice; an invalid claim is open.
    fn study(&self, out: &mut Condition, claims: &[String], need: usize) {
        let verdict = |id: &String| self.outcomes.claims.get(id).copied().unwrap_or(Verdict::Undecided);
        let count = |wanted| claims.iter().filter(|id| verdict(id) == wanted).count();
        let (hold, fail) = (count(Verdict::Holds), count(Verdict::DoesNotHold));
        out.estimate.value = hold as f64;
        out.asked_low = Some(need as f64);
        out.verdict = if hold >= need {
            Verdict::Holds
        } else if claims.len() - fail < need {
            Verdict::DoesNotHold
        } else {
            Verdict::Undecided
        };
    }
}

fn mean(values: &[f64], chosen: &[usize]) -> f64 {
    chosen.iter().map(|&seed| values[seed]).sum::<f64>() / chosen.len() as f64
}

/// The side of the margin that is asked for.
fn asked_of(threshold: &Threshold, direction: Direction) -> (Option<f64>, Option<f64>) {
    match direction {
        Direction::Above => (Some(threshold.margin), None),
        Direction::Below => (None, Some(threshold.margin)),
    }
}

/// Holds where the whole interval lies between what was asked, does not where none of it does.
fn fill(out: &mut Condition, finding: &Finding, (low, high): (Option<f64>, Option<f64>)) {
    let finite = |end: f64| Some(end).filter(|end| end.is_finite());
    (out.asked_low, out.asked_high) = (low, high);
    out.estimate.value = finding.value;
    let Some(interval) = finding.interval else { return };
    out.estimate.low = finite(interval.low);
    out.estimate.high = finite(interval.high);
    let inside = low.is_none_or(|low| interval.low >= low) && high.is_none_or(|high| interval.high <= high);
    let outside = low.is_some_and(|low| interval.high < low) || high.is_some_and(|high| interval.low > high);
    out.verdict = match (inside, outside) {
        (true, _) => Verdict::Holds,
        (_, true) => Verdict::DoesNotHold,
        _ => Verdict::Undecided,
    };
    if out.verdict == Verdict::Undecided {
        let margins: Vec<f64> = [low, high].into_iter().flatten().collect();
        out.seeds_needed = seeds_needed(finding.seeds, &interval, &margins);
    }
}
