//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use run::registry;

use crate::Trial;

/// A method, its world (as [`Trial::new`] takes it) and settings under which it is small enough for
/// seconds.
pub type Small<'a> = (&'a str, &'a str, &'a [&'a str]);

/// Steps before the snapshot, beyond every method's start.
const BEFORE: u64 = 400;
/// Steps in all.
const AFTER: u64 = 480;

fn trial(&(id, world, settings): &Small<'_>, seed: u64) -> Trial {
    Trial::new(id, world, settings, 10_000, seed)
}

/// Every method of this crate is among the trials.
///
/// # Panics
/// One is not.
pub fn all_are_tried(crate_name: &str, trials: &[Small<'_>]) {
    let own = |module: &str| module.split("::").next() == Some(crate_name);
    let entries = registry::all().iter().filter(|entry| own(entry.module));
    let mut count = 0;
    for entry in entries {
        assert!(trials.iter().any(|trial| trial.0 == entry.card.id), "{} is not tried", entry.card.id);
        count += 1;
    }
    assert!(count > 0, "no method of `{crate_name}` is registered");
}

/// A run that is saved in the middle and loaded into a method built anew ends as one that was not.
///
/// # Panics
/// One does not.
pub fn goes_on_exactly(trials: &[Small<'_>]) {
    for small in trials {
        let mut original = trial(small, 3);
        original.train(BEFORE);
        let state = original.snapshot();
        original.train(AFTER);
        let mut loaded = trial(small, 3);
        loaded.load(&state);
        loaded.train(AFTER);
        assert!(original.snapshot() == loaded.snapshot(), "{} differs after loading", small.0);
    }
}

/// A run ends as it does alone while another of the same method takes turns with it.
///
/// # Panics
/// One does not, or its seed changes nothing.
pub fn runs_do_not_disturb_each_other(trials: &[Small<'_>]) {
    for small in trials {
        let alone = || {
            let mut trial = trial(small, 3);
            trial.train(AFTER);
            trial.snapshot()
        };
        let mut first = trial(small, 3);
        let mut second = trial(small, 4);
        for steps in (0..=AFTER).step_by(30) {
            first.train(steps);
            second.train(steps);
        }
        first.train(AFTER);
        assert!(alone() == first.snapshot(), "{} is disturbed by another run", small.0);
        assert!(first.snapshot() != second.snapshot(), "{} ignores its seed", small.0);
    }
}
