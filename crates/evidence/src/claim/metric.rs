//! Which metrics a method's runs have.

use run::Card;

/// Metrics that every method may have besides those of its declaration.
const COMMON: [&str; 7] = [
    "eval/return",
    "eval/normalised",
    "eval/length",
    "eval/success",
    "eval/accuracy",
    "train/return",
    "train/length",
];

/// What depends on time or machine begins with this.
const CLOCK: &str = "clock/";

/// Whether runs of this method may have a metric of this name; a declared name that ends in `*`
/// stands for all that begin with the rest.
pub(super) fn is_known(card: &Card, metric: &str) -> bool {
    let declared = |name: &&str| match name.strip_suffix('*') {
        Some(beginning) => metric.len() > beginning.len() && metric.starts_with(beginning),
        None => *name == metric,
    };
    COMMON.contains(&metric)
        || card.metrics.iter().any(declared)
        || metric.strip_prefix(CLOCK).is_some_and(|name| !name.is_empty())
}

/// The names that can be meant, for the sentence that refuses another.
pub(super) fn names(card: &Card) -> impl Iterator<Item = &'static str> {
    card.metrics.iter().copied().chain(COMMON).chain(["clock/seconds"])
}
