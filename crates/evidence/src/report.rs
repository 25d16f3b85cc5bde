//! What an investigation found, as `report.json` holds it; tables, plots and the page are drawn
//! from this and from nothing else.

use serde::{Deserialize, Serialize};

/// Whether something is true, as far as the seeds tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Holds,
    /// It is not.
    DoesNotHold,
    /// More seeds would have to decide.
    Undecided,
    /// A sanity condition failed: the experiment says nothing.
    Invalid,
}

impl Verdict {
    /// The verdict in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Undecided => "undecided",
            Self::Invalid => "invalid",
        }
    }
}

/// An estimate with the interval around it; the ends are missing where one seed gives none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Lower end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high: Option<f64>,
}

/// A claim's verdict or a comparison's numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The claim's id, or `compare`.
    pub id: String,
    /// One line: the claim in words, or what was compared.
    pub title: String,
    /// Where in the paper the claim stands; empty for a comparison.
    pub source: String,
    /// The paper: title, first author and year; empty for a comparison.
    pub paper: String,
    /// `quick`, `full`, or the preset of a comparison.
    pub preset: String,
    /// Seeds of every arm, in order.
    pub seeds: Vec<u64>,
    /// The claim's verdict; missing for a comparison.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    /// Why the claim is invalid or what would decide it, in one sentence; may be empty.
    pub remark: String,
    /// What was run.
    pub arms: Vec<Arm>,
    /// What was asked of the arms; empty for a comparison.
    pub conditions: Vec<Condition>,
    /// Statistics across methods and worlds; missing for a claim.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparison: Option<Comparison>,
    /// Seconds of computation, all runs together; they depend on the machine.
    pub seconds: f64,
    /// Program and version.
    pub program: String,
    /// Processor and threads.
    pub processor: String,
    /// The command that prints this again.
    pub command: String,
}

/// One arm: a method with its settings in a world, under every seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Its name in the claim.
    pub name: String,
    /// Id of the method.
    pub method: String,
    /// The world that it acts in, or is evaluated in, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub world: Option<String>,
    /// The data set that it learns from, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<String>,
    /// What differs from the method's preset, as `key = value` pairs.
    pub settings: String,
    /// Steps of every run, in the method's own unit.
    pub steps: u64,
    /// What the steps count: `environment steps`, `iterations`, `queries`, ...
    pub unit: String,
    /// Measured quantities: those that the conditions ask for, or the primary metric.
    pub metrics: Vec<Metric>,
}

/// One measured quantity of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name, such as `eval/return`.
    pub name: String,
    /// How a run's series became one number: `end`, `best` or `auc`.
    pub at: String,
    /// Whether a larger value is better; missing where the claim does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub higher_is_better: Option<bool>,
    /// One number per seed, in the order of the report's seeds.
    pub per_seed: Vec<f64>,
    /// Mean over seeds with its 95 % interval.
    pub mean: Estimate,
    /// Interquartile mean over seeds with its 95 % interval.
    pub iqm: Estimate,
    /// How it went.
    pub curve: Curve,
}

/// A quantity along the run, over all seeds, at the steps that every seed reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Steps, ascending.
    pub steps: Vec<u64>,
    /// Mean over seeds at each step.
    pub mean: Vec<f64>,
    /// Lower end of the 95 % interval of the mean; equal to the mean for one seed.
    pub low: Vec<f64>,
    /// Upper end.
    pub high: Vec<f64>,
}

/// One condition of a claim, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What it says.
    pub text: String,
    /// `difference`, `ratio`, `reach`, `bound`, `slope` or `study`.
    pub kind: String,
    /// The arms and the metric it is about, for people.
    pub about: String,
    /// The estimate with its 90 % interval; for a bound the mean over seeds.
    pub estimate: Estimate,
    /// What the interval is compared with, for people: `>= 0.05`, `in [2.5, 3.4]`, ...
    pub asked: String,
    /// Ends of what was asked; one of them may be missing.
    pub asked_low: Option<f64>,
    /// Upper end.
    pub asked_high: Option<f64>,
    /// Seeds that are inside, for a bound: `7 of 8`; empty otherwise.
    pub seeds_inside: String,
    /// Whether it takes part in the claim's verdict.
    pub gating: bool,
    /// Whether the claim is invalid where it fails.
    pub sanity: bool,
    /// What became of it.
    pub verdict: Verdict,
    /// Number of seeds that would decide an undecided condition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seeds_needed: Option<usize>,
}

/// Statistics of Agarwal et al. (Deep Reinforcement Learning at the Edge of the Statistical
/// Precipice, NeurIPS 2021) over scores normalised per world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Worlds, in order.
    pub worlds: Vec<String>,
    /// How scores were normalised, for people.
    pub normalisation: String,
    /// One entry per method.
    pub methods: Vec<Aggregate>,
    /// Every ordered pair of methods that was compared.
    pub improvements: Vec<Improvement>,
    /// Thresholds at which the performance profiles are given.
    pub thresholds: Vec<f64>,
}

/// Aggregate scores of one method over all worlds and seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Id of the method.
    pub method: String,
    /// Mean with its stratified 95 % interval.
    pub mean: Estimate,
    /// Median over worlds of the mean over seeds.
    pub median: Estimate,
    /// Interquartile mean.
    pub iqm: Estimate,
    /// Mean amount by which scores fall short of 1.
    pub optimality_gap: Estimate,
    /// Share of runs above each threshold, with its interval.
    pub profile: Vec<Estimate>,
    /// Interquartile mean along the run: sample efficiency.
    pub efficiency: Curve,
}

/// Probability that one method's run scores above another's in the same world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// The method asked about.
    pub method: String,
    /// The method it is held against.
    pub versus: String,
    /// The probability with its stratified 95 % interval.
    pub probability: Estimate,
}
